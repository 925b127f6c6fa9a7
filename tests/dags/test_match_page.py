"""The page of waiting pairs, as a browser sees it: who may look, what a form does, what other sites cannot do."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e.conftest import Client, client
from tests.e2e.reviewing import CRM, SHOP, declare, newest_book, other, send, together

__all__ = ["client"]
HERE = "http://testserver"
Browser = Any


@pytest.fixture
def browser(airflow_home: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """Somebody who is logged in; `who` says as whom. Three pairs wait."""
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from plugins.kontor.match_pages import matches_app

    declare(client)
    send(client, crm=CRM, shop=[*SHOP[:2], other(CRM[2], "C", City="<b>Derby & Co</b>")])
    settings = client.settings
    monkeypatch.setenv("KONTOR_HOME", str(settings.home))
    monkeypatch.setenv("KONTOR_CLIENTS", str(settings.client_folders[0]))
    monkeypatch.setenv("KONTOR_WAREHOUSE_URL", str(settings.warehouse_url))
    who = SimpleNamespace(name="stella")
    app, root = matches_app(), FastAPI()
    app.dependency_overrides[get_user] = lambda: SimpleNamespace(get_id=lambda: who.name)
    root.mount("/kontor/matches", app)
    with TestClient(root) as opened:
        yield SimpleNamespace(http=opened, who=who, url=f"/kontor/matches/{client.client_id}", client=client)


def forms(page: str) -> list[dict[str, str]]:
    """The hidden fields of each form, with where it is sent."""
    found = []
    for action, inside in re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', page, re.S):
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', inside))
        found.append({"action": action, **{n: html.unescape(v) for n, v in fields.items() if n != "verdict"}})
    return found


def post(browser: Browser, fields: dict[str, str], origin: str | None = HERE, **more: str) -> Any:
    """A form as a browser sends it."""
    data = {n: v for n, v in fields.items() if n != "action"} | more
    return browser.http.post(fields["action"], data=data, headers={"origin": origin} if origin else {})


def test_a_steward_decides_and_takes_back(browser: Browser) -> None:
    newest_book(browser.client)
    assert browser.client.client_id in browser.http.get("/kontor/matches/").text
    page = browser.http.get(browser.url)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<b>Derby" not in page.text and html.escape("<b>Derby & Co</b>") in page.text
    assert "1980" not in page.text and f"/kontor/outbox/{browser.client.client_id}/matches_" in page.text
    first = next(f for f in forms(page.text) if f["left_id"] == "1")
    done = post(browser, first, verdict="same", reason="same house")
    assert (done.status_code, "decided=" in str(done.url)) == (200, True)
    assert "crm/1 and shop/A: same" in done.text and "2 pairs wait" in done.text
    assert together(browser.client, "crm/1", "shop/A")
    back = next(f for f in forms(done.text) if f["action"].endswith("/undo"))
    done = post(browser, back, reason="asked the client")
    assert "is taken back" in done.text and "3 pairs wait" in done.text
    assert not together(browser.client, "crm/1", "shop/A")


def test_only_stewards_of_the_client_see_it(browser: Browser) -> None:
    first = forms(browser.http.get(browser.url).text)[0]
    browser.who.name = "mallory"
    answers = [browser.http.get(browser.url), browser.http.get("/kontor/matches/nobody")]
    answers.append(post(browser, first, verdict="same", reason="let me in"))
    assert [a.status_code for a in answers] == [403, 403, 403]
    assert browser.client.client_id not in browser.http.get("/kontor/matches/").text
    assert browser.client.query("select * from matching.decision where client_id = :client") == []


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", None, "http://testserver.example"])
def test_a_form_of_another_site_decides_nothing(browser: Browser, origin: str | None) -> None:
    first = forms(browser.http.get(browser.url).text)[0]
    assert post(browser, first, origin, verdict="same", reason="click here").status_code == 403
    assert browser.client.query("select * from matching.decision where client_id = :client") == []


def test_a_decision_that_does_not_stand_is_told_on_the_page(browser: Browser) -> None:
    first = forms(browser.http.get(browser.url).text)[0]
    refused = post(browser, first, verdict="same", reason=" ")
    assert refused.status_code == 409 and "without a reason" in refused.text
    stale = post(browser, {**first, "left_hash": "0"}, verdict="same", reason="saw it")
    assert stale.status_code == 409 and "changed since they were shown" in stale.text
    assert post(browser, first, verdict="perhaps", reason="saw it").status_code == 400
    assert post(browser, {"action": f"{browser.url}/undo"}, decision="x", reason="saw it").status_code == 400
    assert browser.client.query("select * from matching.decision where client_id = :client") == []
