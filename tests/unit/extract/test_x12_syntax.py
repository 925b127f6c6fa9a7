"""X12: ways to write the same, what is refused with its place, and what was written is read back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DeliveryError
from pipelines.extract.messages import x12_plain
from pipelines.extract.messages.x12_places import LAYOUTS
from tests.samples.x12_writer import Marks, Writer
from tests.unit.extract.x12_messages import AT, NOTICE, ORDER, SETS, rows_of, written

# -- ways to write the same ---------------------------------------------------------------------------------------

WAYS = {
    "as usual": Marks(),
    "in one line": Marks(after=""),
    "windows": Marks(after="\r\n"),
    "line breaks end segments": Marks(segment="\n", after=""),
    "carriage returns": Marks(segment="\r", after=""),
    "both": Marks(segment="\r\n", after=""),
    "indented": Marks(after="\n    "),
    "other signs": Marks(element="|", component="^", segment="'", after="", repetition=">"),
    "control characters": Marks(element="\x1d", component="\x1f", segment="\x1c", after=""),
}


@pytest.mark.parametrize("way", WAYS)
def test_separators_come_from_the_header(tmp_path: Path, way: str) -> None:
    wanted, _ = rows_of(tmp_path, written(("850", ORDER), ("856", NOTICE)), "order_lines")
    found, facts = rows_of(tmp_path, written(("850", ORDER), ("856", NOTICE), marks=WAYS[way]), "order_lines")
    assert [{**r, "position": ""} for r in found] == [{**r, "position": ""} for r in wanted]
    assert facts.warnings == ["messages of other types, which table order_lines is not made of: 856 (1)"]
    assert [t for t in facts.totals if t.said != t.found] == []


def test_lines_of_eighty_characters_cut_segments(tmp_path: Path) -> None:
    text = written(("850", ORDER), marks=Marks(after=""))
    cut = "\r\n".join(text[i : i + 80] for i in range(0, len(text), 80))
    wanted, _ = rows_of(tmp_path, text, "orders")
    (row,), facts = rows_of(tmp_path, cut, "orders")
    assert {**row, "position": ""} == {**wanted[0], "position": ""}
    assert "put together again" in facts.warnings[0]


def test_several_interchanges_each_with_its_separators(tmp_path: Path) -> None:
    other = Marks(element="|", component="^", segment="'", after="")
    text = written(("850", ORDER)) + written(("850", ORDER.replace("PO-1", "PO-2")), marks=other)
    rows, _ = rows_of(tmp_path, "\ufeff" + text + "\x1a", "orders")
    assert [r["order_id"] for r in rows] == ["PO-1", "PO-2"]


def test_a_header_that_is_not_padded_and_a_trailer_without_terminator(tmp_path: Path) -> None:
    text = written(("850", ORDER)).replace("BUYER          ", "BUYER").rstrip().removesuffix("~")
    (row,), _ = rows_of(tmp_path, text, "orders")
    assert row["sender_id"] == "BUYER"


def test_old_dates_have_two_digits_of_the_year(tmp_path: Path) -> None:
    old = written(("850", ORDER.replace("20261001", "981001")), version="003040")
    (row,), _ = rows_of(tmp_path, old, "orders")
    assert (row["document_date"], row["message_version"]) == ("1998-10-01", "003040")


def test_dates_that_are_none_stay_as_written() -> None:
    assert [x12_plain.plain_date(t) for t in ("20260230", "2026-01-01", "1", "20261301")] == [
        "20260230", "2026-01-01", "1", "20261301",
    ]  # fmt: skip
    assert x12_plain.plain_moment("20260704", "2460", "ET") == "2026-07-04 2460"
    assert x12_plain.plain_moment("20260104", "0930", "PT") == "2026-01-04T09:30:00-0800"


def test_segments_that_lie_across_two_blocks_are_whole(tmp_path: Path) -> None:
    lines = "~".join(f"PO1*{n}*1*EA*1*PE*VN*SKU-{n:030}" for n in range(1, 40_001))
    rows, facts = rows_of(tmp_path, written(("850", f"BEG*00*NE*PO-1**20261001~{lines}~CTT*40000")), "order_lines")
    assert len(rows) == 40_000
    assert facts.warnings == []
    assert [t for t in facts.totals if t.said != t.found] == []


BINARY = {
    "holds separators": ("BIN*14*ab~SE*5*x~~c*~", "ab~SE*5*x~~c*~"),
    "with a filter": ("BDS*ASC*5*a~*\n~", "a~*\n~"),
    "octets are not characters": ("BIN*4*a~\xfc", "a~\xfc"),
    "of nothing": ("BIN*0*", ""),
    "longer than a block": (f"BIN*3000000*{'~*x' * 1_000_000}", "~*x" * 1_000_000),
}


@pytest.mark.parametrize(
    "marks", [Marks(), Marks(after="\r\n"), Marks(segment="\n", after="")], ids=["lf", "crlf", "nl"]
)
@pytest.mark.parametrize("name", BINARY)
def test_binary_data_ends_where_its_length_says(tmp_path: Path, name: str, marks: Marks) -> None:
    text, data = BINARY[name]
    whole = written(("214", "B10*1*S-1*TRCK~LX*1~BIN*6*binary~L11*PO-1*PO"), marks=marks).replace("BIN*6*binary", text)
    rows, facts = rows_of(tmp_path, whole, "segments")
    assert [r["tag"] for r in rows] == ["ST", "B10", "LX", text[:3], "L11"]
    assert rows[3].get("element_03" if text.startswith("BDS") else "element_02", "") == data
    assert [t for t in facts.totals if t.said != t.found] == []
    assert rows[4]["position"].endswith(f"line {whole[: whole.index('L11')].count(chr(10)) + 1}")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("BIN*4*abc", "another length"), ("BIN*2*abc", "another length"), ("BIN*99999*abc", "another length"),
        ("BIN*x*abc", "without its length"), ("BIN", "without its length"), ("BIN*99999999*abc", "too long"),
    ],
)  # fmt: skip
def test_binary_data_of_another_length_is_refused_with_its_line(tmp_path: Path, text: str, what: str) -> None:
    whole = written(("214", "B10*1*S-1*TRCK~LX*1~BIN*6*binary~L11*PO-1*PO")).replace("BIN*6*binary", text)
    with pytest.raises(DeliveryError, match=what) as error:
        rows_of(tmp_path, whole, "segments")
    assert error.value.where == "file.edi:6"


@pytest.mark.parametrize(
    ("version", "says"), [("004010", ":"), ("006040", ":"), ("008010", " up to release 006040, and 008010 is later:")]
)
def test_of_a_release_beyond_the_lists_that_is_said(tmp_path: Path, version: str, says: str) -> None:
    _, facts = rows_of(
        tmp_path, written(("850", ORDER.replace("CTT*2", "ZZQ*1~CTT*2")), version=version), "interchanges"
    )
    assert any(w.startswith(f"segment 'ZZQ' is none of transaction set 850{says} 1 time") for w in facts.warnings)


def test_what_stands_around_the_interchange_is_told(tmp_path: Path) -> None:
    headers = "AS2-Version: 1.1\r\nContent-Type: application/edi-x12;\r\n name=po.edi\r\n\r\n"
    (row,), facts = rows_of(tmp_path, headers + written(("850", ORDER)).rstrip() + "~~\n", "orders")
    assert row["position"].endswith("line 7")
    assert facts.warnings == [
        "headers of its transport in front of an interchange, passed over: line 1", "2 empty segments, passed over",
    ]  # fmt: skip
    none = written().replace("IEA*1", "IEA*0")
    rows, facts = rows_of(tmp_path, none, "interchanges")
    assert (rows, facts.warnings) == ([], ["1 interchange without a set (first file.edi:2)"])


def test_a_tab_may_part_elements(tmp_path: Path) -> None:
    (row,), _ = rows_of(tmp_path, written(("850", ORDER), marks=Marks(element="\t")), "orders")
    assert row["order_id"] == "PO-1"


# -- what is refused ----------------------------------------------------------------------------------------------

WHOLE = written(("850", ORDER))
REFUSED = {
    "empty": ("", "no bytes"),
    "no header": ("ST*850*0001~", "text outside an interchange"),
    "other text": ("order_id,line\n1,2\n", "text outside an interchange"),
    "header cut off": (WHOLE[:60], "interchange header cannot be read"),
    "cut off inside a segment": (WHOLE[:300], "truncated"),
    "cut off behind a segment": (WHOLE[: WHOLE.index("SE*")], "truncated"),
    "no trailer of the interchange": (WHOLE[: WHOLE.index("IEA")], "truncated"),
    "text behind it": (WHOLE + "thank you", "text outside an interchange"),
    "set inside a set": (WHOLE.replace("CTT*2", "ST*850*0002~\nCTT*2"), "'ST' out of place"),
    "no trailer of the set": (WHOLE.replace("SE*13*0001~\n", ""), "'GE' out of place"),
    "no trailer of the group": (WHOLE.replace("GE*1*701~\n", ""), "'IEA' out of place"),
    "trailer without a set": (WHOLE.replace("GE*", "SE*1*0001~\nGE*"), "'SE' out of place"),
    "segment between sets": (WHOLE.replace("GE*", "BEG*00~\nGE*"), "'BEG' out of place"),
    "interchange inside one": (WHOLE[: WHOLE.index("GE*")] + WHOLE, "'ISA' out of place"),
    "letters as separators": (WHOLE.replace("*", "X"), "interchange header cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_whole_interchange_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    text, what = REFUSED[name]
    with pytest.raises(DeliveryError) as error:
        rows_of(tmp_path, text, "orders")
    assert what in str(error.value)
    assert "file.edi" in str(error.value)


def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="not in the declared encoding"):
        rows_of(tmp_path, WHOLE.replace("Sensor", "Caf\xe9").encode("latin-1"), "orders")


def test_a_segment_without_end_is_refused_early(tmp_path: Path) -> None:
    endless = WHOLE[: WHOLE.index("BEG")] + "BEG*" + "x" * (5 << 20)
    with pytest.raises(DeliveryError, match="segment without end"):
        rows_of(tmp_path, endless, "orders")


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_bytes_crash_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    head = WHOLE.encode()[:107]
    for text in (data, head + data):
        try:
            rows_of(folder, text, "segments")
        except DeliveryError as error:
            assert "file.edi" in str(error)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A stretch of a sound file is lost, doubled or written over: it is read with what it says, or refused."""
    kind = data.draw(st.sampled_from(sorted(SETS)))
    text = written((kind, SETS[kind]))
    begin = data.draw(st.integers(0, len(text)))
    piece = text[begin : begin + data.draw(st.integers(0, 40))]
    other = data.draw(st.sampled_from(["", piece * 2, "~", "*", "\n", "HL*1*1*I~", "ST*850*1~", "\x00", "*" * 40]))
    folder = tmp_path_factory.mktemp("damage")
    for table in ("interchanges", "segments", *(t for t, layout in LAYOUTS.items() if kind in layout.kinds)):
        try:
            rows_of(folder, text[:begin] + other + text[begin + len(piece) :], table)
        except DeliveryError as error:
            assert "file.edi" in str(error)


