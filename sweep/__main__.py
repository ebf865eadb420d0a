# SPDX-License-Identifier: MIT
"""`sweep` and `python -m sweep`: until a verb takes over, Ctrl-C ends at once and says what to type."""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from types import FrameType

from sweep.foreign import visible
from sweep.standard_input import typed

INCOMPLETE = 3  # exit code


def main() -> None:
    """Entry point of both."""
    signal.signal(signal.SIGINT, _interrupted)
    _standard_files()
    from sweep.cli import main

    main()


def _standard_files() -> None:
    """Three open files, whatever the caller closed: the next file opened must not become standard output.

    A terminal that knows no "±" gets "?" in its place.
    """
    for number, mode in enumerate(("r", "w", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
        name = ("stdin", "stdout", "stderr")[number]
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 for good
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Nothing has been started that would have to end; an exception might be lost inside an import."""
    words = visible(typed(sys.argv[1:]))
    os.write(2, f"interrupted before anything was started. Go on with\n  {words}\n".encode(errors="replace"))
    os._exit(INCOMPLETE)


if __name__ == "__main__":
    main()
