"""Dropping what deliveries leave behind between gate and load, once they have come to an end."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from pipelines.delivery import State
from pipelines.errors import AlreadyRunning, DeclarationError
from pipelines.flow import memos
from pipelines.flow.office import Office, open_office
from pipelines.warehouse import ddl, register

ENDED = frozenset({State.LOADED, State.DUPLICATE, State.RETURNED, State.SUPERSEDED, State.WITHDRAWN})
"""Failed ones keep their files for whoever looks for the cause; held and waiting ones need them."""


@dataclass(frozen=True)
class Tidied:
    """What was dropped."""

    tables: int
    folders: int


def tidy(office: Office | None = None) -> Tidied:
    """Drop work tables and folders of deliveries that ended; what a run is at, or nobody knows, stays. Also memos
    (`memos.py`) of deliveries that do not speak any more, were withdrawn for instance.

    Nothing is lost: all are made again from the archive by whoever needs them.
    """
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        tables = ddl.work_tables(conn)
    work = office.settings.work
    folders = {int(p.name) for p in work.iterdir() if p.is_dir() and p.name.isdecimal()} if work.is_dir() else set()
    dropped = [0, 0]
    for delivery_id in sorted(tables | folders):
        try:
            with office.warehouse.lease(delivery_id), office.warehouse.transaction() as conn:
                delivery = register.get(conn, delivery_id)
                if delivery.state not in ENDED:
                    continue
                if delivery_id in tables:
                    ddl.drop_work_table(conn, delivery)
                    dropped[0] += 1
                if delivery_id in folders:
                    shutil.rmtree(office.settings.delivery_folder(delivery_id), ignore_errors=True)
                    dropped[1] += 1
        except (AlreadyRunning, DeclarationError):  # a run is at it, or it is no delivery of ours
            continue
    _drop_memos(office)
    return Tidied(*dropped)


def _drop_memos(office: Office) -> None:
    for folder in list(memos.kept(office.settings)):
        with office.warehouse.transaction() as conn:
            try:
                speaks = register.get(conn, int(folder.name)).state is State.LOADED
            except DeclarationError:  # no delivery of ours
                speaks = False
        if not speaks:
            shutil.rmtree(folder, ignore_errors=True)
