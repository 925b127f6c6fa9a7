"""Invoices kept as headers and lines become journals by the profile alone: the one the README shows."""

from __future__ import annotations

import re
from decimal import Decimal

from pipelines.flow.explain import explain
from pipelines.flow.trial import try_file
from pipelines.settings import ROOT
from tests.e2e.conftest import Client
from tests.e2e.test_night import text_of

HEAD = (
    "client: {client}\nname: Sample Ltd\nlocale: en_GB\ntime_zone: Europe/London\ncalendar: GB\nstewards: [steward]\n"
)
BILLS = (
    "id,date,currency,payable_account,is_deleted\n"
    "1,2026-10-05,GBP,2100,false\n2,2026-10-06,GBP,2150,false\n3,2026-10-06,GBP,2100,true\n"
)
LINES = "bill,line,expense_account,amount\n" + "".join(f"1,{n},6000,{n}.50\n" for n in range(1, 30)) + "2,1,6100,20\n"


def the_profile_of_the_readme() -> str:
    """The YAML below `computed`, as a user would copy it."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return next(b for b in blocks if "computed:" in b)


def test_lines_and_their_headers_make_journals_that_balance(client: Client) -> None:
    client.declare(HEAD.format(client=client.client_id) + the_profile_of_the_readme())
    client.send("bills.csv", BILLS)
    client.send("bill_lines.csv", LINES + "3,1,6000,99\n9,1,6000,5\n")
    client.night()
    counted = client.query(
        "select state, verdict, rows_received, rows_loaded, rows_skipped, rows_rejected from ops.delivery "
        "where client_id = :client"
    )
    assert counted == [("loaded", "pass_with_rejects", 63, 60, 1, 2)]
    client.accounted()
    booked = client.query(
        "select account_id, sum(debit_amount), sum(credit_amount) from core.ledgers_gl_entries "
        "where client_id = :client and _known_to is null group by 1 order by 1"
    )
    assert booked == [
        ("2100", Decimal(0), Decimal("449.50")),
        ("2150", Decimal(0), Decimal(20)),
        ("6000", Decimal("449.50"), Decimal(0)),
        ("6100", Decimal(20), Decimal(0)),
    ]


def test_a_line_without_header_is_explained_and_comes_back_with_it(client: Client) -> None:
    client.declare(HEAD.format(client=client.client_id) + the_profile_of_the_readme())
    client.send("bills.csv", BILLS)
    client.send("bill_lines.csv", LINES + "9,1,6000,5\n")
    client.night()
    ((delivery,),) = client.query("select max(delivery_id) from ops.delivery where client_id = :client")
    (told,) = client.query(
        "select distinct value from quarantine.reject where delivery_id = :delivery and row_part = 2 "
        "and message = 'computed payable: expected a id that look-up table bills has'",
        delivery=delivery,
    )
    assert told == ("9",)
    shown = text_of(explain(delivery, 32, office=client.office()))
    assert "computed payable: expected a id" in " ".join(shown.split())
    client.send("bills.csv", BILLS + "9,2026-10-07,GBP,2100,false\n")
    client.send("bill_lines.csv", LINES + "9,1,6000,5\n")
    client.night()
    assert client.query(
        "select count(*) from core.ledgers_gl_entries where client_id = :client and _known_to is null"
    ) == [(62,)]


def test_a_trial_names_the_rules_over_several_rows_that_it_leaves_out(client: Client) -> None:
    one_side = the_profile_of_the_readme().replace("payable: credit}", "amount: nothing}")
    client.declare(HEAD.format(client=client.client_id) + one_side)
    client.send("bills.csv", BILLS)
    client.send("bill_lines.csv", LINES)
    folder = client.settings.landing / client.client_id
    trial = try_file(
        client.settings, client.settings.client_folders[0] / f"{client.client_id}.yaml", folder / "bill_lines.csv"
    )
    assert "not tried, they need the warehouse: rules over several rows (journal_does_not_balance, " in str(
        trial.printed
    )