# -- round trip ---------------------------------------------------------------------------------------------------

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="*>~U"), min_size=1, max_size=20
)
NUMBER = st.decimals(min_value="0.01", max_value="99999", places=2).map(lambda d: f"{d.normalize():f}")
ITEM = st.fixed_dictionaries(
    {"supplier_product_id": TEXT, "despatched_quantity": NUMBER, "sscc_id": TEXT, "item_name": TEXT}
)
ORDERS = st.lists(st.tuples(TEXT, st.lists(ITEM, min_size=1, max_size=3)), min_size=1, max_size=3)
NOTICES = st.lists(st.tuples(TEXT, ORDERS), min_size=1, max_size=3)
MARKS = st.sampled_from([Marks(), Marks(after=""), Marks(after="\r\n"), Marks(segment="\n", after="")])


def notice(number: str, orders: list[tuple[str, list[dict[str, str]]]]) -> list[list[str]]:
    """A ship notice: shipment, orders, a pack for each item."""
    out = [["BSN", "00", number, "20261005", "1430", "0001"], ["HL", "1", "", "S"]]
    level = 1
    for order, items in orders:
        level += 1
        above = level
        out += [["HL", str(level), "1", "O"], ["PRF", order]]
        for item in items:
            out += [["HL", str(level + 1), str(above), "P"], ["MAN", "GM", item["sscc_id"]]]
            out += [["HL", str(level + 2), str(level + 1), "I"], ["LIN", "", "VN", item["supplier_product_id"]]]
            out += [["SN1", "", item["despatched_quantity"], "EA"], ["PID", "F", "", "", "", item["item_name"]]]
            level += 2
    return [*out, ["CTT", str(level)]]


