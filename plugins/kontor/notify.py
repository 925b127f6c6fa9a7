"""Messages out of Airflow: by the notifier that belongs to the type of a connection.

Notifiers are called without rendering: Airflow would read `{{ … }}` in a file's name as a template, which can read
connections. Nothing heavy at the top: DAG files import this module for the deadline alert.
"""

from __future__ import annotations

import importlib
import logging
import os
import smtplib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from pipelines.errors import DeclarationError, TransientError

log = logging.getLogger("kontor.notify")
HOURS, MAIL, BY = "KONTOR_NIGHT_HOURS", "KONTOR_OFFICE_MAIL", "KONTOR_OFFICE_CONNECTION"
"""Settings of the office: hours a run may take (3), who is told when it takes longer (nobody: the log only), and by
which connection (smtp_default)."""

URL = "KONTOR_URL"
"""Where others reach Airflow; by default `[api] base_url`, unless that means this machine only."""


@dataclass(frozen=True)
class Message:
    """What is sent. Addresses and attachments are for connections that know them."""

    subject: str
    text: str
    html: str
    to: Sequence[str] = ()
    cc: Sequence[str] = ()
    attachments: Sequence[Path] = ()

    @property
    def said(self) -> str:
        """Subject and text in one, for channels that have no subject."""
        return f"{self.subject}\n\n{self.text}"


Extra = Mapping[str, Any]


@dataclass(frozen=True)
class _Channel:
    """The notifier of one type of connection. `words` makes its arguments of connection id, extra and message."""

    path: str
    package: str
    words: Callable[[str, Extra, Message], dict[str, Any]]


def _smtp(conn_id: str, extra: Extra, message: Message) -> dict[str, Any]:
    if not message.to:
        raise DeclarationError(
            "no address to send to", where=conn_id, next_step="name one under notify.to of the profile"
        )
    if not extra.get("from_email"):
        raise DeclarationError(
            f"connection {conn_id} has no sender",
            expected='"from_email" in its extra',
            next_step="correct the connection",
        )
    return {
        "smtp_conn_id": conn_id,
        "from_email": extra["from_email"],
        "to": list(message.to),
        "cc": list(message.cc) or None,
        "subject": message.subject,
        "html_content": message.html,
        "files": [str(path) for path in message.attachments],
        # no out-of-office answers to a machine
        "custom_headers": {"Auto-Submitted": "auto-generated"},
    }


def _slack(conn_id: str, extra: Extra, message: Message) -> dict[str, Any]:
    channel = {"channel": extra["channel"]} if "channel" in extra else {}
    return {"slack_conn_id": conn_id, "text": message.said, **channel}


def _sns(conn_id: str, extra: Extra, message: Message) -> dict[str, Any]:
    if not extra.get("target_arn"):
        raise DeclarationError(
            f"connection {conn_id} has no topic",
            expected='"target_arn" in its extra',
            next_step="correct the connection",
        )
    # the subject of a topic is ASCII and at most 100 characters, so it stands in the message
    return {
        "aws_conn_id": conn_id,
        "target_arn": extra["target_arn"],
        "region_name": extra.get("region_name"),
        "message": message.said,
    }


_AT = "airflow.providers."
CHANNELS: dict[str, _Channel] = {
    "smtp": _Channel(_AT + "smtp.notifications.smtp.SmtpNotifier", "apache-airflow-providers-smtp", _smtp),
    "slack": _Channel(_AT + "slack.notifications.slack.SlackNotifier", "apache-airflow-providers-slack", _slack),
    "slackwebhook": _Channel(
        _AT + "slack.notifications.slack_webhook.SlackWebhookNotifier",
        "apache-airflow-providers-slack",
        lambda conn_id, _, m: {"slack_webhook_conn_id": conn_id, "text": m.said},
    ),
    "discord": _Channel(
        _AT + "discord.notifications.discord.DiscordNotifier",
        "apache-airflow-providers-discord",
        lambda conn_id, _, m: {"discord_conn_id": conn_id, "text": m.said},
    ),
    # Microsoft Teams, Telegram, Matrix and a hundred others: Apprise speaks to them
    "apprise": _Channel(
        _AT + "apprise.notifications.apprise.AppriseNotifier",
        "apache-airflow-providers-apprise",
        lambda conn_id, _, m: {"apprise_conn_id": conn_id, "title": m.subject, "body": m.text},
    ),
    "aws": _Channel(_AT + "amazon.aws.notifications.sns.SnsNotifier", "apache-airflow-providers-amazon", _sns),
}


