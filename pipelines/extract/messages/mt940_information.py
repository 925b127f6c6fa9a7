"""The information of an entry (:86:), which every country writes in its own way.

* **Sub-fields** of Germany, Austria, Poland and others: a code of three digits, then `?20`, `>20`, `~20`, `<20` …: 00
  is the kind of booking, 10 the journal, 20 to 29 and 60 to 63 the remittance, 30 bank, 31 account, 32 and 33 name, 34
  the key of a return, 38 the IBAN. A text that fills its sub-field goes on in the next one without a blank.
* **Tags** of SEPA in them or in plain text: `EREF+`, `KREF+`, `MREF+`, `CRED+`, `DEBT+`, `SVWZ+`, `ABWA+` ….
* **Words between slashes** of the Netherlands and others: `/EREF/…/BENM//NAME/…/REMI/…`, `/CNTP/IBAN/BIC/name/city`.
* Anything else is text, whose lines are put together.

>>> described(["051?00SALARY?20EREF+E1?21SVWZ+Thanks?31DE1?32Sample A"])["end_to_end_id"]
'E1'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pipelines.extract.messages.ibans import valid_iban

_SUBFIELDS = re.compile(r"\s*([0-9]{3})?\s*([?>~<^@$#|!+])(?=[0-9]{2})")
_TAGS: Mapping[str, str] = {
    "EREF": "end_to_end_id",
    "KREF": "customer_order_reference",
    "MREF": "mandate_id",
    "CRED": "creditor_id",
    "DEBT": "debtor_id",
    "SVWZ": "remittance_text",
    "ABWA": "ultimate_debtor_name",
    "ABWE": "ultimate_creditor_name",
    "PURP": "purpose_code",
    "COAM": "compensation_amount",
    "OAMT": "original_amount",
    "IBAN": "counterparty_account",
    "BIC": "counterparty_bank",
    "RREF": "return_reference",
    "BREF": "bank_order_reference",
}
_TAG = re.compile(rf"({'|'.join(_TAGS)})\+ ?")
_WORDS: Mapping[str, str] = {
    "EREF": "end_to_end_id",
    "KREF": "customer_order_reference",
    "PREF": "payment_id",
    "MARF": "mandate_id",
    "CSID": "creditor_id",
    "REMI": "remittance_text",
    "IBAN": "counterparty_account",
    "ACCW": "counterparty_account",
    "BIC": "counterparty_bank",
    "NAME": "counterparty_name",
    "PURP": "purpose_code",
    "TRTP": "booking_text",
    "TRCD": "gvc_code",
    "RTRN": "return_reason_code",
    "RTYP": "return_reason_code",
    "CNTP": "", "BENM": "", "ORDP": "", "ULTD": "", "ULTC": "", "ULTB": "", "ID": "", "ADDR": "", "ISDT": "",
    "CHGS": "",
    "OAMT": "original_amount", "COAM": "compensation_amount", "SVCL": "", "EXCH": "", "SUM": "", "INIT": "", "OCMT": "",
    "CDTRREF": "structured_reference", "CDTRREFTP": "", "BNK": "", "PY": "", "TR": "", "IREF": "", "MCHG": "",
}  # fmt: skip
"""Word between slashes → column; others are kept in `information_other`; behind `USTD//` stands text."""
_SLASHED = re.compile(rf"(?<!USTD/)/({'|'.join(sorted(_WORDS, key=len, reverse=True))})/")
_OTHER_PARTY = ("ULTD", "ULTC", "ULTB")
_FULL = 25
"""A remittance sub-field has 27 characters; one with nearly so many was cut there and not by its author."""
_FILLER = " \u00ff\u02d9\xa0"
"""What Polish banks put into sub-fields that they do not use: 0xFF, read in one code page or another."""
_LINE_FULL = 64
"""The same for lines of 65 characters."""
_NO_REFERENCE = frozenset({"NONREF", "NOTPROVIDED", "NOT PROVIDED"})


def described(lines: Sequence[str]) -> dict[str, str]:
    """The cells of :86: beside its text. A column that several parts fill has them behind each other."""
    whole = "".join(lines)
    if found := _SUBFIELDS.match(whole):
        cells = _by_subfields(whole[found.end(2) :], found[2])
        if found[1]:
            cells["gvc_code"] = found[1]
    elif whole.lstrip().startswith("/") and _SLASHED.match(whole.lstrip()):
        cells = _by_words(whole.strip())
    else:
        cells = _by_tags(lines, _LINE_FULL)
    if cells.get("end_to_end_id", "").upper() in _NO_REFERENCE:
        cells["end_to_end_reference_said"] = cells.pop("end_to_end_id")
    if "iban_said" not in cells and valid_iban(account := cells.get("counterparty_account", "")):
        cells["iban_said"] = account
    return {name: text for name, text in cells.items() if text}


def _by_subfields(text: str, sign: str) -> dict[str, str]:
    parts = [(p[:2], p[2:]) for p in re.split(rf"{re.escape(sign)}(?=[0-9]{{2}})", text)]
    cells: dict[str, str] = {}
    pieces: list[str] = []
    names: list[str] = []
    rest: list[str] = []
    single = {
        "00": "booking_text", "10": "journal", "30": "counterparty_bank", "31": "counterparty_account",
        "34": "text_key", "38": "iban_said",
    }  # fmt: skip
    for code, value in parts:
        if "20" <= code <= "29" or "60" <= code <= "63":
            pieces.append(value)
        elif code in ("32", "33"):
            names.append(value)
        elif code in single and single[code] not in cells:
            cells[single[code]] = value.strip(_FILLER)
        elif value.strip(_FILLER):
            rest.append(f"{sign}{code}{value}")
    tagged = _by_tags(pieces, _FULL)
    for column in ("counterparty_account", "counterparty_bank"):  # the sub-field is the account, the tag repeats it
        if cells.get(column):
            tagged.pop(column, None)
    cells |= tagged
    cells["counterparty_name"] = _joined(names, _FULL)
    cells["information_other"] = "\n".join(rest)
    return cells


def _by_tags(pieces: Sequence[str], full: int) -> dict[str, str]:
    """Text in pieces of a width taken apart by the tags of SEPA. A tag may itself be cut (`…34 S`, `VWZ+…`)."""
    text = _joined(pieces, full)
    cells: dict[str, list[str]] = {}
    column, at = "remittance_text", 0
    for tag in _TAG.finditer(text):
        cells.setdefault(column, []).append(text[at : tag.start()].strip())
        column, at = _TAGS[tag[1]], tag.end()
    cells.setdefault(column, []).append(text[at:].strip())
    return {name: " ".join(filter(None, texts)) for name, texts in cells.items()}


def _joined(pieces: Sequence[str], full: int) -> str:
    """Pieces behind each other: without a blank behind one that is full, with one behind a shorter."""
    out, before = "", ""
    for piece in pieces:
        if not piece.strip(_FILLER):
            continue
        close = not before or len(before) >= full or before[-1] == " " or piece[0] == " "
        out, before = out + ("" if close else " ") + piece, piece
    return out.strip()


def _by_words(text: str) -> dict[str, str]:
    """/WORD/value/WORD/value: a value goes to the next known word, trailing slashes do not count."""
    cells: dict[str, str] = {}
    rest: list[str] = []
    party = ""
    for word, value in _words(text):
        value = value.strip("/ ") if word != "CNTP" else value.strip()
        if word == "CNTP":
            _counterparty(value, cells, rest)
        elif word in ("BENM", "ORDP", *_OTHER_PARTY):
            party = word
            if value:
                rest.append(f"/{word}/{value}")
        elif word == "NAME" and party in _OTHER_PARTY:
            cells[f"ultimate_{'debtor' if party == 'ULTD' else 'creditor'}_name"] = value
        elif (column := _WORDS[word]) and column not in cells and value:
            cells[column] = _plain(word, value)
        elif value:
            rest.append(f"/{word}/{value}")
    cells["information_other"] = "\n".join(rest)
    return cells


def _words(text: str) -> Iterator[tuple[str, str]]:
    found: list[re.Match[str]] = []
    for word in _SLASHED.finditer(text):
        parts = text[found[-1].end() : word.start()] if found and found[-1][1] == "CNTP" else None
        if parts is None or parts.count("/") > 1:  # account, bank and name come first, whatever they are
            found.append(word)
    for number, word in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        yield word[1], text[word.end() : end]


def _plain(word: str, value: str) -> str:
    """The text of a word without the kind that may stand before it: USTD//text, CD/SALA."""
    if word == "REMI":
        return re.sub(r"^(USTD//?|STRD/CUR/|STRD/)", "", value).strip("/ ")
    return re.sub(r"^CD/", "", value) if word == "PURP" else value


def _counterparty(value: str, cells: dict[str, str], rest: list[str]) -> None:
    """IBAN/BIC/name/city of ING."""
    parts = value.strip().split("/")
    for column, part in zip(("counterparty_account", "counterparty_bank", "counterparty_name"), parts, strict=False):
        if part.strip():
            cells[column] = part.strip()
    if more := "/".join(parts[3:]).strip("/ "):
        rest.append(f"/CNTP/…/{more}")
