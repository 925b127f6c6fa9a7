"""Workbooks that open with a password. The opened copy lives in memory only."""

from __future__ import annotations

import io
import logging
import re
import struct
import zipfile
from xml.parsers.expat import ExpatError

import msoffcrypto
from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

_LOG = logging.getLogger("msoffcrypto")
_LOG.setLevel(logging.CRITICAL)  # it writes passwords and keys to its debug log
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False

EXCELS_OWN = "VelvetSweatshop"
"""Excel encrypts a workbook whose structure is protected with this word, and opens it without asking."""

MAX_SPINS = 1_000_000
"""Rounds of hashing a password: Excel writes 100,000; the number stands in the file and costs 1 µs a round."""

_SPINS = re.compile(rb"""spinCount\s*=\s*["'](\d+)""")
_DAMAGE = (
    FileFormatError, ParseError, DecryptionError, ExpatError, struct.error, zipfile.BadZipFile, OSError, EOFError,
    ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, NotImplementedError, OverflowError,
)  # fmt: skip
"""What the library raises on bytes that make no sense, as found by changing bytes at random."""


class WrongPasswordError(Exception):
    """The password does not open the file."""


class DamagedError(Exception):
    """The file cannot be decrypted whatever the password."""


def decrypted(data: bytes, information: bytes, password: str) -> bytes:
    """The workbook inside; `information` is the stream EncryptionInfo of an .xlsx.

    Raises WrongPasswordError or DamagedError; neither holds the password.
    """
    spins = _SPINS.search(information)
    if b"<!" in information or (spins and int(spins[1]) > MAX_SPINS):
        raise DamagedError("its encryption is described in no usual way")
    out = io.BytesIO()
    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
        if file.format == "ooxml" and file.type in ("agile", "standard"):
            file.load_key(password=password, verify_password=True)
        else:
            file.load_key(password=password)
        file.decrypt(out)
    except InvalidKeyError:
        raise WrongPasswordError from None
    except DecryptionError as error:
        if "password" in str(error).lower():
            raise WrongPasswordError from None
        raise DamagedError("its encryption cannot be undone") from None
    except _DAMAGE:
        raise DamagedError("its encryption cannot be undone") from None
    return out.getvalue()
