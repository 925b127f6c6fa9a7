"""Every version of camt.052, 053 and 054 says the same: what is read does not depend on which one a bank writes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.samples.camt_shapes import CREDITOR, DEBTOR, KINDS, LEI, UETR, VERSIONS, Entry, message, signed

CENTS = st.integers(1, 10**11).map(lambda n: Decimal(n).scaleb(-2))
ENTRIES = st.lists(
    st.builds(
        Entry,
        parts=st.lists(CENTS, min_size=1, max_size=3).map(tuple),
        side=st.sampled_from(["CRDT", "DBIT"]),
        is_reversal=st.booleans(),
        charge=CENTS,
        text=st.sampled_from(["Invoice 1", "Rechnung & Gutschrift", "räntor <12>"]),
    ),
    min_size=1,
    max_size=3,
)
OPENING = st.integers(-(10**9), 10**9).map(lambda n: Decimal(n).scaleb(-2))
COMMON = {
    "statement_id": "S-1", "statement_number": "17", "account_id": "4711", "account_currency": "EUR",
    "currency": "EUR", "status": "BOOK", "booking_date": "2026-10-06", "value_date": "2026-10-07",
    "bank_reference": "B-1", "transaction_code": "PMNT/RCDT/ESCT", "charges_currency": "EUR",
    "batch_payment_id": "P-1", "end_to_end_id": "E-1", "mandate_id": "MA-1", "debtor_name": "Dbtr AG",
    "debtor_iban": DEBTOR, "debtor_bic": "DBTRDEFF", "ultimate_debtor_name": "UltmtDbtr AG", "creditor_name": "Cdtr AG",
    "creditor_iban": CREDITOR, "creditor_bic": "CDTRDEFF", "purpose_code": "SUPP", "referred_document": "RE-1",
    "structured_reference": "RF18539007547034", "structured_reference_type": "SCOR", "return_reason_code": "AC04",
}  # fmt: skip


def rows(content: str, table: str) -> list[dict[str, str]]:
    """Filled cells of each record; what the message promises must be what is there."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "message.xml")
        path.write_text(content, encoding="utf-8")
        reader = read_table(path, Format.model_validate({"type": "camt", "table": table}), "en_US")
        records = [record for batch in reader.batches() for record in batch.to_pylist()]
    assert [r["__problem"] for r in records] == [None] * len(records)
    assert [(t.name, t.said) for t in reader.facts.totals if Decimal(t.said) != Decimal(t.found)] == []
    return [{k: v for k, v in r.items() if v and not k.startswith("__")} for r in records]


def meant(entry: Entry) -> dict[str, str]:
    """What must be read of an entry in any version."""
    incoming = (entry.side == "CRDT") != entry.is_reversal
    other, account, bank = ("Dbtr AG", DEBTOR, "DBTRDEFF") if incoming else ("Cdtr AG", CREDITOR, "CDTRDEFF")
    amount = str(signed(entry.amount, entry.side))
    return COMMON | {
        "amount": amount, "details_amount": amount, "details_count": str(len(entry.parts)),
        "batch_count": str(len(entry.parts)), "is_reversal": str(entry.is_reversal).lower(),
        "charges": str(entry.charge), "entry_information": entry.text, "remittance_text": entry.text,
        "counterparty_name": other, "counterparty_iban": account, "counterparty_bic": bank,
    }  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
