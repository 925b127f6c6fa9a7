"""Build the reporting tables."""

from __future__ import annotations

from pipelines.flow.office import Office, open_office
from pipelines.reporting.run import BuildResult, build


def build_reports(*, full: bool = False, office: Office | None = None) -> BuildResult:
    """Bring every mart to one cut-off, by what changed since the last build or all anew; on failure analysts keep
    yesterday's."""
    office = office or open_office()
    return build(office.settings, office.warehouse.url, full=full)
