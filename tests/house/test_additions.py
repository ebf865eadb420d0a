# SPDX-License-Identifier: MIT
"""What can be added as one file and one word is added to a copy of sweep, and is right wherever people meet it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]

STRATEGY = '''"""fresh_pages: a page per buffer, as page_allocator, with a knob that does nothing."""
from sweep.fields.field import Knob
from sweep.model.strategies.page_allocator import *
from sweep.model.strategies.page_allocator import COUNTERS, DEFERRED_FREE, LAWS
KNOBS = (Knob("patience", "1", 3, 0, 9, "does nothing"),)
'''
PROCESS = '''"""jittered: packets come between half and one and a half times the mean gap after each other."""
from sweep.model.scenario import Distribution
from .protocol import Setting
SETTINGS = (Setting("width", "share", 9, "1.0", "from the earliest to the latest, in mean gaps"),)
def bursts(settings):
    return None
def gap(settings, load_ppm, mean_gap_ps):
    gap_ps = mean_gap_ps(load_ppm)
    half_ps = gap_ps * settings["width"] // 2_000_000
    return Distribution("uniform", (gap_ps - half_ps, gap_ps + half_ps))
'''
EXECUTOR = '''"""Chunks on threads of this process."""
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from . import inline
from .task import attempt_run, attempt_warm
from .work import WarmKernel
class Threads:
    def __init__(self, plan, workers):
        self.workers, self.name = workers, f"{workers} threads"
        self._plan, self._pool, self._doing = plan, ThreadPoolExecutor(workers), {}
    def submit(self, work):
        attempt = (attempt_warm, work) if isinstance(work, WarmKernel) else (attempt_run, self._plan, work)
        self._doing[self._pool.submit(*attempt)] = work
    def cancel(self, work):
        self._doing = {future: each for future, each in self._doing.items() if each != work}
    def wait(self, timeout_s):
        done, _ = wait(self._doing, timeout_s, FIRST_COMPLETED)
        return [(self._doing.pop(future), future.result()) for future in done]
    def close(self):
        self._pool.shutdown(cancel_futures=True)
KIND = replace(
    inline.KIND,
    open=lambda plan, workers, join, log: Threads(plan, workers),
    place=lambda workers: f"on {workers} threads of this process",
    worker_threads=1,
    most_workers=None,
)
'''
PANEL = '''"""Packets by ring."""
from sweep.document.blocks import Paragraph, Section
from sweep.document.statements import fixed
from sweep.report.parts import views
from sweep.report.parts.panels import Panel, Split
def section(analysis):
    return Section("A panel more", (Paragraph(fixed("It says so.")),), detail=True)
def parts(analysis):
    return {"received": analysis.data.estimate("rx_packets").center}
PANELS = (Panel(section, views.CPU, Split("more", "Packets", "kind", "packets", "packets", "packets", parts)),)
'''
# Folder of sweep, module, text, file with the list, word in it before which the new one comes.
ADDED = (
    ("model/strategies", "fresh_pages", STRATEGY, "__init__.py", '"hugepage_pool"'),
    ("model/traffic/processes", "jittered", PROCESS, "__init__.py", '"poisson"'),
    ("jobs/executors", "threads", EXECUTOR, "__init__.py", '"inline"'),
    ("report/sections", "more", PANEL, "../contents.py", '"census"'),
)
SWEEP = """\
name: added
packets: 300
warmup: 100
replicates: 2
host: xeon-e5-1650v4
nic: 10g
traffic:
  even: {arrivals: {jittered: {width: 50 %}}, sizes: 1500, fates: {drop: 1.0}}
