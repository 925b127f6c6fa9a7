"""Norvik's year holds together before anything is spoiled in its files."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.samples import norvik, norvik_world
from tests.samples.common import Folder
from tests.samples.norvik_base import COUNTRIES, FIRST, LAST, OPENING, ZERO, orders, products, weight_of
from tests.samples.norvik_books import ACCOUNTS, books_of, month_end
from tests.samples.norvik_faults import FAULTS, MATCHES
from tests.samples.norvik_freight import BANDS, RAISED, events_of, freight_of, tariff_on, tariffs
from tests.samples.norvik_world import COUNTED, Movement, World


@pytest.fixture(scope="module")
def world() -> World:
    return norvik_world.world_of(7)


def test_the_same_seed_gives_the_same_year(world: World) -> None:
    assert norvik_world.world_of.__wrapped__(7).movements == world.movements
    assert norvik_world.world_of(8).movements != world.movements


def test_it_is_northwind_moved_to_our_days() -> None:
    made = {o.number: o for o in orders()}
    last = made["S11077"]  # 6 May 1998, not shipped in the file
    assert (last.ordered, last.requested, last.leaves) == (date(2026, 10, 28), date(2026, 11, 25), None)
    first = made["S10533"]  # 12 May 1997: 50 of product 4 at 22 dollars, 5 % off; shipped on the 22nd
    assert (first.ordered, first.leaves) == (date(2025, 11, 3), date(2025, 11, 13))
    line = first.lines[0]
    assert (line.product.number, line.quantity, line.price, line.amount) == ("V004", 50, 220, Decimal("10450.00"))
    assert min(o.ordered for o in made.values()) > FIRST
    assert {o.country for o in made.values()} <= set(COUNTRIES.values())


def test_weights_are_those_of_the_packages() -> None:
    by_number = {p.number: p for p in products()}
    assert weight_of("24 - 12 oz bottles") == Decimal("8.1504")
    assert (by_number["V059"].base, by_number["V059"].per_unit, by_number["V059"].weight) == ("KGM", 5, 1)
    for p in products():
        assert 0 < p.weight < 100
        assert 1 < p.weight / p.volume < 25_000


def test_stock_rolls_forward_and_is_there_when_it_is_shipped(world: World) -> None:
    on_hand: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    moved = sorted(world.movements, key=lambda m: m.day)
    days = sorted({p.day for p in world.positions})
    assert days == sorted(world.values)
    for before, day in zip([date.min, *days], days, strict=False):
        for m in (m for m in moved if before < m.day <= day):
            on_hand[m.product.number, m.place] += m.quantity
        for p in (p for p in world.positions if p.day == day):
            assert p.on_hand == on_hand[p.product.number, p.place]
            assert p.on_hand >= 0 or p.product.may_be_negative
            assert 0 <= p.reserved <= max(p.on_hand, ZERO)
    everywhere: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for m in sorted(moved, key=_in_before_out):
        everywhere[m.product.number] += m.quantity
        assert everywhere[m.product.number] >= 0, m


def _in_before_out(m: Movement) -> tuple[date, bool, str]:
    return m.day, m.quantity < 0, m.number


def test_movements_have_the_sign_of_their_kind_and_transfers_balance(world: World) -> None:
    transfers: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for m in world.movements:
        if m.kind != "count":
            assert (m.quantity > 0) == (m.kind in ("opening", "receipt", "transfer_in", "return_in")), m
        assert (m.cost is not None) == (m.quantity > 0)
        if m.kind.startswith("transfer"):
            transfers[m.document, m.product.number] += m.quantity
    assert set(transfers.values()) == {ZERO}
    assert Counter(m.kind for m in world.movements).keys() == {
        "opening", "receipt", "issue", "transfer_in", "transfer_out", "return_in", "scrap", "count",
    }  # fmt: skip


def test_what_is_shipped_was_ordered_and_what_comes_back_was_shipped(world: World) -> None:
    shipped: dict[tuple[str, int], Decimal] = defaultdict(lambda: ZERO)
    for s in world.shipments:
        assert s.order.ordered <= s.left <= s.arrives
        for x in s.lines:
            assert x.damaged + x.refused <= x.quantity
            shipped[s.order.number, x.line.number] += x.quantity
    for o in world.orders:
        assert o.ordered <= o.promised <= max(o.requested, o.ordered)
        for line in o.lines:
            assert shipped[o.number, line.number] == line.shipped <= line.quantity - line.cancelled
    for r in world.returns:
        assert r.shipment.arrives < r.day <= LAST
        assert r.quantity <= shipped[r.shipment.order.number, r.line.number]
    waiting = [o for o in world.orders if any(x.shipped + x.cancelled < x.quantity for x in o.lines)]
    assert 10 < len(waiting) < 60
    assert any(0 < x.shipped < x.quantity for o in world.orders for x in o.lines)


def test_no_more_is_received_than_ordered_and_five_percent(world: World) -> None:
    received: dict[tuple[str, int], Decimal] = defaultdict(lambda: ZERO)
    over = rejected = 0
    for receipt in world.receipts:
        for x in receipt.lines:
            assert x.purchase.ordered <= receipt.day <= LAST
            assert x.rejected <= x.quantity
            received[x.purchase.number, x.line.number] += x.quantity
            rejected += bool(x.rejected)
    for p in world.purchases:
        for line in p.lines:
            assert received[p.number, line.number] <= line.quantity * Decimal("1.05")
            over += received[p.number, line.number] > line.quantity
    assert over > 3
    assert rejected > 3
    assert {line.unit for p in world.purchases for line in p.lines} == {"C62", "DZN", "TNE", "XCT"}


def test_counts_are_of_the_positions_of_their_day(world: World) -> None:
    on_hand = {(p.place, p.product.number, p.day): p.on_hand for p in world.positions}
    assert {c.day for c in world.counts} == set(COUNTED)
    assert all(c.book == on_hand[c.place, c.product.number, c.day] for c in world.counts)
    assert 10 < sum(c.book != c.counted for c in world.counts) < 100


def test_the_account_of_the_stock_is_its_value(world: World) -> None:
    books = books_of(world)
    journals: dict[str, Decimal] = defaultdict(lambda: ZERO)
    balance: dict[date, Decimal] = defaultdict(lambda: ZERO)
    owed = ZERO
    for e in books.entries:
        journals[e.journal] += e.amount
        owed -= e.amount if e.account == "2400" else ZERO
        if e.account == "1460":
            balance[max(month_end(e.day), OPENING)] += e.amount
    assert set(journals.values()) == {ZERO}
    assert {e.account for e in books.entries} == {account for account, *_ in ACCOUNTS}
    so_far = ZERO
    for day, values in sorted(world.values.items()):
        so_far += balance[day]
        assert so_far == sum(values.values(), ZERO), day
    assert owed == sum((i.amount for i in books.invoices if not i.paid), ZERO) > 0


def test_freight_is_the_tariff(world: World) -> None:
    lanes = {(t.carrier, t.lane) for t in tariffs()}
    assert len(tariffs()) == len(lanes) * 2 * len(BANDS)
    before, after = (tariff_on("T2", "DE", day, Decimal(120)) for day in (date(2026, 3, 31), RAISED))
    # 120 kg from the second band: 90 + 120 x 2.40 and, since April, 90 + 120 x 2.496
    assert (before.charge(Decimal(120)), after.charge(Decimal(120))) == (Decimal("378.00"), Decimal("389.52"))
    assert before.charge(Decimal(1)) == 250
    invoices = freight_of(world)
    assert len(invoices) == 3 * 11
    charged = [c.shipment for i in invoices for c in i.charges if c.kind == "freight"]
    assert len(charged) == len(set(charged)) > 500
    assert all(c.left < i.day for i in invoices for c in i.charges)


def test_journeys_go_forward(world: World) -> None:
    at: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for e in events_of(world, 7):
        at[e.shipment.number].append((e.number, f"{e.at}", e.code))
    for steps in at.values():
        assert [time for _, time, _ in steps] == sorted(time for _, time, _ in steps)
        assert steps[0][2] == "booked"
    delivered = {s.number for s in world.shipments if s.delivered}
    assert {number for number, steps in at.items() if steps[-1][2] == "delivered"} == delivered


def test_every_fault_is_named_once_and_is_in_its_file(tmp_path: Path) -> None:
    norvik.write(Folder(tmp_path, "norvik", 2, 7))
    text = ""
    files = [p for p in sorted(tmp_path.rglob("*")) if p.is_file()]
    for path in files:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if path.suffix == ".xlsx":
            book = load_workbook(BytesIO(content), read_only=True)
            text += "\n".join(str(row) for sheet in book for row in sheet.iter_rows(values_only=True))
        else:
            text += content.decode("cp1252" if path.suffix == ".txt" else "utf-8")
    assert len({f.kind for f in FAULTS}) == len(FAULTS)
    assert len({f.rule_id for f in FAULTS}) == len(FAULTS)
    assert [f.kind for f in FAULTS if f.place not in text] == []
    assert [code for code in MATCHES if code not in text] == []
    assert sum(p.stat().st_size for p in files) < 5_000_000
