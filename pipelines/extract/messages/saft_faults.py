"""What can be wrong with a document of an audit file beyond its structure, by name.

What cannot be true is a fault, told in the cell `message_faults`; what is only strange stands in `message_warnings`.
Documents of Portugal's family (and Angola's) say more than those of the OECD's, so more of them can be checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from pipelines.extract.messages.saft_cells import amount, number
from pipelines.extract.messages.saft_header import Header

FAULTS = {
    "customer_unknown": "names a customer that the file has no master record of",
    "supplier_unknown": "names a supplier that the file has no master record of",
    "product_unknown": "a line names a product that the file has no master record of",
    "tax_code_unknown": "a line names a rate of tax that the file's table of taxes does not have",
    "number_repeated": "number of the document stands twice in its series",
    "internal_code_repeated": "internal code of the document is that of another type of documents",
    "line_number_repeated": "two lines of the document have the same number",
    "lines_differ": "lines do not add up to the net total of the document",
    "price_differs": "quantity and price of a line do not give its amount",
    "tax_differs": "rates and bases of the lines do not give the tax of the document",
    "gross_differs": "net and tax do not give the gross total of the document",
    "conversion_differs": "amount in foreign currency and its rate do not give the gross total of the document",
    "invoice_debits": "lines of an invoice debit more than they credit: a credit note?",
    "credit_note_credits": "lines of a credit note credit more than they debit: an invoice?",
    "debit_of_invoice": "receipt debits an invoice: only credit notes are settled in debit",
    "credit_of_credit_note": "receipt credits a credit note: only invoices are settled in credit",
    "signature_missing": "document of certified software without a signature",
    "signature_malformed": "signature is not 172 characters of Base64",
    "signature_repeated": "signature is that of the document before it in its series",
    "signature_control_malformed": "version of the signature's key is no number, or 0 beside a signature",
    "signature_wrong": "signature is not that of the document and the one before it in its series",
    "atcud_malformed": "unique code is neither 0 nor a code of the series, a hyphen and a number",
    "atcud_number_differs": "number in the unique code is not that of the document in its series",
    "exemption_without_reason": "line without VAT gives no reason and no code of the exemption",
    "exemption_of_taxed_line": "line with tax gives a reason or code of exemption",
    "date_outside_period": "dated outside the period that the file is for",
    "settles_missing_document": "settles a document of the file's period that the file does not have",
    "transaction_unknown": "names a transaction of the file's period that its ledger does not have",
    "atcud_code_differs": "code of the series in the unique code is not that of the documents before it",
    "credit_exceeds_invoice": "credit notes are more than the invoice that they correct, or correct a cancelled one",
    "exemption_code_unknown": "a line gives a code of exemption that the tax authority's list does not have",
    "tax_code_of_another_tax": "a line has a tax code that its kind of tax does not have",
    "untaxed_code_with_rate": "a line is coded as exempt or not taxed, and has a rate",
    "unit_unknown": "a line has a unit that the file's table of units does not have",
    "movement_type_unknown": "kind of movement is not in the file's table of them",
}
WARNINGS = {
    "date_not_selected": "dated outside the dates for which the file was made",
    "date_before_previous": "dated before the document of the number before",
    "entered_before_previous": "entered before the document of the number before",
    "dated_after_entry": "dated after the day on which it was entered",
    "atcud_missing": "document of 2023 or later without its unique code",
    "corrects_nothing": "credit note that names no document it corrects, or has a line that names none",
    "corrects_missing_document": "corrects a document that its series lacks, or that is behind its last one",
    "status_before_entry": "got its status before it was entered",
    "moved_before_entry": "goods left before the document was entered",
    "payment_means_differ": "amounts by means of payment, and what is withheld, are not the gross total",
    "exemption_code_not_in_force": "a line gives a code of exemption that did not hold on the day of the document",
    "tax_rate_not_in_force": "rate of a line is not that of its code and region on the day of the document",
    "settles_more_than_due": "receipts come to more than the gross total of the document that they settle",
    "settles_unknown_series": "settles a document of the file's period, of a series that the file does not have",
    "cancelled_without_reason": "cancelled without a reason",
    "self_billing_differs": "status and indicator of self-billing contradict each other",
    "lines_out_of_order": "numbers of the lines are not in order",
    "line_price_differs": "quantity and price of a line do not give its amount",
}
CREDIT_NOTES = frozenset({"NC", "TD", "DA", "RE", "381", "CN", "CREDITNOTE", "CREDIT NOTE", "CREDIT"})
Cells = Mapping[str, str]
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{171}=")
_CONTROL = re.compile(r"\d+(\.\d+)?(-.+)?")
_ATCUD = re.compile(r"[A-Za-z0-9]{8,}-(\d+)")
_FIRST_ATCUD = "2023-01-01"
_CENT = Decimal("0.01")
_MOST_OFF_BY_RATE = Decimal("0.01")
"""Rates are written with few digits: an amount may be off by one in a hundred."""


def of_amounts(section: str, cells: Cells, lines: Sequence[Cells]) -> Iterator[str]:
    """That lines give the totals of a document of Portugal, and totals each other."""
    net, tax = number(cells.get("net_total")), number(cells.get("tax_payable"))
    own = amount(cells["credit_total"]) - amount(cells["debit_total"])
    credit_note = section == "sales_invoices" and cells.get("document_type") in CREDIT_NOTES
    if section == "sales_invoices":
        if own < 0 and not credit_note:
            yield "invoice_debits"
        if own > 0 and credit_note:
            yield "credit_note_credits"
        own = -own if credit_note else own
    else:
        own = abs(own)
    rounding = _CENT / 2 * (len(lines) + 1)  # each line and the total are rounded on their own
    if net is not None and lines and abs(own - net) > rounding:
        yield "lines_differ"
    if section != "payments" and any(map(_price_differs, lines)):
        yield "price_differs"
    if tax is not None and section in ("sales_invoices", "working_documents") and _tax_differs(lines, tax):
        yield "tax_differs"
    yield from of_totals(cells)


def of_totals(cells: Cells) -> Iterator[str]:
    """That the totals of a document give each other, in its own currency and in a foreign one."""
    net, tax, gross = (number(cells.get(name)) for name in ("net_total", "tax_payable", "gross_total"))
    if net is not None and tax is not None and gross is not None and abs(net + tax - gross) > _CENT:
        yield "gross_differs"
    foreign, rate = number(cells.get("foreign_amount")), number(cells.get("exchange_rate"))
    if gross and foreign and rate:  # the rate is written both ways: euros for one unit, and units for one euro
        nearest = min(abs(foreign * rate - gross), abs(foreign / rate - gross))
        if nearest > max(_CENT, abs(gross) * _MOST_OFF_BY_RATE):
            yield "conversion_differs"


def of_line_sums(section: str, cells: Cells, lines: Sequence[Cells]) -> Iterator[str]:
    """That the lines of an invoice give its net total, as files of the OECD's version have them: without freight."""
    net = number(cells.get("net_total"))
    if section not in ("sales_invoices", "purchase_invoices") or net is None or not lines:
        return
    whole = "ShippingCosts" not in cells.get("other", "") and "Settlement" not in cells.get("other", "")
    own = amount(cells["credit_total"]) - amount(cells["debit_total"])
    if whole and abs(abs(own) - abs(net)) > _CENT / 2 * (len(lines) + 1):
        yield "lines_differ"


