"""Keys of pseudonyms, one per client. They are made here and read by the function `ops.pseudonym` alone.

The function makes HMAC-SHA256 out of PostgreSQL's plain sha256(), which needs the key in two forms; they are kept
instead of the key, so that nothing has to be computed per value but the two hashes.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa

_BLOCK = 64  # bytes that SHA-256 takes at once


def give_key(conn: sa.Connection, client_id: str) -> None:
    """Make the client's key, if it has none."""
    inner, outer = padded(secrets.token_bytes(32))
    conn.execute(
        sa.text(  # no conflict target: that would take the right to read the table
            "insert into ops.client_key (client_id, inner_key, outer_key) values (:client, :inner, :outer) "
            "on conflict do nothing"
        ),
        {"client": client_id, "inner": inner, "outer": outer},
    )


def give_missing_keys(conn: sa.Connection) -> None:
    """A key for every client that is known, also for those whose profile is gone. Only the owner of the keys can."""
    query = "select client_id from ops.client except select client_id from ops.client_key"
    for client_id in conn.scalars(sa.text(query)).all():
        give_key(conn, client_id)


def padded(key: bytes) -> tuple[bytes, bytes]:
    """The key as the inner and the outer hash of HMAC (RFC 2104) begin with it; it may be as long as a block.

    >>> [part.hex()[:8] for part in padded(bytes([0x36, 0x5C]))]
    ['006a3636', '6a005c5c']
    """
    if len(key) > _BLOCK:
        raise ValueError(f"a key of {len(key)} bytes; HMAC would hash it first")
    filled = key.ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in filled), bytes(b ^ 0x5C for b in filled)
