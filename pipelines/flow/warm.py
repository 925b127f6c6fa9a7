"""What a process that forks does before it does: everything that its children would otherwise do once each.

A task of Airflow lives for one step of one scope. Each would read the declarations, plan the rules, import what only
first use imports (calendars, the driver of the database, the templates of Data Docs), and forget it all.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from phonenumbers import PhoneMetadata

from pipelines.catalog import load_catalog
from pipelines.errors import KontorError
from pipelines.settings import Settings, load_settings
from pipelines.validate import evidence
from pipelines.validate.row_rules import RowRules
from pipelines.validate.suites import load_rules

log = logging.getLogger("kontor")
NOWHERE = "postgresql+psycopg://nobody@localhost/nowhere"


def warm(settings: Settings | None = None) -> None:
    """Read the declarations, plan the suites and use once what is slow at first use.

    Opens no connection and starts no thread: neither survives a fork. Faults are left for the task that meets them,
    which tells them better.
    """
    try:
        catalog = load_catalog(settings or load_settings())
        for contract in catalog.contracts.values():
            rules = load_rules(catalog, contract)
            RowRules(contract, rules)
            for rule in rules:
                _ = rule.configuration_json
    except KontorError as error:
        log.warning("declarations are not read ahead: %s", error)
    evidence.warm()
    PhoneMetadata.load_all()
    sa.create_engine(NOWHERE).dispose()
