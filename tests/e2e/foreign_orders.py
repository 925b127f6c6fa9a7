"""Orders and shipments as other houses keep them, made from a seed: layouts of their own, no list of products.

`flat`: one file of order lines, with days planned and days taken and a flag for late, countries in Spanish.
`market`: orders with times and an estimate, items without quantity: each is one.
`list`: shipments alone, with a state and a flag.
`history`: one file for all, a row per part of an order line that left: the order's head on each, no promised day, dates
month first, no unit, the currency of the customer, returns as negative quantities, parts not delivered yet.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable
from datetime import datetime, timedelta

HEAD = """client: {client}
name: Sample Ltd
locale: en_US
time_zone: America/New_York
calendar: US
stewards: [steward]
"""

FLAT = r"""
feeds:
  shipments.orders: &flat
    files: 'orders\.csv'
    mode: snapshot
    format: {type: csv, encoding: cp1252, delimiter: ','}
    repeated_rows: skip
    computed:
      day:  {sql: "strftime(strptime(\"order date (DateOrders)\", '%-m/%-d/%Y %H:%M'), '%Y-%m-%d')"}
    columns:
      order_id:              {from: Order Id}
      customer_id:           {from: Order Customer Id}
      ordered_date:          {from: day, formats: '%Y-%m-%d'}
      promised_date: &promised
        sql: "strftime(CAST(day AS DATE) + to_days(CAST(\"Days for shipment (scheduled)\" AS INTEGER)), '%Y-%m-%d')"
        formats: '%Y-%m-%d'
      ship_to_country_code:  {from: Order Country, locale: es_ES}
      ship_to_city_name:     {from: Order City}
      order_status_code:
        from: Order Status
        codes: {COMPLETE: closed, CLOSED: closed, PENDING: open, PROCESSING: open, ON_HOLD: open, CANCELED: cancelled}
      currency_code:         {value: USD}
    ignore: &rest
      '/Days.*|Delivery Status|Late_delivery_risk|shipping date .*|Shipping Mode/': of the line
      '/Order Item .*|Sales|Product Name/': of the line
      '/Market|Order City|Order Country|Order Status|Order Customer Id/': of the order
      order date (DateOrders): read by day
  shipments.order_lines:
    <<: *flat
    columns:
      order_id:           {from: Order Id}
      line_id:            {from: Order Item Id}
      product_id:         {from: Order Item Cardprod Id}
      ordered_quantity:   {from: Order Item Quantity}
      unit_price_amount:  {from: Order Item Product Price}
      discount_pct:       {sql: 'CAST("Order Item Discount Rate" AS DECIMAL(6, 4)) * 100'}
      line_amount:        {from: Order Item Total}
      currency_code:      {value: USD}
  shipments.shipments:
    <<: *flat
    rows: [{column: Delivery Status, not_in: [Shipping canceled], reason: never left}]
    columns:
      shipment_line_id:  {from: Order Item Id}
      order_id:          {from: Order Id}
      order_line_id:     {from: Order Item Id}
      product_id:        {from: Order Item Cardprod Id}
      item_name:         {from: Product Name}
      customer_id:       {from: Order Customer Id}
      destination_country_code:  {from: Order Country, locale: es_ES}
      order_sent_date:   {from: day, formats: '%Y-%m-%d'}
      promised_date:     *promised
      delivered_date:    {split: {from: shipping date (DateOrders), pattern: '(\S+) .*'}, formats: '%m/%d/%Y'}
      line_quantity:     {from: Order Item Quantity}
      line_amount:       {from: Order Item Total}
      currency_code:     {value: USD}