def send(connection: str, message: Message) -> None:
    """Send a message over one of Airflow's connections; a fault is a KontorError that names no secret."""
    notifier = _notifier(connection, message)
    try:
        notifier.notify({})
    except Exception as error:  # noqa: BLE001 whatever a provider raises, the next connection is not to be missed
        raise _fault(connection, error) from None


def public_url() -> str | None:
    """What links in messages begin with; None when nobody else could follow them."""
    from airflow.sdk.configuration import conf

    base = os.environ.get(URL) or conf.get("api", "base_url", fallback="")
    host = urlsplit(base).hostname or ""
    return None if host in ("", "localhost", "::1") or host.startswith("127.") else base.rstrip("/")


def _notifier(connection: str, message: Message) -> Any:
    from plugins.kontor.connections import FromAirflow

    known = FromAirflow().connection(connection)
    channel = CHANNELS.get(known.type)
    if channel is None:
        raise DeclarationError(
            f"connection {connection} is of a type that nothing can be sent by", got=known.type or "no type",
            expected=f"one of {', '.join(CHANNELS)}", next_step="correct the connection, or the profile",
        )  # fmt: skip
    module, _, name = channel.path.rpartition(".")
    try:
        made = getattr(importlib.import_module(module), name)
    except ImportError:
        raise DeclarationError(
            f"connection {connection} needs a package that is not installed", got=f"type {known.type}",
            expected=channel.package, next_step=f"install it: pip install {channel.package}",
        ) from None  # fmt: skip
    return made(**channel.words(connection, known.extra, message))


def _fault(connection: str, error: Exception) -> TransientError:
    """Only the kind of the fault and the mail server's code: messages of providers may quote addresses or tokens."""
    codes: list[int] = []
    if isinstance(error, smtplib.SMTPResponseException):
        codes = [error.smtp_code]
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
    return TransientError(
        f"not sent by connection {connection}", got=" ".join([type(error).__name__, *map(str, codes)]),
        next_step="it is tried again with the next run; test the connection if it stays so",
    )  # fmt: skip


# the watch over the runs ---------------------------------------------------------------------------------------------


def night_hours() -> float:
    """Hours a run may take before we are told."""
    text = os.environ.get(HOURS) or "3"
    try:
        hours = float(text)
    except ValueError:
        hours = 0
    if not 0 < hours <= 240:
        raise DeclarationError(
            f"{HOURS} not understood", got=repr(text), expected="hours, such as 3", next_step="correct the variable"
        )
    return hours


def watch() -> DeadlineAlert:
    """The alert of a DAG whose run takes too long. The triggerer runs it: the run may have taken every other slot."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=night_hours()),
        callback=AsyncCallback(run_takes_long, kwargs={"hours": night_hours()}),
        name="run takes long",
    )


async def run_takes_long(hours: float, context: Mapping[str, Any]) -> str:
    """Say so in the log of the triggerer and, if the office has named an address, by mail; returns what was said."""
    run = context["dag_run"]
    dag_id, run_id = run["dag_id"], run["dag_run_id"]
    said = f"{dag_id}: run {run_id} is not through after {hours:g} hours"
    log.error("%s. us to act: see which task hangs, and clear or fail it; all others go on", said)
    to = [address for part in os.environ.get(MAIL, "").split(",") if (address := part.strip())]
    if to:
        await _tell_office(said, dag_id, run_id, to)
    return said


async def _tell_office(said: str, dag_id: str, run_id: str, to: list[str]) -> None:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    base = public_url()
    link = f"{base}/dags/{quote(dag_id)}/runs/{quote(run_id)}" if base else ""
    text = f"<p>{escape(said)}.</p>" + (f'<p><a href="{escape(link)}">{escape(link)}</a></p>' if link else "")
    notifier = SmtpNotifier(
        to=to, subject=said, html_content=text, smtp_conn_id=os.environ.get(BY) or "smtp_default",
        custom_headers={"Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    try:
        await notifier.async_notify({})
    except Exception as error:  # noqa: BLE001 the log has it already; a mail server that is down changes nothing
        log.error("the office could not be told by mail: %s", type(error).__name__)
