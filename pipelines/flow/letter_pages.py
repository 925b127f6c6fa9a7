"""A letter as text and as HTML: sections of lines, one table, links. Whatever comes from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_CELL = "padding:6px 12px 6px 0;border-bottom:1px solid #e3e6ea;text-align:left;vertical-align:top"
_RIGHT = _CELL.replace("text-align:left", "text-align:right;white-space:nowrap")
_COLOURS = {"act": "#b3261e", "look": "#8a5a00", "fine": "#1e6b3a"}


@dataclass(frozen=True)
class Table:
    """Heads and rows; the last two columns are numbers."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """One subject. `weight`: act, look or fine; it colours the title."""

    title: str
    weight: str = "look"
    hint: str = ""
    lines: Sequence[str] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Page:
    """All of a letter."""

    title: str
    greeting: str
    intro: str
    sections: Sequence[Section]
    links_title: str
    links: Sequence[tuple[str, str]] = field(default=())
    foot: str = ""


def as_text(page: Page) -> str:
    """For channels that know no HTML."""
    out = [page.greeting, page.intro, ""]
    for section in page.sections:
        out += [section.title, "-" * len(section.title)]
        out += [f"- {line}" for line in section.lines]
        if section.table:
            out += _text_table(section.table)
        out += [section.hint] if section.hint else []
        out.append("")
    if page.links:
        out += [page.links_title, *(f"- {text}: {url}" for text, url in page.links), ""]
    return "\n".join([*out, page.foot]).rstrip() + "\n"


def _text_table(table: Table) -> list[str]:
    lines = [table.heads, *table.rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(table.heads))]
    last = len(widths) - 2
    return ["  ".join(_padded(line, widths, last)).rstrip() for line in lines]


def _padded(line: Sequence[str], widths: Sequence[int], last: int) -> list[str]:
    cells = enumerate(zip(line, widths, strict=True))
    return [cell.rjust(width) if n >= last else cell.ljust(width) for n, (cell, width) in cells]


def as_html(page: Page) -> str:
    """For mail: styles stand in the elements, since mail programs drop all others."""
    body = [
        f'<p style="margin:0 0 4px">{escape(page.greeting)}</p>',
        f'<p style="margin:0 0 20px">{escape(page.intro)}</p>',
    ]
    body += [_html_section(section) for section in page.sections]
    if page.links:
        items = "".join(f'<li><a href="{escape(url)}">{escape(text)}</a></li>' for text, url in page.links)
        body.append(f'<h2 style="font-size:16px;margin:24px 0 6px">{escape(page.links_title)}</h2><ul>{items}</ul>')
    body.append(f'<p style="margin:28px 0 0;color:#6b7280;font-size:12px">{escape(page.foot)}</p>')
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{escape(page.title)}</title></head>'
        f'<body style="margin:0;background:#f4f5f7"><div style="{_FONT};font-size:14px;line-height:1.5;color:#1f2430;'
        f'max-width:760px;margin:0 auto;padding:24px;background:#ffffff">{"".join(body)}</div></body></html>\n'
    )


def _html_section(section: Section) -> str:
    colour = _COLOURS[section.weight]
    out = [
        f'<h2 style="font-size:16px;margin:24px 0 6px;padding-left:10px;border-left:4px solid {colour};color:{colour}">'
        f"{escape(section.title)}</h2>"
    ]
    if section.lines:
        items = "".join(
            f'<li style="margin:2px 0;overflow-wrap:anywhere">{escape(line)}</li>' for line in section.lines
        )
        out.append(f'<ul style="margin:6px 0 6px 0;padding-left:22px">{items}</ul>')
    if section.table:
        out.append(_html_table(section.table))
    if section.hint:
        out.append(f'<p style="margin:6px 0 0;color:#4b5563">{escape(section.hint)}</p>')
    return "".join(out)


def _html_table(table: Table) -> str:
    last = len(table.heads) - 2
    style = [_RIGHT if n >= last else _CELL for n in range(len(table.heads))]
    heads = "".join(
        f'<th style="{s};color:#6b7280;font-weight:600">{escape(h)}</th>'
        for s, h in zip(style, table.heads, strict=True)
    )
    rows = "".join(
        "<tr>" + "".join(f'<td style="{s}">{escape(c)}</td>' for s, c in zip(style, row, strict=True)) + "</tr>"
        for row in table.rows
    )
    return f'<table style="border-collapse:collapse;width:100%;font-size:13px"><tr>{heads}</tr>{rows}</table>'
