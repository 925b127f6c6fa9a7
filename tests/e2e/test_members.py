"""Packed files and members of archives through whole nights."""

from __future__ import annotations

import bz2
import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.delivery import Step
from pipelines.errors import DeclarationError
from pipelines.flow.arrivals import UNREAD
from pipelines.flow.explain import explain
from pipelines.flow.night import discover
from pipelines.flow.step import run_step
from pipelines.flow.trace import trace
from pipelines.settings import ROOT
from tests.e2e.conftest import Client, as_csv, lines
from tests.e2e.test_kill import tables
from tests.e2e.test_night import message, states, text_of
from tests.unit.extract.members.packs import endless_gzip, seven_of, special, tar_of, tree, zip_of

ENDINGS = {
    r"'spend/[^/]+\.csv'": r"'(packs/[^/]+!/)?spend/[^/]+\.csv(\.gz|\.bz2)?'",
    r"'other/[^/]+\.csv'": r"'packs/[^/]+!/other\.csv(\.gz)?'",
    r"'names\.csv'": r"'packs/[^/]+!/names\.csv'",
}


@pytest.fixture
def packs(client: Client) -> Client:
    """The client, with feeds that come packed: two sources and a look-up table share an archive."""
    profile = client.profile
    for plain, packed in ENDINGS.items():
        assert plain in profile
        profile = profile.replace(plain, packed)
    client.declare(profile + "ignore_files: {'.*!/.*\\.txt': for people}\n")
    return client


def files(client: Client) -> list[tuple[str, str]]:
    """File and state of every delivery, oldest first."""
    query = "select file_name, state from ops.delivery where client_id = :client order by delivery_id"
    return [tuple(row) for row in client.query(query)]


PACK = {"spend/a.csv": as_csv(lines(20)).encode(), "other.csv": as_csv(lines(10, first=50)).encode()}


def test_a_packed_file_is_read_through(packs: Client) -> None:
    packs.send("spend/a.csv.gz", gzip.compress(as_csv(lines(20)).encode()))
    packs.night()
    assert states(packs) == [("loaded", "pass")]
    assert len(packs.current()) == 20
    packs.send("spend/b.csv.bz2", bz2.compress(as_csv(lines(21)).encode()))
    packs.night()
    assert len(packs.current()) == 21
    packs.accounted()


@pytest.mark.parametrize("kind", ["zip", "7z", "tar.gz"])
def test_each_member_is_a_delivery_of_its_own(packs: Client, kind: str) -> None:
    make = {"zip": zip_of, "7z": seven_of, "tar.gz": lambda m: gzip.compress(tar_of(m))}[kind]
    packs.send("packs/p", make({**PACK, "readme.txt": b"hello", "strange.dat": b"?"}))
    found, report = packs.night()
    assert files(packs) == [("packs/p!/spend/a.csv", "loaded"), ("packs/p!/other.csv", "loaded")]
    assert [line.rows_loaded for line in report.lines] == [20, 10]
    assert found.unmatched == [f"{packs.client_id}/packs/p!/strange.dat"]
    assert set(packs.current("main")) == {line[0] for line in lines(20)}
    assert len(packs.current("other")) == 10
    assert len(list((packs.settings.archive).glob("*/*"))) == 1
    assert [p.name for p in packs.settings.work.iterdir()] == ["listings"]
    packs.accounted()
    found, report = packs.night()
    assert (found.seen, found.scopes, report.lines) == (2, [], [])


def test_the_same_archive_under_another_name_is_a_duplicate_member_by_member(packs: Client) -> None:
    packs.send("packs/1.zip", zip_of(PACK))
    packs.night()
    packs.send("packs/2.zip", zip_of(PACK))
    packs.night()
    assert [state for _, state in files(packs)] == ["loaded", "loaded", "duplicate", "duplicate"]
    packs.send("packs/3.zip", zip_of({**PACK, "other.csv": as_csv(lines(11, first=50)).encode()}))
    packs.night()
    assert [state for _, state in files(packs)[4:]] == ["loaded", "loaded"]
    assert packs.query("select rows_loaded, rows_unchanged from ops.delivery where client_id = :client "
                       "order by delivery_id desc limit 2") == [(1, 10), (0, 20)]  # fmt: skip


