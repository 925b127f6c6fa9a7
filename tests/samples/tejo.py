"""Tejo Comércio: a trading house in Lisbon that sends its SAF-T file of each month, and nothing else.

July breaks its schema, August is in order, September holds documents that are wrong one by one, October lacks numbers
and does not hold what it says. `FAULTS` names the rule that finds each.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from xml.sax.saxutils import escape

from tests.samples.common import Fault, Folder
from tests.samples.tejo_world import (
    ACCOUNTS,
    CUSTOMERS,
    HEADINGS,
    PRODUCTS,
    SUPPLIERS,
    Document,
    Line,
    Month,
    entries,
    month_of,
    tax_number,
)

NAMESPACE = "urn:OECD:StandardAuditFile-Tax:PT_1.04_01"
COMPANY = "500000000"
_DOCUMENTS, _FILES = "ledgers.audit_documents", "ledgers.audit_files"
FAULTS = [
    Fault("customer without master record", _DOCUMENTS, "FT 9A/3", "customer_unknown"),
    Fault("supplier without master record", _DOCUMENTS, "GD 9A/2", "supplier_unknown"),
    Fault("product without master record", _DOCUMENTS, "GR 9A/4", "product_unknown"),
    Fault("code of another type of documents", _DOCUMENTS, "FT 9A/6", "internal_code_repeated"),
    Fault("gross total is not net and tax", _DOCUMENTS, "FT 9A/8", "gross_differs"),
    Fault("credit note that credits", _DOCUMENTS, "NC 9A/2", "credit_note_credits", also=("lines_differ",)),
    Fault("invoice that debits", _DOCUMENTS, "FT 9A/9", "invoice_debits", also=("lines_differ",)),
    Fault("receipt that debits an invoice", _DOCUMENTS, "RG 9A/2", "debit_of_invoice"),
    Fault("broken signature", _DOCUMENTS, "NE 9A/5", "signature_malformed"),
    Fault("no signature", _DOCUMENTS, "GR 9A/7", "signature_missing"),
    Fault("free of tax without a reason", _DOCUMENTS, "FT 9A/11", "exemption_without_reason"),
    Fault("tax is not that of the lines", _DOCUMENTS, "NE 9A/11", "tax_differs"),
    Fault("unique code with another number", _DOCUMENTS, "GR 9A/13", "atcud_number_differs"),
    Fault("unique code without number", _DOCUMENTS, "NE 9A/7", "atcud_malformed"),
    Fault("signature of the document before", _DOCUMENTS, "GR 9A/11", "signature_repeated"),
    Fault("entered on the day before its date", _DOCUMENTS, "NE 9A/9", "dated_after_entry", "warn"),
    Fault("dated in another month", _DOCUMENTS, "NE 9A/2", "date_outside_period"),
    Fault("credit note over its invoice", _DOCUMENTS, "NC 9A/4", "credit_exceeds_invoice"),
    Fault("code of exemption that nobody has listed", _DOCUMENTS, "FT 9A/14", "exemption_code_unknown"),
    Fault("receipt of twice what is due", _DOCUMENTS, "RG 9A/5", "settles_more_than_due", "warn"),
    Fault("numbers missing", _DOCUMENTS, "FT 10A/6", "numbers_without_gap", "hold"),
    Fault("numbers of movements missing", _FILES, "movement_of_goods", "no_number_missing", "hold"),
    Fault("fewer documents than the section says", _FILES, "working_documents", "entries_as_said", "hold"),
]
SECTIONS = {
    "sales_invoices": ("SalesInvoices", "Invoice", "InvoiceNo", "Invoice", "InvoiceDate"),
    "movement_of_goods": ("MovementOfGoods", "StockMovement", "DocumentNumber", "Movement", "MovementDate"),
    "working_documents": ("WorkingDocuments", "WorkDocument", "DocumentNumber", "Work", "WorkDate"),
    "payments": ("Payments", "Payment", "PaymentRefNo", "Payment", "TransactionDate"),
}


def write(folder: Folder) -> None:
    """All files of the client."""
    for number, plant in ((7, break_schema), (8, None), (9, plant_documents), (10, plant_gaps)):
        count = 140 if plant is plant_documents else 110  # so that those set aside are few of all
        month = month_of(folder.rng(f"month {number}"), 2026, number, count)
        if plant:
            plant(month)
        folder.write(f"saft/saft_2026-{number:02}.xml", file_of(month).encode("cp1252"), minute=number)


def break_schema(month: Month) -> None:
    """The header does not say whose books these are."""
    month.without = ("TaxRegistrationNumber",)


def plant_documents(month: Month) -> None:
    """The errors of single documents."""
    at = {document.number: document for document in month.documents}
    at["FT 9A/3"].partner = "C99"
    at["GD 9A/2"].partner = "F99"
    at["GR 9A/4"].lines[0].product = 99
    at["FT 9A/6"].kind = "FR"
    at["FT 9A/8"].gross_off = Decimal("0.11")
    for line in at["NC 9A/2"].lines:
        line.side = "Credit"
    for line in at["FT 9A/9"].lines:
        line.side = "Debit"
    at["RG 9A/2"].lines[0].side = "Debit"
    at["NE 9A/5"].signature = at["NE 9A/5"].signature[:-3]
    at["GR 9A/7"].signature = "0"
    at["FT 9A/11"].lines[0].rate, at["FT 9A/11"].unexplained = Decimal(0), True
    at["NE 9A/2"].day = "2026-08-31"
    at["NE 9A/11"].tax_off = Decimal("0.48")
    at["GR 9A/13"].atcud, at["NE 9A/7"].atcud = "AMOSTRA4-14", "AMOSTRA3"
    at["GR 9A/11"].signature = at["GR 9A/10"].signature
    for line in at["NC 9A/4"].lines:
        line.quantity *= 30
    at["FT 9A/14"].lines[0].rate, at["FT 9A/14"].exemption = Decimal(0), "M98"
    at["RG 9A/5"].lines[0].quantity = Decimal(2)
    at["NE 9A/9"].entered = "2026-09-10"


def plant_gaps(month: Month) -> None:
    """What is missing from whole sections."""
    month.documents = [d for d in month.documents if d.number not in ("FT 10A/5", "GR 10A/7", "GR 10A/8")]
    month.promise_off["working_documents"] = 1


def file_of(month: Month) -> str:
    """The file, in the order of its schema."""
    parts = [*_header(month), "<MasterFiles>", *_masters(month), "</MasterFiles>", *_ledger(month), "<SourceDocuments>"]
    for section in SECTIONS:
        parts += _section(section, month)
    return "\n".join([*parts, "</SourceDocuments>", "</AuditFile>", ""])


def _header(month: Month) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="windows-1252"?>'
    yield f'<AuditFile xmlns="{NAMESPACE}">'
    values = {
        "AuditFileVersion": "1.04_01", "CompanyID": COMPANY, "TaxRegistrationNumber": COMPANY,
        "TaxAccountingBasis": "I", "CompanyName": "Tejo Comércio, Lda.", "CompanyAddress": _address("Lisboa"),
        "FiscalYear": str(month.year), "StartDate": month.first, "EndDate": month.last, "CurrencyCode": "EUR",
        "DateCreated": "2026-11-09", "TaxEntity": "Global", "ProductCompanyTaxID": COMPANY,
        "SoftwareCertificateNumber": "9999", "ProductID": "Amostra/Tejo", "ProductVersion": "1.0",
    }  # fmt: skip
    yield f"<Header>{tags(**{k: v for k, v in values.items() if k not in month.without})}</Header>"


def _masters(month: Month) -> Iterator[str]:
    turnover = {account: [Decimal(0), Decimal(0)] for account in ACCOUNTS}
    for _, rows in entries(month):
        for account, amount in rows:
            turnover[account][amount < 0] += abs(amount)
    for account, (_, above) in ACCOUNTS.items():
        if above:
            turnover[above] = [mine + below for mine, below in zip(turnover[above], turnover[account], strict=True)]
    yield "<GeneralLedgerAccounts><TaxonomyReference>S</TaxonomyReference>"
    for account, (name, above) in ACCOUNTS.items():
        closing = turnover[account][0] - turnover[account][1]
        yield f"""<Account>{
            tags(
                AccountID=account,
                AccountDescription=name,
                OpeningDebitBalance="0.00",
                OpeningCreditBalance="0.00",
                ClosingDebitBalance=str(max(closing, Decimal(0))),
                ClosingCreditBalance=str(max(-closing, Decimal(0))),
                GroupingCategory="GR" if account in HEADINGS else "GM",
                GroupingCode=above,
                TaxonomyCode="" if account in HEADINGS else "1",
            )
        }</Account>"""
    yield "</GeneralLedgerAccounts>"
    for kind, letter, count, account in (("Customer", "C", CUSTOMERS, "211"), ("Supplier", "F", SUPPLIERS, "221")):
        for n in range(1, count + 1):
            number, tax_id = f"{letter}{n:02}", tax_number(n + 100 * (letter == "F"))
            values = {
                f"{kind}ID": number, "AccountID": account, f"{kind}TaxID": tax_id,
                "CompanyName": f"Amostra {number}, Lda.", "BillingAddress": _address("Porto"),
                "SelfBillingIndicator": "0",
            }  # fmt: skip
            yield f"<{kind}>{tags(**values)}</{kind}>"
    for n in range(1, PRODUCTS + 1):
        code = f"P{n:03}"
        product = tags(ProductType="P", ProductCode=code, ProductDescription=f"Artigo {n}", ProductNumberCode=code)
        yield f"<Product>{product}</Product>"
    yield "<TaxTable>"
    for code, rate in RATES.values():
        values = {"TaxType": "IVA", "TaxCountryRegion": "PT", "TaxCode": code, "Description": f"IVA {rate} %",
                  "TaxPercentage": rate}  # fmt: skip
        yield f"<TaxTableEntry>{tags(**values)}</TaxTableEntry>"
    yield "</TaxTable>"


RATES = {23: ("NOR", "23"), 13: ("INT", "13"), 6: ("RED", "6"), 0: ("ISE", "0")}


def _ledger(month: Month) -> Iterator[str]:
    posted = list(entries(month))
    debit = sum((amount for _, rows in posted for _, amount in rows if amount > 0), Decimal(0))
    credit = -sum((amount for _, rows in posted for _, amount in rows if amount < 0), Decimal(0))
    promised = tags(NumberOfEntries=str(len(posted)), TotalDebit=str(debit), TotalCredit=str(credit))
    yield f"<GeneralLedgerEntries>{promised}"
    yield "<Journal><JournalID>VND</JournalID><Description>Vendas e recibos</Description>"
    for n, (document, rows) in enumerate(posted, 1):
        head = tags(
            TransactionID=f"{document.day} VND {n}", Period=str(month.month), TransactionDate=document.day,
            SourceID="AMOSTRA", Description=document.number, DocArchivalNumber=str(n), TransactionType="N",
            GLPostingDate=document.day,
        )  # fmt: skip
        yield f"<Transaction>{head}<Lines>"
        for place, (account, amount) in enumerate(rows, 1):
            side = "Debit" if amount > 0 else "Credit"
            values = {"RecordID": str(place), "AccountID": account, "SourceDocumentID": document.number,
                      "SystemEntryDate": f"{document.day}T10:00:00", "Description": document.number,
                      f"{side}Amount": str(abs(amount))}  # fmt: skip
            yield f"<{side}Line>{tags(**values)}</{side}Line>"
        yield "</Lines></Transaction>"
    yield "</Journal></GeneralLedgerEntries>"


def _section(section: str, month: Month) -> Iterator[str]:
    name, record, *_ = SECTIONS[section]
    documents = month.of(section)
    off = month.promise_off.get(section, 0)
    counted = [line for d in documents if d.status != "A" for line in d.lines]
    yield f"<{name}>"
    if section == "movement_of_goods":
        quantity = sum((line.quantity for line in counted), Decimal(0))
        yield tags(
            NumberOfMovementLines=str(sum(len(d.lines) for d in documents) + off), TotalQuantityIssued=str(quantity)
        )
    else:
        sums = {side: sum((ln.net for ln in counted if ln.side == side), Decimal(0)) for side in ("Debit", "Credit")}
        yield tags(
            NumberOfEntries=str(len(documents) + off), TotalDebit=str(sums["Debit"]), TotalCredit=str(sums["Credit"])
        )
    for document in documents:
        yield f"<{record}>{''.join(_document(document))}</{record}>"
    yield f"</{name}>"


def _document(document: Document) -> Iterator[str]:
    _, _, number, kind, date = SECTIONS[document.section]
    at = f"{document.entered or document.day}T09:30:00"
    reason = "Erro de emissão" if document.status == "A" else ""
    status = {f"{kind}Status": document.status, f"{kind}StatusDate": at, "Reason": reason, "SourceID": "AMOSTRA",
              "SourcePayment" if document.section == "payments" else "SourceBilling": "P"}  # fmt: skip
    if document.section == "payments":
        yield tags(PaymentRefNo=document.number, ATCUD=_unique(document), TransactionDate=document.day,
                   PaymentType=document.kind, DocumentStatus=tags(**status))  # fmt: skip
        method = tags(PaymentMechanism="TB", PaymentAmount=str(document.gross), PaymentDate=document.day)
        yield tags(PaymentMethod=method, SourceID="AMOSTRA", SystemEntryDate=at, CustomerID=document.partner)
    else:
        yield tags(**{
            number: document.number, "ATCUD": _unique(document), "DocumentStatus": tags(**status),
            "Hash": document.signature, "HashControl": "1", date: document.day, f"{kind}Type": document.kind,
        })  # fmt: skip
        partner = {"SupplierID" if document.partner.startswith("F") else "CustomerID": document.partner}
        if document.section == "sales_invoices":
            kinds = ("SelfBillingIndicator", "CashVATSchemeIndicator", "ThirdPartiesBillingIndicator")
            yield tags(SpecialRegimes=tags(**dict.fromkeys(kinds, "0")))
        if document.section == "movement_of_goods":
            ship = f"<WarehouseID>LIS1</WarehouseID><Address>{_address('Lisboa')}</Address>"
            yield tags(SystemEntryDate=at, **partner, SourceID="AMOSTRA", ShipFrom=ship, MovementStartTime=at)
        else:
            yield tags(SourceID="AMOSTRA", SystemEntryDate=at, **partner)
    for place, line in enumerate(document.lines, 1):
        yield f"<Line>{_line(document, line, place)}</Line>"
    totals = {"TaxPayable": str(document.tax), "NetTotal": str(document.net), "GrossTotal": str(document.gross)}
    yield f"<DocumentTotals>{tags(**totals)}</DocumentTotals>"


def _unique(document: Document) -> str:
    """The code that the tax office gave to the series, and the number in it."""
    return document.atcud or f"AMOSTRA{'FNGRC'.find(document.kind[0]) + 2}-{document.number.rpartition('/')[2]}"


def _line(document: Document, line: Line, place: int) -> str:
    amount = {f"{line.side}Amount": f"{line.net:f}"}
    if document.section == "payments":
        source = tags(OriginatingON=line.settles, InvoiceDate=document.day)
        return tags(LineNumber=str(place), SourceDocumentID=source, **amount)
    code, rate = RATES[int(line.rate)]
    reason = {} if rate != "0" or document.unexplained else {
        "TaxExemptionReason": "Isento, artigo 9.º do CIVA", "TaxExemptionCode": document.exemption}  # fmt: skip
    point = {} if document.section == "movement_of_goods" else {"TaxPointDate": document.day}
    refers = {"References": tags(Reference=document.corrects, Reason="Devolução")} if document.corrects else {}
    tax = tags(TaxType="IVA", TaxCountryRegion="PT", TaxCode=code, TaxPercentage=rate)
    return tags(
        LineNumber=str(place), ProductCode=f"P{line.product:03}", ProductDescription=f"Artigo {line.product}",
        Quantity=str(line.quantity), UnitOfMeasure="UN", UnitPrice=str(line.price), **point, **refers,
        Description=f"Artigo {line.product}", **amount, Tax=tax, **reason,
    )  # fmt: skip


def tags(**values: str) -> str:
    """Elements in order, those without text left out; what is made of elements already stays as it is."""
    return "".join(f"<{k}>{v if v.startswith('<') else escape(v)}</{k}>" for k, v in values.items() if v)


def _address(city: str) -> str:
    return tags(AddressDetail="Rua da Amostra, 1", City=city, PostalCode="1000-001", Country="PT")
