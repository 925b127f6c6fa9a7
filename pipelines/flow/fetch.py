"""The first step of a night: bring what is new at the clients' origins into their landing folders.

Each client, each origin and each file stands for itself: what cannot be fetched is a problem with a sentence,
recorded in `ops.origin` and reported, and everything else goes on. Running again fetches nothing twice.
"""

from __future__ import annotations

import logging
import os
import re
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines import connections
from pipelines.connections import Connection
from pipelines.errors import DeclarationError, DeliveryError, KontorError, TransientError
from pipelines.extract import origins, queries
from pipelines.extract.origins import RemoteFile
from pipelines.flow.access import Access, FromEnvironment
from pipelines.flow.office import Office, open_office
from pipelines.origin_words import Origin, marker_of, read_watermark, write_watermark
from pipelines.profile import Profile
from pipelines.warehouse import fetched
from pipelines.warehouse.fetched import Copy

log = logging.getLogger("kontor")

SURELY_OLD = 3600.0
"""Seconds after which a file at an origin is not looked at twice: the clocks of two servers differ by less."""


@dataclass(frozen=True)
class Problem:
    """What could not be fetched, and whether it may work when tried again."""

    client_id: str
    origin: str
    message: str
    may_pass: bool

    def __str__(self) -> str:
        return f"{self.client_id} · {self.origin}: {self.message}"


@dataclass
class FetchReport:
    """What a look at the origins brought; files as `client/path below its landing folder`."""

    fetched: list[str] = field(default_factory=list)
    known: int = 0
    elsewhere: int = 0
    waiting: dict[str, str] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def may_pass(self) -> bool:
        """Whether trying again may help."""
        return any(problem.may_pass for problem in self.problems)

    def summary(self) -> str:
        """One sentence for the log."""
        parts = [
            (len(self.fetched), "fetched"),
            (self.known, "fetched before"),
            (len(self.waiting), "not complete yet"),
            (self.elsewhere, "not asked for by the profile"),
        ]
        nothing = "nothing fetched" if self.problems else "no file there"
        said = ", ".join(f"{n} {word}" for n, word in parts if n) or nothing
        empty = f"; no new row from {', '.join(self.empty)}" if self.empty else ""
        return f"origins: {said}{empty}" + (f"; {len(self.problems)} problems" if self.problems else "")


def fetch(
    office: Office | None = None,
    client: str | None = None,
    *,
    domains: Sequence[str] | None = None,
    access: Access | None = None,
) -> FetchReport:
    """Bring in what is new at every origin; `client` and `domains` narrow it to clients with such feeds.

    Raises for faults of our own declarations only; what a client or its origin is at fault for is in the report.
    """
    office = office or open_office()
    report = FetchReport()
    for profile in office.catalog.profiles.values():
        serves = domains is None or any(feed.split(".")[0] in domains for feed in profile.model.feeds)
        if profile.model.origins and serves and client in (None, profile.client_id):
            try:
                _Client(office, profile, access or FromEnvironment(), report).fetch()
            except TransientError as error:  # its turn did not come, or the warehouse was away
                report.problems.append(Problem(profile.client_id, "all origins", str(error), True))
    return report


