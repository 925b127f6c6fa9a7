"""What stands around Great Expectations' own pages: what failed in plain words, and the list of all pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from html import escape, unescape
from itertools import groupby
from typing import Any

from pipelines.delivery import Delivery, Verdict
from pipelines.html_page import html_page

WORDS: Mapping[str, str] = {
    Verdict.PASS: "passed",
    Verdict.PASS_WITH_REJECTS: "rows set aside",
    Verdict.HOLD: "held",
    Verdict.FAIL: "failed",
}
GRAVITY = ("critical", "warning", "info")
STYLE = """
body { max-width: 1280px; font-size: 14px; } .w { white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.verdict { white-space: nowrap; font-weight: 600; } .verdict::before { content: "●"; margin-right: .4em; }
.pass { color: var(--good); } .pass_with_rejects { color: var(--edge); } .hold, .fail { color: var(--bad); }
.critical { color: var(--bad); } .warning { color: var(--edge); } .info { color: var(--soft); }
table.list { margin: .5rem 0 1.5rem; } table.list tbody tr:hover { background: var(--pale); }
.sums { display: flex; gap: 2rem; flex-wrap: wrap; margin: 1rem 0; } .sums b { display: block; font-size: 1.5rem; }
"""
_NAME = "kontor"
_META = f'<meta name="{_NAME}" content="'


@dataclass(frozen=True)
class Line:
    """One page as the list of pages shows it; it stands in the head of the page itself. Counts are rows or rules."""

    feed: str
    client: str
    source: str
    delivery: int
    file: str
    judged_at: str
    verdict: str
    received: int
    accepted: int
    rejected: int
    rules: int
    critical: int
    warning: int
    info: int

    def meta(self) -> str:
        """As an element of a page's head, on one line."""
        return f'{_META}{escape(json.dumps(asdict(self)), quote=True)}">\n'


def line_of(page: Iterable[str]) -> Line | None:
    """The line in the head of a page, given its lines of text; None when there is none in it."""
    for text in page:
        _, found, rest = text.partition(_META)
        if found:
            return Line(**json.loads(unescape(rest.partition('"')[0])))
        if "</head>" in text:
            break
    return None


def line_for(delivery: Delivery, result: Mapping[str, Any]) -> Line:
    """What the list says of a delivery that was judged; `result` is the JSON of its validation."""
    failed = [_severity(one) for one in _failed(result)]
    return Line(
        feed=delivery.feed,
        client=delivery.client_id,
        source=delivery.source,
        delivery=delivery.delivery_id,
        file=delivery.file_name,
        judged_at=result["meta"]["run_id"]["run_time"][:16].replace("T", " "),
        verdict=str(delivery.verdict or Verdict.FAIL),
        received=delivery.rows_received or 0,
        accepted=(delivery.rows_received or 0) - (delivery.rows_rejected or 0) - (delivery.rows_skipped or 0),
        rejected=delivery.rows_rejected or 0,
        rules=len(result["results"]),
        critical=failed.count("critical"),
        warning=failed.count("warning"),
        info=failed.count("info"),
    )


def opening(line: Line, result: Mapping[str, Any]) -> str:
    """What stands before Great Expectations' account: the verdict, the rows, each rule that failed."""
    rows = "".join(
        _failed_row(line.feed, one) for one in sorted(_failed(result), key=lambda one: GRAVITY.index(_severity(one)))
    )
    broken, silent = line.critical + line.warning + line.info, sum(one["success"] is None for one in result["results"])
    head = "<thead><tr><th>Severity</th><th>Rule</th><th>What is wrong</th><th>Found</th><th>Acts</th></tr></thead>"
    failed = f'<table class="list">{head}<tbody>{rows}</tbody></table>' if rows else ""
    said = f"{line.rules} rules: {line.rules - silent - broken} kept, {broken} broken, {silent} with nothing to judge"
    return (
        '<p class="soft"><a href="../index.html">all feeds</a></p>'
        f"<h1>{escape(line.feed)} · {escape(line.client)} · {escape(line.source)}</h1>"
        f'<p class="soft">{escape(line.file)}, delivery {line.delivery}, judged {escape(line.judged_at)} UTC</p>'
        f'<div class="sums"><span>{_verdict(line)}</span>{_sums(line)}</div>'
        f"<p>{said}.</p>{failed}<h2>Every rule, as Great Expectations tells it</h2>"
        '<p class="soft">Its status is Failed as soon as one row breaks one rule.</p>'
    )


def index_page(pages: Mapping[str, Line | None]) -> str:
    """The list of pages by address: domain by domain what was judged last; None is a page without a line of ours."""
    known = {path: line for path, line in pages.items() if line is not None}
    verdicts = [line.verdict for line in known.values()]
    sums = "".join(
        f"<span><b>{verdicts.count(word)}</b>{text}</span>" for word, text in WORDS.items() if word in verdicts
    )
    parts = [
        '<p class="soft">What was judged last of each feed, client and source; counts are rows and rules.</p>',
        f'<div class="sums"><span><b>{len(pages)}</b>sources</span>{sums}</div>',
    ]
    for domain, group in groupby(sorted(known.items()), key=lambda item: item[1].feed.partition(".")[0]):
        lines = "".join(_index_row(path, line) for path, line in group)
        parts.append(f'<h2>{escape(domain)}</h2><table class="list">{_INDEX_HEAD}<tbody>{lines}</tbody></table>')
    rest = "".join(_plain_row(path) for path in sorted(set(pages) - set(known)))
    parts.append(f"<ul>{rest}</ul>" if rest else "")
    return html_page("en", "Data quality", "".join(parts), STYLE)


_INDEX_HEAD = (
    "<thead><tr><th>Feed</th><th>Client · source</th><th>Verdict</th><th>File</th>"
    '<th class="n">Received</th><th class="n">Rejected</th><th class="n">Rules broken</th><th>Judged, UTC</th></tr>'
    "</thead>"
)


def _index_row(path: str, line: Line) -> str:
    failed = ", ".join(
        f'<span class="{word}">{count} {word}</span>' for word in GRAVITY if (count := getattr(line, word))
    )
    return (
        f'<tr><td class="w"><a href="{escape(path)}">{escape(line.feed.partition(".")[2])}</a></td>'
        f'<td class="w">{escape(line.client)} · {escape(line.source)}</td><td>{_verdict(line)}</td>'
        f'<td>{escape(line.file)}</td><td class="n">{line.received:,}</td><td class="n">{line.rejected:,}</td>'
        f'<td class="n">{failed or "none"} of {line.rules}</td><td class="w">{escape(line.judged_at)}</td></tr>'
    )


def _plain_row(path: str) -> str:
    return f'<li><a href="{escape(path)}">{escape(path.removesuffix(".html"))}</a></li>'


def _verdict(line: Line) -> str:
    return f'<span class="verdict {escape(line.verdict)}">{WORDS.get(line.verdict, escape(line.verdict))}</span>'


def _sums(line: Line) -> str:
    counts = {"received": line.received, "accepted": line.accepted, "rejected": line.rejected}
    return "".join(f"<span><b>{count:,}</b>rows {word}</span>" for word, count in counts.items())


def _failed(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in result["results"] if one["success"] is False]


def _severity(one: Mapping[str, Any]) -> str:
    return str(one["expectation_config"].get("severity") or "critical")


def _failed_row(feed: str, one: Mapping[str, Any]) -> str:
    config, found = one["expectation_config"], one["result"]
    said = config.get("meta", {}).get("kontor", {})
    rule, _, wrong = (config.get("description") or "").partition(" fails when: ")
    rule, wrong = said.get("id", f"{feed}.{rule or config['type']}"), said.get("message", {}).get("en", wrong)
    count, of = found.get("unexpected_count"), found.get("element_count")
    shown = f"{count:,} of {of:,} rows" if count is not None and of else str(found.get("observed_value", ""))
    severity = _severity(one)
    return (
        f'<tr><td class="{severity}">{severity}</td><td>{escape(rule)}</td><td>{escape(wrong)}</td>'
        f"<td>{escape(shown)}</td><td>{escape(str(said.get('owner', '')))}</td></tr>"
    )
