"""All kinds of files, by name."""

from __future__ import annotations

from tests.bench.generate.customer import CUSTOMER
from tests.bench.generate.kind import Kind
from tests.bench.generate.ledger import LEDGER
from tests.bench.generate.payslips import PAYSLIPS
from tests.bench.generate.rates import RATES
from tests.bench.generate.shipment import SHIPMENT

SHIPPED = (RATES, LEDGER, SHIPMENT, CUSTOMER)
"""Files of feeds that the product ships."""

KINDS: dict[str, Kind] = {k.name: k for k in (*SHIPPED, PAYSLIPS)}
