# SPDX-License-Identifier: MIT
"""The chart library in a process of its own: what it does not survive costs one picture, and never a report.

`vl_convert` is an engine of JavaScript and Rust: where it meets what its authors did not think of, it may end its
process.  This file is that process, run by its path, with nothing of sweep imported; each line of standard input is a
specification, and each is answered with a line of JSON, `{"svg": ...}` or `{"error": ...}`.  It ends with its input.
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

PATIENCE_S = 60.0  # for one picture: they take some hundredths of a second, the first one about one


class Draughtsman:
    """The process, started when it is needed first, and again after it has ended."""

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
            found = json.loads(self._line(process))
        except (OSError, ValueError):  # it has ended, or is stuck
            self.end()
            return None
        return found.get("svg") if isinstance(found, dict) else None

    def end(self) -> None:
        """End the process; another is started for the next picture."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid():  # of a parent: its pipes are not ours
            pipe = subprocess.PIPE
            command = [sys.executable, "-P", os.path.abspath(__file__)]
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
            self._owner = os.getpid()
        return self._process

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        """What it answers.  Raises OSError if it ends, or takes too long."""
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(PATIENCE_S):
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
    draughtsman = Draughtsman()
    atexit.register(draughtsman.end)
