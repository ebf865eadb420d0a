# SPDX-License-Identifier: MIT
"""Typing `sweep ...` in a process of its own, as a user does."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

from sweep.model.compiler.kernel_cache import VARIABLE, root
from tests.tiny_sweep import sweep_text

REPOSITORY = Path(__file__).resolve().parents[2]
SWEEP = sweep_text(traffic="router", axes={"strategy": "[page_allocator]", "ring": "[64, 128, 256]"})


def environment_of(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), VARIABLE: str(root()), **more}


def start(directory: Path, *words: str) -> subprocess.Popen[str]:
    environment = environment_of()
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


def on_a_terminal(directory: Path, columns: int, *words: str, code: int = 0, **more: str) -> str:
    """What a terminal of this width is sent by `sweep`, which must exit with `code`; more: of its environment."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = environment_of(**{"TERM": "xterm", **more})
    command = [sys.executable, "-m", "sweep", *words]
    process = subprocess.Popen(command, cwd=directory, env=environment, stdout=slave, stderr=slave, stdin=slave)
    os.close(slave)
    sent = b""
    while True:
        try:
            data = os.read(master, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        sent += data
    os.close(master)
    assert process.wait(60) == code, sent
    return sent.decode().replace("\r\n", "\n")
