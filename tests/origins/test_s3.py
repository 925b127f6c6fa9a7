"""Files of an S3 server come into landing once, whole, and nowhere else."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.origins.conftest import Desk
from tests.origins.servers import S3, closed_port, cut_after

ORIGIN = {"outbox": {"url": "s3://exports/daily", "connection": "acme_s3", "into": "daily"}}


@pytest.fixture
def acme(desk: Desk, s3: S3) -> Desk:
    desk.declare("acme", ORIGIN)
    desk.connect("acme_s3", s3.connection())
    return desk


def test_files_come_with_content_and_time_of_the_server(acme: Desk, s3: S3) -> None:
    s3.put("daily/a.csv", "a")
    s3.put("daily/deep/er/mit leer & ü.csv", "b")
    s3.put("daily/empty.csv", "")
    s3.put("other/c.csv", "c")
    s3.put("daily2/d.csv", "d")
    report = acme.fetch()
    assert report.problems == []
    assert acme.files("acme") == {"daily/a.csv": b"a", "daily/deep/er/mit leer & ü.csv": b"b", "daily/empty.csv": b""}
    modified = s3.client.head_object(Bucket="exports", Key="daily/a.csv")["LastModified"]
    path = acme.settings.landing / "acme/daily/a.csv"
    assert datetime.fromtimestamp(path.stat().st_mtime, UTC) == modified
    assert sorted(report.fetched) == [
        "acme/daily/a.csv", "acme/daily/deep/er/mit leer & ü.csv", "acme/daily/empty.csv"
    ]  # fmt: skip
    assert not (acme.settings.landing / "acme/.fetch").exists()


def test_again_fetches_nothing_even_when_landing_was_cleaned(acme: Desk, s3: S3) -> None:
    s3.put("daily/a.csv", "a")
    assert acme.fetch().fetched == ["acme/daily/a.csv"]
    again = acme.fetch()
    assert (again.fetched, again.known) == ([], 1)
    (acme.settings.landing / "acme/daily/a.csv").unlink()
    again = acme.fetch()
    assert (again.fetched, again.known) == ([], 1)
    assert acme.files("acme") == {}


def test_a_changed_file_is_fetched_again(acme: Desk, s3: S3) -> None:
    s3.put("daily/a.csv", "one")
    acme.fetch()
    s3.put("daily/a.csv", "two")  # same size and, most likely, the same second: only the tag differs
    assert acme.fetch().fetched == ["acme/daily/a.csv"]
    assert acme.files("acme") == {"daily/a.csv": b"two"}
    s3.put("daily/a.csv", "one")
    assert acme.fetch().fetched == ["acme/daily/a.csv"], "back to an earlier content is a change, too"
    assert [done for (done,) in acme.query("select fetched_at is not null from ops.fetched")] == [True] * 3


def test_what_lies_in_landing_already_is_not_fetched(acme: Desk, s3: S3) -> None:
    s3.put("daily/a.csv", "abc")
    modified = s3.client.head_object(Bucket="exports", Key="daily/a.csv")["LastModified"].timestamp()
    path = acme.settings.landing / "acme/daily/a.csv"
    path.parent.mkdir(parents=True)
    path.write_text("ABC")
    os.utime(path, (modified, modified))
    report = acme.fetch()
    assert (report.fetched, report.known, path.read_text()) == ([], 1, "ABC")


def test_a_file_that_somebody_dropped_there_is_never_replaced(acme: Desk, s3: S3) -> None:
    s3.put("daily/a.csv", "remote")
    s3.put("daily/b.csv", "b")
    path = acme.settings.landing / "acme/daily/a.csv"
    path.parent.mkdir(parents=True)
    path.write_text("by hand")
    report = acme.fetch()
    assert [p.may_pass for p in report.problems] == [False]
    assert "is in the way" in report.problems[0].message
    assert acme.files("acme") == {"daily/a.csv": b"by hand", "daily/b.csv": b"b"}


@pytest.mark.parametrize(
    "key", ["daily/../../evil.csv", "daily//tmp/evil.csv", "daily/./evil.csv", "daily/x/../evil.csv"]
)
def test_names_that_lead_elsewhere_are_refused_and_stop_nothing(acme: Desk, s3: S3, key: str) -> None:
    s3.put(key, "evil")
    s3.put("daily/good.csv", "good")
    report = acme.fetch()
    assert acme.files("acme") == {"daily/good.csv": b"good"}
    assert [p.name for p in acme.settings.landing.iterdir()] == ["acme"]
    assert "name of a remote file cannot be used" in report.problems[0].message
    assert len(report.problems) == 1


def test_a_link_in_landing_leads_nowhere(acme: Desk, s3: S3) -> None:
    outside = acme.settings.home / "outside"
    outside.mkdir()
    (acme.settings.landing / "acme/daily").mkdir(parents=True)
    (acme.settings.landing / "acme/daily/x").symlink_to(outside)
    s3.put("daily/x/a.csv", "a")
    report = acme.fetch()
    assert list(outside.iterdir()) == []
    assert "cannot be used" in report.problems[0].message


def test_a_file_and_a_folder_of_one_name(acme: Desk, s3: S3) -> None:
    s3.put("daily/a", "file")
    s3.put("daily/a/b.csv", "below")
    s3.put("daily/z.csv", "z")
    report = acme.fetch()
    assert acme.files("acme") == {"daily/a": b"file", "daily/z.csv": b"z"}
    assert "a file and a folder of the same name" in report.problems[0].message


def test_only_what_the_profile_asks_for(desk: Desk, s3: S3) -> None:
    desk.declare("acme", {"outbox": {**ORIGIN["outbox"], "files": r".*\.csv", "done": "{stem}.ok"}})
    desk.connect("acme_s3", s3.connection())
    for key in ("daily/a.csv", "daily/a.ok", "daily/b.csv", "daily/c.txt", "daily/d.csv.part", "daily/.e.csv"):
        s3.put(key, "x")
    report = desk.fetch()
    assert (report.fetched, report.elsewhere) == (["acme/daily/a.csv"], 1)
    assert report.waiting == {"acme/daily/b.csv": "its marker b.ok is not there"}
    s3.put("daily/b.ok", "")
    assert desk.fetch().fetched == ["acme/daily/b.csv"]


def test_many_small_files(acme: Desk, s3: S3) -> None:
    for number in range(300):
        s3.put(f"daily/{number:03}.csv", str(number))
    report = acme.fetch()
    assert (len(report.fetched), report.problems) == (300, [])
    assert acme.files("acme")["daily/299.csv"] == b"299"
    assert acme.fetch().known == 300


def test_a_server_that_is_down_is_the_problem_of_its_client_only(acme: Desk, s3: S3) -> None:
    acme.declare("zeta", {"outbox": {"url": "s3://exports/zeta", "connection": "zeta_s3"}})
    acme.connect("zeta_s3", s3.connection())
    acme.connect("acme_s3", s3.connection(closed_port()))
    s3.put("zeta/a.csv", "a")
    report = acme.fetch()
    assert report.fetched == ["zeta/outbox/a.csv"]
    assert [(p.client_id, p.origin, p.may_pass) for p in report.problems] == [("acme", "outbox", True)]
    assert acme.query("select client_id, problem is null from ops.origin order by 1") == [
        ("acme", False), ("zeta", True)
    ]  # fmt: skip
    acme.connect("acme_s3", s3.connection())
    assert acme.fetch().problems == []
    assert acme.query("select problem, problem_since from ops.origin where client_id = 'acme'") == [(None, None)]


def test_a_server_that_breaks_off_in_the_middle_of_a_file(acme: Desk, s3: S3) -> None:
    s3.put("daily/big.csv", b"x" * 3_000_000)
    with cut_after(s3.port, 100_000) as port:
        acme.connect("acme_s3", s3.connection(port))
        report = acme.fetch()
    assert [p.may_pass for p in report.problems] == [True]
    assert acme.files("acme") == {}
    acme.connect("acme_s3", s3.connection())
    assert acme.fetch().fetched == ["acme/daily/big.csv"]
    assert len(acme.files("acme")["daily/big.csv"]) == 3_000_000


@pytest.mark.parametrize(
    ("origin", "connection", "said"),
    [
        ({"url": "s3://nowhere/x", "connection": "acme_s3"}, None, "not there"),
        ({"url": "s3://exports/x", "connection": "nobody"}, None, "set AIRFLOW_CONN_NOBODY"),
        ({"url": "gs://exports/x"}, None, "uv pip install gcsfs"),
        ({"url": "abfs://exports/x"}, None, "uv pip install adlfs"),
        ({"url": "s3://exports/x", "connection": "acme_s3"}, "s3cr/et no uri", "cannot be read"),
    ],
)
def test_faults_of_our_own_say_what_to_do(
    desk: Desk, s3: S3, origin: dict[str, Any], connection: str | None, said: str
) -> None:
    desk.declare("acme", {"outbox": origin})
    desk.connect("acme_s3", connection or s3.connection())
    report = desk.fetch()
    assert [p.may_pass for p in report.problems] == [False]
    assert said in report.problems[0].message
    assert "us to act" in report.problems[0].message
    assert "s3cr/et" not in report.problems[0].message


def test_no_file_is_an_empty_night(acme: Desk) -> None:
    report = acme.fetch()
    assert (report.problems, report.fetched) == ([], [])
    assert report.summary() == "origins: no file there"


def test_no_secret_is_kept_anywhere(acme: Desk, s3: S3, caplog: pytest.LogCaptureFixture) -> None:
    s3.put("daily/a.csv", "a")
    acme.fetch()
    acme.connect("acme_s3", s3.connection(closed_port()))
    report = acme.fetch()
    rows = acme.query("select f::text from ops.fetched f union all select o::text from ops.origin o")
    for text in (caplog.text, str(report), str(rows)):
        assert "s3cr/et" not in text
        assert "s3cr%2Fet" not in text