@given(entries=ENTRIES, opening=OPENING)
@settings(max_examples=6, deadline=None)
def test_each_version_is_read_back(kind: str, version: int, entries: list[Entry], opening: Decimal) -> None:
    content = message(kind, version, entries, opening)
    closing = opening + sum((signed(e.amount, e.side) for e in entries), Decimal())
    balances = {} if kind == "camt.054" else {"opening_amount": str(opening), "closing_amount": str(closing)}
    found = rows(content, "entries")
    if kind == "camt.052":
        *found, last = found
        assert (last["kind"], last["before_amount"], last["closing_amount"]) == ("balances", str(opening), str(closing))
    assert len(found) == len(entries)
    for row, entry in zip(found, entries, strict=True):
        said = meant(entry) | balances | {"message": kind, "message_version": f"{version:02}"}
        assert {name: row.get(name) for name in said} == said
        assert ("opening_amount" in row) == bool(balances)
        later = {"uetr": UETR, "account_proxy": "+46700000000"} if version >= 8 else {}
        assert {name: row[name] for name in ("uetr", "account_proxy") if name in row} == later
        assert row["detail_other"].count(LEI) == (2 if version >= 8 else 0)
        assert "RltdPties/Dbtr/PstlAdr/StrtNm=Marktplatz" in row["detail_other"]
    parts = [(entry, part) for entry in entries for part in entry.parts]
    details = [Decimal(d["detail_amount"]) for d in rows(content, "details")]
    assert details == [signed(part, entry.side) for entry, part in parts]
    codes = [(b["balance_code"], b["balance_amount"]) for b in rows(content, "balances")]
    assert codes == [("OPBD", str(opening)), ("CLBD", str(closing))] * bool(balances)


def entry_of(inside: str) -> dict[str, str]:
    """The one entry of version 8 with these elements in it."""
    content = message("camt.053", 8, [Entry((Decimal("5.00"),), "CRDT", False, Decimal("0.10"), "x")], Decimal())
    (row,) = rows(content.replace("<NtryDtls>", f"{inside}<NtryDtls>", 1), "entries")
    return row


def test_a_second_rate_and_a_total_of_charges_that_differs_are_kept() -> None:
    rates = "".join(
        f'<{name}><Amt Ccy="USD">5.50</Amt><CcyXchg><XchgRate>{rate}</XchgRate></CcyXchg></{name}>'
        for name, rate in (("InstdAmt", "1.10"), ("TxAmt", "1.10"), ("CntrValAmt", "1.20"))
    )
    row = entry_of(f"<AmtDtls>{rates}</AmtDtls>")
    assert (row["exchange_rate"], row["instructed_amount"], row["counter_currency"]) == ("1.20", "5.50", "USD")
    assert [said for said in row["other"].split("; ") if "XchgRate" in said] == [
        f"AmtDtls/{name}/CcyXchg/XchgRate=1.10" for name in ("InstdAmt", "TxAmt")
    ]
    total = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">{}</TtlChrgsAndTaxAmt></Chrgs>'
    assert "Chrgs/TtlChrgsAndTaxAmt=0.30; Chrgs/TtlChrgsAndTaxAmt/@Ccy=EUR" in entry_of(total.format("0.30"))["other"]
    assert "Chrgs" not in entry_of(total.format("0.10")).get("other", "")


def test_what_a_summary_says_by_kind_of_transaction_is_kept() -> None:
    content = message("camt.053", 8, [], Decimal("5.00")).replace(
        "</TxsSummry>", "<TtlNtriesPerBkTxCd><NbOfNtries>3</NbOfNtries></TtlNtriesPerBkTxCd></TxsSummry>"
    )
    (row,) = rows(content, "statements")
    assert row["statement_other"] == "TxsSummry/TtlNtriesPerBkTxCd/NbOfNtries=3"


@pytest.mark.parametrize(("reversal", "name"), [(False, "debtor"), (True, "creditor")])
def test_an_account_that_is_named_by_a_proxy_only(reversal: bool, name: str) -> None:
    entry = Entry((Decimal("5.00"),), "CRDT", reversal, Decimal("0.10"), "x")
    content = message("camt.053", 13, [entry], Decimal()).replace("<Id><Othr><Id>4711</Id></Othr></Id>", "")
    for account in (DEBTOR, CREDITOR):
        side = "debtor" if account == DEBTOR else "creditor"
        content = content.replace(f"<Id><IBAN>{account}</IBAN></Id>", f"<Prxy><Id>{side}@example.org</Id></Prxy>")
    (row,) = rows(content, "entries")
    assert (row.get("account_id"), row["account_proxy"]) == (None, "+46700000000")
    assert row["counterparty_account"] == f"{name}@example.org"
