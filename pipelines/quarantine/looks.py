"""How a correction workbook looks: few colours, each with one meaning."""

from __future__ import annotations

from copy import copy
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.worksheet import Worksheet

SAID_WIDTH = 46
INK, ACCENT, PALE, GREY, LINE = "1F2A33", "1F4E5F", "E8F0F2", "EEF0F1", "CBD3D7"
YELLOW, AMBER = "FFF2B3", "C98A00"
FONT = "Calibri"


def fill(colour: str) -> PatternFill:
    """One colour."""
    return PatternFill("solid", fgColor=colour)


def line(colour: str = LINE) -> Border:
    """A thin line on every side."""
    side = Side("thin", colour)
    return Border(left=side, right=side, top=side, bottom=side)


def font(**words: Any) -> Font:
    """The font of the workbook."""
    return Font(**{"name": FONT, "size": 10, "color": INK, **words})


_OPEN, _SHUT = Protection(locked=False), Protection(locked=True)
_TOP = Alignment(vertical="top", wrap_text=True)
_MIDDLE = Alignment(vertical="center", wrap_text=True)
_STYLES: dict[str, dict[str, Any]] = {
    "legend": {"font": font(italic=True, color="5B6B75"), "alignment": Alignment(vertical="center")},
    "header": {"font": font(bold=True, color="FFFFFF"), "fill": fill(ACCENT), "alignment": _MIDDLE, "border": line()},
    "lead header": {
        "font": font(bold=True, color="FFFFFF"), "fill": fill("5B6B75"), "alignment": _MIDDLE, "border": line(),
    },
    "token": {"font": font(size=8, color="8A969D", name="Consolas"), "fill": fill(GREY), "alignment": _TOP},
    "address": {
        "font": font(color="5B6B75"), "fill": fill(GREY), "alignment": Alignment(horizontal="right", vertical="top"),
    },
    "said": {"font": font(), "fill": fill(GREY), "alignment": _TOP},
    "cell": {"font": font(), "alignment": _TOP, "protection": _OPEN},
    "locked": {"font": font(), "fill": fill(GREY), "alignment": _TOP},
    "bad": {
        "font": font(bold=True), "fill": fill(YELLOW), "alignment": _TOP, "protection": _OPEN, "border": line(AMBER),
    },
}  # fmt: skip


class Looks:
    """Styles by name, each made once: a style is dear to make and cheap to use again."""

    def __init__(self, book: Workbook) -> None:
        self._scratch = book.create_sheet("scratch")
        self._made: dict[tuple[str, bool], Any] = {}
        for name in _STYLES:
            for quoted in (False, True):
                self._made[name, quoted] = self._make(name, quoted)
        book.remove(self._scratch)

    def style(self, name: str, *, quoted: bool = False) -> Any:
        """The style of that name. `quoted`: a spreadsheet program shall take the cell for a text when it is edited."""
        return self._made[name, quoted]

    def _make(self, name: str, quoted: bool) -> Any:
        cell = self._scratch.cell(1, 1)
        for part, value in {"protection": _SHUT, "border": line(), "fill": PatternFill(), **_STYLES[name]}.items():
            setattr(cell, part, copy(value))
        if name == "legend":
            cell.border = Border()
        cell.number_format = "@"
        cell.quotePrefix = quoted
        return copy(cell._style)


def for_print(sheet: Worksheet, page: str, *, landscape: bool) -> None:
    """A4, as wide as the paper, page numbers below."""
    setup: Any = sheet.page_setup
    setup.orientation = "landscape" if landscape else "portrait"
    setup.paperSize = 9
    setup.fitToWidth, setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom, sheet.page_margins.footer = 0.6, 0.8, 0.4
    sheet.oddFooter.right.text = page
    sheet.oddFooter.left.text = "&A"