@given(NOTICES, MARKS)
@settings(max_examples=60, deadline=None)
def test_written_ship_notices_are_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    notices: list[tuple[str, list[tuple[str, list[dict[str, str]]]]]],
    marks: Marks,
) -> None:
    writer = Writer("SUPPLIER", "BAYPORT", AT, marks)
    text = writer.interchange(9, [("856", notice(number, orders)) for number, orders in notices]).text()
    rows, facts = rows_of(tmp_path_factory.mktemp("trip"), text, "despatch_lines")
    keys = ("supplier_product_id", "despatched_quantity", "sscc_id", "item_name")
    assert [(r["despatch_id"], r["order_id"], *(r[k] for k in keys)) for r in rows] == [
        (number, order, *(item[k] for k in keys))
        for number, orders in notices
        for order, items in orders
        for item in items
    ]
    assert {r["message_faults"] for r in rows} == {"none"}
    assert [t for t in facts.totals if t.said != t.found] == []
    assert [r.get("other") for r in rows] == [None] * len(rows)


CENTS = st.decimals(min_value="0.01", max_value="9999", places=2)
BILL = st.tuples(
    TEXT, st.lists(st.tuples(TEXT, st.integers(1, 500), CENTS), min_size=1, max_size=4), CENTS, st.booleans()
)


