# SPDX-License-Identifier: MIT
"""Typing `sweep ...` in a process of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sweep.model.compiler.kernel_cache import VARIABLE, root

REPOSITORY = Path(__file__).resolve().parents[2]
SWEEP = """\
name: tiny
host: xeon-e5-1650v4
nic: 10g
kernel: "6.12"
traffic: router
packets: 300
warmup: 100
load: 0.3
axes:
  strategy: [page_allocator]
  ring: [64, 128, 256]
replicates: 2
baseline: {strategy: page_allocator}
seed: 1
"""


def start(directory: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), VARIABLE: str(root())}
    environment.pop("SWEEP_DEBUG", None)
    command = [sys.executable, "-m", "sweep", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=directory, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def sweep(directory: Path, *words: str, code: int = 0) -> tuple[str, str]:
    """Standard output and error of `sweep` with these words, which must exit with `code`."""
    process = start(directory, *words)
    out, error = process.communicate(timeout=300)
    assert process.returncode == code, out + error
    assert "Traceback" not in out + error
    return out, error
