"""Data Docs: the last result of each feed and source as a static page, drawn by Great Expectations' own renderer.

Off the critical path: called after the verdict is committed. The pages load nothing from elsewhere (what Great
Expectations links to on content networks is taken out), so they open on a machine without internet and tell nobody
that they are read.
"""

from __future__ import annotations

import html
import os
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

from pipelines.settings import Settings

_ELSEWHERE = re.compile(
    r"<link\b[^>]*\bhref=[\"']https?:[^>]*>|<script\b[^>]*\bsrc=[\"'][^>]*>\s*</script>|<img\b[^>]*\bsrc=[\"']https?:[^>]*>",
    re.IGNORECASE,
)
_ACTIVE = re.compile(r"<script\b.*?</script>|<footer\b.*?</footer>", re.IGNORECASE | re.DOTALL)
_PICTURE = re.compile(r"url\([\"']?https?:[^)]*\)", re.IGNORECASE)
_STYLE = """<style>
body { font-family: system-ui, sans-serif; margin: 1.5rem; color: #222; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; } td, th { border: 1px solid #ccc; padding: .3rem .6rem; }
.badge { background: #eee; border-radius: .25rem; padding: 0 .3rem; } .text-danger { color: #a00; }
.text-success { color: #070; } .text-warning { color: #a60; } .badge-danger { background: none; }
.navbar, .modal, .sticky, a[data-toggle=collapse] { display: none; }
a[href^="../"] { pointer-events: none; color: inherit; text-decoration: none; }
.fa-times::before { content: "✗"; } .fa-check-circle::before { content: "✓"; }
.fa-exclamation-triangle::before { content: "!"; font-weight: bold; }
</style>"""


def write_data_docs(settings: Settings, feed: str, result: dict[str, Any]) -> Path:
    """Draw one validation result as `<docs>/quality/<feed>/<client>-<source>.html`; returns the page.

    The page of the run before is replaced, and the index of all pages is written anew.
    """
    loaded = expectationSuiteValidationResultSchema.load(result)
    page = _view().render(ValidationResultsPageRenderer().render(loaded))
    where = result["meta"].get("batch_spec", {})
    name = re.sub(r"[^\w.-]+", "_", f"{where.get('client', 'unknown')}-{where.get('source', 'main')}")
    folder = settings.docs / "quality"
    path = folder / feed / f"{name}.html"
    _write(path, _own_page(page))
    _write_index(folder)
    return path


@cache
def _view() -> DefaultJinjaPageView:
    """One for the process: each compiles some twenty templates anew, three quarters of what a page takes."""
    return DefaultJinjaPageView()


def warm() -> None:
    """Compile every template, for whoever forks: the kept one knows them from then on."""
    view = _view()
    for name in view.env.list_templates(extensions=["j2"]):
        view.env.get_template(name)


def _own_page(page: str) -> str:
    """Without scripts and links elsewhere; and a rule that was not evaluated did not raise anything."""
    page = _PICTURE.sub("none", _ACTIVE.sub("", _ELSEWHERE.sub("", page)))
    return page.replace(" raised an exception:", ":").replace("</head>", f"{_STYLE}</head>", 1)


def _write_index(folder: Path) -> None:
    """A list of the pages; several runs may write it at once, each writes the whole truth."""
    pages = sorted(p.relative_to(folder).as_posix() for p in folder.glob("*/*.html"))
    items = "\n".join(f'<li><a href="{html.escape(p)}">{html.escape(p.removesuffix(".html"))}</a></li>' for p in pages)
    _write(
        folder / "index.html",
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Data quality</title>{_STYLE}</head>'
        f"<body><h1>Last run of each feed</h1><ul>\n{items}\n</ul></body></html>\n",
    )


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
