"""Build the reporting tables."""

from __future__ import annotations

from datetime import datetime

from pipelines.flow.office import Office, open_office
from pipelines.reporting.run import BuildResult, build, now, shown_as_of


def build_reports(*, full: bool = False, office: Office | None = None) -> BuildResult:
    """Bring every mart to one cut-off, by what changed since the last build or all anew; on failure analysts keep
    yesterday's: of the clients whose rows fail a test, or of all."""
    office = office or open_office()
    return build(office.settings, office.warehouse.url, full=full)


def moment(*, office: Office | None = None) -> datetime:
    """Now, by the clock of the warehouse: what is committed by now is in every build whose cut-off is not before."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return now(conn)


def shows(at: datetime, *, office: Office | None = None) -> bool:
    """Whether the marts that analysts have now already know all that was committed at a moment."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        shown = shown_as_of(conn)
    return shown is not None and shown >= at
