"""Rechberg Maschinenbau: electronic invoices of its suppliers, books of its tax adviser, an export for the auditor."""

from __future__ import annotations

from tests.samples import rechberg_books, rechberg_invoices
from tests.samples.common import Folder


def write(folder: Folder) -> None:
    """All files of the client."""
    rechberg_invoices.write(folder)
    rechberg_books.write(folder)
