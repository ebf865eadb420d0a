# SPDX-License-Identifier: MIT
"""What is mutated: a folder with a sweep file, an experiment, a gate, a finished run and a copy of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from mutants import EXPERIMENT, GATE, OTHER, RUN, SWEEP_FILE

REPOSITORY = Path(__file__).resolve().parents[2]
SWEEP = """\
name: tiny
host: xeon-e5-1650v4
nic: 10g
kernel: "6.12"
packets: 400
warmup: 100
load: 0.3
axes:
  strategy: [page_allocator, page_pool]
  traffic: [router]
  ring: [64, 128]
zip:
  - {strategy.pool_size: [ring, 2*ring], label: [one, two]}
where: ring >= 64 or load < 0.5
replicates: 2
baseline: {strategy: page_allocator}
claims:
  - name: fewer calls
    that: allocator_calls_per_packet[page_pool, ring>=128] < 0.5
objectives: [drop_ratio < 0.1 %]
seed: 1
"""
GATES = """\
confidence: 95 %
metrics:
  - metric: ns_per_packet
    margin: 0.5 %
    floor: 0.5 ns
    where: ring >= 64 and traffic != drop_flood
    why: identical machines differ by more
  - metric: [drop_ratio]
    margin: 0.001
"""


def make(place: Path) -> Path:
    """Make it in `place`.  The run is simulated as plain Python: a thousand packets are a second or two."""
    place.mkdir()
    (place / SWEEP_FILE).write_text(SWEEP)
    (place / GATE).write_text(GATES)
    shutil.copyfile(REPOSITORY / "configs" / "experiments" / "v22.yaml", place / EXPERIMENT)
    for name in ("cache", "tmp"):
        (place / name).mkdir()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "SWEEP_PLAIN_PYTHON": "1"}
    words = ["run", SWEEP_FILE, "--executor", "inline", "--out", RUN]
    subprocess.run([sys.executable, "-m", "sweep", *words], cwd=place, env=environment, check=True, capture_output=True)
    (place / RUN / "failed").mkdir(exist_ok=True)
    failure = {
        **{"format": 1, "strategy": "page_pool", "ending": "exception", "error": "Traceback\nValueError: no"},
        **{"ids": ["0" * 32, "1" * 32], "document": "0" * 16, "node": "here"},
    }
    (place / RUN / "failed" / "0123456789abcdef.json").write_text(json.dumps(failure))
    (place / RUN / "size.json").write_text(json.dumps({"format": 1, "series": [{"ring": 64}], "best": None}))
    shutil.copytree(place / RUN, place / OTHER, symlinks=True)
    return place
