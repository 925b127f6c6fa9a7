"""What the DAG `housekeeping` does each morning, and what every intake says of deadlines.

Nothing heavy at the top: this module is imported whenever a DAG file is parsed.
"""

from __future__ import annotations

import logging
from datetime import datetime

from airflow.sdk import get_current_context

from plugins.kontor.names import LOOKED

log = logging.getLogger("kontor.housekeeping")


def tell_due() -> None:
    """Note which deliveries were due when `discover` looked, and log what is late or missing."""
    from pipelines.flow.expected import note_expected
    from pipelines.flow.office import open_office

    context = get_current_context()
    looked, params = context["ti"].xcom_pull(task_ids="discover", key=LOOKED), context["params"]
    found = note_expected(
        open_office(),
        looked=datetime.fromisoformat(looked["at"]),
        client=params["client"],
        domains=looked["domains"],
        feed=params["feed"],
    )
    for line in found:
        log.warning("%s", line.said)
