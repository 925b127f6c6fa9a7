"""The page on which stewards decide whether two customers are one. Plain HTML: it works without a script.

Without `from __future__ import annotations`: FastAPI reads the annotations.
"""

from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from plugins.kontor.match_html import clients_page, pairs_page

MOST_SHOWN = 40
"""Pairs of one page; what is decided makes room for the next."""
MOST_BYTES = 32 << 10
"""Of a form: ours has some hundred bytes."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


async def own_form(request: Request) -> dict[str, str]:
    """The fields of a form that one of our own pages has sent.

    The browser adds the cookie of whoever is logged in to any form of any site: one that does not say that it comes
    from here is refused.
    """
    sender = request.headers.get("origin") or request.headers.get("referer") or ""
    if not sender or urlsplit(sender).netloc != request.headers.get("host"):
        raise HTTPException(403, "this form was not sent by a page of this server")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413, "too much for a form of ours")
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


Form = Annotated[dict[str, str], Depends(own_form)]


def matches_app() -> FastAPI:
    """Lists the pairs of customers that wait, to the stewards of the client, and takes their decisions.

    Others get the same 403 whether the client is there or not.
    """
    app = FastAPI(title="Kontor matches", docs_url=None, redoc_url=None, openapi_url=None)

    def clients(request: Request, user: GetUserDep) -> Response:
        from pipelines.flow.match_review import clients_of

        return HTMLResponse(clients_page(_root(request), user.get_id(), clients_of(user.get_id())), headers=HEADERS)

    def pairs(request: Request, client: str, user: GetUserDep, decided: int = 0, undone: int = 0) -> Response:
        _steward(client, user)
        return _shown(_root(request), client, user.get_id(), decided=decided, undone=undone)

    def decide(request: Request, client: str, user: GetUserDep, form: Form) -> Response:
        from pipelines.flow import match_review
        from pipelines.warehouse.matches import Customer, Verdict

        _steward(client, user)
        try:
            one = Customer(form["left_source"], form["left_id"])
            other = Customer(form["right_source"], form["right_id"])
            seen, verdict = (form["left_hash"], form["right_hash"]), Verdict(form["verdict"])
        except (KeyError, ValueError):
            raise HTTPException(400, "a form of another page") from None

        def act() -> str:
            made = match_review.decide(
                client, one, other, verdict, person=user.get_id(), reason=form.get("reason", ""), seen=seen
            )
            return f"decided={made.decision.decision_id}"

        return _answered(_root(request), client, user.get_id(), act)

    def undo(request: Request, client: str, user: GetUserDep, form: Form) -> Response:
        from pipelines.flow import match_review

        _steward(client, user)
        number = form.get("decision", "")
        if not number.isascii() or not number.isdecimal():
            raise HTTPException(400, "a form of another page")

        def act() -> str:
            match_review.undo(client, int(number), person=user.get_id(), reason=form.get("reason", ""))
            return f"undone={int(number)}"

        return _answered(_root(request), client, user.get_id(), act)

    app.get("/", response_class=HTMLResponse)(clients)
    app.get("/{client}", response_class=HTMLResponse)(pairs)
    app.post("/{client}/decide")(decide)
    app.post("/{client}/undo")(undo)
    return app


def _steward(client: str, user: Any) -> None:
    from pipelines.flow.release import is_steward

    if not is_steward(user.get_id(), client):
        raise HTTPException(403, f"only stewards of the client, as its profile names them, may decide for {client}")


def _root(request: Request) -> str:
    """Where this application is mounted, as the browser names it."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def _answered(root: str, client: str, person: str, act: Any) -> Response:
    """Do it and show the page anew; by a redirect, so that a reload decides nothing."""
    from pipelines.errors import KontorError

    try:
        told = act()
    except KontorError as error:
        return _shown(root, client, person, refused=str(error), status=409)
    return RedirectResponse(f"{root}/{client}?{told}", status_code=303, headers=HEADERS)


def _shown(
    root: str, client: str, person: str, *, decided: int = 0, undone: int = 0, refused: str = "", status: int = 200
) -> Response:
    from pipelines.flow.match_shown import review_page

    page = review_page(client, person, most=MOST_SHOWN)
    return HTMLResponse(
        pairs_page(root, page, decided=decided, undone=undone, refused=refused), headers=HEADERS, status_code=status
    )