class _Client:
    """One client's origins, one after the other; only one process at a time is at a client's."""

    def __init__(self, office: Office, profile: Profile, access: Access, report: FetchReport) -> None:
        self.office, self.profile, self.access, self.report = office, profile, access, report
        self.base = office.settings.landing / profile.client_id

    def fetch(self) -> None:
        with self.office.warehouse.turn(f"fetch {self.profile.client_id}"):
            origins.sweep(self.base)
            for name, origin in self.profile.model.origins.items():
                before = len(self.report.problems)
                with self.faults(name, lambda text: text):
                    self._fetch_one(name, origin)
                said = [problem.message for problem in self.report.problems[before:]]
                with self.office.warehouse.transaction() as conn:
                    fetched.looked(conn, self.profile.client_id, name, said)
            origins.sweep(self.base)

    def _fetch_one(self, name: str, origin: Origin) -> None:
        self._check_base()
        connection = self.access.connection(origin.connection) if origin.connection else None
        hide = connection.hide if connection else connections.hide_userinfo
        with self.faults(name, hide):
            if origin.url is None:
                if connection is not None:
                    self._query(name, origin, connection)
                return
            with origins.server_faults(f"origin {name}", hide):
                fs, root = self.access.open_fs(origin.url, origin.connection)
            try:
                _Folder(self, name, origin, fs, root, hide).fetch()
            finally:
                self.access.close(fs)

    def _check_base(self) -> None:
        """The same rule as for reading: the client's folder lies in landing. Made when it is not there yet."""
        if not self.base.resolve().is_relative_to(self.office.settings.landing.resolve()):
            raise DeclarationError(
                "landing folder of a client is a link to elsewhere",
                where=str(self.base),
                expected="a folder inside the landing folder",
                next_step="mount the folder there, or set KONTOR_LANDING to where the client folders are",
            )
        self.base.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def faults(self, name: str, hide: Callable[[str], str], file: str | None = None) -> Iterator[None]:
        """The border of an origin, or of one of its files: what is raised inside becomes a problem."""
        try:
            yield
        except origins.Changed as error:
            self.report.waiting[f"{self.profile.client_id}/{file or error.where}"] = "still being written"
        except KontorError as error:
            if file is not None and isinstance(error, TransientError):
                raise  # the server or the disk: the origin's other files would meet the same
            self._problem(name, str(error.at(client=self.profile.client_id)), isinstance(error, TransientError))
        except Exception as error:  # noqa: BLE001 the border: one client's origin must not stop the others
            frames = "".join(traceback.format_tb(error.__traceback__))  # without values, which may be secrets
            said = hide(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
            log.error("unexpected fault at origin %s of %s: %s\n%s", name, self.profile.client_id, said, frames)
            self._problem(name, f"unexpected {said}. us to act: see the log of this step", False)

    def _problem(self, name: str, message: str, may_pass: bool) -> None:
        problem = Problem(self.profile.client_id, name, message, may_pass)
        log.error("%s", problem)
        self.report.problems.append(problem)

    # -- queries ------------------------------------------------------------------------------------

    def _query(self, name: str, origin: Origin, connection: Connection) -> None:
        """Rows since the watermark, as one Parquet file named by the time of the run that began it.

        The file comes first, then the watermark. A run killed between the two has told `ops.origin` beforehand
        which file it writes: the next one asks for the same rows again (and what came since) and writes the same
        file. If `discover` took it in between, the rows come once more in that file, and a feed in mode delta
        counts them as unchanged; no row is lost and none doubled.
        """
        client, warehouse = self.profile.client_id, self.office.warehouse
        with warehouse.transaction() as conn:
            progress = fetched.progress(conn, client, name)
            started = datetime.now(UTC)
            file = progress.pending_file or f"{origin.into or name}/{started:%Y%m%dT%H%M%S.%fZ}.parquet"
            fetched.begin_query(conn, client, name, file)
        last = progress.watermark or origin.first
        value = read_watermark(last[0], last[1]) if last else None  # type: ignore[arg-type]
        engine = queries.open_engine(connection)
        target = origins.landing_path(self.base, *file.rsplit("/", 1))
        try:
            with origins.part_file(self.base) as part:
                got = queries.fetch_rows(engine, origin.query or "", origin.watermark, value, part, connection.hide)
                if got.rows:
                    self.place(name, f"connection {connection.name}", file, part, target, started)
        finally:
            engine.dispose()
        with warehouse.transaction() as conn:
            highest = write_watermark(got.watermark) if got.watermark is not None else None
            fetched.finish_query(conn, client, name, highest)
        if got.rows:
            self.report.fetched.append(f"{client}/{file}")
            log.info("%s · %s: %d rows into %s", client, name, got.rows, file)
        else:
            self.report.empty.append(f"{client} · {name}")

    def place(self, name: str, url: str, path: str, part: Path, target: Path, mtime: datetime, tag: str = "") -> None:
        """File first, then state; told beforehand, so that a run after a kill knows the file as ours."""
        with self.office.warehouse.transaction() as conn:
            size = part.stat().st_size
            number = fetched.begin(conn, self.profile.client_id, name, url, path, size, mtime, tag)
        origins.place(part, target, mtime)  # a kill from here on leaves a file that the next run knows as ours
        with self.office.warehouse.transaction() as conn:
            fetched.finish(conn, number)


class _Folder:
    """One folder of a client at a server."""

    def __init__(
        self, client: _Client, name: str, origin: Origin, fs: Any, root: str, hide: Callable[[str], str]
    ) -> None:
        self.client, self.name, self.origin, self.fs, self.root, self.hide = client, name, origin, fs, root, hide
        self.into = origin.into or name
        self.report = client.report
        with client.office.warehouse.transaction() as conn:
            self.copies = fetched.copies(conn, client.profile.client_id, name)

    def fetch(self) -> None:
        """Fetch what is new; a server that stops answering stops this origin, a bad file only itself."""
        self._check_apart()
        new = self._new(self._list())
        for file in self._settled(new):
            with self.client.faults(self.name, self.hide, self._path(file)):
                self._bring(file)

    def _list(self) -> list[RemoteFile]:
        with origins.server_faults(f"origin {self.name}", self.hide):
            return origins.list_files(self.fs, self.root)

    def _check_apart(self) -> None:
        """A local folder that holds landing, or lies in it, would be fetched into itself."""
        if not origins.is_local(self.fs):
            return
        root, landing = Path(self.root).resolve(), self.client.office.settings.landing.resolve()
        if root.is_relative_to(landing) or landing.is_relative_to(root):
            raise DeclarationError(
                "origin and landing folder lie in each other",
                got=self.origin.url,
                expected="a folder apart from the landing folder",
                next_step="what lies in landing needs no origin: remove it from the profile",
            )

    def _new(self, files: Sequence[RemoteFile]) -> list[RemoteFile]:
        """The files that are asked for, complete by their marker, and not fetched in this version before."""
        done = self.origin.done
        asked = [f for f in files if re.fullmatch(self.origin.files, f.rel)]
        markers = {marker_of(done, f.rel) for f in asked} & {f.rel for f in files} if done else set()
        asked = [f for f in asked if f.rel not in markers]
        self.report.elsewhere += len(files) - len(asked) - len(markers)
        new = []
        for file in asked:
            versions = [copy for copy in self.copies.get(self._path(file), []) if copy.done]
            if versions and file.same(versions[-1].size, versions[-1].mtime, versions[-1].tag):
                self.report.known += 1
            elif done and marker_of(done, file.rel) not in markers:
                self._wait(file, f"its marker {marker_of(done, file.rel)} is not there")
            else:
                new.append(file)
        return new

    def _settled(self, new: Sequence[RemoteFile]) -> Iterator[RemoteFile]:
        """Those that two looks see alike. Object stores show only complete files; old files are no longer written."""
        since = time.time() - SURELY_OLD
        young = any(f.mtime is None or f.mtime.timestamp() > since for f in new)
        window = self.client.office.settings.settle
        if not young or window <= 0 or origins.is_atomic(self.fs):
            yield from new
            return
        time.sleep(window)
        again = {f.rel: f for f in self._list()}
        for file in new:
            if again.get(file.rel) == file:
                yield file
            else:
                self._wait(file, "still being written")

    def _bring(self, file: RemoteFile) -> None:
        path, mtime = self._path(file), file.mtime or datetime.now(UTC)
        target = origins.landing_path(self.client.base, self.into, file.rel)
        url = connections.hide_userinfo(self.origin.url or "")
        if self._is_there(file, target):
            with self.client.office.warehouse.transaction() as conn:
                number = fetched.begin(
                    conn, self.client.profile.client_id, self.name, url, path, file.size, mtime, file.tag
                )
                fetched.finish(conn, number)
            self.report.known += 1
            return
        with origins.part_file(self.client.base) as part:
            with origins.server_faults(f"origin {self.name}", self.hide):
                origins.download(self.fs, file, part)
            self.client.place(self.name, url, path, part, target, mtime, file.tag)
        self.report.fetched.append(f"{self.client.profile.client_id}/{path}")
        log.info("%s · %s: %s, %d bytes", self.client.profile.client_id, self.name, path, file.size)

    def _is_there(self, file: RemoteFile, target: Path) -> bool:
        """Whether this version lies in landing already, say since a run that was killed before it took note.

        Another file of that name is replaced only when we fetched it: what somebody dropped there is not ours.
        """
        if not os.path.lexists(target):
            return False
        versions = self.copies.get(self._path(file), [])
        size, mtime = origins.seen(target)
        mine: list[Copy] = [copy for copy in versions if (copy.size, copy.mtime) == (size, mtime)]
        if file.mtime is not None and (file.size, file.mtime) == (size, mtime):
            return all(file.same(copy.size, copy.mtime, copy.tag) for copy in mine[-1:])
        if not mine:
            raise DeliveryError(
                "a file that was not fetched from this origin is in the way",
                where=f"{self.client.profile.client_id}/{self._path(file)}",
                got="a file, folder or link that somebody else put into landing",
                expected="the path to be free",
                next_step="stop sending by two ways, or give the origin an into of its own",
            )
        return False

    def _wait(self, file: RemoteFile, why: str) -> None:
        self.report.waiting[f"{self.client.profile.client_id}/{self._path(file)}"] = why

    def _path(self, file: RemoteFile) -> str:
        return f"{self.into}/{origins.shown(file.rel)}"
