# SPDX-License-Identifier: MIT
"""Ctrl-C and SIGTERM: stop at once, keep what is ready, leave nothing behind."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
from pathlib import Path

import pytest
from typed import start, sweep


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_on_ray(here: Path, number: signal.Signals) -> None:
    """The first signal: stop, keep what is ready, say how to go on, within seconds; then the rest runs."""
    many = ("--set", "replicates=30", "--set", "packets=400000", "--chunk-seconds", "0.05", "--no-report")
    process = start(here, "run", "tiny.yaml", *many)
    parts = here / "runs" / "tiny" / "parts"
    deadline = time.perf_counter() + 120
    while not list(parts.glob("*.arrow")) and time.perf_counter() < deadline:
        time.sleep(0.05)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does at Ctrl-C
    else:
        process.send_signal(number)
    sent = time.perf_counter()
    out, error = process.communicate(timeout=60)
    assert process.returncode == 3, out + error
    assert time.perf_counter() - sent < 6  # 3 s on a machine of one's own
    assert error == ""
    assert "interrupted; what was finished is kept. Go on with\n  sweep run tiny.yaml --set replicates=30" in out
    done = int(re.findall(r"^done (\d+)", out, re.M)[0])
    assert 0 < done < 90
    out, _ = sweep(here, "plan", "tiny.yaml", *many[:4])
    assert f"done {done} · reused 0 · to run {90 - done}" in out


@pytest.mark.slow
@pytest.mark.parametrize("delay_s", [0.1, 0.5, 1.5, 2.5, 3.5, 5.0])
def test_interrupted_while_it_starts(here: Path, delay_s: float) -> None:
    """Ctrl-C at any moment before the first chunk: exit 3, how to go on, nothing left behind, no trace of Ray's."""
    process = start(here, "run", "tiny.yaml", "--set", "replicates=30", "--set", "packets=400000", "--no-report")
    time.sleep(delay_s)
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=120)
    assert process.returncode == 3, out + error
    assert "Go on with\n  sweep run tiny.yaml --set replicates=30 --set packets=400000" in out + error
    assert error == "" or error.startswith("interrupted")
    assert "Traceback" not in out + error
    assert not list(Path(tempfile.gettempdir()).glob(f"sweep-ray-{process.pid}-*"))
    deadline = time.perf_counter() + 10
    while (left := _alive(process.pid)) and time.perf_counter() < deadline:
        time.sleep(0.1)
    assert not left


def _alive(session: int) -> list[str]:
    """The processes of a session, but for dead ones that nobody has asked about yet."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(stat.parent.name)
    return found
