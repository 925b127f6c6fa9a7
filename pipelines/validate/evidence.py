"""Data Docs: the last result of each feed and source as a static page, drawn by Great Expectations' own renderer.

Off the critical path: called after the verdict is committed. The pages load nothing from elsewhere (what Great
Expectations links to on content networks is taken out), so they open on a machine without internet and tell nobody
that they are read.
"""

from __future__ import annotations

import os
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

from pipelines.delivery import Delivery
from pipelines.html_page import STYLE
from pipelines.settings import Settings
from pipelines.validate import quality_pages

_ELSEWHERE = re.compile(
    r"<link\b[^>]*\bhref=[\"']https?:[^>]*>|<script\b[^>]*\bsrc=[\"'][^>]*>\s*</script>|<img\b[^>]*\bsrc=[\"']https?:[^>]*>",
    re.IGNORECASE,
)
_ACTIVE = re.compile(r"<script\b.*?</script>|<footer\b.*?</footer>", re.IGNORECASE | re.DOTALL)
_PICTURE = re.compile(r"url\([\"']?https?:[^)]*\)", re.IGNORECASE)
_STYLE = f"""<style>{STYLE}{quality_pages.STYLE}
.container-fluid table {{ width: auto; margin: .5rem 0 1.5rem; }} .container-fluid td, .container-fluid th {{
  border: 1px solid var(--line); }} .container-fluid h1, .container-fluid h3, .container-fluid h4,
.container-fluid h5 {{ font-size: .95rem; margin: 1rem 0 .3rem; }}
.badge {{ background: var(--pale); border-radius: .25rem; padding: 0 .3rem; }} .badge-danger {{ background: none; }}
.text-danger {{ color: var(--bad); }} .text-success {{ color: var(--good); }} .text-warning {{ color: var(--edge); }}
.navbar, .modal, .sticky, a[data-toggle=collapse] {{ display: none; }}
.container-fluid a[href^="../"] {{ pointer-events: none; color: inherit; text-decoration: none; }}
.fa-times::before {{ content: "✗"; }} .fa-check-circle::before {{ content: "✓"; }}
.fa-exclamation-triangle::before {{ content: "!"; font-weight: bold; }}
</style>"""
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


def write_data_docs(settings: Settings, delivery: Delivery, result: dict[str, Any]) -> Path:
    """Draw the validation of a judged delivery as `<docs>/quality/<feed>/<client>-<source>.html`; returns the page.

    The page of the run before is replaced, and the index of all pages is written anew.
    """
    loaded = expectationSuiteValidationResultSchema.load(result)
    page = _view().render(ValidationResultsPageRenderer().render(loaded))
    line = quality_pages.line_for(delivery, result)
    name = re.sub(r"[^\w.-]+", "_", f"{delivery.client_id}-{delivery.source}")
    folder = settings.docs / "quality"
    path = folder / delivery.feed / f"{name}.html"
    _write(path, _own_page(page, line.meta(), quality_pages.opening(line, result)))
    _write_index(folder)
    return path


@cache
def _view() -> DefaultJinjaPageView:
    """One for the process: each compiles some twenty templates anew, three quarters of what a page takes."""
    view = DefaultJinjaPageView()
    view.env.auto_reload = False  # else each use of a template looks whether its file has changed
    return view


def warm() -> None:
    """Compile every template, for whoever forks: the kept one knows them from then on."""
    view = _view()
    for name in view.env.list_templates(extensions=["j2"]):
        view.env.get_template(name)


def _own_page(page: str, meta: str, opening: str) -> str:
    """Without scripts and links elsewhere, behind our opening; a rule that was not evaluated did not raise anything."""
    page = _PICTURE.sub("none", _ACTIVE.sub("", _ELSEWHERE.sub("", page)))
    page = page.replace(" raised an exception:", ":").replace("</head>", f"{_STYLE}</head>", 1)
    page = page.replace("<head>", f"<head>{meta}", 1)
    return _BODY.sub(lambda found: f"{found[0]}{opening}", page, count=1)


def _write_index(folder: Path) -> None:
    """The list of the pages; several runs may write it at once, each writes the whole truth."""
    lines = {}
    for page in folder.glob("*/*.html"):
        with page.open(encoding="utf-8") as text:
            lines[page.relative_to(folder).as_posix()] = quality_pages.line_of(text)
    _write(folder / "index.html", quality_pages.index_page(lines))


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
