"""Correction workbooks: one for every loaded delivery with open rejects, as long as it speaks for its scope."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import Delivery, State
from pipelines.errors import AlreadyRunning, DeclarationError, KontorError, ProfileBroken
from pipelines.extract.archive import sync_folder
from pipelines.flow.composing import compose
from pipelines.flow.office import Office, open_office
from pipelines.quarantine.workbook import written
from pipelines.warehouse import audit, left_out, register, workbooks
from pipelines.warehouse.workbooks import OpenReason, Workbook

log = logging.getLogger("kontor")


@dataclass(frozen=True)
class Made:
    """A workbook that was made."""

    client_id: str
    feed: str
    source: str
    delivery_id: int
    number: int
    rows: int
    path: Path


def make_workbooks(office: Office | None = None, client: str | None = None) -> list[Made]:
    """A workbook for every delivery that needs one; running again makes nothing new.

    A delivery that cannot be served, for a fault of its own, is told in the log and stops no other.
    """
    office = office or open_office()
    office.catalog.refuse_broken(client)
    with office.warehouse.transaction() as conn:
        roots = workbooks.roots(conn, client)
    made: list[Made] = []
    for root in roots:
        try:
            with office.warehouse.lease(root):
                made += _make(office, root)
        except ProfileBroken:  # the run says so once, for all deliveries of the client
            continue
        except AlreadyRunning:  # somebody is at this delivery: the next run sees what came of it
            continue
        except KontorError as error:
            log.error("no correction workbook for delivery %s: %s", root, error)
    _clear(office, client)
    return made


def _make(office: Office, root_id: int) -> list[Made]:
    with office.warehouse.transaction() as conn:
        return _made(office, conn, register.get(conn, root_id))


def _clear(office: Office, client: str | None) -> None:
    """What no longer counts shall not be sent by mistake, nor be kept longer than it must be."""
    outbox = office.settings.outbox
    for folder in [f for f in outbox.glob(client or "*") if f.is_dir()]:
        there = [f"{folder.name}/{path.name}" for path in folder.glob("*.xlsx")]
        if there:
            with office.warehouse.transaction() as conn:
                left = workbooks.ended(conn, folder.name, there)
            for rel in left:
                (outbox / rel).unlink(missing_ok=True)


def _made(office: Office, conn: sa.Connection, root: Delivery) -> list[Made]:
    if workbooks.under_way(conn, root.delivery_id):
        return []
    speaking = speaks(conn, root, office)
    if not speaking:
        left_out.forget(conn, root.delivery_id)
    reasons = open_reasons(office, conn, root) if speaking else []
    if not reasons:
        workbooks.end(conn, root.delivery_id, "closed")
        return []
    before = workbooks.of_delivery(conn, root.delivery_id)
    opened = next((b for b in before if b.state == "open" and (office.settings.outbox / b.path).is_file()), None)
    rejected = {reason.row_number for reason in reasons if not reason.is_loaded}
    loaded = len({reason.row_number for reason in reasons} - rejected)
    if opened and workbooks.is_current(conn, root.delivery_id, loaded):
        return []
    composed = compose(office, conn, root, reasons)
    if opened and workbooks.same_content(workbooks.sent_rows(conn, opened), composed.rows):
        workbooks.confirm(conn, root.delivery_id)
        return []
    number = max((b.number for b in before), default=0) + 1
    content = written(composed.content)
    rel = f"{root.client_id}/corrections_{root.feed}_{root.delivery_id}_{number}.xlsx"
    keep(office.settings.outbox, rel, content)
    book = workbooks.add(
        conn, root, number=number, token=composed.content.token, language=composed.content.language, path=rel,
        sha256=hashlib.sha256(content).hexdigest(), rows=composed.rows,
    )  # fmt: skip
    detail = {"workbook": book.number, "rows": book.rows, "sha256": book.sha256}
    audit.record(conn, actor="corrections", action="make workbook", delivery_id=root.delivery_id, detail=detail)
    path = office.settings.outbox / rel
    return [Made(root.client_id, root.feed, root.source, root.delivery_id, number, book.rows, path)]


def open_reasons(office: Office, conn: sa.Connection, root: Delivery) -> list[OpenReason]:
    """Why rows are set aside, and values without which rows were taken: what the client is asked to correct."""
    table = office.contract(root.feed).table
    return [*workbooks.open_reasons(conn, root.delivery_id), *left_out.open_cells(conn, root, table)]


def speaks(conn: sa.Connection, root: Delivery, office: Office) -> bool:
    """Whether the delivery still says what is so in its scope: loaded, and no newer whole truth after it."""
    if root.state is not State.LOADED:
        return False
    return office.ref(root).source.mode == "delta" or workbooks.superseding(conn, root) is None


def keep(outbox: Path, rel: str, content: bytes) -> None:
    """Write a file of the outbox for its owner only; it has its name when it is whole, before the database knows it."""
    target = outbox / rel
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)


def listing(client: str | None = None, *, office: Office | None = None) -> list[dict[str, Any]]:
    """The newest workbooks, newest first."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return workbooks.listed(conn, client)


def show(workbook_id: int, *, office: Office | None = None) -> tuple[Workbook, Path, Sequence[tuple[str, str, str]]]:
    """A workbook, its file, and of each row: its row in the file, where it stands in the sheet, what is wrong."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        book = workbooks.get(conn, workbook_id)
        if book is None:
            raise DeclarationError(
                f"no workbook {workbook_id}", next_step="list them with `python -m pipelines corrections list`"
            )
        rows = workbooks.sent_rows(conn, book)
    said = [
        (str(r.cells.get("__address", r.row_number)), str(r.sheet_row), str(r.cells.get("__said", ""))) for r in rows
    ]
    return book, office.settings.outbox / book.path, said
