"""Rechberg Maschinenbau: electronic invoices of its suppliers, its books and what its ERP exports for audit."""

from __future__ import annotations

from tests.samples import rechberg_books, rechberg_invoices
from tests.samples.common import Folder


def write(folder: Folder) -> None:
    """All files of the client."""
    rechberg_invoices.write(folder)
    rechberg_books.write(folder)
