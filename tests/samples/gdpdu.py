"""Writes the index of an export by GDPdU."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

DOCTYPE = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE DataSet SYSTEM "gdpdu-01-09-2004.dtd">\n'


def column(name: str, kind: str = "<AlphaNumeric/>", place: tuple[int, int] | None = None, key: bool = False) -> str:
    """One column; with a place it is one of a record of fixed length."""
    element = ("Fixed" if place else "Variable") + ("PrimaryKey" if key else "Column")
    at = f"<FixedRange><From>{place[0]}</From><To>{place[1]}</To></FixedRange>" if place else ""
    return f"<{element}><Name>{escape(name)}</Name>{kind}{at}</{element}>"


def number(decimals: int) -> str:
    """The type of a number."""
    return f"<Numeric><Accuracy>{decimals}</Accuracy></Numeric>"


def day(written: str = "DD.MM.YYYY") -> str:
    """The type of a date."""
    return f"<Date><Format>{written}</Format></Date>"


def table(url: str, columns: Sequence[str], *, before: str = "", how: str = "", name: str = "") -> str:
    """One table: `before` stands in front of its columns' parent (code page, symbols, range), `how` in front of the
    columns (delimiters, length)."""
    kind = "FixedLength" if columns[0].startswith("<Fixed") else "VariableLength"
    named = f"<Name>{escape(name)}</Name>" if name else ""
    return f"<Table><URL>{escape(url)}</URL>{named}{before}<{kind}>{how}{''.join(columns)}</{kind}></Table>"


def index(*tables: str) -> str:
    """The whole file."""
    return (
        f"{DOCTYPE}<DataSet>\n<Version>1.0</Version>\n<DataSupplier><Name>Rechberg</Name><Location>Göppingen</Location>"
        f"<Comment>export</Comment></DataSupplier>\n<Media><Name>1</Name>\n{''.join(t + chr(10) for t in tables)}"
        "</Media>\n</DataSet>\n"
    )
