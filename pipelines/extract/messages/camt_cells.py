"""The cells of a camt entry and of its details, by a declared table of paths.

Every text below an entry lands in a column: in its own where one is declared, in `other` else, as `path=text`. Paths
are those of the schema with what later versions put between taken out (`Dbtr/Pty/Nm` of version 8 is `Dbtr/Nm`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipelines.extract.messages.xml_stream import local

Leaf = tuple[str, str]

BETWEEN = "; "
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_LATER = frozenset({"Pty", "NtryDtls", "CdOrPrtry"})
"""Steps that some versions have and others have not."""

ENTRY: Mapping[str, str] = {
    "NtryRef": "entry_reference",
    "Amt": "amount_text",
    "Amt/@Ccy": "currency",
    "CdtDbtInd": "credit_debit",
    "RvslInd": "is_reversal",
    "Sts": "status",
    "Sts/Cd": "status",
    "Sts/Prtry": "status",
    "BookgDt/Dt": "booking_at",
    "BookgDt/DtTm": "booking_at",
    "ValDt/Dt": "value_at",
    "ValDt/DtTm": "value_at",
    "AcctSvcrRef": "bank_reference",
    "BkTxCd/Prtry/Cd": "proprietary_code",
    "BkTxCd/Prtry/Issr": "proprietary_issuer",
    "AddtlNtryInf": "entry_information",
    "AmtDtls/InstdAmt/Amt": "instructed_amount",
    "AmtDtls/InstdAmt/Amt/@Ccy": "instructed_currency",
    "AmtDtls/TxAmt/Amt": "transaction_amount",
    "AmtDtls/TxAmt/Amt/@Ccy": "transaction_currency",
    "AmtDtls/CntrValAmt/Amt": "counter_amount",
    "AmtDtls/CntrValAmt/Amt/@Ccy": "counter_currency",
    "Btch/MsgId": "batch_message_id",
    "Btch/PmtInfId": "batch_payment_id",
    "Btch/NbOfTxs": "batch_count",
    "Btch/TtlAmt": "batch_amount",
    "Btch/TtlAmt/@Ccy": "batch_currency",
    "Btch/CdtDbtInd": "batch_credit_debit",
}
"""Path in an entry → column. `BkTxCd/Domn`, charges and amounts in other currencies are put together (`_together`)."""

DETAIL: Mapping[str, str] = {
    "Refs/MsgId": "message_reference",
    "Refs/AcctSvcrRef": "transaction_bank_reference",
    "Refs/PmtInfId": "payment_id",
    "Refs/InstrId": "instruction_id",
    "Refs/EndToEndId": "end_to_end_id",
    "Refs/UETR": "uetr",
    "Refs/TxId": "transaction_id",
    "Refs/MndtId": "mandate_id",
    "Refs/ChqNb": "cheque_number",
    "Refs/ClrSysRef": "clearing_reference",
    "Refs/Prtry/Ref": "proprietary_reference",
    "Refs/Prtry/Tp": "proprietary_reference_type",
    "Amt": "detail_amount_text",
    "Amt/@Ccy": "detail_currency",
    "CdtDbtInd": "detail_credit_debit",
    "AmtDtls/InstdAmt/Amt": "instructed_amount",
    "AmtDtls/InstdAmt/Amt/@Ccy": "instructed_currency",
    "AmtDtls/TxAmt/Amt": "transaction_amount",
    "AmtDtls/TxAmt/Amt/@Ccy": "transaction_currency",
    "AmtDtls/CntrValAmt/Amt": "counter_amount",
    "AmtDtls/CntrValAmt/Amt/@Ccy": "counter_currency",
    "BkTxCd/Prtry/Cd": "detail_proprietary_code",
    "BkTxCd/Prtry/Issr": "detail_proprietary_issuer",
    "RltdPties/InitgPty/Nm": "initiator_name",
    "RltdPties/InitgPty/Agt/FinInstnId/Nm": "initiator_name",
    "RltdPties/Dbtr/Nm": "debtor_name",
    "RltdPties/Dbtr/Agt/FinInstnId/Nm": "debtor_name",
    "RltdPties/DbtrAcct/Id/IBAN": "debtor_iban",
    "RltdPties/DbtrAcct/Id/Othr/Id": "debtor_account",
    "RltdPties/DbtrAcct/Prxy/Id": "debtor_proxy",
    "RltdPties/UltmtDbtr/Nm": "ultimate_debtor_name",
    "RltdPties/UltmtDbtr/Agt/FinInstnId/Nm": "ultimate_debtor_name",
    "RltdPties/Cdtr/Nm": "creditor_name",
    "RltdPties/Cdtr/Agt/FinInstnId/Nm": "creditor_name",
    "RltdPties/CdtrAcct/Id/IBAN": "creditor_iban",
    "RltdPties/CdtrAcct/Id/Othr/Id": "creditor_account",
    "RltdPties/CdtrAcct/Prxy/Id": "creditor_proxy",
    "RltdPties/UltmtCdtr/Nm": "ultimate_creditor_name",
    "RltdPties/UltmtCdtr/Agt/FinInstnId/Nm": "ultimate_creditor_name",
    "RltdPties/Cdtr/Id/PrvtId/Othr/Id": "creditor_id",
    "RltdPties/Cdtr/Id/OrgId/Othr/Id": "creditor_id",
    "RltdAgts/DbtrAgt/FinInstnId/BIC": "debtor_bic",
    "RltdAgts/DbtrAgt/FinInstnId/BICFI": "debtor_bic",
    "RltdAgts/CdtrAgt/FinInstnId/BIC": "creditor_bic",
    "RltdAgts/CdtrAgt/FinInstnId/BICFI": "creditor_bic",
    "Purp/Cd": "purpose_code",
    "Purp/Prtry": "purpose_code",
    "RmtInf/Ustrd": "remittance_text",
    "RmtInf/Strd/CdtrRefInf/Ref": "structured_reference",
    "RmtInf/Strd/CdtrRefInf/CdtrRef": "structured_reference",
    "RmtInf/Strd/CdtrRefInf/Tp/Cd": "structured_reference_type",
    "RmtInf/Strd/CdtrRefInf/Tp/Prtry": "structured_reference_type",
    "RmtInf/Strd/CdtrRefInf/CdtrRefTp/Cd": "structured_reference_type",
    "RmtInf/Strd/CdtrRefInf/CdtrRefTp/Prtry": "structured_reference_type",
    "RmtInf/Strd/CdtrRefInf/CdtrRefTp/Issr": "structured_reference_issuer",
    "RmtInf/Strd/CdtrRefInf/Tp/Issr": "structured_reference_issuer",
    "RmtInf/Strd/RfrdDocInf/Nb": "referred_document",
    "RmtInf/Strd/AddtlRmtInf": "structured_information",
    "RtrInf/Rsn/Cd": "return_reason_code",
    "RtrInf/Rsn/Prtry": "return_reason_code",
    "RtrInf/AddtlInf": "return_information",
    "AddtlTxInf": "transaction_information",
}
"""Path in the details of one transaction → column."""

_CODE = ("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd")
_CHARGES = ("Chrgs/Amt", "Chrgs/CdtDbtInd", "Chrgs/Rcrd/Amt", "Chrgs/Rcrd/CdtDbtInd", "Chrgs/TtlChrgsAndTaxAmt")
_RATE = ("AmtDtls/CntrValAmt/CcyXchg/XchgRate", "AmtDtls/InstdAmt/CcyXchg/XchgRate", "AmtDtls/TxAmt/CcyXchg/XchgRate")


_SPECIAL = frozenset({*_CODE, *_RATE, *_CHARGES, *(f"{path}/@Ccy" for path in _CHARGES)})
"""Paths that `_together` reads."""
MAX_DEPTH = 64
"""Elements inside each other, beyond which only their text is taken; the schema has a dozen."""
MAX_PLACES = 10_000
"""Places that are remembered; an entry of the schema has some hundreds."""


class Place:
    """A place in a tree of elements: its path, and the places below it by tag, as they are met.

    `apart` are names of elements that are handed on whole wherever they stand.
    """

    __slots__ = ("_apart", "_left", "below", "depth", "is_apart", "path")

    def __init__(self, apart: frozenset[str] = frozenset()) -> None:
        self.path = ""
        self.below: dict[str, Place] = {}
        self.depth = 0
        self.is_apart = False
        self._apart = apart
        self._left = [MAX_PLACES]

    def add(self, child: Any) -> Place:
        """The place of a child that was not met here before."""
        name = local(child)
        place = Place(self._apart)
        place.path = self.path if name in _LATER else f"{self.path}/{name}" if self.path else name
        place.depth = self.depth + 1
        place.is_apart = name in self._apart
        place._left = self._left
        if self._left[0] > 0:
            self._left[0] -= 1
            self.below[child.tag] = place
        return place


def leaves(element: Any) -> list[Leaf]:
    """Every text and attribute below an element with its path, in the order of the document."""
    return taken_apart(element, Place())[0]


def taken_apart(element: Any, place: Place) -> tuple[list[Leaf], list[Any]]:
    """The leaves below an element, and the elements in it that are handed on whole."""
    found: list[Leaf] = []
    apart: list[Any] = []
    _collect(element, place, found, apart)
    return found, apart


def _collect(element: Any, place: Place, found: list[Leaf], apart: list[Any]) -> None:
    below = place.below
    for child in element:
        at = below.get(child.tag) or place.add(child)
        if at.is_apart:
            apart.append(child)
            continue
        path, text, inner = at.path, child.text, len(child)
        text = text.strip() if text else ""
        if text or not inner:
            found.append((path, text))
        for key, value in child.items():
            found.append((f"{path}/@{key.rpartition('}')[2]}", value))
        if inner:
            if at.depth <= MAX_DEPTH:
                _collect(child, at, found, apart)
            else:
                found.append((path, "".join(child.itertext()).strip()))


def cells_of(found: Sequence[Leaf], columns: Mapping[str, str], prefix: str = "") -> tuple[dict[str, str], list[str]]:
    """The cells of declared paths, several texts of one column behind each other, and the rest as `path=text`."""
    cells: dict[str, str] = {}
    rest = []
    special: list[Leaf] = []
    for path, text in found:
        if not text:
            continue
        if column := columns.get(path):
            cells[column] = f"{cells[column]}{BETWEEN}{text}" if column in cells else text
        elif path in _SPECIAL:
            special.append((path, text))
        else:
            rest.append(f"{path}={text}")
    if special:
        rest += _together(special, cells, prefix)
    return cells, rest


def _together(found: Sequence[Leaf], cells: dict[str, str], prefix: str) -> list[str]:
    """Columns made of several elements: the code in three parts, the charges, the rate. Returns what they leave out:
    a second rate that is another, a total of charges that its records do not give."""
    texts = dict(reversed(found))  # the first of each
    if code := "/".join(texts[path] for path in _CODE if path in texts):
        cells[f"{prefix}transaction_code"] = code
    rates = [path for path in _RATE if path in texts]
    rest = [f"{path}={texts[path]}" for path in rates if texts[path] != texts[rates[0]]]
    if rates:
        cells["exchange_rate"] = texts[rates[0]]
    charges, totals = _charges(found), [number(text) for path, text in found if path == _CHARGES[-1]]
    if charges:
        cells[f"{prefix}charges"], cells[f"{prefix}charges_currency"] = charges
        if totals and sum(t or 0 for t in totals) != number(charges[0]):
            rest += [f"{path}={text}" for path, text in found if path.startswith(_CHARGES[-1])]
    return rest


def _charges(found: Sequence[Leaf]) -> tuple[str, str] | None:
    """What the bank took (below zero: gave back), all records together; the stated total where there is no record."""
    records: list[list[str]] = []  # amount, currency, side
    total: list[str] = []
    for path, text in found:
        if path in ("Chrgs/Amt", "Chrgs/Rcrd/Amt"):
            records.append([text, "", ""])
        elif path in ("Chrgs/Amt/@Ccy", "Chrgs/Rcrd/Amt/@Ccy") and records:
            records[-1][1] = text
        elif path in ("Chrgs/CdtDbtInd", "Chrgs/Rcrd/CdtDbtInd") and records:
            records[-1][2] = text
        elif path.startswith("Chrgs/TtlChrgsAndTaxAmt"):
            total.append(text)
    if not records:
        return (total[0], total[1]) if len(total) > 1 else None
    amounts = [number(amount) for amount, _, _ in records]
    if None in amounts or len({currency for _, currency, _ in records}) > 1:
        texts = BETWEEN.join(" ".join(filter(None, record)) for record in records)
        return texts, ""
    signs = (-1 if side == "CRDT" else 1 for _, _, side in records)
    return plain(sum((a * s for a, s in zip(amounts, signs, strict=True) if a is not None), Decimal())), records[0][1]


def number(text: str | None) -> Decimal | None:
    """An amount of the schema (digits and a point); None for anything else."""
    return Decimal(text) if text and _NUMBER.fullmatch(text) else None


def plain(value: Decimal) -> str:
    """A number without exponent, digits as they were given."""
    return f"{value:f}"


def signed(text: str | None, side: str | None) -> str:
    """An amount as money in the account: debits below zero. What cannot be read stays as it is written, side first.

    An amount that is negative already keeps its meaning: DBIT -5.00 is 5.00 in favour of the account.
    """
    value = number(text)
    if value is None or side not in ("CRDT", "DBIT"):
        return f"{side or 'no CdtDbtInd'} {text}" if text else ""
    return plain(-value if side == "DBIT" and value else value)