"""

MARKET = r"""
feeds:
  shipments.orders:
    files: 'orders_dataset\.csv'
    mode: snapshot
    columns:
      order_id:           {from: order_id}
      customer_id:        {from: customer_id}
      ordered_date:       {split: {from: order_purchase_timestamp, pattern: '(\S+) .*'}, formats: '%Y-%m-%d'}
      promised_date:      {split: {from: order_estimated_delivery_date, pattern: '(\S+) .*'}, formats: '%Y-%m-%d'}
      shipped_date:       {split: {from: order_delivered_carrier_date, pattern: '(\S+) .*'}, formats: '%Y-%m-%d'}
      order_status_code:
        from: order_status
        codes: {created: open, approved: open, invoiced: open, processing: open, shipped: shipped, delivered: delivered,
                canceled: cancelled, unavailable: cancelled}
      currency_code:      {value: BRL}
    ignore:
      order_approved_at: paid, which is not asked for
      order_delivered_customer_date: of the deliveries
  shipments.order_lines:
    files: 'order_items_dataset\.csv'
    mode: snapshot
    columns: &items
      order_id:           {from: order_id}
      line_id:            {from: order_item_id}
      product_id:         {from: product_id}
      ordered_quantity:   {value: '1'}
      unit_price_amount:  {from: price}
      line_amount:        {from: price}
      currency_code:      {value: BRL}
    ignore: &ignored
      seller_id: who sends it
      shipping_limit_date: until when the seller is to send it
      freight_value: what the customer pays for the way
  shipments.deliveries:
    files: 'order_items_dataset\.csv'
    mode: snapshot
    computed:
      arrived:  {lookup: {table: orders, key: order_id, column: order_delivered_customer_date}}
    rows: [{column: arrived, empty: false, reason: has not arrived}]
    columns:
      delivery_note_id:    {from: order_id}
      line_id:             {from: order_item_id}
      order_id:            {from: order_id}
      order_line_id:       {from: order_item_id}
      product_id:          {from: product_id}
      delivered_date:      {split: {from: arrived, pattern: '(\S+) .*'}, formats: '%Y-%m-%d'}
      delivered_quantity:  {value: '1'}
    ignore:
      <<: *ignored
      price: of the order line
lookups:
  orders: {files: 'orders_dataset\.csv', key: order_id}
"""

LIST = r"""
reporting:
  on_time: {late_days: 1}
feeds:
  shipments.shipments:
    files: 'sendungen_(?P<period>\d{4}-\d{2})\.csv'
    mode: period
    format: {type: csv, encoding: cp1252, delimiter: ';'}
    columns:
      shipment_line_id:  {from: Sendung}
      shipment_id:       {from: Sendung}
      customer_id:       {from: Kunde}
      destination_country_code:  {from: Land, locale: de_DE}
      carrier_id:        {from: Spediteur}
      transport_mode_code:  {from: Art, codes: {LKW: truck, Luft: air, See: ocean}}
      shipped_date:      {from: Versand, formats: '%d.%m.%Y'}
      promised_date:     {from: ETA, formats: '%d.%m.%Y'}
      delivered_date:    {from: Zugestellt, formats: '%d.%m.%Y'}
      line_quantity:     {from: Colli}
      weight_quantity:   {from: Gewicht kg, locale: de_DE}
      currency_code:     {value: EUR}
    ignore:
      Status: said by the dates
      Verspätet: the sender's own word for it
"""

HISTORY = r"""
feeds:
  shipments.orders:
    files: &file 'history\.csv'
    mode: snapshot
    repeated_rows: skip
    format: &format {type: csv, encoding: utf-8, delimiter: '|'}
    rows: &sold [&kept {column: Qty, matches: '[^-].*', reason: came back}]
    columns:
      order_id:              {from: Order}
      customer_id:           {from: Customer}
      ordered_date:          {from: Order Date, formats: '%m/%d/%Y'}
      ship_to_country_code:  {from: Country}
      currency_code:         {from: Cur}
    ignore: &rest
      '/Line|Item|Ordered|Price|Shipment|Shipped|Delivered|Qty|Order Date|Customer|Country|Cur/': of another feed
  shipments.order_lines:
    files: *file
    mode: snapshot
    repeated_rows: skip
    format: *format
    rows: *sold
    columns:
      order_id:           {from: Order}
      line_id:            {from: Line}
      product_id:         {from: Item}
      ordered_quantity:   {from: Ordered}
      unit_price_amount:  {from: Price}
      currency_code:      {from: Cur}
    ignore: *rest
  shipments.shipments:
    files: *file
    mode: snapshot
    format: *format
    rows: [*kept, {column: Shipped, empty: false, reason: has not left yet}]
    columns:
      shipment_line_id:  {concat: [Shipment, Order, Line], separator: '/'}
      shipment_id:       {from: Shipment}
      asn_id:            {from: Shipment}
      order_id:          {from: Order}
      order_line_id:     {from: Line}
      product_id:        {from: Item}
      customer_id:       {from: Customer}
      destination_country_code:  {from: Country}
      order_sent_date:   {from: Order Date, formats: '%m/%d/%Y'}
      shipped_date:      {from: Shipped, formats: '%m/%d/%Y'}
      delivered_date:    {from: Delivered, formats: '%m/%d/%Y'}
      line_quantity:     {from: Qty}
      line_amount:       {sql: 'round(CAST(Qty AS DECIMAL(12, 0)) * CAST(Price AS DECIMAL(12, 2)), 2)'}
      currency_code:     {from: Cur}
    ignore: *rest
  shipments.deliveries:
    files: *file
    mode: snapshot
    format: *format
    rows: [*kept, {column: Delivered, empty: false, reason: has not arrived yet}]
    columns:
      delivery_note_id:    {from: Shipment}
      line_id:             {concat: [Order, Line], separator: '/'}
      shipment_id:         {from: Shipment}
      order_id:            {from: Order}
      order_line_id:       {from: Line}
      product_id:          {from: Item}
      delivered_date:      {from: Delivered, formats: '%m/%d/%Y'}
      delivered_quantity:  {from: Qty}
    ignore: *rest
  shipments.returns:
    files: *file
    mode: snapshot
    format: *format
    rows: [{column: Qty, matches: '-.*', reason: sold}]
    columns:
      return_id:          {from: Shipment}
      line_id:            {concat: [Order, Line], separator: '/'}
      order_id:           {from: Order}
      order_line_id:      {from: Line}
      customer_id:        {from: Customer}
      product_id:         {from: Item}
      returned_date:      {from: Delivered, formats: '%m/%d/%Y'}
      returned_quantity:  {sql: "ltrim(Qty, '-')"}
      currency_code:      {from: Cur}
    ignore: *rest
