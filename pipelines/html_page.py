"""The frame of our own HTML pages: one look, light and dark, nothing loaded from elsewhere."""

from __future__ import annotations

from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1f2a33; --soft: #5b6b75; --paper: #fff; --pale: #eef2f4; --line: #cbd3d7;
  --accent: #1f4e5f; --mark: #fff2b3; --edge: #c98a00; --good: #1e6b3a; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ecef; --soft: #9fb0b9; --paper: #161c20; --pale: #212a30;
  --line: #3a464d; --accent: #7fc0d6; --mark: #574700; --edge: #e0a526; --good: #7fd39b; --bad: #ff8a80; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 1100px; padding: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 .2rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; color: var(--accent); }
p { margin: .3rem 0; } .soft { color: var(--soft); } a { color: var(--accent); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .25rem .8rem;
  border-top: 1px solid var(--line); overflow-wrap: anywhere; } thead th { font-weight: 600; }
"""


def html_page(language: str, title: str, body: str, style: str = "", head: str = "") -> str:
    """A whole document with the title as its heading; `body` and `head` are HTML, `style` is CSS after our own."""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{escape(title)}</title>{head}<style>{STYLE}{style}</style></head>'
        f"<body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )
