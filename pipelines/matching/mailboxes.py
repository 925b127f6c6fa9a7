"""Whose mailbox an address names: a person or firm, or an office that every firm has."""

from __future__ import annotations

_OFFICES = frozenset({
    "abuse", "accounting", "accounts", "admin", "administration", "bestellung", "billing", "buchhaltung", "client",
    "commercial", "compras", "comptabilite", "contabilita", "contact", "contacto", "customer", "customerservice",
    "einkauf", "enquiries", "export", "finance", "hello", "help", "helpdesk", "hostmaster", "hr", "info",
    "inquiries", "invoice", "invoices", "it", "jobs", "kontakt", "kunde", "mail", "marketing", "noreply", "office",
    "order", "orders", "post", "postmaster", "procurement", "purchasing", "reception", "rechnung", "sales",
    "secretariat", "security", "service", "shop", "support", "team", "test", "vendas", "ventas", "verkauf",
    "vertrieb", "webmaster", "zentrale",
})  # fmt: skip
"""RFC 2142 and the habit of many countries."""


def own_name(email: str) -> str:
    """What stands before @, where it is somebody's own; empty for an office, which says nothing of whose it is.

    >>> own_name("anna.sample@example.org"), own_name("accounts@example.org")
    ('anna.sample', '')
    """
    local = email.partition("@")[0].partition("+")[0]
    return "" if local.strip("0123456789.-_") in _OFFICES else local
