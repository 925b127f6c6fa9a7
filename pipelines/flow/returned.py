"""Correction workbooks in the landing folder: recognised by their token, checked, registered as corrections.

The token decides, whatever the file is called and wherever it lies. A workbook that is not as it was sent, not the
newest, or somebody else's is registered as a failed correction with the reason; its own workbook stays open.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.delivery import SETTLED, Delivery, Kind, Scope, State, Verdict
from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract import discover as landing
from pipelines.extract.archive import sync_folder
from pipelines.flow.corrected import changes_in, stale, too_late
from pipelines.flow.office import Office, open_office
from pipelines.flow.original import open_original
from pipelines.profile import Profile, SourceRef
from pipelines.quarantine.token import REVIEW, Mark, mark_of
from pipelines.warehouse import register, workbooks
from pipelines.warehouse.workbooks import Workbook

if TYPE_CHECKING:
    from pipelines.flow.arrivals import Intake, Outcome

FOLDER = "corrections"
"""Below the client's landing folder: where a workbook is put that somebody hands in for the client."""
_NOT_OURS = "correction workbook is not known here, nothing of it is taken"


@dataclass(frozen=True)
class Recognised:
    """A file that carries a token. `book` is null when the token is not known, `root` the delivery it belongs to."""

    found: landing.FoundFile
    mark: Mark
    book: Workbook | None
    root: Delivery | None
    feed: str
    source: str


def recognise(
    conn: sa.Connection, profile: Profile, files: Sequence[landing.FoundFile]
) -> tuple[list[Recognised], list[landing.FoundFile]]:
    """Workbooks that carry a token, and all the other files. One that fits no source of the client keeps its error.

    Those of pairs of customers belong to no source: `match_books` takes them.
    """
    ours: list[Recognised] = []
    others: list[landing.FoundFile] = []
    for file in files:
        mark = mark_of(file.path) if _may_be_one(file) else None
        if mark is None:
            others.append(file)
            continue
        book = workbooks.by_token(conn, mark.token)
        root = register.get(conn, book.delivery_id) if book else None
        feed, source = (root.feed, root.source) if root else (mark.feed, mark.source)
        if mark.feed == REVIEW or any((ref.feed, ref.name) == (feed, source) for ref in profile.sources):
            ours.append(Recognised(file, mark, book, root, feed, source))
        else:
            others.append(replace(file, error=_foreign(file.rel, "a workbook of no source of this client")))
    return ours, others


def _may_be_one(file: landing.FoundFile) -> bool:
    return file.rel.lower().endswith(".xlsx") and file.container is None and file.error is None and file.readable


def judged(intake: Intake, domains: Sequence[str], feed: str | None) -> Iterator[tuple[Outcome, Delivery | None]]:
    """Register the workbooks of those feeds; those that were registered before are passed over."""
    for item in intake.returned:
        if item.feed.split(".")[0] not in domains or feed not in (None, item.feed):
            continue
        try:
            yield register_one(intake, item)
        except FileNotFoundError:  # taken away meanwhile
            continue


def register_one(intake: Intake, item: Recognised, person: str | None = None) -> tuple[Outcome, Delivery | None]:
    """One workbook becomes a correction, or is refused with the reason."""
    conn, office = intake.conn, intake.office
    arrival_id, sha256 = intake.fingerprint(item.found)
    if (known := workbooks.submitted(conn, arrival_id)) is not None:
        delivery = register.get(conn, known)
        return ("seen" if delivery.state in SETTLED else "resumed"), delivery
    ref = office.catalog.source(intake.profile.client_id, item.feed, item.source)
    own = item.root if item.root and item.root.client_id == ref.client_id else None
    if own and (twin := workbooks.of_same_file(conn, own.delivery_id, sha256)):
        duplicate = _add(intake, item, ref, own, arrival_id, sha256, person)
        said = f"same workbook as delivery {twin}"
        return "duplicates", register.move(conn, duplicate, State.DUPLICATE, actor="discover", message=said)
    try:
        _check(office, conn, item, own, ref)
    except DeliveryError as error:
        delivery = _add(intake, item, ref, own, arrival_id, sha256, person)
        message = f"{item.found.rel}: {error}"
        failed = register.move(
            conn, delivery, State.FAILED, actor="discover", verdict=Verdict.FAIL, message=message
        )  # fmt: skip
        return "failed", failed
    delivery = _add(intake, item, ref, own, arrival_id, sha256, person)
    if item.book:
        workbooks.take_back(conn, item.book, delivery.delivery_id)
    return "registered", delivery


