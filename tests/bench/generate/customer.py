"""Customers of a British shop: people and companies (`clients.customers`).

Twenty columns: account, type (P, C), company, given and family name, mail, telephone, date of birth, national id, two
address lines, town, postcode, county code and name, country, segment, yearly sales with their currency, staff. The
telephone numbers are from the ranges set aside for fiction, and are written the national way.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract import read_contract
from pipelines.settings import ROOT
from tests.bench.generate import names
from tests.bench.generate.cells import NONE, Columns, Style
from tests.bench.generate.kind import At, Kind

TOWNS = ("Leeds", "York", "King's Lynn", "Stoke-on-Trent", "Bury St Edmunds", "Hull")
STREETS = ("High St", "Mill Lane", 'The "Old" Forge', "St. Mary's Rd", "Flat 2, Dock Rd")


def _good(rng: np.random.Generator, numbers: At) -> Columns:
    rows = len(numbers)
    company = rng.random(rows) < 0.4
    sales = np.where(company, names.skewed(rng, 100_000, 900_000_000, rows), NONE)
    given, family = names.pick(rng, names.GIVEN, rows), names.pick(rng, names.FAMILY, rows)
    postcode = names.pick(rng, ("LS", "YO", "PE", "ST", "HU", "W"), rows)
    inward = names.pick(rng, ("AB", "DF", "XY", "QZ"), rows)
    return {
        "customer_id": names.numbered("", numbers, 8),
        "customer_type_code": np.where(company, "company", "person").astype(object),
        "company_name": np.where(company, names.companies(rng, rows), None),
        "given_name": np.where(company, None, given),
        "family_name": np.where(company, None, family),
        "email": names.blank(rng, names.numbered("kunde.", numbers) + "@mail-bench.co.uk", 0.2),
        "phone": names.blank(rng, names.numbered("+441632960", rng.integers(0, 1000, rows), 3), 0.1),
        "birth_date": np.where(company, np.datetime64("NaT"), names.days(rng, "1940-01-01", 24_000, rows)),
        "national_id": np.where(company, None, names.numbered("QQ", numbers, 8)),
        "address_line_1": names.numbered("", rng.integers(1, 200, rows)) + " " + names.pick(rng, STREETS, rows),
        "address_line_2": names.blank(rng, names.numbered("Unit ", rng.integers(1, 40, rows)), 0.8),
        "city": names.pick(rng, TOWNS, rows),
        "postal_code": postcode + names.numbered("", rng.integers(1, 30, rows)) + " "
        + names.numbered("", rng.integers(1, 10, rows)) + inward,
        "region_code": names.pick(rng, ("WYK", "NYK", "NFK"), rows),
        "region_name": names.pick(rng, ("West Yorkshire", "North Yorkshire", "Norfolk"), rows),
        "country_code": np.full(rows, "GB", dtype=object),
        "segment_name": names.pick(rng, ("trade", "retail", "public, other"), rows),
        "annual_sales_amount": sales,
        "annual_sales_currency": np.where(company, names.pick(rng, ("GBP", "EUR"), rows), None),
        "employee_count": np.where(company, names.skewed(rng, 1, 40_000, rows), NONE),
    }  # fmt: skip


def _company(rows: Columns, at: At) -> None:
    """A company in order, to break a rule of companies on."""
    rows["customer_type_code"][at], rows["company_name"][at] = "company", "Elbkai Pumpen AG"
    rows["given_name"][at] = rows["family_name"][at] = None
    rows["birth_date"][at] = np.datetime64("NaT")


def _company_without_name(rows: Columns, at: At) -> None:
    _company(rows, at)
    rows["company_name"][at] = None


def _company_called_by_number(rows: Columns, at: At) -> None:
    _company(rows, at)
    rows["company_name"][at] = "4711"


def _person_without_name(rows: Columns, at: At) -> None:
    rows["customer_type_code"][at] = "person"
    rows["company_name"][at] = rows["given_name"][at] = rows["family_name"][at] = None
    rows["employee_count"][at] = NONE


def _sales_below_zero(rows: Columns, at: At) -> None:
    rows["annual_sales_amount"][at], rows["annual_sales_currency"][at] = -1, "GBP"


def _national(numbers: pa.Array) -> pa.Array:
    """+441632960123 → (01632) 960123"""
    return pc.replace_substring_regex(numbers, r"^\+44(\d{4})(\d{6})$", r"(0\1) \2")


CUSTOMER = Kind(
    name="customer",
    client="bench_customer",
    contract=read_contract(ROOT / "pipelines" / "contracts" / "clients" / "customers.odcs.yaml"),
    place="customers",
    profile="""client: bench_customer
name: Brightmoor Stores Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  clients.customers:
    files: 'customers\\.(csv|xlsx)'
    format: {format}
    max_rejects: {{pct: 60}}
    columns:
      customer_id:            {{from: Account No}}
      customer_type_code:     {{from: Type, codes: {{P: person, C: company}}}}
      company_name:           {{from: Company}}
      given_name:             {{from: First Name}}
      family_name:            {{from: Surname}}
      email:                  {{from: Mailbox}}
      phone:                  {{from: Tel}}
      birth_date:             {{from: Born, formats: ['%d/%m/%Y', '%d %b %Y']}}
      national_id:            {{from: NI No}}
      address_line_1:         {{from: Address 1}}
      address_line_2:         {{from: Address 2}}
      city:                   {{from: Town}}
      postal_code:            {{from: Postcode}}
      region_code:            {{from: County Code}}
      region_name:            {{from: County}}
      country_code:           {{from: Country}}
      segment_name:           {{from: Sector}}
      annual_sales_amount:    {{from: Turnover}}
      annual_sales_currency:  {{from: Currency}}
      employee_count:         {{from: Staff}}
""",
    headers={
        "customer_id": "Account No", "customer_type_code": "Type", "company_name": "Company",
        "given_name": "First Name", "family_name": "Surname", "email": "Mailbox", "phone": "Tel",
        "birth_date": "Born", "national_id": "NI No", "address_line_1": "Address 1", "address_line_2": "Address 2",
        "city": "Town", "postal_code": "Postcode", "region_code": "County Code", "region_name": "County",
        "country_code": "Country", "segment_name": "Sector", "annual_sales_amount": "Turnover",
        "annual_sales_currency": "Currency", "employee_count": "Staff",
    },
    style=Style(delimiter=",", dates=("%d/%m/%Y", "%d %b %Y"), other_group=","),
    good=_good,
    breaks={
        "id_is_plain": names.put("customer_id", "see above!"),
        "company_has_name": _company_without_name,
        "company_name_has_letters": _company_called_by_number,
        "person_has_name": _person_without_name,
        "birth_date_in_future": names.put("birth_date", np.datetime64("2030-12-31")),
        "sales_not_negative": _sales_below_zero,
    },
    change=names.put("segment_name", "moved on"),
    codes={"customer_type_code": {"person": "P", "company": "C"}},
    cased=("country_code", "annual_sales_currency"),
    spells={"phone": _national},
)  # fmt: skip
