# SPDX-License-Identifier: MIT
"""A run directory of which a part is there, made in plain Python: no kernel is compiled."""

from __future__ import annotations

import atexit
import os
from functools import cache
from pathlib import Path

from tests.fork_server import ForkServer
from tests.tiny_sweep import sweep_text

REPOSITORY = Path(__file__).resolve().parents[2]
AXES = {"strategy": "[page_allocator, page_pool]", "ring": "[64, 128]"}
SWEEP = sweep_text(name="watched", traffic="router", axes=AXES, replicates=3)
SIMULATIONS = 2 * 2 * 3


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "SWEEP_PLAIN_PYTHON": "1", **more}


@cache
def server() -> ForkServer:
    made = ForkServer(environment())
    atexit.register(made.close)
    return made


def sweep(directory: Path, *words: str, code: int = 0) -> tuple[str, str]:
    """Standard output and error of `sweep` with these words, which must exit with `code`."""
    done = server().run(directory, words, environment(), 300)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout, done.stderr
