"""Pages beside Airflow's own. Without `from __future__ import annotations`: FastAPI reads the annotations."""

from pathlib import Path

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, Response

from pipelines.settings import load_settings

_NONE_YET = "<p style='font-family: sans-serif'>No delivery was judged yet: Data Docs appear after the first night.</p>"


def docs_app() -> FastAPI:
    """Serves the generated documentation (`<home>/docs`) to users who are logged in to Airflow.

    A plain static mount would be open to everybody: Airflow guards its own routes only.
    """
    app = FastAPI(title="Kontor documents", docs_url=None, redoc_url=None, openapi_url=None)
    root = load_settings().docs

    def document(path: str, user: GetUserDep) -> Response:
        found = below(root, path)
        if found is not None:
            return FileResponse(found)
        if path.endswith("index.html"):
            return HTMLResponse(_NONE_YET)
        raise HTTPException(404, "no such document")

    app.get("/{path:path}", response_class=Response)(document)
    return app


def outbox_app() -> FastAPI:
    """Serves what waits for a client (`<home>/outbox/<client>/…`: correction workbooks) to the stewards of that client.

    Others get the same 403 whether the file, or the client, is there or not.
    """
    app = FastAPI(title="Kontor outbox", docs_url=None, redoc_url=None, openapi_url=None)
    root = load_settings().home / "outbox"

    def outgoing(client: str, path: str, user: GetUserDep) -> Response:
        from pipelines.flow.release import is_steward

        if not is_steward(user.get_id(), client):
            raise HTTPException(403, f"only stewards of the client, as its profile names them, may read {client}")
        found = below(root / client, path)
        if found is None:
            raise HTTPException(404, "no such file")
        return FileResponse(found, filename=found.name, headers={"Cache-Control": "no-store"})

    app.get("/{client}/{path:path}", response_class=Response)(outgoing)
    return app


def below(root: Path, path: str) -> Path | None:
    """The file of that name below a folder; None when there is none, or the name leads out of it."""
    found = (root / path).resolve()
    return found if found.is_relative_to(root.resolve()) and found.is_file() else None
