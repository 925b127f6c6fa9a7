"""Rechberg Maschinenbau: electronic invoices of its suppliers."""

from __future__ import annotations

from tests.samples import rechberg_invoices
from tests.samples.common import Folder


def write(folder: Folder) -> None:
    """All files of the client."""
    rechberg_invoices.write(folder)
