"""Stock of an audit file: positions at the end of its period, and what moved in it, land in the feeds of logistics."""

from __future__ import annotations

from tests.e2e.conftest import Client
from tests.unit.extract.messages.audit_texts import OECD

PROFILE = """client: {client}
name: Sample SA
locale: fr_LU
time_zone: Europe/Luxembourg
calendar: LU
stewards: [steward]
feeds:
  shipments.products: {{files: 'stock\\.xml', format: {{type: saft}}}}
  shipments.stock: {{files: 'stock\\.xml', format: {{type: saft}}}}
  shipments.stock_movements:
    files: 'stock\\.xml'
    format: {{type: saft}}
    columns: {{movement_kind_code: {{from: movement_subtype, codes: {{IN: receipt, OUT: issue}}}}}}
"""
LINE = "<LineNumber>{n}</LineNumber>{place}<ProductCode>PA</ProductCode><Quantity>{quantity}</Quantity>{kind}"


def line(n: int, way: str, warehouse: str, quantity: str, kind: str) -> str:
    """A line of a movement with the place that goods leave or go to."""
    place = f"<{way}><WarehouseID>{warehouse}</WarehouseID></{way}>"
    return LINE.format(n=n, place=place, quantity=quantity, kind=f"<MovementSubType>{kind}</MovementSubType>")


def stock_file() -> str:
    """A file whose goods came to one warehouse and left another."""
    lines = (
        ("<LineNumber>1</LineNumber><ProductCode>PA</ProductCode><Quantity>8</Quantity>",
         line(1, "ShipTo", "W1", "8", "IN")),
        ("<LineNumber>2</LineNumber><ProductCode>PB</ProductCode><Quantity>-3</Quantity>",
         line(2, "ShipFrom", "W2", "-3", "OUT")),
        ("<ClosingStockQuantity>10<", "<ClosingStockQuantity>7<"),
        ("<ClosingStockValue>100.00<", "<ClosingStockValue>70.00<"),
    )  # fmt: skip
    text = OECD
    for old, new in lines:
        assert old in text
        text = text.replace(old, new)
    return text


def test_stock_and_movements_of_an_audit_file_land_with_place_sign_and_unit(client: Client) -> None:
    client.declare(PROFILE.format(client=client.client_id))
    client.send("stock.xml", stock_file())
    client.night()
    states = "select feed, state, verdict, message from ops.delivery where client_id = :client order by 1"
    assert [(feed, state) for feed, state, _, _ in client.query(states)] == [
        ("shipments.products", "loaded"), ("shipments.stock", "loaded"), ("shipments.stock_movements", "loaded"),
    ], client.query(states)  # fmt: skip
    client.accounted()
    stock = (
        "select location_id, product_id, snapshot_date::text, on_hand_quantity::text, unit_code, stock_amount::text "
        "from core.shipments_stock where client_id = :client"
    )
    assert [tuple(r) for r in client.query(stock)] == [("W1", "PA", "2025-12-31", "7.0000", "C62", "70.00")]
    moved = (
        "select movement_id, location_id, movement_kind_code, moved_quantity::text from core.shipments_stock_movements "
        "where client_id = :client order by 1"
    )
    assert [tuple(r) for r in client.query(moved)] == [
        ("M1#1", "W1", "receipt", "8.0000"), ("M1#2", "W2", "issue", "-3.0000"),
    ]  # fmt: skip


def test_stock_of_a_product_that_the_file_does_not_have_is_held(client: Client) -> None:
    client.declare(PROFILE.format(client=client.client_id))
    client.send("stock.xml", stock_file().replace("<WarehouseID>W1</WarehouseID><ProductCode>PA", "<WarehouseID>W1"
                                                  "</WarehouseID><ProductCode>PX"))  # fmt: skip
    client.night()
    held = "select rule_id from ops.rule_result join ops.delivery using (delivery_id) where client_id = :client "
    held += "and failed > 0 and state = 'held'"
    rules = {rule for (rule,) in client.query(held)}
    assert "shipments.stock.control_total.said(stock_of_unknown_products)" in rules


def test_stock_that_its_movements_do_not_give_is_held(client: Client) -> None:
    client.declare(PROFILE.format(client=client.client_id))
    client.send("stock.xml", stock_file().replace("<ClosingStockQuantity>7<", "<ClosingStockQuantity>8<"))
    client.night()
    held = "select rule_id from ops.rule_result join ops.delivery using (delivery_id) "
    held += "where client_id = :client and failed > 0 and state = 'held'"
    rules = {rule for (rule,) in client.query(held)}
    assert "shipments.stock.control_total.said(stock_not_rolled_forward)" in rules