axes: {strategy: [page_allocator, fresh_pages], ring: [64], load: [0.5]}
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of sweep to which one file and one word of each kind were added, and a sweep file."""
    folder = tmp_path_factory.mktemp("added")
    shutil.copytree(ROOT / "sweep", folder / "sweep", ignore=shutil.ignore_patterns("__pycache__"))
    if (ROOT / "configs").is_dir():
        shutil.copytree(ROOT / "configs", folder / "configs")
    for place, name, text, listing, word in ADDED:
        (folder / "sweep" / place / f"{name}.py").write_text(text)
        file = folder / "sweep" / place / listing
        before = file.read_text()
        assert before.count(word) == 1
        file.write_text(before.replace(word, f'"{name}", {word}'))
    (folder / "added.yaml").write_text(SWEEP)
    return folder


def sweep(folder: Path, *words: str, code: int = 0) -> str:
    """What the copy prints."""
    environment = os.environ | {"PYTHONPATH": str(folder), "SWEEP_PLAIN_PYTHON": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "sweep", *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_one_file_and_one_word_are_enough(copy: Path) -> None:
    """A strategy with a knob, an arrival process with a setting and an executor, in one run."""
    said = sweep(copy, "run", "added.yaml", "--out", "run", "--executor", "threads", "--workers", "2", "--no-report")
    assert "2 threads" in json.dumps(json.loads((copy / "run" / "run.json").read_text())), said
    with pa.memory_map(str(next((copy / "run").glob("snapshots/*/results.arrow")))) as file:
        table = pa.ipc.open_file(file).read_all()
    assert table.num_rows == 4
    assert all(table.column("valid").to_pylist())
    assert set(table.column("traffic.arrivals").to_pylist()) == {"jittered(width=0.5)"}
    assert dict(
        zip(table.column("strategy").to_pylist(), table.column("strategy.patience").to_pylist(), strict=True)
    ) == {
        "page_allocator": None,
        "fresh_pages": 3,
    }
    allocated = {name: [] for name in ("page_allocator", "fresh_pages")}
    for row in table.select(["strategy", "allocator_calls"]).to_pylist():
        allocated[row["strategy"]].append(row["allocator_calls"])
    assert allocated["fresh_pages"] == allocated["page_allocator"] != [0, 0]


def test_a_panel_is_in_the_report_and_its_drawing_in_the_page(copy: Path) -> None:
    """In its place among the others, the still text and what the reader can choose."""
    code = """
import base64, gzip, json, pathlib, sys
import pyarrow as pa
from sweep.report import contents
from sweep.report.page import points
file, = pathlib.Path("run").glob("snapshots/*/results.arrow")
document, analysis = contents.analysed(pa.ipc.open_file(str(file)).read_all())
raw = gzip.decompress(base64.b64decode(points.packed_points(analysis, "").packed))
header = json.loads(raw[4:4 + int.from_bytes(raw[:4], "little")])
json.dump([[s.title for s in document.sections], [v for v in header["views"] if v["name"] == "more"]], sys.stdout)
"""
    if not (copy / "run").exists():
        sweep(copy, "run", "added.yaml", "--out", "run", "--executor", "inline", "--no-report")
    environment = os.environ | {"PYTHONPATH": str(copy)}
    told = subprocess.run([sys.executable, "-c", code], cwd=copy, env=environment, capture_output=True, text=True)
    assert not told.returncode, told.stderr
    sections, (view,) = json.loads(told.stdout)
    assert sections.index("A panel more") == sections.index("Who holds the pages") - 1
    assert (view["title"], view["head"]) == (
        "Packets: {mix} at load {load}, ring {ring}",
        ["strategy", "kind", "packets"],
    )
    assert [part["name"] for part in view["parts"]] == ["received"]


def test_they_are_told_to_people(copy: Path) -> None:
    assert "fresh_pages" in sweep(copy, "show", "strategies")
    assert "ray|threads|inline" in sweep(copy, "run", "--help")
    schema = json.loads(sweep(copy, "schema"))
    (process,) = (part for part in schema["$defs"].values() if "width" in part.get("properties", {}))
    assert process["properties"]["width"]["description"] == "from the earliest to the latest, in mean gaps"
    (copy / "wrong.yaml").write_text(SWEEP.replace("jittered", "jitered"))
    assert 'Did you mean "jittered"?' in sweep(copy, "plan", "wrong.yaml", code=2)
