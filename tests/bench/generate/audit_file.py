"""Audit files of any size: SAF-T of Portugal with so many lines in ledger and invoices, written as it is made."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.samples.tejo import COMPANY, NAMESPACE, tags

LINES_OF_INVOICE = 5
_HEAD = {
    "AuditFileVersion": "1.04_01", "CompanyID": COMPANY, "TaxRegistrationNumber": COMPANY, "TaxAccountingBasis": "I",
    "CompanyName": "Amostra, Lda.",
    "CompanyAddress": tags(AddressDetail="Rua 1", City="Lisboa", PostalCode="1000-001", Country="PT"),
    "FiscalYear": "2026", "StartDate": "2026-01-01", "EndDate": "2026-12-31", "CurrencyCode": "EUR",
    "DateCreated": "2026-11-09", "TaxEntity": "Global", "ProductCompanyTaxID": COMPANY,
    "SoftwareCertificateNumber": "0", "ProductID": "Amostra/Bench", "ProductVersion": "1.0",
}  # fmt: skip


def write_audit_file(path: Path, lines: int, seed: int = 7) -> Path:
    """Half of the lines are entries of the ledger, half lines of invoices; the totals that the file says are right."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_parts(lines, random.Random(seed)))
    return path


def _parts(lines: int, rng: random.Random) -> Iterator[str]:
    count = max(lines // (2 * LINES_OF_INVOICE), 1)
    cents = [rng.randint(100, 99_999) for _ in range(997)]
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<AuditFile xmlns="{NAMESPACE}">\n<Header>{tags(**_HEAD)}</Header>\n'
    yield "<MasterFiles><GeneralLedgerAccounts><TaxonomyReference>S</TaxonomyReference>"
    for account in ("211", "711"):
        zero = dict.fromkeys(
            ("OpeningDebitBalance", "OpeningCreditBalance", "ClosingDebitBalance", "ClosingCreditBalance"), "0.00"
        )
        account_ = tags(AccountID=account, AccountDescription="Conta", **zero, GroupingCategory="GM",
                        GroupingCode=account[:2], TaxonomyCode="1")  # fmt: skip
        yield f"<Account>{account_}</Account>"
    address = tags(AddressDetail="Rua 1", City="Porto", PostalCode="4000-001", Country="PT")
    customer = tags(
        CustomerID="C1", AccountID="211", CustomerTaxID="999999990", CompanyName="Amostra", BillingAddress=address,
        SelfBillingIndicator="0",
    )  # fmt: skip
    product = tags(ProductType="P", ProductCode="P1", ProductDescription="Artigo", ProductNumberCode="P1")
    yield f"</GeneralLedgerAccounts><Customer>{customer}</Customer><Product>{product}</Product></MasterFiles>\n"
    yield from _ledger(count, cents)
    yield from _invoices(count, cents)
    yield "</AuditFile>\n"


def _ledger(count: int, cents: list[int]) -> Iterator[str]:
    rest = LINES_OF_INVOICE - 1
    total = _amount(sum(rest * cents[n % 997] for n in range(count)))
    head = tags(NumberOfEntries=str(count), TotalDebit=total, TotalCredit=total)
    yield f"<GeneralLedgerEntries>{head}<Journal><JournalID>VND</JournalID><Description>Vendas</Description>\n"
    at = "<SystemEntryDate>2026-03-02T10:00:00</SystemEntryDate><Description>Venda</Description>"
    for n in range(count):
        one = _amount(cents[n % 997])
        credit = "".join(
            f"<CreditLine><RecordID>{i}</RecordID><AccountID>711</AccountID>{at}<CreditAmount>{one}</CreditAmount></CreditLine>\n"
            for i in range(rest)
        )
        yield (
            f"<Transaction><TransactionID>2026-03-02 VND {n}</TransactionID><Period>3</Period>"
            "<TransactionDate>2026-03-02</TransactionDate><SourceID>X</SourceID><Description>Venda</Description>"
            f"<DocArchivalNumber>{n}</DocArchivalNumber><TransactionType>N</TransactionType>"
            f"<GLPostingDate>2026-03-02</GLPostingDate><Lines>{credit}<DebitLine><RecordID>D</RecordID>"
            f"<AccountID>211</AccountID>{at}<DebitAmount>{_amount(rest * cents[n % 997])}</DebitAmount></DebitLine>"
            "</Lines></Transaction>\n"
        )
    yield "</Journal></GeneralLedgerEntries>\n"


def _invoices(count: int, cents: list[int]) -> Iterator[str]:
    total = _amount(sum(LINES_OF_INVOICE * cents[n % 997] for n in range(count)))
    yield f"<SourceDocuments><SalesInvoices>{tags(NumberOfEntries=str(count), TotalDebit='0.00', TotalCredit=total)}\n"
    tax = tags(TaxType="IVA", TaxCountryRegion="PT", TaxCode="NOR", TaxPercentage="0.00001")
    regimes = tags(SelfBillingIndicator="0", CashVATSchemeIndicator="0", ThirdPartiesBillingIndicator="0")
    status = tags(InvoiceStatus="N", InvoiceStatusDate="2026-03-02T10:00:00", SourceID="X", SourceBilling="P")
    for n in range(count):
        one, net = _amount(cents[n % 997]), _amount(LINES_OF_INVOICE * cents[n % 997])
        rows = "".join(
            f"<Line><LineNumber>{i}</LineNumber><ProductCode>P1</ProductCode><ProductDescription>Artigo</ProductDescription>"
            f"<Quantity>1</Quantity><UnitOfMeasure>UN</UnitOfMeasure><UnitPrice>{one}</UnitPrice>"
            "<TaxPointDate>2026-03-02</TaxPointDate><Description>Artigo</Description>"
            f"<CreditAmount>{one}</CreditAmount><Tax>{tax}</Tax></Line>\n"
            for i in range(1, LINES_OF_INVOICE + 1)
        )
        yield (
            f"<Invoice><InvoiceNo>FT A/{n + 1}</InvoiceNo><ATCUD>0</ATCUD><DocumentStatus>{status}</DocumentStatus>"
            "<Hash>0</Hash><HashControl>0</HashControl><InvoiceDate>2026-03-02</InvoiceDate>"
            f"<InvoiceType>FT</InvoiceType><SpecialRegimes>{regimes}</SpecialRegimes><SourceID>X</SourceID>"
            f"<SystemEntryDate>2026-03-02T10:00:00</SystemEntryDate><CustomerID>C1</CustomerID>{rows}<DocumentTotals>"
            f"<TaxPayable>0.00</TaxPayable><NetTotal>{net}</NetTotal><GrossTotal>{net}</GrossTotal></DocumentTotals></Invoice>\n"
        )
    yield "</SalesInvoices></SourceDocuments>\n"


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