@given(st.lists(BILL, min_size=1, max_size=3), MARKS)
@settings(max_examples=60, deadline=None)
def test_written_invoices_are_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    bills: list[tuple[str, list[tuple[str, int, Decimal]], Decimal, bool]],
    marks: Marks,
) -> None:
    """Numbers, products, quantities, prices, totals with their sign; nothing that was written stays unexplained."""
    sets = []
    for number, lines, freight, is_credit in bills:
        total = sum(quantity * price for _, quantity, price in lines) + freight
        items = [["IT1", str(n), str(q), "EA", str(p), "PE", "VN", name] for n, (name, q, p) in enumerate(lines, 1)]
        head = [["BIG", "20261006", number, "", "", "", "", "CR" if is_credit else "DI"]]
        freight_charge = ["SAC", "C", "D240", "", "", str(int(freight * 100))]
        sets.append(("810", [*head, *items, ["TDS", str(int(total * 100))], freight_charge, ["CTT", str(len(lines))]]))
    text = Writer("SUPPLIER", "BAYPORT", AT, marks).interchange(11, sets).text()
    folder = tmp_path_factory.mktemp("bills")
    heads, facts = rows_of(folder, text, "invoices")
    signs = [-1 if is_credit else 1 for _, _, _, is_credit in bills]
    totals = [sum(q * p for _, q, p in lines) + freight for _, lines, freight, _ in bills]
    assert [r["invoice_id"] for r in heads] == [number for number, *_ in bills]
    assert [Decimal(r["signed_gross_amount"]) for r in heads] == [s * t for s, t in zip(signs, totals, strict=True)]
    assert {r["message_faults"] for r in heads} == {"none"}
    assert [t for t in facts.totals if t.said != t.found] == []
    rows, _ = rows_of(folder, text, "invoice_lines")
    found = [
        (r["invoice_id"], r["supplier_product_id"], Decimal(r["signed_quantity"]), Decimal(r["unit_price_amount"]))
        for r in rows
        if r["line_kind"] == "line"
    ]
    assert found == [
        (number, name, Decimal(sign * quantity), price)
        for (number, lines, _, _), sign in zip(bills, signs, strict=True)
        for name, quantity, price in lines
    ]


WANTED = st.tuples(
    TEXT, st.dates(min_value=date(2000, 1, 1), max_value=date(2035, 12, 31)), st.sampled_from(["00", "01", "05", "07"]),
    st.lists(st.tuples(TEXT, NUMBER, CENTS.map(str), TEXT), min_size=1, max_size=4),
)  # fmt: skip


@given(st.lists(WANTED, min_size=1, max_size=3), MARKS, st.binary(min_size=0, max_size=30))
@settings(max_examples=60, deadline=None)
def test_written_orders_are_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    orders: list[tuple[str, date, str, list[tuple[str, str, str, str]]]],
    marks: Marks,
    octets: bytes,
) -> None:
    """Numbers, days, purposes, lines; binary data behind them, of any octets, moves nothing."""
    data = "".join(chr(32 + octet % 95) for octet in octets)
    sets = []
    for number, day, purpose, lines in orders:
        out = [["BEG", purpose, "NE", number, "", f"{day:%Y%m%d}"]]
        for n, (product, quantity, price, name) in enumerate(lines, 1):
            out.append(["PO1", str(n), quantity, "EA", price, "PE", "VN", product])
            out.append(["PID", "F", "", "", "", name])
        sets.append(("850", [*out, ["CTT", str(len(lines))], ["BIN", str(len(data)), data or " "]]))
    text = Writer("BUYER", "BAYPORT", AT, marks).interchange(12, sets).text()
    text = text if data else text.replace(f"BIN{marks.element}0{marks.element} ", f"BIN{marks.element}0{marks.element}")
    folder = tmp_path_factory.mktemp("orders")
    heads, facts = rows_of(folder, text, "orders")
    assert [(r["order_id"], r["document_date"], r["message_function"]) for r in heads] == [
        (number, day.isoformat(), purpose) for number, day, purpose, _ in orders
    ]
    lines, _ = rows_of(folder, text, "order_lines")
    keys = ("order_id", "supplier_product_id", "ordered_quantity", "unit_price_amount", "item_name")
    assert [tuple(r[k] for k in keys) for r in lines] == [
        (number, product, quantity, price, name)
        for number, _, _, items in orders
        for product, quantity, price, name in items
    ]
    assert {r["message_faults"] for r in (*heads, *lines)} == {"none"}
    assert [t for t in facts.totals if t.said != t.found] == []
