"""The few calls of Airflow's REST API that the supervisor makes. Standard library only: it starts in no time."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

TRIES, PAUSE = 4, 1.0
"""A question is asked again after so many seconds: under full load the server may be late."""


class ApiError(Exception):
    """The API server refused (`status`) or did not answer (`status` None)."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class AirflowApi:
    """A session with the API server of this installation."""

    base_url: str
    user: str
    password: str
    _token: str | None = field(default=None, init=False)

    def healthy(self) -> bool:
        """Whether the part that tasks call home to answers."""
        try:
            with urllib.request.urlopen(f"{self.base_url}/execution/health", timeout=20) as answer:  # noqa: S310 our own URL
                return int(answer.status) == 200
        except OSError:
            return False

    def dag_ids(self) -> set[str]:
        """The DAGs the processor has read."""
        return {dag["dag_id"] for dag in self._call("GET", "/api/v2/dags?limit=100")["dags"]}

    def import_errors(self) -> list[str]:
        """DAG files that cannot be read, and why."""
        found = self._call("GET", "/api/v2/importErrors?limit=100")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in found]

    def trigger(self, dag_id: str, run_id: str) -> None:
        """Start a run without parameters."""
        self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"dag_run_id": run_id, "logical_date": None})

    def end_run(self, dag_id: str, run_id: str) -> None:
        """Mark a run, and what is under way in it, as failed."""
        self._call("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}", {"state": "failed"})

    def runs(self, dag_id: str, filters: str) -> dict[str, str]:
        """The newest runs that pass some filters → state: queued, running, success, failed."""
        runs = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns?{filters}&limit=100&order_by=-run_after")["dag_runs"]
        return {run["dag_run_id"]: run["state"] for run in runs}

    def runs_since(self, dag_id: str, moment: str) -> dict[str, str]:
        """Runs that wait, are under way, or began at or after a moment (ISO, UTC) → state."""
        active = self.runs(dag_id, "state=queued&state=running")
        return active | self.runs(dag_id, f"start_date_gte={quote(moment, safe='')}")

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """State of every task instance, as `task_id[map_index]`."""
        url = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        found: dict[str, str] = {}
        while True:
            page = self._call("GET", f"{url}?limit=100&offset={len(found)}")
            for ti in page["task_instances"]:
                found[f"{ti['task_id']}[{ti['map_index']}]"] = ti["state"] or "none"
            if not page["task_instances"] or len(found) >= page["total_entries"]:
                return found

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
        """A value a task left; None when it left none."""
        url = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}/xcomEntries/{key}"
        try:
            return self._call("GET", f"{url}?deserialize=true")["value"]
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def open_questions(self, dag_id: str) -> int:
        """Questions of a DAG that wait for a person."""
        url = f"/api/v2/dags/{dag_id}/dagRuns/~/hitlDetails?response_received=false&state=awaiting_input&limit=1"
        return int(self._call("GET", url)["total_entries"])

    def queued_events(self, dag_id: str) -> int:
        """Asset events that wait to start a run of the DAG (the API answers 404 for none)."""
        try:
            return int(self._call("GET", f"/api/v2/dags/{dag_id}/assets/queuedEvents")["total_entries"])
        except ApiError as error:
            if error.status == 404:
                return 0
            raise

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if self._token is None:
            login = {"username": self.user, "password": self.password}
            self._token = str(self._send("POST", "/auth/token", login, None)["access_token"])
        for _ in range(TRIES - 1 if method == "GET" else 0):
            try:
                return self._send(method, path, body, self._token)
            except ApiError as error:
                if error.status is not None and error.status < 500:
                    raise
            time.sleep(PAUSE)
        return self._send(method, path, body, self._token)

    def _send(self, method: str, path: str, body: dict[str, Any] | None, token: str | None) -> Any:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base_url + path, data, headers, method=method)  # noqa: S310 our own URL
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 our own URL
                return json.load(answer)
        except urllib.error.HTTPError as error:
            detail = error.read().decode(errors="replace")[:500]
            raise ApiError(f"{method} {path}: {error.code} {detail}", error.code) from None
        except OSError as error:
            raise ApiError(f"{method} {path}: {error}") from None