def _check(office: Office, conn: sa.Connection, item: Recognised, own: Delivery | None, ref: SourceRef) -> None:
    """Raises DeliveryError for a workbook that is foreign, stale, tampered with or unreadable."""
    book, name = item.book, item.found.rel
    if own is None or book is None:
        raise _foreign(name, "a workbook that was sent to somebody else" if book else "a token that we never gave")
    if book.state == "returned":
        raise too_late(name, f"workbook {book.number} of delivery {own.delivery_id} was returned before")
    if book.state != "open":
        raise too_late(name, f"workbook {book.number} of delivery {own.delivery_id} is {book.state}")
    if why := stale(conn, own, ref):
        raise too_late(name, why)
    with open_original(office, own, ref) as reader:
        columns = reader.columns
    changes_in(item.found.path, name, book, workbooks.sent_rows(conn, book), item.mark.token, ref, columns)


def _foreign(name: str, got: str) -> DeliveryError:
    return DeliveryError(
        _NOT_OURS, where=name, got=got, expected="a workbook that was made for this client",
        next_step="return the workbook that was sent to you",
    )  # fmt: skip


def _add(
    intake: Intake, item: Recognised, ref: SourceRef, root: Delivery | None, arrival_id: int, sha256: str,
    person: str | None,
) -> Delivery:  # fmt: skip
    """A correction speaks for the scope and period of its root, with the look-up files of now, else of then."""
    conn, office = intake.conn, intake.office
    period = root.period if root else None
    inputs, missing = intake.lookups(ref)
    if root and missing:
        inputs = tuple(i for i in register.inputs(conn, root.delivery_id) if i.role == "lookup")
    digest = hashlib.sha256("\0".join([sha256, *(f"{i.name}\0{i.sha256}" for i in inputs)]).encode())
    received = max(item.found.mtime, root.received_at) if root else item.found.mtime
    return register.add_delivery(
        conn,
        register.NewDelivery(
            scope=Scope(ref.client_id, ref.feed, ref.name, period if ref.source.mode == "period" else None),
            period=period,
            kind=Kind.CORRECTION,
            file_name=item.found.rel,
            sha256=sha256,
            size=item.found.size,
            received_at=received,
            arrival_id=arrival_id,
            inputs_hash=digest.hexdigest(),
            declaration_hash=office.catalog.declaration_hash(ref),
            file_groups=register.file_groups(conn, root.delivery_id) if root else {},
            inputs=inputs,
            declarations=intake.office.declaration_texts(ref),
            corrects=root.delivery_id if root else None,
            submitted_by=person or item.mark.modified_by or ref.client_id,
            code_version=office.code_version,
        ),
    )


def submit(path: Path, person: str, *, office: Office | None = None) -> Delivery:
    """Hand in a workbook for its client: copied into landing, registered with the person who did it."""
    from pipelines.extract.settled import Settled
    from pipelines.flow.arrivals import Intake

    office = office or open_office()
    mark = mark_of(path) if path.is_file() else None
    with office.warehouse.transaction() as conn:
        book = workbooks.by_token(conn, mark.token) if mark else None
        root = register.get(conn, book.delivery_id) if book else None
    if root is None:
        raise DeclarationError(
            "no correction workbook of this installation", where=str(path), next_step="give the file that came back"
        )
    target = _copied(path, office.settings.landing / root.client_id / FOLDER)
    with office.warehouse.transaction() as conn:
        intake = Intake(office, conn)
        files = [f for f in landing.survey(office.settings.landing, root.client_id) if f.path == target]
        intake.look(office.profile(root.client_id), Settled(files, {}))
        for item in intake.returned:
            _, delivery = register_one(intake, item, person)
            if delivery is not None:
                return delivery
    raise DeclarationError("the copy was taken away", where=str(target), next_step="submit the file again")


def _copied(path: Path, folder: Path) -> Path:
    """The file in landing under a name of its own, there at once and whole."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder.resolve() / f"{path.stem}.{secrets.token_hex(4)}.xlsx"
    part = target.with_name(f".{target.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            copy.write(path.read_bytes())
            copy.flush()
            os.fsync(copy.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)
    return target
