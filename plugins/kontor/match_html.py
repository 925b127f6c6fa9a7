"""The pages on pairs of customers as HTML. Every text is escaped: what clients' files hold stays text."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from pipelines.html_page import html_page

if TYPE_CHECKING:
    from pipelines.flow.match_shown import PairCell, ReviewPage, ShownPair
    from pipelines.warehouse.matches import Decision

_STYLE = """
.said { border-left: 4px solid var(--accent); background: var(--pale); padding: .5rem .8rem; margin: 1rem 0; }
.refused { border-color: var(--bad); }
.pair { border: 1px solid var(--line); border-radius: 6px; margin: 0 0 1rem; overflow: hidden; }
.head { display: flex; gap: 1rem; align-items: baseline; background: var(--pale); padding: .5rem .8rem; }
.head b { font-size: 1.2rem; white-space: nowrap; } .why { white-space: pre-line; font-size: .9rem; }
.pair th { width: 18%; font-weight: 400; color: var(--soft); } .pair td { width: 41%; }
.other td { background: var(--mark); } .alike td { background: var(--pale); } .one td { color: var(--soft); }
form { display: flex; gap: .6rem; padding: .6rem .8rem; border-top: 1px solid var(--line); flex-wrap: wrap; }
td form { border: 0; padding: 0; } input { flex: 1; min-width: 10rem; }
input, button { font: inherit; padding: .3rem .6rem;
  border: 1px solid var(--line); border-radius: 4px; background: var(--paper); color: var(--ink); }
button { cursor: pointer; } button.main { background: var(--accent); border-color: var(--accent); color: var(--paper); }
"""
_TIMES = "%Y-%m-%d %H:%M"


def clients_page(root: str, person: str, clients: Mapping[str, int]) -> str:
    """The clients whose steward somebody is, with what waits for each."""
    rows = "".join(
        f'<tr><td><a href="{escape(f"{root}/{name}")}">{escape(name)}</a></td><td>{waits}</td></tr>'
        for name, waits in clients.items()
    )
    table = f"<table><thead><tr><th>Client</th><th>Pairs that wait</th></tr></thead>{rows}</table>"
    none = f"<p>{escape(person)} is steward of no client that sends customers.</p>"
    return html_page("en", "Customers that may be one", table if clients else none, _STYLE)


def pairs_page(root: str, page: ReviewPage, *, decided: int = 0, undone: int = 0, refused: str = "") -> str:
    """What waits for the stewards of a client, and what they decided lately."""
    words = page.words
    parts = [f'<p class="soft"><a href="{escape(root)}/">{escape(words["all_clients"])}</a> · {escape(page.name)}</p>']
    if refused:
        parts.append(f'<div class="said refused" role="alert">{escape(refused)}</div>')
    parts += [f'<div class="said">{escape(_came(page, d))}</div>' for d in page.decisions if d.decision_id == decided]
    parts += [
        f'<div class="said">{escape(words["undone"].format(n=d.decision_id))}</div>'
        for d in page.decisions
        if d.decision_id == undone and d.revoked_at
    ]
    waits = words["waits"].format(n=page.waiting) if page.waiting else words["nothing"]
    parts.append(f"<p>{escape(waits)}</p>")
    if page.book:
        link = escape(f"{root.rpartition('/')[0]}/outbox/{page.book}")
        parts.append(f'<p class="soft"><a href="{link}">{escape(words["as_book"])}</a></p>')
    group = 0
    for one in page.pairs.lines:
        if one.group != group:
            parts.append(f"<h2>{escape(words['group'])} {one.group}</h2>")
            group = one.group
        parts.append(_pair(root, page, one))
    if page.decisions:
        parts.append(_decided(root, page))
    return html_page(page.pairs.language, words["title"], "".join(parts), _STYLE)


def _came(page: ReviewPage, one: Decision) -> str:
    word = page.words[one.verdict.value]
    return page.words["recorded"].format(n=one.decision_id, left=one.left, right=one.right, verdict=word)


def _pair(root: str, page: ReviewPage, one: ShownPair) -> str:
    words, pair = page.words, one.pair
    sides = [(pair.left, pair.left_golden_id), (pair.right, pair.right_golden_id)]
    heads = "".join(
        f'<th scope="col">{escape(str(who))} <span class="soft">{escape(golden or words["alone"])}</span></th>'
        for who, golden in sides
    )
    rows = "".join(
        _row(heading, cell)
        for (_, heading), cell in zip(page.pairs.columns, one.cells, strict=True)
        if cell.likeness != "none"
    )
    return (
        f'<article class="pair"><div class="head"><b>{escape(one.probability)}</b>'
        f'<span class="why">{escape(one.why)}</span></div>'
        f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"{_form(root, page, one)}</article>"
    )


def _row(heading: str, cell: PairCell) -> str:
    left, right = (escape(text or "–") for text in (cell.left, cell.right))
    return f'<tr class="{cell.likeness}"><th scope="row">{escape(heading)}</th><td>{left}</td><td>{right}</td></tr>'


def _form(root: str, page: ReviewPage, one: ShownPair) -> str:
    words, pair = page.words, one.pair
    fields = {
        "left_source": pair.left.source, "left_id": pair.left.customer_id, "left_hash": pair.left_hash or "",
        "right_source": pair.right.source, "right_id": pair.right.customer_id, "right_hash": pair.right_hash or "",
    }  # fmt: skip
    hidden = "".join(f'<input type="hidden" name="{n}" value="{escape(v)}">' for n, v in fields.items())
    return (
        f'<form method="post" action="{escape(f"{root}/{page.client_id}")}/decide">{hidden}{_reason(words["comment"])}'
        f'<button class="main" name="verdict" value="same">{escape(words["same"])}</button>'
        f'<button name="verdict" value="different">{escape(words["different"])}</button></form>'
    )


def _reason(label: str) -> str:
    return (
        f'<input name="reason" required minlength="3" maxlength="500" autocomplete="on" '
        f'placeholder="{escape(label)}" aria-label="{escape(label)}">'
    )


def _decided(root: str, page: ReviewPage) -> str:
    words = page.words
    rows = []
    for one in page.decisions:
        if one.revoked_at:
            back = escape(f"{one.revoked_at:{_TIMES}} {one.revoked_by}: {one.revoked_reason}")
        else:
            back = (
                f'<form method="post" action="{escape(f"{root}/{page.client_id}")}/undo">'
                f'<input type="hidden" name="decision" '
                f'value="{one.decision_id}">{_reason(words["comment"])}<button>{escape(words["undo"])}</button></form>'
            )
        told = (one.decision_id, one.left, one.right, words[one.verdict.value], one.person, one.reason)
        cells = "".join(f"<td>{escape(str(text))}</td>" for text in (*told, f"{one.decided_at:{_TIMES}}"))
        rows.append(f"<tr>{cells}<td>{back}</td></tr>")
    names = ("number", "left", "right", "decision", "by", "comment", "at", "undo")
    heads = "".join(f"<th>{escape(words[name].rstrip(':'))}</th>" for name in names)
    return f"<h2>{escape(words['decisions'])}</h2><table><thead><tr>{heads}</tr></thead>{''.join(rows)}</table>"
