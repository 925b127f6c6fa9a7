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


def below(root: Path, path: str) -> Path | None:
    """The file of that name below a folder; None when there is none, or the name leads out of it."""
    found = (root / path).resolve()
    return found if found.is_relative_to(root.resolve()) and found.is_file() else None
