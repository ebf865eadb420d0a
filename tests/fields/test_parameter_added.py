# SPDX-License-Identifier: MIT
"""In a copy of the program a NIC gets one parameter more and a strategy one knob, each by one declaration.

Each is then in the sweep file, its JSON Schema, the table, the data dictionary, the report (as what it is), `compare`,
`size`, `show`, completion and the reference pages, and does what its mechanism says.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DECLARED = 'Parameter("nic.doorbell", TIME, "writing the doorbell after a poll", (0, 10**12), default="0 ns"),'
KNOB = 'Knob("slow_ps", "ps", 0, 0, 10**9, "what an atomic takes more"),'
EDITS = {  # file: what is replaced, by what, and how often
    "sweep/fields/nic.py": [
        (r"(?m)^(NIC: .*\n)", rf"\1    {DECLARED}\n", 1),
        ("import COUNT", "import TIME, COUNT", 1),
    ],
    "sweep/model/strategies/refcount_recycle.py": [
        (r"KNOBS: .*", f"KNOBS = ({KNOB})", 1),
        (r"(sim\.params\[lane\])\.cost_atomic", r"\1.cost_atomic + \1.slow_ps", 2),
    ],
    "sweep/model/poll.py": [(r"p\.cost_poll", "p.cost_poll + p.doorbell_ps", 1)],
    "sweep/model/counting/laws.py": [(r"p\.cost_poll", "(p.cost_poll + p.doorbell_ps)", 1)],
}
SWEEP = """\
name: more
host: xeon-e5-1650v4
nic: 10g
packets: 150
warmup: 50
load: 0.3
traffic: host
replicates: 2
axes:
  strategy: [page_allocator, refcount_recycle]
  ring: [64, 128]
  nic.doorbell: [0 ns, 50 us]
  strategy.slow_ps: [0, 3000]
"""
SCRIPT = """\
import json
from typer.testing import CliRunner
from sweep.cli import app, completion
from sweep.package import IMPORTED_FROM

def sweep(*words, codes=(0,)):
    done = CliRunner().invoke(app, words)
    assert done.exit_code in codes, (words, done.output, done.exception)
    return done.output

inline = ("--executor", "inline")
said = {"schema": sweep("schema"), "parameters": sweep("show", "parameters")}
sweep("run", "more.yaml", "--out", "both", *inline)
sweep("run", "more.yaml", "--out", "one", "--set", "axes.nic.doorbell=[0 ns]", "--no-report", *inline)
sweep("run", "more.yaml", "--out", "other", "--set", "axes.nic.doorbell=[50 us]", "--no-report", *inline)
said["report"] = open("both/report.txt").read()
said["dictionary"] = sweep("query", "both", "select name, unit, meaning from dictionary", "--format", "csv")
said["table"] = sweep("query", "both", "--format", "csv",
    'select strategy, ring, "nic.doorbell", "strategy.slow_ps", '
    "sum(poll_ps) / sum(polls) as poll, sum(recycle_ps) as recycle from results group by all order by all")
said["show"] = sweep("show", "both", "strategy=refcount_recycle", "ring=64", "nic.doorbell=50us",
    "strategy.slow_ps=3000", "replicate=0")
said["compare"] = sweep("compare", "one", "other", codes=(0, 1, 4))
said["size"] = sweep("size", "more.yaml", "--out", "sized", "--objective", "drop_ratio < 50 %", *inline,
    codes=(0, 1, 4))
said["completion"] = "\\n".join([*completion.overrides("n"), *completion.overrides("axes.s")])
print("<said>" + json.dumps(said))
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with both edits."""
    root = tmp_path_factory.mktemp("copied")
    skipped = shutil.ignore_patterns("__pycache__", "*.png")
    for part in ("sweep", "configs", "docs"):
        shutil.copytree(ROOT / part, root / part, symlinks=True, ignore=skipped)
    for file, edits in EDITS.items():
        text = (root / file).read_text()
        for before, after, times in edits:
            text, made = re.subn(before, after, text)
            assert made == times, (file, before, made)
        (root / file).write_text(text)
    (root / "more.yaml").write_text(SWEEP)
    return root


def python(root: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(root), "SWEEP_PLAIN_PYTHON": "1", "COLUMNS": "160"}
    done = subprocess.run(
        [sys.executable, *words], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def said(copied: Path) -> dict[str, str]:
    """What the program prints, by the place where one looks."""
    found: dict[str, str] = json.loads(python(copied, "-c", SCRIPT).partition("<said>")[2])
    return found


pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("place", "of_the_nic", "of_the_strategy"),
    [
        ("schema", '"nic.doorbell": {', '"strategy.slow_ps": {'),
        ("parameters", "nic.doorbell", "strategy.slow_ps"),
        (
            "dictionary",
            '"nic.doorbell","ns","writing the doorbell after a poll"',
            '"strategy.slow_ps","ps","what an atomic takes more',
        ),
        ("report", "host · nic.doorbell=50 us", "refcount_recycle (strategy.slow_ps=3000)"),
        ("show", "nic.doorbell", "strategy.slow_ps"),
        ("compare", "nic.doorbell", "strategy.slow_ps=3000"),
        ("size", "nic.doorbell=50 us", "strategy.slow_ps=3000"),
        ("completion", "nic.doorbell=", "axes.strategy.slow_ps="),
    ],
)
def test_both_are_there(place: str, of_the_nic: str, of_the_strategy: str, said: dict[str, str]) -> None:
    assert of_the_nic in said[place], said[place]
    assert of_the_strategy in said[place], said[place]


def test_their_mechanisms_are_simulated(said: dict[str, str]) -> None:
    rows = list(csv.reader(said["table"].splitlines()))[1:]
    found = {tuple(row[:4]): (float(row[4]), float(row[5])) for row in rows}
    assert len(found) == 2 * 2 * 3
    for ring in ("64", "128"):
        cheap, dear = (found["refcount_recycle", ring, doorbell, "0"][0] for doorbell in ("0", "50000"))
        assert dear - cheap == pytest.approx(50e6, rel=0.01)
        fast, slow = (found["refcount_recycle", ring, "0", knob][1] for knob in ("0", "3000"))
        assert slow > fast


def test_both_are_on_the_reference_pages(copied: Path) -> None:
    python(copied, "docs/reference.py")
    page = (copied / "docs/reference/parameters.md").read_text()
    for line in (
        "| `nic.doorbell` | `20 us` (ps, ns, us, ms, s) | `0 ns` | writing the doorbell after a poll |",
        "| `nic.doorbell` | ns | double | writing the doorbell after a poll |",
    ):
        assert line in page.splitlines()
    assert "`strategy.slow_ps`" in page
    assert "`strategy.slow_ps`" in (copied / "docs/reference/strategies.md").read_text()
