"""Jobs on audit files: ours line by line, and what a small script does."""

from __future__ import annotations

from collections.abc import Callable

Job = Callable[[], int]


def kontor_saft(path: str) -> Job:
    """Entries of the ledger, with structure and totals of it checked."""
    from pipelines.dialect import Format
    from pipelines.extract import read

    def go() -> int:
        return sum(len(chunk.batch) for chunk in read(path, Format(type="saft", table="gl_entries")))

    return go


def lxml_tree(path: str) -> Job:
    """The whole document as a tree, and the cells of each entry."""
    from lxml import etree

    def go() -> int:
        tree = etree.parse(path, etree.XMLParser(huge_tree=True))
        lines = tree.iterfind(".//{*}Lines/*")
        return sum(bool({child.tag: child.text for child in line}) for line in lines)

    return go
