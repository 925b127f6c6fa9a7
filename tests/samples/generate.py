"""Sample deliveries of the clients: `python -m tests.samples.generate DIR [--night 1|2] [--seed 7]`.

The same seed gives the same bytes. Night 2 is the folder as the second evening leaves it: the files of night 1 and, on
top, changed lists, a copy under another name, and what was broken or held sent again. Nobody in it exists: customers
are companies, employees are numbers (some of them those of a published sample company), telephone numbers come from
the ranges set aside for fiction.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.samples import (
    awc,
    bayport,
    brightline,
    fernhill,
    hansa,
    lakeside,
    meridien,
    norvik,
    quayside,
    rechberg,
    soderberg,
    tejo,
)
from tests.samples.common import Folder

CLIENTS = {
    "hansa": hansa.write,
    "brightline": brightline.write,
    "meridien": meridien.write,
    "fernhill": fernhill.write,
    "awc": awc.write,
    "norvik": norvik.write,
    "lakeside": lakeside.write,
    "soderberg": soderberg.write,
    "rechberg": rechberg.write,
    "tejo": tejo.write,
    "quayside": quayside.write,
    "bayport": bayport.write,
}


SHOWN = {
    "rechberg": r"eingang/(01\.01a-INVOICE_ubl\.xml|RE-1003\.pdf|RE-SUM\.xml|GS-2001\.xml)|datev/.*(10|[a-z])\.csv|"
    r"gdpdu/(2026-10/|artikel).*",
    "tejo": r"saft/saft_2026-08\.xml",
    "quayside": r"answers/contrl_\d+\.edi|(carriers|despatch)/.*|orders/.*_[12]\.edi|suppliers/.*_4012\.edi",
    "bayport": r"out/.*|in/((answers|carrier|confirmations|invoices|portland|salem)_1|orders_[123])\..*",
}
"""Of clients that send messages, what is enough to see: each file is a delivery of every feed that it fills. All others
are for the tests of the client."""


def generate(root: Path, *, night: int = 1, seed: int = 7) -> None:
    """Write `root/<client>/…` for every sample client."""
    for client, write in CLIENTS.items():
        write(Folder(root, client, night, seed, SHOWN.get(client, ".*")))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Write sample deliveries of the clients.")
    parser.add_argument("folder", type=Path, help="landing folder to write to")
    parser.add_argument("--night", type=int, choices=(1, 2), default=1, help="which evening's state of the folder")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    generate(given.folder, night=given.night, seed=given.seed)


if __name__ == "__main__":
    main()
