"""Firms that share nothing but the words every firm uses."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipelines.matching import model
from pipelines.matching.features import features
from pipelines.matching.scoring import score

ONE = {
    "customer_type_code": "company", "company_name": "Tidewater Supplies Limited", "email": "accounts@tide.example.com",
    "phone": "+442079460531", "address_line_1": "153 High Street", "city": "Hull", "country_code": "GB",
}  # fmt: skip


def likely(**other: str) -> float:
    made = features(pa.Table.from_pylist([ONE, {**ONE, **other}]))
    zero, one = pa.array([0]), pa.array([1])
    return float(score(model.DEFAULT, made, zero, one)["probability"][0].as_py())


@pytest.mark.parametrize("mailbox", ["accounts", "info", "sales2"])
def test_the_mailbox_of_an_office_makes_nobody_one(mailbox: str) -> None:
    """Another firm in the same street, with another telephone, and the same kind of mailbox."""
    other = {"company_name": "Thistle Supplies Ltd", "phone": "+442079460582", "address_line_1": "148 High Street"}
    assert likely(email=f"{mailbox}@thistle.example.com", **other) < 0.05


def test_the_same_firm_is_found_in_spite_of_another_mailbox() -> None:
    assert likely(company_name="Tidewater Supplies Ltd", email="info@tide.example.com") > 0.95
