"""Secrets of one installation: made on the first start, kept below its home with mode 0600, never printed."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

USER = "admin"
STEWARD = "steward"
"""Who decides beside the first user; both are named in `airflow.cfg`."""


@dataclass(frozen=True)
class Secrets:
    """What Airflow's components share with each other, and the first password of the first user."""

    jwt_secret: str
    secret_key: str
    fernet_key: str
    admin_password: str

    def environment(self) -> dict[str, str]:
        """The settings Airflow reads them from."""
        return {
            "AIRFLOW__API_AUTH__JWT_SECRET": self.jwt_secret,
            "AIRFLOW__API__SECRET_KEY": self.secret_key,
            "AIRFLOW__CORE__FERNET_KEY": self.fernet_key,
        }


def ensure_secrets(folder: Path) -> Secrets:
    """Read the secrets of an installation, or make them when it has none yet.

    Without one shared JWT secret every task is refused by the API server; shorter than 64 bytes it is too
    weak for SHA-512. The password file is in the form Airflow's simple auth manager reads: a user that
    stands in it keeps its password.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "secrets.json"
    if path.exists():
        found = Secrets(**json.loads(path.read_text(encoding="utf-8")))
    else:
        found = Secrets(
            jwt_secret=secrets.token_urlsafe(72),
            secret_key=secrets.token_urlsafe(48),
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            admin_password=secrets.token_urlsafe(12),
        )
        write_private(path, json.dumps(asdict(found), indent=1) + "\n")
    _ensure_passwords(password_file(folder), found.admin_password)
    return found


def _ensure_passwords(path: Path, admin: str) -> None:
    """Give each of our users a password who has none: Airflow would make one itself and print it into its log."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    wanted = {USER: admin, STEWARD: secrets.token_urlsafe(12), **known}
    if wanted != known:
        write_private(path, json.dumps(wanted) + "\n")


def password_file(folder: Path) -> Path:
    """Where the passwords of the Airflow users stand."""
    return folder / "passwords.json"


def password_of(folder: Path, user: str) -> str:
    """The password of a user as it is now (its owner may have changed the file)."""
    return str(json.loads(password_file(folder).read_text(encoding="utf-8"))[user])


def admin_password(folder: Path) -> str:
    """That of the first user."""
    return password_of(folder, USER)


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, complete or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
