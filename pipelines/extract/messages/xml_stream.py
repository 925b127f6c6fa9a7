"""Large XML messages element by element, for formats whose records are trees.

Nothing is fetched or expanded: no DTD is loaded, no entity resolved, no address opened; a document that declares
entities is refused. Memory is bounded by the largest wanted element, and what stands outside wanted elements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from pipelines.errors import DeliveryError
from pipelines.extract.lines import refuse_other_kinds

_EXPECTED = "an XML document"


def local(element: Any) -> str:
    """The name of an element without its namespace; empty for comments and processing instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def namespace(element: Any) -> str:
    """The namespace of an element, empty when it has none."""
    return element.tag[1:].partition("}")[0] if element.tag[:1] == "{" else ""


def elements(path: Path, name: str, wanted: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Every element at one of the paths (`Document/BkToCstmrStmt/Stmt/Ntry`, local names from the root), at its end.

    An element is taken out of the document once the caller has seen it, so what it needs later it must keep. Elements
    above it can be reached by `getparent()`, with all that stands before it. Raises DeliveryError, with the line, for
    what is no well-formed XML.
    """
    refuse_other_kinds(path, name, _EXPECTED)
    names = {f"{{*}}{at.rpartition('/')[2]}" for at in wanted}  # the parser passes over all others by itself
    events = etree.iterparse(
        str(path), events=("end",), tag=names or ["{*}nothing"], load_dtd=False, no_network=True,
        resolve_entities=False, huge_tree=True, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    root: Any = None
    above: Any = None
    before = ""
    try:
        for _, element in events:
            if root is None:
                root = element.getroottree().getroot()
                _refuse_entities(root, name)
            parent = element.getparent()
            if parent is not above or parent is None:
                above, before = parent, "" if parent is None else f"{_path(parent)}/"
            if (at := before + local(element)) in wanted:
                yield at, element
                if parent is not None:
                    parent.remove(element)
    except etree.XMLSyntaxError as error:
        raise _ill_formed(error, path, name) from None
    if root is None and events.root is not None:
        _refuse_entities(events.root, name)


def _path(element: Any) -> str:
    """Local names from the root to an element."""
    names = [local(element)]
    names += (local(above) for above in element.iterancestors())
    return "/".join(reversed(names))


def _refuse_entities(root: Any, name: str) -> None:
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise DeliveryError(
            "document type declares entities",
            where=f"{name}:{root.sourceline}",
            got="a declaration of an entity",
            expected="XML without entities of its own",
            next_step="send the file again without a document type declaration",
        )


def _ill_formed(error: etree.XMLSyntaxError, path: Path, name: str) -> DeliveryError:
    line, column = error.position
    said = (str(error.msg or "not well-formed").rpartition(", line ")[0] or str(error.msg)).strip()
    cut_off = "Premature end" in said or "EndTag: '</' not found" in said or not _ends_with_a_tag(path)
    ends = cut_off and "Start tag expected" not in said and "encoding" not in said
    return DeliveryError(
        "file is truncated" if ends else "file is no well-formed XML",
        where=f"{name}:{line}, column {column}",
        got=said,
        expected="the end of all elements" if ends else "well-formed XML",
        next_step="send the complete file again",
    )


def _ends_with_a_tag(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 256, 0))
        return file.read().rstrip(b" \t\r\n\0").endswith(b">")
