"""Tax and social security numbers of people, whose check digits are those of their country.

Which numbers of which country are known is declared in one table, `KNOWN`; python-stdnum knows how they are made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, ClassVar, Literal

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.util import get_sqlalchemy_selectable
from stdnum.exceptions import ValidationError

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, add_metadata, metadata

_APART = " "  # between country and number: no code of a country has one
_LINE = "\n"


@dataclass(frozen=True)
class Known:
    """A kind of number: the module of python-stdnum that knows its check digits, or a pattern where it has none.

    With both, the module is asked about the group `digits` of the pattern.
    """

    name: str
    module: str = ""
    pattern: str = ""


# Form NIM39011 of HMRC's National Insurance Manual; paper often leaves out the letter at the end. No check digit.
_NINO = Known(
    "National Insurance number",
    pattern=r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]?",
)
_BIRTH_NUMBER = Known("rodné číslo", "cz.rc")
_AHV = Known("AHV-Nummer", "ch.ssn")
_BSN = Known("Burgerservicenummer", "nl.bsn")
_BULGARIA = (Known("EGN", "bg.egn"), Known("personal number of a foreigner", "bg.pnf"))
_CODICE = Known("codice fiscale", "it.codicefiscale")
_SVNR = Known("Versicherungsnummer", "at.vnr")
# of people who are not in the population register, with 60 added to the day of birth; python-stdnum refuses that date
_SAMORDNING = Known(
    "samordningsnummer", "luhn", r"(?:19|20)?(?P<digits>[0-9]{2}[01][0-9](?:6[1-9]|[78][0-9]|9[01])[0-9]{4})"
)
_SSN = Known("Social Security number", "us.ssn")

_BOTH: dict[str, tuple[Known, ...]] = {
    "BE": (Known("rijksregisternummer or BIS number", "be.ssn"),),
    "BG": _BULGARIA,
    "CA": (Known("Social Insurance Number", "ca.sin"),),
    "CH": (_AHV,),
    "CN": (Known("resident identity number", "cn.ric"),),
    "CZ": (_BIRTH_NUMBER,),
    "DK": (Known("CPR-nummer", "dk.cpr"),),
    "EE": (Known("isikukood", "ee.ik"),),
    "FI": (Known("henkilötunnus", "fi.hetu"),),
    "HR": (Known("OIB", "hr.oib"),),
    "IE": (Known("PPS number", "ie.pps"),),
    "IL": (Known("mispar zehut", "il.idnr"),),
    "IS": (Known("kennitala", "is_.kennitala"),),
    "IT": (_CODICE,),
    "LT": (Known("asmens kodas", "lt.asmens"),),
    "NL": (_BSN,),
    "NO": (Known("fødselsnummer", "no.fodselsnummer"),),
    "PL": (Known("PESEL", "pl.pesel"),),
    "RO": (Known("CNP", "ro.cnp"),),
    "SE": (Known("personnummer", "se.personnummer"), _SAMORDNING),
    "TH": (Known("personal identification number", "th.pin"),),
    "TR": (Known("T.C. kimlik numarası", "tr.tckimlik"),),
}
"""Countries where one number serves both the tax office and the insurance."""

KNOWN: Mapping[str, Mapping[str, tuple[Known, ...]]] = {
    "tax_id": {
        **_BOTH,
        "AR": (Known("CUIT", "ar.cuit"),),
        "AT": (Known("Abgabenkontonummer", "at.tin"), _SVNR),
        "AU": (Known("tax file number", "au.tfn"),),
        "BR": (Known("CPF", "br.cpf"),),
        "CL": (Known("RUT", "cl.rut"),),
        "DE": (Known("Identifikationsnummer, § 139b AO", "de.idnr"),),
        "ES": (Known("NIF of DNI or NIE", "es.nif"),),
        "FR": (Known("numéro fiscal de référence (SPI)", "fr.nif"),),
        "GB": (Known("Unique Taxpayer Reference", "gb.utr"), _NINO),
        "GR": (Known("AFM", "gr.vat"),),
        "IN": (Known("PAN", "in_.pan"),),
        "JP": (Known("My Number", "jp.in_"),),
        "MX": (Known("RFC", "mx.rfc"),),
        "NZ": (Known("IRD number", "nz.ird"),),
        "PL": (*_BOTH["PL"], Known("NIP", "pl.nip")),
        "PT": (Known("NIF", "pt.nif"),),
        "SI": (Known("davčna številka", "si.ddv"),),
        "TR": (*_BOTH["TR"], Known("vergi kimlik numarası", "tr.vkn")),
        "US": (_SSN, Known("ITIN", "us.itin")),
        "ZA": (Known("tax reference number", "za.tin"),),
    },
    "social_security_id": {
        **_BOTH,
        "AT": (_SVNR,),
        "FR": (Known("numéro de sécurité sociale (NIR)", "fr.nir"),),
        "GB": (_NINO,),
        "GR": (Known("AMKA", "gr.amka"),),
        "KR": (Known("resident registration number", "kr.rrn"),),
        "SI": (Known("EMŠO", "si.emso"),),
        "SK": (Known("rodné číslo", "sk.rc"),),
        "US": (_SSN,),
        "ZA": (Known("identity number", "za.idnr"),),
    },
}
"""Kind of number → country of employment, ISO 3166-1 alpha-2 → the numbers that count there, any of them.

