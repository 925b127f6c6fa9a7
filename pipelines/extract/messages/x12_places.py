"""Where the columns of the tables of X12 stand in its transaction sets.

A place is written as people who know the standard would say it, with what it depends on in brackets:

* `BEG03`: element 3 of the first segment BEG;
* `DTM02[01=002,010]`: of the segment DTM whose element 1 is 002, or else 010;
* `N1(BY)04`, `N1(ST,BT)/N403`: of the party ST, or else BT: its N1 segment, or a segment of its loop;
* `@VP,VN`: the id that follows the qualifier VP, or else VN, among the pairs of the segment that names a product;
* `CTT02|W7601`: the first of these that has a value;
* `order:PRF01`, `item,pack:MAN02`: in the part of the set that is so called; otherwise in all parts of the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Layout(NamedTuple):
    """A table: the sets that it shows, which part of them gives a row each, columns with their places, and the parts
    whose rest (what no column takes) belongs into its column `other`; of the parts `first` into the first row."""

    kinds: frozenset[str]
    row: str
    columns: Mapping[str, str]
    own: tuple[str, ...]
    first: tuple[str, ...] = ()


def party(prefix: str, codes: str) -> dict[str, str]:
    """Columns of a business partner."""
    return {
        f"{prefix}_id": f"N1({codes})04",
        f"{prefix}_name": f"N1({codes})02",
        f"{prefix}_street": f"N1({codes})/N301",
        f"{prefix}_city_name": f"N1({codes})/N401",
        f"{prefix}_region_code": f"N1({codes})/N402",
        f"{prefix}_postal_code": f"N1({codes})/N403",
        f"{prefix}_country_code": f"N1({codes})/N404",
    }


PRODUCT = {
    "supplier_product_id": "@VP,VN,VA,SK,VC,MG,MF,PI",
    "buyer_product_id": "@BP,IN,IT,CB,BO,PN,CA",
    "ean_id": "@UK,GT,UP,EN,EO,EM,UI,UA,UN,UD,UC|W0103|W1206",
}
"""Numbers of a product: by who gave them."""

_HEAD = {
    "document_code": "BEG02|BCH02",
    "message_function": "BEG01|BCH01|W0501",
    "order_id": "BEG03|BCH03|W0502",
    "release_number": "BEG04|BCH04",
    "contract_id": "BEG06",
    "currency_code": "head:CUR02",
    "requested_date": "head:DTM02[01=002,074,106,063,064]|head:G6202[01=02]",
    "requested_ship_date": "head:DTM02[01=010,037,038]|head:G6202[01=10]",
    "cancel_after_date": "head:DTM02[01=001,177]|head:G6202[01=01]",
    "promised_date": "head:DTM02[01=017,067,068,069]|head:G6202[01=17]",
    "customer_reference": "head:REF02[01=CO,CR]",
    "department_id": "head:REF02[01=DP]|head:N902[01=DP]",
    "vendor_id": "head:REF02[01=IA,VR]",
    "carrier_id": "head:TD503[02=2]|head:W6610",
    "routing": "head:TD505|head:W6605",
    "transport_mode": "head:TD504|head:W6602",
    "freight_payment_code": "head:FOB01|head:W6601",
    "payment_net_days": "head:ITD07",
    **party("buyer", "BY,BT,OB"),
    **party("supplier", "SE,SU,VN,SF"),
    **party("ship_to", "ST"),
    **party("invoicee", "BT"),
}
ORDERS: dict[str, str] = {
    **_HEAD,
    "document_date": "BEG05|BCH06|head:G6202[01=04]",
    "change_date": "BCH11",
    "purchase_order_id": "W0503",
    "lines_said": "CTT01",
    "quantity_said": "CTT02|W7601",
    "total_amount_said": "AMT02[01=TT]",
}
ORDER_LINES: dict[str, str] = {
    "order_id": "BEG03|BCH03|W0502",
    "document_date": "BEG05|BCH06|head:G6202[01=04]",
    "line_id": "PO101|POC01",
    "action_code": "POC02",
    "ordered_quantity": "PO102|POC03|W0101",
    "quantity_left": "POC04",
    "unit_code": "PO103|POC05|W0102",
    "price_as_written": "PO104|POC06",
    "price_code": "PO105|POC07",
    "currency_code": "line:CUR02|head:CUR02",
    "item_name": "PID05[01=F]|line:PID05|G6901",
    "requested_date": "line:DTM02[01=002,074,106]|SCH06[05=002,074,106]|head:DTM02[01=002,074,106,063,064]"
    "|head:G6202[01=02]",
    "requested_ship_date": "line:DTM02[01=010]|SCH06[05=010]|head:DTM02[01=010,037,038]|head:G6202[01=10]",
    "pack_quantity": "PO401",
    "line_amount": "line:AMT02[01=1,LI]",
    "batch_id": "line:N902[01=LT,LOT]",
    "buyer_id": "N1(BY,BT,OB)04",
    "buyer_name": "N1(BY,BT,OB)02",
    "supplier_id": "N1(SE,SU,VN,SF)04",
    "vendor_id": "head:REF02[01=IA,VR]",
    "ship_to_id": "N1(ST)04",
    **PRODUCT,
}
CONFIRMATIONS: dict[str, str] = {
    "order_id": "BAK03|BCA03",
    "message_function": "BAK01|BCA01",
    "response_code": "BAK02|BCA02",
    "supplier_order_id": "BAK08|BCA09|head:REF02[01=VN]",
    "order_date": "BAK04|BCA06",
    "document_date": "BAK09|BCA10",
    "line_id": "PO101|POC01",
    "ordered_quantity": "PO102|POC03",
    "unit_code": "PO103|POC05|ACK03",
    "price_as_written": "PO104|POC06",
    "price_code": "PO105|POC07",
    "currency_code": "line:CUR02|head:CUR02",
    "item_name": "PID05[01=F]|line:PID05",
    "line_status_code": "ACK01",
    "confirmed_quantity": "ACK02",
    "confirmed_unit_code": "ACK03",
    "confirmed_date_code": "ACK04",
    "promised_date": "ack:ACK05|ack:DTM02[01=067,017,068,069]|line:DTM02[01=067,017,068,069,010,002]"
    "|SCH06[05=067,017,068,010,002]|head:DTM02[01=067,017,068,069]",
    "requested_date": "line:DTM02[01=002,074,106]|head:DTM02[01=002,074,106]",
    "buyer_id": "N1(BY,BT,OB)04",
    "buyer_name": "N1(BY,BT,OB)02",
    "supplier_id": "N1(SE,SU,VN,SF)04",
    "supplier_name": "N1(SE,SU,VN,SF)02",
    "vendor_id": "head:REF02[01=IA,VR]",
    **PRODUCT,
}
_SHIPMENT = {
    "despatch_id": "head:BSN02|W0604",
    "message_function": "head:BSN01|W0601",
    "document_date": "head:BSN03|W0603",
    "shipped_date": "shipment,head:DTM02[01=011]|head:G6202[01=11]",
    "expected_date": "shipment,head:DTM02[01=017,067,068,069,371]|head:G6202[01=17,67]",
    "requested_date": "shipment,head:DTM02[01=002]|head:G6202[01=02]",
    "delivered_date": "shipment,head:DTM02[01=035,050]|head:G6202[01=35]",
    "bill_of_lading_id": "shipment,head:REF02[01=BM]|head:N902[01=BM]|head:W0605",
    "consignment_id": "shipment,head:REF02[01=CN]|head:N902[01=CN,2I]",
    "carrier_id": "shipment:TD503[02=2]|W2702",
    "routing": "shipment:TD505|W2703",
    "transport_mode": "shipment:TD504|W2701",
    "vehicle_id": "shipment:TD303|W2707",
    "freight_payment_code": "shipment:FOB01|W2704",
}
_SHIPMENT_PARTIES = {
    **party("ship_from", "SF,SH"),
    **party("ship_to", "ST,MA,CN"),
    **party("buyer", "BY,OB"),
    **party("supplier", "SE,SU,VN"),
}
DESPATCHES: dict[str, str] = {
    **_SHIPMENT,
    "despatch_time": "head:BSN04",
    "structure_code": "head:BSN05",
    "package_code": "shipment:TD101",
    "package_count": "shipment:TD102|W0306",
    "gross_weight": "shipment:TD107|W0302",
    "weight_unit_code": "shipment:TD108|W0303",
    "volume": "shipment:TD109|W0304",
    "volume_unit_code": "shipment:TD110|W0305",
    "order_id": "head:W0602",
    "purchase_order_id": "head:W0606",
    "currency_code": "shipment,head:CUR02",
    **_SHIPMENT_PARTIES,
    "hierarchy_said": "CTT01",
    "quantity_said": "W0301|end:CTT02",
}
DESPATCH_LINES: dict[str, str] = {
    **_SHIPMENT,
    **_SHIPMENT_PARTIES,
    "order_id": "order:PRF01|line,block:PRF01|head:W0602",
    "purchase_order_id": "order:PRF01|line,block:PRF01|head:W0606",
    "order_date": "order:PRF04|line,block:PRF04",
    "release_number": "order:PRF02|line,block:PRF02",
    "supplier_order_id": "order:REF02[01=VN,CO]",
    "line_id": "line:HL01",
    "order_line_id": "line:LIN01|line:REF02[01=PL,LI]|line:N902[01=LI,LN]",
    "line_status_code": "SN108|W1201",
    "despatched_quantity": "SN102|W1203",
    "unit_code": "SN103|W1205",
    "ordered_quantity": "SN105|W1202",
    "ordered_unit_code": "SN106",
    "difference_quantity": "W1204",
    "item_name": "PID05[01=F]|line:PID05|G6901",
    "pallet_id": "tare,block:MAN02[01=GM,AA,AI]|tare:MAN02|tare:REF02[01=LA]",
    "sscc_id": "pack,block,line:MAN02[01=GM,AA,CP,UC]|pack,block,line:MAN02",
    "batch_id": "@LT|line:REF02[01=LT,BT]|W1209|line:N902[01=LT]",
    "best_before_date": "line:DTM02[01=036]|G6202[01=36]",
    "currency_code": "line,order,shipment,head:CUR02",
    "price_as_written": "SLN06|line:CTP03",
    **PRODUCT,
}
INVOICES: dict[str, str] = {
    "document_date": "BIG01",
    "invoice_id": "BIG02",
    "order_date": "BIG03",
    "order_id": "BIG04",
    "release_number": "BIG05",
    "document_code": "BIG07",
    "message_function": "BIG08",
    "currency_code": "head:CUR02",
    "preceding_invoice_id": "head:REF02[01=OI,IV]",
    "despatch_id": "head:REF02[01=SI,PK]",
    "bill_of_lading_id": "head:REF02[01=BM]|end:REF02[01=BM]",
    "department_id": "head:REF02[01=DP]",
    "vendor_id": "head:REF02[01=IA,VR]",
    "shipped_date": "head:DTM02[01=011]",
    "terms_code": "ITD01",
    "discount_pct": "ITD03",
    "discount_date": "ITD04",
    "discount_days": "ITD05",
    "due_date_said": "ITD06",
    "net_days": "ITD07",
    "terms_text": "ITD12",
    "total_amount_said": "TDS01",
    "discountable_amount_said": "TDS02",
    "discounted_amount_said": "TDS03",
    "discount_amount_said": "TDS04",
    **party("supplier", "SE,SU,VN,RI,RE,II,SF"),
    **party("remit_to", "RI,RE"),
    **party("buyer", "BY,BT,BI,OB"),
    **party("ship_to", "ST"),
    "lines_said": "CTT01",
    "quantity_said": "CTT02",
}
INVOICE_LINES: dict[str, str] = {
    "invoice_id": "BIG02",
    "document_date": "BIG01",
    "document_code": "BIG07",
    "order_id": "line:REF02[01=PO]|BIG04",
    "line_id": "IT101",
    "invoiced_quantity": "IT102|sac:SAC10",
    "unit_code": "IT103|sac:SAC09",
    "price_as_written": "IT104",
    "price_code": "IT105",
    "item_name": "PID05[01=F]|line:PID05|sac:SAC15",
    "allowance_code": "sac:SAC02",
    "order_line_id": "line:REF02[01=PL,LI]",
    "currency_code": "head:CUR02",
    "tax_type_code": "line:TXI01",
    "tax_amount": "line:TXI02",
    "tax_rate_pct": "line:TXI03",
    "supplier_id": "N1(SE,SU,VN,RI,RE,II,SF)04",
    "buyer_id": "N1(BY,BT,BI,OB)04",
    "vendor_id": "head:REF02[01=IA,VR]",
    **PRODUCT,
}
INVOICE_TAXES: dict[str, str] = {
    "invoice_id": "BIG02",
    "document_date": "BIG01",
    "document_code": "BIG07",
    "currency_code": "head:CUR02",
    "tax_type_code": "tax:TXI01",
    "tax_amount": "tax:TXI02",
    "tax_rate_pct": "tax:TXI03",
    "jurisdiction_code_qualifier": "tax:TXI04",
    "jurisdiction_code": "tax:TXI05",
    "exemption_code": "tax:TXI06",
    "relationship_code": "tax:TXI07",
    "taxable_amount": "tax:TXI08",
    "tax_id": "tax:TXI09",
    "line_id": "IT101",
    "supplier_id": "N1(SE,SU,VN,RI,RE,II,SF)04",
    "vendor_id": "head:REF02[01=IA,VR]",
}
STATUSES: dict[str, str] = {
    "consignment_id": "head:B1001",
    "shipment_reference": "head:B1002",
    "carrier_id": "head:B1003|MS201",
    "consignment_ordinal": "block:LX01",
    "status_code": "AT701|Q501",
    "reason_code": "AT702|Q505",
    "appointment_code": "AT703",
    "appointment_reason_code": "AT704",
    "status_date": "AT705|Q502",
    "status_time": "AT706|Q503",
    "time_code": "AT707|Q504",
    "city_name": "MS101|Q506",
    "region_code": "MS102|Q507",
    "country_code": "MS103|Q508",
    "equipment_id": "MS202|Q510",
    "bill_of_lading_id": "block,head:L1101[02=BM]|block:REF02[01=BM]",
    "order_id": "block,head:L1101[02=PO]|block:REF02[01=PO]",
    "gross_weight": "block,head:AT803",
    "weight_unit_code": "block,head:AT802",
    "package_count": "block,head:AT804",
    **party("ship_from", "SF,SH"),
    **party("ship_to", "ST,CN"),
}
ACKNOWLEDGEMENTS: dict[str, str] = {
    "functional_code": "AK101",
    "acknowledged_group_number": "AK102",
    "acknowledged_version": "AK103|AK203",
    "acknowledged_message_type_code": "AK201",
    "acknowledged_message_number": "AK202",
    "message_status_code": "AK501|IK501",
    "message_errors": "AK502|IK502",
    "group_status_code": "AK901",
    "messages_said": "AK902",
    "messages_received": "AK903",
    "messages_accepted": "AK904",
    "group_errors": "AK905",
}

_ORDER = frozenset({"850", "860", "940"})
_RESPONSE = frozenset({"855", "865"})
_DESPATCH = frozenset({"856", "945"})
_AROUND = ("head", "end")
LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "orders": Layout(_ORDER, "message", ORDERS, _AROUND),
        "order_lines": Layout(_ORDER, "line", ORDER_LINES, ("block", "line")),
        "order_responses": Layout(_RESPONSE, "answer", CONFIRMATIONS, ("line",), _AROUND),
        "order_confirmations": Layout(_RESPONSE, "ack", CONFIRMATIONS, ("ack",)),
        "despatches": Layout(_DESPATCH, "shipment", DESPATCHES, ("head", "shipment", "end")),
        "despatch_lines": Layout(
            _DESPATCH, "line", DESPATCH_LINES, ("order", "tare", "pack", "level", "block", "line")
        ),
        "invoices": Layout(frozenset({"810"}), "message", INVOICES, _AROUND),
        "invoice_lines": Layout(frozenset({"810"}), "item", INVOICE_LINES, ("sac", "line")),
        "invoice_taxes": Layout(frozenset({"810"}), "tax", INVOICE_TAXES, ("tax",)),
        "statuses": Layout(frozenset({"214"}), "answer", STATUSES, ("block", "line"), _AROUND),
        "acknowledgements": Layout(frozenset({"997", "999"}), "answer", ACKNOWLEDGEMENTS, ("line",), _AROUND),
    }
)
