"""What a file seems to be: encoding, delimiter, quotes, header, tables, formats, each with its evidence."""

from pipelines.extract.sniff.proposal import ColumnFound, Finding, Proposal, TableFound
from pipelines.extract.sniff.propose import propose

__all__ = ["ColumnFound", "Finding", "Proposal", "TableFound", "propose"]