Some have no check digits; there the form, and the date in it, must be right. Countries are left out whose numbers for
people python-stdnum does not have (German and Spanish insurance numbers, Hungarian tax numbers), or has only for
companies: to call a number wrong that nobody can check would keep people off the list of employees.
"""


def is_wrong(kind: str, country: str, number: str) -> bool:
    """Whether a number is none that the country gives out; never so where nothing is known about it.

    >>> [is_wrong("tax_id", c, n) for c, n in (("DE", "36 574 261 809"), ("DE", "36 574 261 808"), ("XK", "1"))]
    [False, True, False]
    """
    known = KNOWN[kind].get(country)
    return bool(known) and not any(_check(each)(number) for each in known or ())


@lru_cache
def _check(known: Known) -> Callable[[str], bool]:
    validate = import_module(f"stdnum.{known.module}").validate if known.module else str
    form = re.compile(known.pattern or "(?P<digits>.*)", re.DOTALL)

    def fits(number: str) -> bool:
        plain = re.sub(r"[\s.-]", "", number).upper() if known.pattern else number
        if not (found := form.fullmatch(plain)):
            return False
        try:
            validate(found["digits"] if known.module else plain)
        except ValidationError:
            return False
        return True

    return fits


def _wrong(kind: str, pairs: Iterable[tuple[Any, Any]]) -> list[str]:
    """Of (country, number), those that are wrong, as one text each."""
    return [f"{c}{_APART}{n}" for c, n in pairs if is_wrong(kind, str(c), str(n))]


class NumbersChecked(RowsFail):
    """Metric: rows whose number is none that their country gives out. Each pair of country and number is asked once."""

    condition_metric_name = "numbers.check_digits"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("column", "kind", "country")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        pairs = frame[[args["country"], args["column"]]]
        wrong = set(_wrong(args["kind"], pairs.drop_duplicates().itertuples(index=False, name=None)))
        if not wrong:
            return pd.Series(False, index=frame.index)
        country, number = (pairs[c].astype(str) for c in pairs)
        return (country + _APART + number).isin(wrong)

    @metric_partial(  # type: ignore[misc,untyped-decorator,unused-ignore]
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.MAP_CONDITION_FN,
        domain_type=MetricDomainTypes.MULTICOLUMN,
    )
    def _sqlalchemy(
        cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], metric_value_kwargs: dict[str, Any], **_: Any
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """No database knows the check digits: the different numbers are fetched, and the wrong ones given back."""
        args = metric_value_kwargs
        compute = {name: value for name, value in metric_domain_kwargs.items() if name != "column_list"}
        rows = get_sqlalchemy_selectable(execution_engine.get_domain_records(domain_kwargs=metric_domain_kwargs))
        key: list[sa.ColumnClause[Any]] = [sa.column(args[name]) for name in ("country", "column")]
        found = sa.select(*key).select_from(rows.alias("judged")).where(*(k.is_not(None) for k in key)).distinct()
        wrong = _wrong(args["kind"], (tuple(row) for row in execution_engine.execute_query(found).fetchall()))
        # one text, however many there are: a list would be one parameter each
        listed = sa.func.string_to_array(_LINE.join(wrong), _LINE)
        fails = sa.and_(*(k.is_not(None) for k in key), key[0] + _APART + key[1] == sa.any_(listed))
        return fails, compute, {"column_list": metric_domain_kwargs["column_list"]}

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        key = [F.col(f"`{args[name]}`") for name in ("country", "column")]
        wrong = _wrong(args["kind"], (tuple(row) for row in data.select(*key).dropna().distinct().collect()))
        return F.concat_ws(_APART, *key).isin(wrong)


class ExpectNumbersToHaveCheckDigits(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect tax or social security numbers of people to have the check digits of their country.

    ExpectNumbersToHaveCheckDigits is a Multicolumn Map Expectation: a row fails whose number fits none of those that
    its country gives out. Blanks, dots and hyphens between the digits do not count. Rows without a number or without
    a country, and those of a country whose numbers are not known, are not called wrong. Whether the number was ever
    given out, and to this person, is not asked. Which numbers count in which country is said by `KNOWN`; how they are
    made, by python-stdnum.

    Args:
        column (str): the column with the number.
        kind (str): what it stands for, tax_id or social_security_id.
        country (str): the column with the country of employment, ISO 3166-1 alpha-2.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        36 574 261 809, DE → passes
        36 574 261 808, DE → fails

        ExpectNumbersToHaveCheckDigits(column="tax_id", kind="tax_id", country="country_code")
    """

    column: str
    kind: Literal["tax_id", "social_security_id"]
    country: str
    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "people")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "text", "country": "text"}
    map_metric: ClassVar[str] = "numbers.check_digits"
    success_keys: ClassVar[tuple[str, ...]] = ("column", "kind", "country", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "kind", "country")

    class Config:
        title = "Expect numbers to have check digits"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        named = [values[name] for name in ("column", "country") if values.get(name)]
        if len(set(named)) < len(named):
            raise ValueError(f"column and country are both {named[0]!r}")
        return {**values, "column_list": named, "ignore_row_if": "any_value_is_missing"}

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        params = {name: str(kwargs[name]) for name in ("column", "country")}
        params["kind"] = "tax" if kwargs["kind"] == "tax_id" else "social security"
        return "values of $column must be $kind numbers as $country makes them, check digits included", params
