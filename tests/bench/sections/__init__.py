"""The sections of the report: each module has `contests(folder, rows)`, what it measures with data in that folder."""
