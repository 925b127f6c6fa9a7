"""How a night is cut into pieces of work."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.flow.night import ScopeWork


def scopes(count: int) -> list[ScopeWork]:
    return [ScopeWork(f"client{i}", "ledgers.spend", "main", 0, [2 * i, 2 * i + 1]) for i in range(count)]


@pytest.mark.parametrize(("count", "most", "pieces"), [(0, 3, 0), (1, 3, 1), (3, 3, 3), (4, 3, 2), (10, 3, 3)])
def test_split(airflow_home: Path, count: int, most: int, pieces: int) -> None:
    from plugins.kontor.tasks import split

    work = split(scopes(count), most)
    assert len(work) == pieces
    assert [i for piece in work for i in piece["delivery_ids"]] == list(range(2 * count)), "none lost, order kept"


def test_a_shared_piece_says_so(airflow_home: Path) -> None:
    from plugins.kontor.tasks import split

    assert split(scopes(1), 5)[0]["label"] == "client0 · ledgers.spend · main"
    assert split(scopes(3), 1)[0]["label"] == "client0 · ledgers.spend · main and 2 more"


def test_sources_of_one_feed_are_one_piece(airflow_home: Path) -> None:
    """So that no two of them are judged at a time, each without the rows of the other."""
    from plugins.kontor.tasks import split

    bank = [ScopeWork("acme", "ledgers.bank_transactions", name, 0, [n]) for n, name in enumerate(["camt", "mt940"])]
    work = split([*bank, *scopes(2)], 3)
    assert [piece["label"] for piece in work] == [
        "acme · ledgers.bank_transactions · camt, mt940",
        "client0 · ledgers.spend · main",
        "client1 · ledgers.spend · main",
    ]
    assert work[0]["delivery_ids"] == [0, 1]


def test_documents_do_not_lead_out_of_their_folder(airflow_home: Path, tmp_path: Path) -> None:
    from plugins.kontor.pages import below

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.html").write_text("x", encoding="utf-8")
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (tmp_path / "docs" / "link").symlink_to(tmp_path / "secret")
    assert below(tmp_path / "docs", "index.html") == tmp_path / "docs" / "index.html"
    for path in ("../secret", "link", "missing.html", "", str(tmp_path / "secret")):
        assert below(tmp_path / "docs", path) is None


def test_tasks_find_passwords_in_airflows_connections(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import plugins.kontor.tasks  # noqa: F401 registers who is asked
    from pipelines.secrets import secret_of

    monkeypatch.setenv("AIRFLOW_CONN_ACME_BOOKS", "generic://:from-airflow@")
    assert secret_of("acme_books", {}) == "from-airflow"
    assert secret_of("nobody", {}) is None
