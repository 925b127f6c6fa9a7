"""What Kontor adds to Airflow's own pages.

The only file here that Airflow loads by itself, in every one of its processes: keep it light.
"""

import sys
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/kontor/docs"
OUTBOX = "/kontor/outbox"
MATCHES = "/kontor/matches"


def _apps() -> list[dict[str, Any]]:
    """The web part, in the API server only: FastAPI and its security cost the others a second."""
    if "api-server" not in sys.argv[1:2]:
        return []
    from plugins.kontor.match_pages import matches_app
    from plugins.kontor.pages import docs_app, outbox_app

    return [
        {"app": docs_app(), "url_prefix": PREFIX, "name": "Kontor documents"},
        {"app": outbox_app(), "url_prefix": OUTBOX, "name": "Kontor outbox"},
        {"app": matches_app(), "url_prefix": MATCHES, "name": "Kontor matches"},
    ]


class KontorPlugin(AirflowPlugin):  # type: ignore[misc]  # Airflow is not followed by mypy
    """Data Docs of the gate, in the navigation, for those who are logged in; workbooks and pairs for stewards."""

    name = "kontor"
    fastapi_apps = _apps()
    external_views = [  # noqa: RUF012 Airflow's interface
        {
            "name": "Data Docs",
            "href": f"{PREFIX}/quality/index.html",
            "destination": "nav",
            "url_route": "data-docs",
            "category": "browse",
        },
        {
            "name": "Customer matches",
            "href": f"{MATCHES}/",
            "destination": "nav",
            "url_route": "customer-matches",
            "category": "browse",
        },
    ]
