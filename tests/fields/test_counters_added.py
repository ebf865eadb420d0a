# SPDX-License-Identifier: MIT
"""A counter is one declaration and its increment: in a copy of the package it is then wherever counters are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sweep

DECLARATION = '    _tx_ring("tx_sent_packets", "packets", "packets queued in the TX ring", better=HIGHER),\n'
INCREMENT = "    sim.counters[lane].tx_sent_packets += 1\n"
SWEEP_FILE = """
name: added
packets: 400
warmup: 100
replicates: 2
traffic: router
load: 0.3
ring: 64
axes:
  strategy: [page_allocator]
"""
GATE = "metrics: [{metric: tx_sent_packets, margin: 1 %, undecided: open}]\n"
TURNED = "metrics: [{metric: tx_sent_packets, margin: 1 %, better: lower}]\n"
COMPLETE = "from sweep.cli import names; print('tx_sent_packets' in names.counters())"
REFERENCE = "import reference; print(reference.counter_page())"


class Copy:
    """A copy of the package with the counter, in its own interpreter, as plain Python."""

    def __init__(self, root: Path) -> None:
        self.root = root
        package = Path(sweep.__file__).parent
        shutil.copytree(package, root / "sweep", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(package.parent / "docs", root / "docs", ignore=shutil.ignore_patterns("*.png"))
        self.after("sweep/fields/counters.py", "PACKETS = (\n", DECLARATION)
        self.after("sweep/model/tx.py", "    st.tx_queued += 1\n", INCREMENT)

    def after(self, file: str, line: str, added: str) -> None:
        path = self.root / file
        before, found, rest = path.read_text().partition(line)
        assert found
        path.write_text(before + found + added + rest)

    def run(self, *words: str, code: int = 0) -> str:
        """What a command prints."""
        paths = os.pathsep.join(map(str, (self.root, self.root / "docs")))
        env = {**os.environ, "PYTHONPATH": paths, "SWEEP_PLAIN_PYTHON": "1", "COLUMNS": "200"}
        done = subprocess.run(
            [sys.executable, *words], cwd=self.root, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = Copy(tmp_path_factory.mktemp("copy"))
    (made.root / "added.yaml").write_text(SWEEP_FILE)
    (made.root / "gate.yaml").write_text(GATE)
    (made.root / "turned.yaml").write_text(TURNED)
    made.run("-m", "sweep", "run", "added.yaml", "--executor", "inline", "--out", "run", "--no-report")
    return made


def test_it_is_a_column_with_all_that_it_declares(copy: Copy) -> None:
    table = pa.ipc.open_file(copy.root / "run/results.arrow").read_all()
    field = table.schema.field("tx_sent_packets")
    assert {key.decode(): text.decode() for key, text in field.metadata.items()} == {
        "unit": "packets",
        "meaning": "packets queued in the TX ring",
        "role": "counter",
        "kernel": "",
        "stage": "Through the TX ring",
        "better": "higher",
    }
    assert not field.nullable
    assert min(table.column("tx_sent_packets").to_pylist()) > 0
    named = {row["name"]: row for row in pq.read_table(copy.root / "run/dictionary.parquet").to_pylist()}
    assert named["tx_sent_packets"]["stage"] == "Through the TX ring"
    assert named["tx_sent_packets"]["better"] == "higher"


def test_it_is_shown_at_its_stage(copy: Copy) -> None:
    for words in (["run", "strategy=page_allocator"], ["counters"]):
        text = copy.run("-m", "sweep", "show", *words)
        stage = text[text.index("Through the TX ring") :]
        assert "tx_sent_packets" in stage[: stage.index("Page allocator")]
        assert "Other counters" not in text


def test_it_can_be_reported_and_asked_for(copy: Copy) -> None:
    assert "tx_sent_packets" in copy.run("-m", "sweep", "report", "run", "--metric", "tx_sent_packets")
    least = "select min(tx_sent_packets) as least from results"
    asked = copy.run("-m", "sweep", "query", "run", least, "--format", "json")
    assert json.loads(asked)[0]["least"] > 0


def test_it_can_be_gated_and_its_direction_is_known(copy: Copy) -> None:
    compared = copy.run("-m", "sweep", "compare", "run", "run", "--gate", "gate.yaml", "--format", "json")
    assert "tx_sent_packets" in compared
    refused = copy.run("-m", "sweep", "compare", "run", "run", "--gate", "turned.yaml", code=2)
    assert "higher is better" in refused


def test_it_is_in_the_reference_pages_and_completed(copy: Copy) -> None:
    assert copy.run("-c", COMPLETE).strip() == "True"
    page = copy.run("-c", REFERENCE)
    stage = page[page.index("## Through the TX ring") : page.index("## Page allocator")]
    assert "| `tx_sent_packets` | packets | higher |" in stage
