# SPDX-License-Identifier: MIT
"""The chart library in a process of its own, so that a crash in it costs one picture and never a report.

`vl_convert` embeds JavaScript and Rust engines that may abort the process on unexpected input.  This file is run as
that process, by its path, and imports nothing of sweep.  Each line of standard input is a specification and is
answered with a line of JSON, `{"svg": ...}` or `{"error": ...}`; the process ends with its input.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
from typing import Any

DRAW_TIMEOUT_S = 60.0  # timeout per picture; one takes hundredths of a second, the first about a second


class DrawingProcess:
    """The drawing process, started on first use and again after it has ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def draw(self, spec: dict[str, Any]) -> str | None:
        """The SVG of a Vega-Lite specification; None if it cannot be drawn."""
        process = self._running()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(spec).encode() + b"\n")
            process.stdin.flush()
            reply = json.loads(self._line(process))
        except (OSError, ValueError):  # it has ended, or is stuck
            self.end()
            return None
        return reply.get("svg") if isinstance(reply, dict) else None

    def end(self) -> None:
        """End the process; another is started for the next picture."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid():  # a parent's process: its pipes are not ours
            pipe = subprocess.PIPE
            command = [sys.executable, "-P", os.path.abspath(__file__)]
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
            self._owner = os.getpid()
        return self._process

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        """The process's answer, a line.  Raises OSError if it ends or takes too long."""
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(DRAW_TIMEOUT_S):
                raise OSError("no answer")
        answer = process.stdout.readline()  # written at once
        if not answer.endswith(b"\n"):
            raise OSError("ended")
        return answer


def serve() -> None:
    """Answer the lines of standard input until it ends."""
    import vl_convert

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, and ends this with it
    for line in sys.stdin.buffer:
        try:
            answer = {"svg": vl_convert.vegalite_to_svg(line.decode())}
        except BaseException as error:  # a panic of Rust is no Exception
            answer = {"error": str(error)[:1000]}
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
else:
    draughtsman = DrawingProcess()
    atexit.register(draughtsman.end)
