"""What every flow needs at hand: settings, declarations, warehouse."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from pipelines.catalog import Catalog, load_catalog
from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.profile import Profile, SourceRef
from pipelines.settings import ROOT, Settings, load_settings
from pipelines.warehouse import server
from pipelines.warehouse.connection import Warehouse


@dataclass(frozen=True)
class Office:
    """One installation, opened: declarations read, warehouse reachable."""

    settings: Settings
    catalog: Catalog
    warehouse: Warehouse

    def ref(self, delivery: Delivery) -> SourceRef:
        """The source a delivery came through, as declared now."""
        return self.catalog.source(delivery.client_id, delivery.feed, delivery.source)

    def contract(self, feed: str) -> Contract:
        """The contract of a feed."""
        return self.catalog.contracts[feed]

    def profile(self, client_id: str) -> Profile:
        """The profile of a client; DeclarationError when it is broken, or nobody wrote one."""
        return self.catalog.profile(client_id)

    def declaration_texts(self, ref: SourceRef) -> dict[str, str]:
        """What a source's deliveries are judged by, as written: kind → text."""
        texts = {
            "contract": self.contract(ref.feed).text,
            "profile": self.profile(ref.client_id).text,
            "suite": self.catalog.suite_text(ref.feed),
        }
        own = self.catalog.client_suite_text(ref.feed, ref.client_id)
        return texts if own is None else {**texts, "client_suite": own}

    @cached_property
    def code_version(self) -> str:
        """Hash over our own Python files: `explain` says when it differs from a delivery's."""
        digest = hashlib.sha256()
        for path in sorted((ROOT / "pipelines").rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()


def open_office(settings: Settings | None = None) -> Office:
    """Read the declarations and connect; starts the embedded server when no URL is given."""
    settings = settings or load_settings()
    return Office(settings, load_catalog(settings), open_warehouse(settings))


def open_warehouse(settings: Settings | None = None) -> Warehouse:
    """The warehouse alone, for what must not fail by a declaration: to write down what a person said."""
    settings = settings or load_settings()
    return Warehouse(settings.warehouse_url or server.ensure(settings).url)
