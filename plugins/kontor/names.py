"""Names that the DAGs and the supervisor share."""

from __future__ import annotations

INTAKE = ("client_data", "ledgers", "payroll", "shipments")
"""The DAGs that take deliveries in; each publishes the Asset of its name."""

REPORTING = "reporting"
"""The DAG that builds the reporting tables when one of them has published."""

RELEASE = "release"
"""The DAG in which stewards decide on held deliveries; it publishes the Asset of its name, too."""

HELD = "held"
"""The Asset that starts it: intake runs say with it that something waits for a steward."""

IDS = "delivery_ids"
"""XCom of `discover`: the deliveries of the run."""

PROBLEMS = "problems"
"""XCom of `fetch`: what could not be fetched, one sentence each."""

BROKEN = "broken"
"""XCom of `discover`: one sentence for each profile that is broken, whose client the run left alone."""

COUNTS = "counts"
"""XCom of `discover`: how many deliveries have steps to do, and how many files were seen or unmatched."""

LOOKED = "looked"
"""XCom of `discover`: when it began to look at the landing folder, and for which domains."""

AT = "at"
"""In the extra of what is published: when, by the clock of the warehouse (ISO, UTC)."""

HOUSEKEEPING = "housekeeping"
"""The DAG that tells clients what came of their deliveries, and tidies up."""