def of_line_taxes(lines: Sequence[Cells]) -> Iterator[str]:
    """That base and rate of a line give the tax that it says, as files of the OECD's version do."""
    for line in lines:
        base, rate, tax = (number(line.get(name)) for name in ("tax_base", "tax_percentage", "tax_amount"))
        if base is not None and rate is not None and tax is not None:
            expected = abs(base * rate / 100)
            if abs(expected - abs(tax)) > max(_CENT, expected * _MOST_OFF_BY_RATE):
                yield "tax_differs"
                return


def of_line_prices(lines: Sequence[Cells]) -> Iterator[str]:
    """That quantity and price of a line give its amount, as files of the OECD's version have them."""
    if any(map(_price_differs, lines)):
        yield "line_price_differs"


def of_lines(lines: Sequence[Cells]) -> Iterator[str]:
    """That lines have numbers of their own."""
    numbers = [line["line_number"] for line in lines if "line_number" in line]
    if len(set(numbers)) < len(numbers):
        yield "line_number_repeated"


def of_signature(section: str, cells: Cells, header: Header) -> Iterator[str]:
    """That a signature is there and has its form; whether it is genuine only the key of the software tells."""
    if section == "payments":
        return
    signature, control = cells.get("signature", ""), cells.get("signature_control", "")
    certified = header.cells.get("software_certificate", "0").strip("0") != ""
    if signature in ("", "0"):
        if certified and cells.get("source_billing", "P") == "P":
            yield "signature_missing"
        return
    if not _SIGNATURE.fullmatch(signature):
        yield "signature_malformed"
    if control and (not _CONTROL.fullmatch(control) or not control.strip("0")):
        yield "signature_control_malformed"


def of_unique_code(cells: Cells) -> Iterator[str]:
    """That the ATCUD of a document has its form, and the document's own number."""
    code = cells.get("atcud", "0")
    if code == "0":
        return
    found = _ATCUD.fullmatch(code)
    if not found:
        yield "atcud_malformed"
    elif "series_number" in cells and int(found[1]) != int(cells["series_number"]):
        yield "atcud_number_differs"


