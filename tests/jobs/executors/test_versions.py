# SPDX-License-Identifier: MIT
"""What is compared between the nodes of a cluster, and how a difference reads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import sweep
from sweep.jobs.executors import PACKAGES
from sweep.jobs.executors.versions import differences, versions
from sweep.model import identity
from sweep.model.strategies import NAMES


def test_what_is_compared() -> None:
    here = versions()
    assert {"Python", *PACKAGES, "the source of sweep"} < here.keys()
    assert all(here[f"the code of strategy {name}"] == identity.strategy_digest(name) for name in NAMES)


def test_differences_have_both_values() -> None:
    here = {"Python": "3.11.7", "numpy": "2", "llvmlite": "3", "ray": "4", "pyarrow": "5"}
    assert differences(here, here) == ""
    assert differences(here, {**here, "numpy": "1"}) == 'numpy is "1" there and "2" here'
    assert differences(here, dict.fromkeys(here, "0")).endswith("; and 2 more")
    assert 'ray is "missing" there' in differences(here, {name: here[name] for name in here if name != "ray"})


def test_any_source_counts(tmp_path: Path) -> None:
    """Two nodes whose machinery differs might not understand each other; what is not source does not matter."""
    shutil.copytree(Path(sweep.__file__).parent, tmp_path / "sweep", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "sweep" / "notes.txt").write_text("nothing")
    code = "import json; from sweep.jobs.executors.versions import versions; print(json.dumps(dict(versions())))"

    def there() -> str:
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
        return differences(versions(), json.loads(done.stdout))

    assert there() == ""
    with open(tmp_path / "sweep" / "jobs" / "store.py", "a") as file:
        file.write("# one more line\n")
    assert there().startswith("the source of sweep is ")
