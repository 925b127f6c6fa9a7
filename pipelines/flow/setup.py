"""Open and close an installation: server, schemas, roles, clients."""

from __future__ import annotations

from pipelines.flow.office import open_office
from pipelines.reporting.publish import close_restricted
from pipelines.settings import Settings
from pipelines.warehouse import ddl, register, roles, server
from pipelines.warehouse.connection import Warehouse


def init(settings: Settings) -> str:
    """Start the embedded server if needed, create and migrate schemas, write clients and their analysts."""
    office = open_office(settings)
    with Warehouse(server.role_url(settings, "owner")).transaction() as conn:
        ddl.create_schema(conn)
        changes = ddl.migrate(conn, office.catalog)
        changes += close_restricted(conn)
        register.sync_clients(conn, office.catalog.profiles.values())
    feeds, clients = len(office.catalog.contracts), len(office.catalog.profiles)
    said = "; ".join(changes) if changes else "nothing to change"
    broken = len(office.catalog.faults())
    said += f"; broken profiles: {broken} (`python -m pipelines check` says why)" if broken else ""
    return f"warehouse ready: {feeds} feeds, {clients} clients; {said}"


def stop(settings: Settings) -> str:
    """Stop the embedded server, if it is ours and runs."""
    if settings.warehouse_url:
        return "the warehouse is not embedded (KONTOR_WAREHOUSE_URL): left alone"
    return "embedded server stopped" if server.stop(settings) else "embedded server was not running"


def url(settings: Settings, role: str) -> str:
    """SQLAlchemy URL of the warehouse for one role; `loader` is the one the flows use."""
    return roles.role_url(settings, role)