"""

COUNTRIES = ("Estados Unidos", "Francia", "Alemania", "México", "Reino Unido", "Países Bajos")


def flat(orders: int = 200, seed: int = 7) -> bytes:
    """One file of order lines."""
    die = random.Random(seed)
    rows = []
    item = 0
    for order in range(1, orders + 1):
        ordered = datetime(2017, 1, 1) + timedelta(minutes=die.randrange(300 * 24 * 60))
        planned, took = die.choice((0, 1, 2, 4)), die.randrange(7)
        status = die.choice(("COMPLETE", "COMPLETE", "CLOSED", "PENDING", "PROCESSING", "ON_HOLD", "CANCELED"))
        state = "Late delivery" if took > planned else "Shipping on time" if took == planned else "Advance shipping"
        state = "Shipping canceled" if status == "CANCELED" else state
        sent = ordered + timedelta(days=took)
        place = die.choice(COUNTRIES)
        for _ in range(die.randrange(1, 6)):
            item += 1
            pieces, price, off = die.randrange(1, 6), die.randrange(999, 40000), die.choice((0, 0, 5, 10, 25))
            rows.append({
                "Days for shipping (real)": took,
                "Days for shipment (scheduled)": planned,
                "Delivery Status": state,
                "Late_delivery_risk": int(state == "Late delivery"),
                "Market": "Europe",
                "Order City": "Somewhere",
                "Order Country": place,
                "Order Customer Id": 1000 + order % 40,
                "order date (DateOrders)": f"{ordered:%-m/%-d/%Y %H:%M}",
                "Order Id": order,
                "Order Item Cardprod Id": die.randrange(20),
                "Order Item Discount Rate": f"{off / 100:.2f}",
                "Order Item Id": item,
                "Order Item Product Price": f"{price / 100:.2f}",
                "Order Item Quantity": pieces,
                "Sales": f"{price * pieces / 100:.2f}",
                "Order Item Total": f"{(price * pieces * (100 - off) + 50) // 100 / 100:.2f}",
                "Order Status": status,
                "Product Name": f"Ware {item % 20}",
                "shipping date (DateOrders)": f"{sent:%-m/%-d/%Y %H:%M}",
                "Shipping Mode": die.choice(("Standard Class", "Same Day")),
            })  # fmt: skip
    return _csv(rows).encode("cp1252")


def market(orders: int = 200, seed: int = 11) -> tuple[bytes, bytes]:
    """Orders, and their items: an order without items is one that was cancelled."""
    die = random.Random(seed)
    heads, items = [], []
    for number in range(orders):
        order = f"{die.getrandbits(64):016x}"
        bought = datetime(2018, 1, 1) + timedelta(seconds=die.randrange(200 * 86_400))
        status = die.choice(("delivered",) * 12 + ("shipped", "canceled", "unavailable", "invoiced"))
        sent = bought + timedelta(hours=die.randrange(10, 100))
        arrived = sent + timedelta(hours=die.randrange(20, 600))
        heads.append({
            "order_id": order,
            "customer_id": f"{die.getrandbits(64):016x}",
            "order_status": status,
            "order_purchase_timestamp": str(bought),
            "order_approved_at": str(bought + timedelta(minutes=15)),
            "order_delivered_carrier_date": str(sent) if status in ("delivered", "shipped") else "",
            "order_delivered_customer_date": str(arrived) if status == "delivered" else "",
            "order_estimated_delivery_date": f"{bought + timedelta(days=die.randrange(10, 30)):%Y-%m-%d 00:00:00}",
        })  # fmt: skip
        for item in range(0 if status == "unavailable" else die.choice((1, 1, 1, 2, 3))):
            items.append({
                "order_id": order,
                "order_item_id": item + 1,
                "product_id": f"p{die.randrange(30)}",
                "seller_id": f"s{number % 9}",
                "shipping_limit_date": str(bought + timedelta(days=5)),
                "price": f"{die.randrange(500, 30000) / 100:.2f}",
                "freight_value": f"{die.randrange(500, 3000) / 100:.2f}",
            })  # fmt: skip
    return _csv(heads).encode(), _csv(items).encode()


def shipment_list(month: int, rows: int = 120, seed: int = 13) -> bytes:
    """A month of shipments; of the last ones nobody knows yet when they arrive."""
    die = random.Random(seed + month)
    found = []
    for number in range(rows):
        left = datetime(2025, month, die.randrange(1, 28))
        due = left + timedelta(days=die.randrange(1, 9))
        came = max(left, due + timedelta(days=die.choice((-2, -1, 0, 0, 0, 1, 1, 2, 5))))
        lost = number % 15 == 14
        found.append({
            "Sendung": f"S{month:02}{number:04}",
            "Kunde": f"K{number % 7}",
            "Land": die.choice(("Deutschland", "Österreich", "Frankreich", "Polen")),
            "Spediteur": die.choice(("DACHS", "NORD")),
            "Art": die.choice(("LKW", "LKW", "Luft", "See")),
            "Versand": f"{left:%d.%m.%Y}",
            "ETA": f"{due:%d.%m.%Y}",
            "Zugestellt": "" if lost else f"{came:%d.%m.%Y}",
            "Colli": die.randrange(1, 30),
            "Gewicht kg": f"{die.randrange(100, 90000) / 10:.1f}".replace(".", ","),
            "Status": "unterwegs" if lost else "zugestellt",
            "Verspätet": "J" if came > due else "N",
        })  # fmt: skip
    return _csv(found, ";").encode("cp1252")


def history(orders: int = 150, seed: int = 17) -> bytes:
    """Orders of a year with what left for them, in parts, and what came back."""
    die = random.Random(seed)
    rows = []
    for number in range(1, orders + 1):
        day = datetime(2025, 1, 1) + timedelta(days=die.randrange(330))
        place, currency = die.choice((("United States", "USD"), ("Germany", "EUR"), ("United Kingdom", "GBP")))
        head = {"Order": f"H{number}", "Order Date": f"{day:%m/%d/%Y}", "Customer": f"C{number % 13}"}
        for line in range(1, die.randrange(2, 5)):
            ordered = die.randrange(2, 40)
            item = {
                **head, "Country": place, "Cur": currency, "Line": line, "Item": f"I{die.randrange(25)}",
                "Ordered": ordered, "Price": f"{die.randrange(100, 9000) / 100:.2f}",
            }  # fmt: skip
            first = die.randrange(1, ordered) if die.random() < 0.3 else ordered
            for part, pieces in enumerate((first, ordered - first)):
                if not pieces:
                    continue
                left = day + timedelta(days=2 + 5 * part + die.randrange(3))
                gone, there = die.random() < 0.95, die.random() < 0.9
                rows.append({
                    **item,
                    "Shipment": f"S{number}-{part + 1}" if gone else "",
                    "Shipped": f"{left:%m/%d/%Y}" if gone else "",
                    "Delivered": f"{left + timedelta(days=1 + die.randrange(6)):%m/%d/%Y}" if gone and there else "",
                    "Qty": pieces if gone else 0,
                })  # fmt: skip
                if gone and there and die.random() < 0.1:
                    back = left + timedelta(days=20)
                    rows.append({
                        **item, "Shipment": f"R{number}-{line}-{part}", "Shipped": "", "Delivered": f"{back:%m/%d/%Y}",
                        "Qty": -die.randrange(1, pieces + 1),
                    })  # fmt: skip
    return _csv(rows, "|").encode()


def _csv(rows: Iterable[dict[str, object]], delimiter: str = ",") -> str:
    rows = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