def strange(cells: Cells, header: Header) -> Iterator[str]:
    """What is strange about the dates and the unique code of a document."""
    day, entered = cells.get("document_date", "")[:10], cells.get("entered_at", "")[:10]
    if is_outside(cells, header) and not header.is_flat:
        yield "date_not_selected"
    own = header.is_flat and cells.get("source_billing") == "P"
    times = {name: cells.get(name, "")[:19] for name in ("entered_at", "status_at", "movement_start_at")}
    for name, warning in (("status_at", "status_before_entry"), ("movement_start_at", "moved_before_entry")):
        if own and times[name] and times["entered_at"] and times[name] < times["entered_at"]:
            yield warning
    if day and entered and day > entered:
        yield "dated_after_entry"
    if own and header.cells["format_code"] == "saft_pt" and day >= _FIRST_ATCUD and cells.get("atcud") == "0":
        yield "atcud_missing"
    status = cells.get("status")
    if header.is_flat and status == "A" and "status_reason" not in cells:
        yield "cancelled_without_reason"
    if status in ("N", "S") and (own_bill := cells.get("self_billing")) and (own_bill == "1") != (status == "S"):
        yield "self_billing_differs"


def strange_lines(section: str, cells: Cells, lines: Sequence[Cells]) -> Iterator[str]:
    """What is strange about the lines of a document of Portugal's family."""
    numbers = [int(text) for line in lines if re.fullmatch(r"\d{1,9}", text := line.get("line_number", ""))]
    if any(after < before for before, after in pairwise(numbers)):
        yield "lines_out_of_order"
    of_invoice = section == "sales_invoices" and cells.get("document_type") == "NC"
    if of_invoice and not all("corrects_id" in line for line in lines):
        yield "corrects_nothing"


def is_outside(cells: Cells, header: Header) -> bool:
    """Whether a document is dated outside the period of the file."""
    day = cells.get("document_date", "")[:10]
    return bool(day) and not header.cells["period_start"] <= day <= header.cells["period_end"]


def of_payment_means(cells: Cells) -> Iterator[str]:
    """That what was paid by each means, and what was withheld, is what a receipt is about."""
    gross, paid = number(cells.get("gross_total")), number(cells.get("paid_amount"))
    if gross is not None and paid is not None:
        withheld = amount(cells.get("withheld_amount"))
        if min(abs(paid - gross), abs(paid + withheld - gross)) > _CENT:
            yield "payment_means_differ"


def of_exemptions(section: str, lines: Sequence[Cells], header: Header) -> Iterator[str]:
    """That lines without VAT say why, and no others do; codes of the reasons are there since version 1.04."""
    coded = header.cells["format_code"] == "saft_pt" and header.version.startswith("1.04")
    words = ("exemption_reason", "exemption_code") if coded else ("exemption_reason",)
    if section == "sales_invoices" and any(_is_exempt(line) and not all(map(line.get, words)) for line in lines):
        yield "exemption_without_reason"
    taxed = (line for line in lines if (number(line.get("tax_percentage")) or number(line.get("tax_amount"))))
    if any(line.get(word) for line in taxed for word in ("exemption_reason", "exemption_code")):
        yield "exemption_of_taxed_line"


def _is_exempt(line: Cells) -> bool:
    return number(line.get("tax_percentage")) == 0 and line.get("tax_type") == "IVA"


def _price_differs(line: Cells) -> bool:
    """Prices are net of discounts by the standard; programs that write them gross say the discount beside them."""
    quantity, price = number(line.get("quantity")), number(line.get("unit_price"))
    total = amount(line.get("debit_amount")) + amount(line.get("credit_amount"))
    if quantity is None or price is None or "tax_base" in line:
        return False
    rounding = (abs(quantity) * _step(price) + abs(price) * _step(quantity) + _step(total) + _CENT) / 2
    found, discount = quantity * price, amount(line.get("discount_amount"))
    return abs(found - total) > rounding and abs(found - discount - total) > rounding


def _step(value: Decimal) -> Decimal:
    """The last decimal that a number says; of cents at least, since programs drop zeros at the end."""
    return Decimal(1).scaleb(min(int(value.as_tuple().exponent), -2))


def _tax_differs(lines: Sequence[Cells], tax: Decimal) -> bool:
    """Whether the lines tell the tax of their document, and another one; sides of lines are those of their sums."""
    if not lines or any("tax_base" in line or "tax_type" not in line for line in lines):
        return False
    own = Decimal(0)
    for line in lines:
        side = amount(line.get("credit_amount")) - amount(line.get("debit_amount"))
        rate = number(line.get("tax_percentage"))
        own += side * rate / 100 if rate is not None else amount(line.get("tax_amount")).copy_sign(side)
    return abs(abs(own) - abs(tax)) > _CENT * (len(lines) + 1)
