"""What the tasks of the DAGs do: call the flow, log in plain words, hand on ids and counts.

Nothing heavy at the top: this module is imported whenever a DAG file is parsed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypedDict

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from pipelines.delivery import SETTLED, State, Step
from pipelines.errors import TransientError
from pipelines.secrets import ask_also
from plugins.kontor.housekeeping import tell_due
from plugins.kontor.names import AT, BROKEN, COUNTS, IDS, LOOKED, PROBLEMS
from plugins.kontor.passwords import password_of

if TYPE_CHECKING:
    from pipelines.flow.night import DeliveryLine, ScopeWork

log = logging.getLogger("kontor.tasks")
ask_also(password_of)  # tasks find passwords in Airflow's connections

LEVELS = {State.FAILED: logging.ERROR, State.HELD: logging.WARNING, State.WAITING: logging.WARNING}
"""What the log says louder."""

RESTING = SETTLED | {State.WAITING}
"""States in which a run may leave a delivery."""


class Work(TypedDict):
    """What one mapped instance carries from step to step: whose deliveries, and how far they came."""

    label: str
    delivery_ids: list[int]
    held: list[int]
    failed: list[int]


def rank_key(rank: int) -> str:
    """Name of the XCom with the work of one rank."""
    return f"rank_{rank}"


def fetch(domains: Sequence[str]) -> dict[str, int]:
    """Bring what is new at the origins of the clients into landing; red when one could not be fetched.

    The others are through by then, and the next tasks run whatever came of this one. What may pass is tried again.
    """
    from pipelines.flow.fetch import fetch as bring
    from plugins.kontor.connections import FromAirflow

    context = get_current_context()
    ti = context["ti"]
    if context["params"].get("rehearse"):
        ti.xcom_push(PROBLEMS, [])
        log.info("a rehearsal brings nothing in")
        return {"fetched": 0, "known": 0, "waiting": 0}
    ti.xcom_push(PROBLEMS, ["fetch did not come to its end. us to act: its log says why; clear it, or wait a night"])
    report = bring(client=context["params"]["client"], domains=domains, access=FromAirflow())
    for path, why in report.waiting.items():
        log.warning("%s: %s; left for the next night", path, why)
    log.info("%s", report.summary())
    ti.xcom_push(PROBLEMS, [str(problem) for problem in report.problems])
    if report.problems:
        message = "not fetched:\n" + "\n".join(f"  {problem}" for problem in report.problems)
        if report.may_pass:
            raise TransientError(message, next_step="each line says who acts; the files of all others were fetched")
        raise AirflowFailException(message)
    return {"fetched": len(report.fetched), "known": report.known, "waiting": len(report.waiting)}


def discover(domains: Sequence[str], ranks: Sequence[int], most: int) -> list[Work]:
    """Register what arrived; return the work of the first rank, leave that of the others beside it.

    (Airflow maps over return values only, so a later rank gets its list through `work_of_rank`.)
    """
    from pipelines.flow.night import discover as look

    context = get_current_context()
    ti, params = context["ti"], context["params"]
    if params.get("rehearse"):
        return _rehearse(ti, params, domains)
    found = look(domains, client=params["client"], feed=params["feed"], replay=params["replay"])
    for path in found.unmatched:
        log.warning("no source of the client's profile matches %s: map it, or list it under ignore_files", path)
    for path, why in found.unfinished.items():
        log.warning("%s: %s; left for the next night", path, why)
    for fault in found.broken:
        log.error("%s", fault)
    log.info("%s", found.summary())
    stray = sorted({scope.rank for scope in found.scopes} - set(ranks))
    if stray:
        raise AirflowFailException(
            f"contracts changed while this run was planned: rank {stray} is not among {list(ranks)}. "
            "us to act: wait until the DAG page shows a new version, then trigger the DAG again"
        )
    ti.xcom_push(IDS, found.delivery_ids)
    ti.xcom_push(BROKEN, found.broken)
    ti.xcom_push(LOOKED, {"at": found.looked_at.isoformat(), "domains": list(domains)})
    counts = {"deliveries": len(_ids(found.scopes)), "seen": found.seen, "unmatched": len(found.unmatched)}
    ti.xcom_push(COUNTS, {**counts, "reviews": len(found.reviews)})
    work = {rank: split([s for s in found.scopes if s.rank == rank], most) for rank in ranks}
    for rank in ranks[1:]:
        ti.xcom_push(rank_key(rank), work[rank])
    return work[ranks[0]]


def _rehearse(ti: Any, params: Any, domains: Sequence[str]) -> list[Work]:
    """Log what the replay would change; the run has no work."""
    if not params["replay"]:
        raise AirflowFailException("rehearse needs a replay to rehearse. us to act: trigger again and fill in both")
    from pipelines.flow.rehearsal import rehearse
    from pipelines.flow.replay_shown import as_text

    found = rehearse(params["replay"], domains=domains, client=params["client"], feed=params["feed"])
    for line in as_text(found).splitlines():
        log.info("%s", line)
    ti.xcom_push(IDS, [])
    ti.xcom_push(BROKEN, found.broken)
    ti.xcom_push(COUNTS, {"deliveries": 0, "seen": 0, "unmatched": 0})
    return []


def _ids(scopes: Iterable[ScopeWork]) -> list[int]:
    return [delivery_id for scope in scopes for delivery_id in scope.delivery_ids]


def split(scopes: Sequence[ScopeWork], most: int) -> list[Work]:
    """One piece of work per client and feed, whose sources are judged beside each other's rows.

    Above `most` pieces, neighbours share one, so that no night is too big to map.
    """
    feeds = [list(group) for _, group in groupby(scopes, lambda scope: (scope.client_id, scope.feed))]
    size = -(-len(feeds) // most) or 1
    chunks = [feeds[start : start + size] for start in range(0, len(feeds), size)]
    return [
        Work(
            label=", ".join([chunk[0][0].label, *(scope.source for scope in chunk[0][1:])])
            + (f" and {len(chunk) - 1} more" if len(chunk) > 1 else ""),
            delivery_ids=_ids(scope for feed in chunk for scope in feed),
            held=[],
            failed=[],
        )
        for chunk in chunks
    ]


def work_of_rank(rank: int) -> list[Work]:
    """The work that `discover` left for a later rank."""
    work: list[Work] = get_current_context()["ti"].xcom_pull(task_ids="discover", key=rank_key(rank)) or []
    log.info("%s", ", ".join(w["label"] for w in work) or "nothing to do in this rank")
    return work


def step(name: str, work: Work) -> Work:
    """Run one step for the deliveries of a scope, in order; what failed or is held does not go on.

    Fails when nothing is left to go on with; the last step also when a delivery failed on the way.
    """
    from pipelines.flow.step import run_step

    get_current_context()["label"] = work["label"]
    if not work["delivery_ids"]:
        return _conclude(name, work, {})
    outcome = run_step(Step(name), work["delivery_ids"], around=log_group)
    for message in outcome.failed.values():
        log.error("%s", message)
    stopped = {*outcome.failed, *outcome.held, *outcome.left}
    after = Work(
        label=work["label"],
        delivery_ids=[i for i in work["delivery_ids"] if i not in stopped],
        held=[*work["held"], *outcome.held],
        failed=[*work["failed"], *outcome.failed],
    )
    log.info("%s: %s", name, _counted(after, waiting=len(outcome.left)))
    return _conclude(name, after, outcome.failed)


@contextmanager
def log_group(title: str) -> Iterator[None]:
    """A section of the task's log that Airflow's page folds under its title."""
    log.info("::group::%s", title)
    try:
        yield
    finally:
        log.info("::endgroup::")


def _conclude(name: str, after: Work, failed_now: dict[int, str]) -> Work:
    """Decide the colour of the task."""
    last = name == Step.LOAD
    if after["failed"] and last:
        raise AirflowFailException(_failure(after["label"], _messages(after["failed"])))
    if failed_now and not after["delivery_ids"]:
        raise AirflowFailException(_failure(after["label"], failed_now))
    if last and not after["delivery_ids"]:
        raise AirflowSkipException(f"{after['label']}: nothing to load; {_counted(after)}")
    return after


def _counted(work: Work, waiting: int = 0) -> str:
    counts = (
        (len(work["delivery_ids"]), "go on"),
        (waiting, "wait"),
        (len(work["held"]), "held for a steward"),
        (len(work["failed"]), "failed"),
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "no delivery"


def _messages(delivery_ids: Sequence[int]) -> dict[int, str]:
    from pipelines.flow.night import settle

    return {line.delivery_id: line.message or "failed" for line in settle(delivery_ids).lines}


def _failure(label: str, messages: dict[int, str]) -> str:
    listed = "\n".join(f"  delivery {delivery_id}: {message}" for delivery_id, message in messages.items())
    return f"{label}: {len(messages)} {'delivery' if len(messages) == 1 else 'deliveries'} failed\n{listed}"


def workbooks() -> None:
    """Write a correction workbook for every delivery with rejects that the client can correct."""
    from pipelines.flow.correction import make_workbooks

    made = make_workbooks(client=get_current_context()["params"]["client"])
    log.info("%d correction workbooks written", len(made))


def publish(asset: Asset) -> None:
    """Tell `reporting` once, for all deliveries of the run.

    Skipped when the run worked on no delivery and no stewards' decisions on customers came, so that no report is built
    for nothing.
    """
    from pipelines.flow.report import moment

    lines = _settled()
    counts = get_current_context()["ti"].xcom_pull(task_ids="discover", key=COUNTS) or {}
    if not lines and not counts.get("reviews"):
        raise AirflowSkipException("no delivery in this run: nothing to publish")
    get_current_context()["outlet_events"][asset].extra = {
        AT: moment().isoformat(),
        "deliveries": [
            {
                "delivery_id": line.delivery_id,
                "client_id": line.client_id,
                "feed": line.feed,
                "state": line.state,
                "rows_loaded": line.rows_loaded,
            }
            for line in lines
        ],
    }
    log.info("published %d deliveries", len(lines))


def outcome() -> None:
    """Say what came of every delivery; green with holds.

    Red when one failed or was left between two steps, when the files of a client could not be fetched, and when a
    profile is broken, or was when the run began: nothing of its client was touched since.
    """
    if get_current_context()["ti"].xcom_pull(task_ids="discover", key=IDS) is None:
        raise AirflowFailException("discover failed, so nothing was worked on: its log says why and who acts")
    lines = _settled()
    for line in lines:
        log.log(LEVELS.get(State(line.state), logging.INFO), "%s", _told(line))
    if not lines:
        log.info("nothing to do: no file arrived that is not accounted for")
    tell_due()
    failed = {line.delivery_id: line.message or "failed" for line in lines if line.state == State.FAILED}
    broken, clients = _broken()
    for line in lines:
        if State(line.state) not in RESTING and line.client_id not in clients:
            failed[line.delivery_id] = (
                f"{line.file_name}: stopped after {line.state}. us to act: see the red task of "
                f"{line.client_id} · {line.feed} · {line.source}; the next run goes on from there"
            )
    problems = get_current_context()["ti"].xcom_pull(task_ids="fetch", key=PROBLEMS) or []
    said = [_failure("the night", failed)] if failed else []
    said += ["not fetched:\n" + "\n".join(f"  {problem}" for problem in problems)] if problems else []
    said += ["left alone:\n" + "\n".join(f"  {fault}" for fault in broken)] if broken else []
    said += _failed_tasks(("workbooks", "publish", "held"))
    if said:
        raise AirflowFailException("\n".join(said))


def _broken() -> tuple[list[str], set[str]]:
    """One sentence for each profile that was broken when the run began or is now; and whose are now."""
    from pipelines.flow.office import open_office

    context = get_current_context()
    ti, catalog = context["ti"], open_office().catalog
    before = ti.xcom_pull(task_ids="discover", key=BROKEN) or []
    now = [] if context["params"].get("rehearse") else catalog.faults(context["params"]["client"])
    return list(dict.fromkeys([*before, *now])), set(catalog.broken)


def _failed_tasks(names: Sequence[str]) -> list[str]:
    """Tasks after the deliveries that failed: the run goes on after them, and is red."""
    ti = get_current_context()["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, task_ids=list(names), run_ids=[ti.run_id]).get(ti.run_id, {})
    return [f"{name} failed. us to act: see its log, then clear it" for name in names if states.get(name) == "failed"]


def _told(line: DeliveryLine) -> str:
    """One delivery in one line: `3 acme · ledgers.spend · main · a.csv: held (hold); rows: 180 received; …`."""
    counts = {
        "received": line.rows_received,
        "loaded": line.rows_loaded,
        "unchanged": line.rows_unchanged,
        "rejected": line.rows_rejected,
        "skipped": line.rows_skipped,
        "held": line.rows_held,
    }
    where = f"{line.delivery_id} {line.client_id} · {line.feed} · {line.source} · {line.file_name}"
    verdict = f" ({line.verdict})" if line.verdict else ""
    rows = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    said = [f"{where}: {line.state}{verdict}", f"rows: {rows}" if rows else "", line.message or ""]
    return "; ".join(part for part in said if part)


def _settled() -> list[DeliveryLine]:
    from pipelines.flow.night import settle

    delivery_ids = get_current_context()["ti"].xcom_pull(task_ids="discover", key=IDS)
    return settle(delivery_ids).lines if delivery_ids else []


def intake_is_over(intake: Sequence[str]) -> bool:
    """Whether no intake run is under way: a night that several of them share is worth one build, not one for each."""
    ti = get_current_context()["ti"]
    return not any(ti.get_dr_count(dag_id=dag_id, states=["running"]) for dag_id in intake)


def match_customers() -> dict[str, int]:
    """Bring the golden records of every client up to date, and ask stewards about the pairs in doubt.

    Red when those of one could not be matched, after all others.
    """
    from pipelines.flow.match_books import make_reviews
    from pipelines.flow.matching import match_all

    done, failed = match_all()
    for one in done:
        log.info("%s", one.said)
    for book in make_reviews():
        log.info("%s: review workbook %d with %d pairs for its stewards", book.client_id, book.number, book.pairs)
    if failed:
        message = "not matched:\n" + "\n".join(f"  {client}: {error}" for client, error in failed.items())
        if all(isinstance(error, TransientError) for error in failed.values()):
            raise TransientError(message, next_step="it is tried again by itself; all others are up to date")
        raise AirflowFailException(message)
    return {"clients": len(done), "compared": sum(one.compared for one in done)}


def build_reports() -> dict[str, Any]:
    """Build every mart; red when a model or a test failed (the clients at fault, or all, stay on the marts of before).

    Skipped when the marts of another run know everything this one was started for.
    """
    from pipelines.flow.report import build_reports as build
    from pipelines.flow.report import shows

    published = published_at(get_current_context().get("triggering_asset_events") or {})
    if published is not None and shows(published):
        raise AirflowSkipException(f"all that was published until {published:%H:%M:%S} UTC is in the marts already")
    result = build()
    log.info("%s", result.message)
    if not result.ok:
        raise AirflowFailException(f"{result.message}\nfailed: {', '.join(result.failed)}")
    return {"models": len(result.models)}


def published_at(events: Mapping[Any, Sequence[Any]]) -> datetime | None:
    """When the newest of the events that started a run was published; None unless there are some and each tells."""
    told = [(event.extra or {}).get(AT) for found in events.values() for event in found]
    known = [datetime.fromisoformat(at) for at in told if at]
    return max(known) if known and len(known) == len(told) else None
