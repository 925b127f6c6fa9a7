"""What the lists of several months are together: all of a ledger, or but for one word the newest alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipelines.reporting.run import build
from pipelines.settings import Settings
from tests.conftest import MARTS_DATABASE
from tests.e2e.conftest import Make

DATABASE = MARTS_DATABASE
MONTHS = [date(2026, 9, 1), date(2026, 10, 1)]  # the list of August is held
SHOWN = {"periods: add_up": MONTHS, "periods: replace": MONTHS[1:]}


def test_months_of_a_ledger_add_up_or_replace_each_other(sample: Make, marts_home: Settings) -> None:
    clients = {
        says: sample("hansa", change=lambda text, says=says: text.replace("periods: add_up", says)) for says in SHOWN
    }
    for client in clients.values():
        client.night(feed="ledgers.payables")
    result = build(marts_home, str(client.settings.warehouse_url))
    assert result.ok, result.message
    for says, client in clients.items():
        months = SHOWN[says]
        spent = "select distinct spend_month from reporting.rpt_spend_by_supplier where client_id = :client order by 1"
        assert [month for (month,) in client.query(spent)] == months, says
        open_now = "select sum(open_amount) from reporting.rpt_payables_ageing where client_id = :client and is_today"
        of_core = (
            "select sum(open_amount) from core.ledgers_payables where client_id = :client and _known_to is null "
            "and _period >= :first"
        )
        ((shown,),) = client.query(open_now)
        ((listed,),) = client.query(of_core, first=f"{months[0]:%Y-%m}")
        assert shown == listed > Decimal(0), says