def test_one_bad_member_fails_alone(packs: Client) -> None:
    pack = {**PACK, "other.csv": b"no table at all", "spend/b.csv.gz": gzip.compress(as_csv(lines(21)).encode())[:-9]}
    packs.send("packs/p.zip", zip_of(pack))
    packs.night()
    assert files(packs) == [
        ("packs/p.zip!/spend/a.csv", "loaded"), ("packs/p.zip!/spend/b.csv.gz", "failed"),
        ("packs/p.zip!/other.csv", "failed"),
    ]  # fmt: skip
    said = dict(packs.query("select file_name, message from ops.delivery where client_id = :client"))
    assert "breaks off" in said["packs/p.zip!/spend/b.csv.gz"]
    assert "column missing" in said["packs/p.zip!/other.csv"]
    packs.accounted()


def test_replay_explain_and_trace_lead_into_the_archive(packs: Client) -> None:
    bad = as_csv([*lines(19), ("L020", "Supplier T", "2026-02-30", "1.50")])
    packs.send("packs/p.zip", zip_of({**PACK, "spend/a.csv": bad.encode()}))
    packs.night()
    number = packs.query("select delivery_id from ops.delivery where client_id = :client and source = 'main'")[0][0]
    (packs.settings.landing / packs.client_id / "packs/p.zip").unlink()
    office = packs.office()
    shown = text_of(explain(number, 21, office=office))
    assert "packs/p.zip!/spend/a.csv:21" in shown
    assert "2026-02-30" in shown
    assert "packs/p.zip!/spend/a.csv" in text_of(trace("core.ledgers_spend", "L001", office=office))
    _, report = packs.night(replay=str(number))
    assert (report.lines[0].state, report.lines[0].rows_unchanged) == ("loaded", 19)


def test_a_look_up_file_may_be_a_member(packs: Client) -> None:
    names = "Code,Name\n" + "".join(f"Supplier {chr(65 + i)},House {chr(65 + i)}\n" for i in range(26))
    packs.send("packs/names.7z", seven_of({"names.csv": names.encode()}))
    packs.send("coded/1.csv", as_csv(lines(10)))
    packs.night()
    assert states(packs) == [("loaded", "pass")]
    packs.send("packs/names.7z", b"7z\xbc\xaf\x27\x1c broken")
    packs.send("coded/2.csv", as_csv(lines(11)))
    packs.night()
    query = "select state, message from ops.delivery where client_id = :client and file_name = 'coded/2.csv'"
    (waiting,) = packs.query(query)
    assert waiting[0] == "waiting"
    assert "damaged or incomplete 7z" in waiting[1]


def test_an_archive_that_cannot_be_listed_fails_and_comes_again(packs: Client) -> None:
    packs.send("packs/p.zip", zip_of(PACK)[:-30])
    packs.send("spend/good.csv", as_csv(lines(19)))
    packs.night()
    assert sorted(files(packs)) == [("packs/p.zip", "failed"), ("spend/good.csv", "loaded")]
    assert "damaged or incomplete zip" in text_of([row[0] for row in packs.query(
        "select message from ops.delivery where client_id = :client and state = 'failed'")])  # fmt: skip
    found, _ = packs.night()
    assert (found.seen, found.failed) == (2, [])
    packs.send("packs/p.zip", zip_of(PACK))
    packs.night()
    assert sorted(state for _, state in files(packs)) == ["loaded", "loaded", "loaded", "superseded"]


