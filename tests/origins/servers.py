"""Servers of clients, started by a test on a free port and ended by it: S3 by moto, SFTP by asyncssh."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncssh
import boto3
from moto.server import ThreadedMotoServer

USER, PASSWORD = "acme", "p@ss/word:1"


@dataclass
class S3:
    """An S3 server with one bucket, `exports`."""

    port: int
    server: Any

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def client(self) -> Any:
        return boto3.client(
            "s3", endpoint_url=self.url, aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1"
        )

    def put(self, key: str, body: bytes | str, bucket: str = "exports") -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=body.encode() if isinstance(body, str) else body)

    def connection(self, port: int | None = None) -> str:
        """The connection as Airflow's environment variable has it."""
        endpoint = f"http%3A%2F%2F127.0.0.1%3A{port or self.port}"
        return f"aws://k:s3cr%2Fet@/?endpoint_url={endpoint}&region_name=us-east-1"


@contextmanager
def s3_server() -> Iterator[S3]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        found = S3(server.get_host_and_port()[1], server)
        urllib.request.urlopen(f"{found.url}/moto-api/reset", data=b"").close()  # it keeps buckets per process
        found.client.create_bucket(Bucket="exports")
        yield found
    finally:
        server.stop()


@dataclass
class Sftp:
    """An SFTP server whose root is a folder. `on_read` is called with the path and the offset of each read."""

    root: Path
    port: int = 0
    host_key: str = ""
    client_key: str = ""
    on_read: Callable[[Path, int, Any], None] | None = None
    logins: list[str] = field(default_factory=list)

    def connection(self, *, password: str | None = PASSWORD, port: int | None = None, **extra: str) -> dict[str, Any]:
        extra = {"host_key": self.host_key, **extra}
        found = {"conn_type": "sftp", "host": "127.0.0.1", "port": port or self.port, "login": USER, "extra": extra}
        return {**found, "password": password} if password else found


@contextmanager
def sftp_server(root: Path) -> Iterator[Sftp]:
    key, client = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    found = Sftp(
        root, host_key=key.export_public_key().decode().strip(), client_key=client.export_private_key().decode()
    )

    class Login(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            found.logins.append("password")
            return (username, password) == (USER, PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            found.logins.append("key")
            return username == USER and key.export_public_key() == client.export_public_key()

    class Files(asyncssh.SFTPServer):
        def __init__(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
            super().__init__(chan, chroot=os.fsencode(root))
            self._names: dict[int, Path] = {}

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
            file = super().open(path, pflags, attrs)
            self._names[id(file)] = root / os.fsdecode(path).lstrip("/")
            return file

        def read(self, file_obj: Any, offset: int, size: int) -> Any:
            data = super().read(file_obj, offset, size)
            if found.on_read:
                found.on_read(self._names[id(file_obj)], offset, self.channel)
            return data

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> Any:
        return await asyncssh.create_server(
            Login, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=Files, allow_scp=False
        )

    async def stop(server: Any) -> None:
        server.close()
        await server.wait_closed()

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    found.port = server.get_port()
    try:
        yield found
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


@contextmanager
def cut_after(port: int, most: int) -> Iterator[int]:
    """A way to a server that breaks each connection after so many bytes of its answers; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_sockets: list[socket.socket] = [listener]

    def forward(source: socket.socket, target: socket.socket, limit: float) -> None:
        passed = 0
        try:
            while (data := source.recv(16384)) and passed < limit:
                target.sendall(data)
                passed += len(data)
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", port))
            open_sockets.extend((near, far))
            threading.Thread(target=forward, args=(near, far, float("inf")), daemon=True).start()
            threading.Thread(target=forward, args=(far, near, most), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        for end in open_sockets:
            end.close()


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def age(path: Path, seconds: float) -> None:
    """Make a file look older."""
    then = time.time() - seconds
    os.utime(path, (then, then))
