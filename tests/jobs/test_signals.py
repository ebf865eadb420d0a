# SPDX-License-Identifier: MIT
"""Signals to a process that is busy in compiled code, where Python calls no handler."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

BUSY = """
import hashlib, os
from sweep.jobs.signals import stop_on_signal

def say(words):
    os.write(1, words + b"\\n")

heard = []

def stop():  # twice if the signal comes before the compiled code does
    if not heard:
        heard.append(True)
        say(b"stop")

with stop_on_signal(stop, {give_up}, {timeout_s}):
    say(b"busy")
    hashlib.pbkdf2_hmac("sha256", b"", b"", 1_000_000_000)  # minutes, without the interpreter's lock
"""
WAIT_S = 60.0
Busy = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def busy() -> Iterator[Busy]:
    """Start such a process; it is killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(give_up: str, timeout_s: float | None) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", BUSY.format(give_up=give_up, timeout_s=timeout_s)]
        started.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
        assert line(started[-1]) == "busy"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_it_when_patience_does(busy: Busy, number: signal.Signals) -> None:
    process = busy('lambda: say(b"given up")', 0.2)
    process.send_signal(number)
    assert [line(process), line(process), process.wait(WAIT_S)] == ["stop", "given up", 3]


def test_two_signals_end_it_at_once(busy: Busy) -> None:
    process = busy("None", None)
    process.send_signal(signal.SIGINT)
    assert line(process) == "stop"
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert [line(process), process.wait(WAIT_S)] == ["", 3]