HOSTILE = {
    "traversal": (zip_of({"spend/../spend/x.csv": b"1", **PACK}), "leads out"),
    "link": (tar_of(PACK, special("spend/x.csv", b"2", "/etc/passwd")), "a link"),
    "twice": (zip_of([("spend/x.csv", b"1"), ("spend/x.csv", b"2"), *PACK.items()]), "2 members of this name"),
    "nested": (zip_of({**PACK, "spend/x.csv": zip_of({"spend/x.csv": b"1"})}), "inside what is packed already"),
    "bomb": (zip_of({**PACK, "spend/x.csv": bytes(150 << 20)}), "zip bomb"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_member_fails_alone_and_nothing_is_written_elsewhere(
    packs: Client, kind: str, tmp_path: Path
) -> None:
    content, word = HOSTILE[kind]
    packs.send("packs/p", content)
    before = tree(tmp_path)
    packs.night()
    after = {k for k in tree(tmp_path) if k not in before}
    failed = packs.query("select file_name, message from ops.delivery where client_id = :client and state = 'failed'")
    if kind == "traversal":  # no pattern matches that name
        failed = packs.query("select path, reason from ops.unmatched_file where client_id = :client")
        assert [name for name, _ in failed] == ["packs/p!/spend/../spend/x.csv"]
        assert [s for _, s in files(packs)] == ["loaded", "loaded"]
    else:
        assert [name for name, _ in failed if "x.csv" in name] == [failed[0][0]]
        assert [s for _, s in files(packs)].count("loaded") == 2
    assert word in failed[0][1]
    assert all(k.split("/")[0] in ("archive", "work", "docs") for k in after), after
    assert not [k for k in after if k.startswith("work/") and "unpacked" in k]


def test_a_packed_bomb_fails_alone(packs: Client) -> None:
    packs.send("spend/good.csv", as_csv(lines(20)))
    path = packs.settings.landing / packs.client_id / "spend/bomb.csv.gz"
    endless_gzip(path, 256 << 20)
    packs.night()
    assert sorted(files(packs)) == [("spend/bomb.csv.gz", "failed"), ("spend/good.csv", "loaded")]
    assert sum(p.stat().st_size for p in packs.settings.work.rglob("*") if p.is_file()) < 1 << 20


def test_what_is_no_file_fails_or_is_told_and_stops_nobody(packs: Client) -> None:
    packs.send("spend/good.csv", as_csv(lines(20)))
    folder = packs.settings.landing / packs.client_id
    (folder / "spend/out.csv").symlink_to("/etc/passwd")
    os.mkfifo(folder / "spend/pipe.csv")
    (folder / "elsewhere").symlink_to("/")
    with (folder / os.fsdecode(b"spend/M\xfc\nller.csv")).open("w") as file:
        file.write(as_csv(lines(18)))
    os.utime(folder / os.fsdecode(b"spend/M\xfc\nller.csv"), (1_700_000_000, 1_700_000_000))
    found, report = packs.night()
    assert {line.file_name: line.state for line in report.lines} == {
        "spend/good.csv": "loaded",
        "spend/out.csv": "failed",
        "spend/pipe.csv": "failed",
        r"spend/M\xfc\x0aller.csv": "loaded",
    }
    assert found.unmatched == [f"{packs.client_id}/elsewhere: a link to a folder, which is not followed"]
    reasons = packs.query("select path, reason from ops.unmatched_file where client_id = :client")
    assert reasons == [("elsewhere", "a link to a folder, which is not followed")]
    number, sha = packs.query("select delivery_id, sha256 from ops.delivery where client_id = :client "
                              "and file_name = 'spend/out.csv'")[0]  # fmt: skip
    assert sha == UNREAD
    with pytest.raises(DeclarationError, match="nothing of delivery"):
        packs.night(replay=str(number))
    (folder / "spend/pipe.csv").unlink()
    (folder / "spend/out.csv").unlink()
    packs.send("spend/out.csv", as_csv(lines(22)))
    packs.night()
    assert len(packs.current()) == 22


def test_a_file_that_cannot_be_read_is_taken_when_it_can(packs: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root reads everything, so the fault is put where the file is opened."""
    from pipelines.extract import discover as landing

    real = landing.open_regular
    packs.send("spend/a.csv", as_csv(lines(20)))
    with monkeypatch.context() as patch:
        patch.setattr(landing, "open_regular", lambda path: (_ for _ in ()).throw(PermissionError(13, "no permission")))
        packs.night()
    assert landing.open_regular is real
    assert states(packs) == [("failed", "fail")]
    assert "no permission" in message(packs)
    packs.night()
    assert [state for state, _ in states(packs)] == ["superseded", "loaded"]


def test_a_file_that_vanishes_during_the_look_is_left_to_the_next(
    packs: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.extract import discover as landing

    packs.send("spend/a.csv", as_csv(lines(20)))
    path = packs.settings.landing / packs.client_id / "spend/a.csv"
    real = landing.survey

    def taken_away(*args: object, **words: object) -> list[landing.FoundFile]:
        found = real(*args, **words)  # type: ignore[arg-type]
        path.unlink()
        return found

    monkeypatch.setattr(landing, "survey", taken_away)
    found, _ = packs.night()
    assert (found.registered, found.failed) == ([], [])


def test_an_archive_replaced_between_discover_and_extract(packs: Client) -> None:
    packs.send("packs/p.zip", zip_of(PACK))
    office = packs.office()
    found = discover(["ledgers"], client=packs.client_id, office=office)
    packs.send("packs/p.zip", zip_of({**PACK, "x.txt": b"1"}))
    for scope in found.scopes:
        run_step(Step.EXTRACT, scope.delivery_ids, office=office)
    assert [state for state, _ in states(packs)] == ["failed", "failed"]
    assert "file changed while being read" in message(packs)
    packs.night()
    assert [state for state, _ in states(packs)] == ["superseded", "superseded", "loaded", "loaded"]


TRAPS = {
    "listing": "from pipelines.extract.members import opening as m; m.json.dumps = die",
    "archive": "from pipelines.extract import archive as m; m._copy = die",
    "unpack": "from pipelines.extract.members import zips as m; m.Budget.take = die",
    "read": "from pipelines.extract.reader import Reader as m; m._collect = die",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_killed_at_a_member_and_run_again(packs: Client, trap: str) -> None:
    packs.send("packs/p.zip", zip_of(PACK))
    program = (
        "import os, signal\ndef die(*a, **k): os.kill(os.getpid(), signal.SIGKILL)\n"
        f"{TRAPS[trap]}\n"
        "from pipelines.flow.night import run_night\n"
        f"run_night(client={packs.client_id!r})\n"
    )
    settings = packs.settings
    env = {**os.environ, "KONTOR_HOME": str(settings.home), "KONTOR_LANDING": str(settings.landing),
           "KONTOR_CLIENTS": str(settings.client_folders[0]), "KONTOR_WAREHOUSE_URL": str(settings.warehouse_url),
           "PYTHONPATH": str(ROOT)}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], env=env, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    packs.night()
    assert [state for state, _ in states(packs)] == ["loaded", "loaded"]
    twin = Client(packs.client_id + "twin", settings, "")
    twin.declare(packs.profile.replace(f"client: {packs.client_id}", f"client: {twin.client_id}"))
    twin.send("packs/p.zip", zip_of(PACK))
    twin.night()
    assert tables(packs) == tables(twin)
    assert [p.name for p in settings.work.iterdir()] == ["listings"]
    packs.accounted()


def test_try_takes_packed_files_and_members(
    packs: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("HOME", packs.settings.home), ("LANDING", packs.settings.landing),
                        ("CLIENTS", packs.settings.client_folders[0])):  # fmt: skip
        monkeypatch.setenv(f"KONTOR_{name}", str(value))
    monkeypatch.setenv("COLUMNS", "300")
    folder = packs.settings.landing / packs.client_id
    packs.send("spend/a.csv.gz", gzip.compress(PACK["spend/a.csv"]))
    packs.send("packs/p.zip", zip_of(PACK))
    for file, rows in (("spend/a.csv.gz", 20), ("packs/p.zip!/spend/a.csv", 20), ("packs/p.zip", 20)):
        assert main(["try", packs.client_id, str(folder / file)]) == 0
        assert f"{rows} rows: {rows} accepted" in capsys.readouterr().out
    assert main(["try", packs.client_id, str(folder / "packs/p.zip"), "--source", "other"]) == 0
    assert "packs/p.zip!/other.csv: source other" in capsys.readouterr().out
    assert main(["try", packs.client_id, str(folder / "packs/p.zip!/none.csv")]) == 2
