"""Build the reporting tables."""

from __future__ import annotations

from pipelines.flow.office import Office, open_office
from pipelines.reporting.run import BuildResult, build


def build_reports(*, office: Office | None = None) -> BuildResult:
    """One build of every mart as of one cut-off; on failure analysts keep yesterday's."""
    office = office or open_office()
    return build(office.settings, office.warehouse.url)
