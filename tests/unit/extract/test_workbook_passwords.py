"""Workbooks that open with a password. The password comes from a connection and stays out of everything."""

from __future__ import annotations

import io
import logging
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from hashlib import md5, sha1
from pathlib import Path

import pytest
import xlwt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.format.ooxml import OOXMLFile

from pipelines.errors import DeclarationError, DeliveryError, KontorError
from pipelines.extract import protection
from pipelines.extract.ole import ole_streams
from pipelines.extract.workbook import peek
from tests.unit.extract.conftest import Got
from tests.unit.extract.test_workbook import book, read_book
from tests.unit.extract.workbooks import compound, zipped

__all__ = ["read_book"]

ReadBook = Callable[..., Got]
WORD = "geheim-äß-7"


def agile(data: bytes, word: str) -> bytes:
    """An .xlsx as Excel encrypts it today."""
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt(word, out)
    return out.getvalue()


def standard(data: bytes, word: str) -> bytes:
    """An .xlsx as Excel 2007 encrypted it ([MS-OFFCRYPTO] 2.3.4.5 to 2.3.4.9): AES-128, 50,000 rounds of SHA-1."""
    salt = b"0123456789abcdef"
    key = sha1(salt + word.encode("utf-16-le")).digest()
    for i in range(50_000):
        key = sha1(struct.pack("<I", i) + key).digest()
    key = sha1(key + b"\0\0\0\0").digest()
    key = sha1(bytes(k ^ 0x36 for k in key.ljust(64, b"\0"))).digest()[:16]

    def locked(text: bytes) -> bytes:
        cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        return cipher.update(text.ljust(-(-len(text) // 16) * 16, b"\0")) + cipher.finalize()

    name = "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode("utf-16-le")
    header = struct.pack("<IIIIIIII", 0x24, 0, 0x660E, 0x8004, 128, 0x18, 0, 0) + name
    verifier = b"verify-me-please"
    check = struct.pack("<I", 16) + salt + locked(verifier) + struct.pack("<I", 20) + locked(sha1(verifier).digest())
    information = struct.pack("<HHII", 3, 2, 0x24, len(header)) + header + check
    return compound({"EncryptionInfo": information, "EncryptedPackage": struct.pack("<Q", len(data)) + locked(data)})


def rc4(key: bytes, count: int) -> bytes:
    """So many bytes of the stream of a key."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for _ in range(count):
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(state[(state[i] + state[j]) % 256])
    return bytes(out)


def old(word: str) -> bytes:
    """An .xls with the RC4 encryption of Excel 97 ([MS-XLS] 2.2.10, [MS-OFFCRYPTO] 2.3.6)."""
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("S")
    for row, name in enumerate(["Name", "Müller", "x"]):
        sheet.write(row, 0, name)
    more = workbook.add_sheet("T")
    for row in range(300):  # a stream of 4096 bytes and more, as our compound files need it
        more.write(row, 0, row / 8)
    file = io.BytesIO()
    workbook.save(file)
    stream = ole_streams(file.getvalue())["Workbook"].rstrip(b"\0") + b"\0\0\0"  # ends with an EOF record, then padding
    salt = b"fedcba9876543210"
    base = md5((md5(word.encode("utf-16-le")).digest()[:5] + salt) * 16).digest()[:5]

    def keys(count: int) -> bytes:
        return b"".join(rc4(md5(base + struct.pack("<I", i)).digest(), 1024) for i in range(count // 1024 + 1))

    first = keys(0)
    verifier = b"0123456789ABCDEF"
    plain = verifier + md5(verifier).digest()
    check = bytes(a ^ b for a, b in zip(plain, first[:32], strict=True))
    password = struct.pack("<HHHHH", 0x002F, 54, 1, 1, 1) + salt + check
    start = 4 + struct.unpack_from("<H", stream, 2)[0]
    stream = stream[:start] + password + stream[start:]
    mask = keys(len(stream))
    out, at = bytearray(stream), 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        open_bytes = size if kind in (0x0809, 0x002F, 0x00E1) else 4 if kind == 0x0085 else 0
        if kind == 0x0085:
            place = struct.unpack_from("<I", stream, at + 4)[0] + len(password)
            struct.pack_into("<I", out, at + 4, place)
        for i in range(at + 4 + open_bytes, at + 4 + size):
            out[i] ^= mask[i]
        at += 4 + size
    return compound({"Workbook": bytes(out)})


PLAIN = book(["Name"], ["Müller"], ["x"])
LOCKED: dict[str, Callable[[str], bytes]] = {
    "agile": lambda word: agile(PLAIN, word),
    "standard": lambda word: standard(PLAIN, word),
    "old": old,
}


@pytest.fixture(params=LOCKED)
def locked(request: pytest.FixtureRequest) -> bytes:
    return LOCKED[request.param](WORD)


def test_the_password_of_a_connection_opens_it(
    read_book: ReadBook, locked: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ACME", f'{{"conn_type": "generic", "password": "{WORD}"}}')
    before = {p for p in Path(os.environ.get("TMPDIR", "/tmp")).iterdir() if p.name.startswith("tmp")}
    got = read_book(locked, password="acme")
    assert (got.columns, got.cells) == (["Name"], [["Müller"], ["x"]])
    assert peek(tmp_path / "f00d", password="acme")[0].rows == [["Name"], ["Müller"], ["x"]]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f00d"], "nothing decrypted is written"
    after = {p for p in Path(os.environ.get("TMPDIR", "/tmp")).iterdir() if p.name.startswith("tmp")}
    assert not [p for p in after - before if p.is_file()]


def told(read_book: ReadBook, data: bytes, kind: type[KontorError], **words: str) -> str:
    """What the error says, with all its parts; the password never."""
    with pytest.raises(kind) as caught:
        read_book(data, **words)
    error = caught.value
    everything = [str(error), repr(error), *map(str, vars(error).values()), repr(error.__cause__)]
    assert WORD not in "".join(everything)
    return str(error)


def test_without_a_wrong_or_an_unknown_password(
    read_book: ReadBook, locked: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert "got a workbook that opens with a password only" in told(read_book, locked, DeliveryError)
    unknown = told(read_book, locked, DeclarationError, password="nobody")
    assert "no password under the name 'nobody'" in unknown
    assert "add the connection in Airflow" in unknown
    monkeypatch.setenv("KONTOR_PASSWORD_ACME", "mistaken")
    assert "that the password of connection 'acme' does not open" in told(
        read_book, locked, DeliveryError, password="acme"
    )
    assert WORD not in caplog.text
    assert "mistaken" not in caplog.text


def test_a_workbook_without_a_password_needs_none(read_book: ReadBook) -> None:
    assert read_book(PLAIN, password="nobody").cells == [["Müller"], ["x"]]


@pytest.mark.parametrize("kind", LOCKED)
def test_excels_own_password_is_known(read_book: ReadBook, kind: str) -> None:
    assert read_book(LOCKED[kind](protection.EXCELS_OWN)).cells == [["Müller"], ["x"]]


def test_an_open_document_with_a_password(read_book: ReadBook) -> None:
    manifest = '<m:manifest xmlns:m="x"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    data = zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"\0\1",
                   "META-INF/manifest.xml": manifest})  # fmt: skip
    with pytest.raises(DeliveryError, match="an OpenDocument file with a password"):
        read_book(data)


def test_an_encryption_that_costs_hours_or_holds_a_trap(read_book: ReadBook) -> None:
    good = agile(PLAIN, WORD)
    for old_text, new_text in ((b'spinCount="100000"', b'spinCount="9999999"'), (b"<?xml", b"<!xml")):
        assert old_text in good
        bad = good.replace(old_text, new_text.ljust(len(old_text)))
        with pytest.raises(DeliveryError, match="its encryption"):
            read_book(bad)


def test_damaged_encryption_is_refused(tmp_path: Path) -> None:
    """In a process of its own: every tenth byte of the descriptions changed, one at a time."""
    path = tmp_path / "f"
    code = (
        "import sys; from pathlib import Path; from pipelines.errors import KontorError\n"
        "from pipelines.extract.container import open_workbook\n"
        "data = Path(sys.argv[1]).read_bytes(); bad = Path(sys.argv[1] + 'x'); seen = set()\n"
        "for at in range(0, len(data), int(sys.argv[2])):\n"
        "    bad.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:])\n"
        "    try:\n        open_workbook(bad, 'f', 'acme'); seen.add('read')\n"
        "    except KontorError as error:\n        seen.add(type(error).__name__)\n"
        "print(*sorted(seen))"
    )
    for kind, step in (("standard", 331), ("old", 211), ("agile", 467)):
        path.write_bytes(LOCKED[kind](WORD))
        environ = {**os.environ, "KONTOR_PASSWORD_ACME": WORD}
        command = [sys.executable, "-c", code, str(path), str(step)]
        done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-1500:]
        assert "DeliveryError" in done.stdout.split()
