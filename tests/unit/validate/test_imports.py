"""Great Expectations costs seconds to import: what flow needs of the gate before it judges must not import it."""

from __future__ import annotations

import subprocess
import sys

from pipelines.settings import ROOT


def test_the_gates_nouns_are_cheap() -> None:
    code = "import sys, pipelines.validate.gate; print('great_expectations' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
