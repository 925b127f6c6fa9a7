"""The command line; see the package."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.bench import generate
from tests.bench.generate.kinds import KINDS, SHIPPED
from tests.bench.generate.out import deliver


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.generate",
        description=generate.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=[*KINDS, "all"], help="one kind of file; all: one file of each but payslips")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True, help="folder for landing/ and clients/")
    parser.add_argument("--dirt", type=float, default=0.01, help="share of the rows to be set aside, 0 to 0.5")
    parser.add_argument("--changed", type=float, default=0.0, help="share of the rows with another value")
    parser.add_argument("--format", choices=("csv", "xlsx"), default="csv")
    given = parser.parse_args()
    for kind in SHIPPED if given.kind == "all" else [KINDS[given.kind]]:
        path = deliver(
            kind, given.out, given.rows, seed=given.seed, share=given.dirt, changed=given.changed,
            suffix=f".{given.format}",
        )  # fmt: skip
        print(f"{path}: {given.rows:,} rows, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
