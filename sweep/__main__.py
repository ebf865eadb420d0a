# SPDX-License-Identifier: MIT
"""`sweep` and `python -m sweep`: until a verb takes over, Ctrl-C ends at once and says what to type."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from types import FrameType

INCOMPLETE = 3  # exit code


def main() -> None:
    """Entry point of both."""
    signal.signal(signal.SIGINT, _interrupted)
    from sweep.cli import main

    main()


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Nothing has been started that would have to end; an exception might be lost inside an import."""
    words = shlex.join(["sweep", *sys.argv[1:]])
    os.write(2, f"interrupted before anything was started. Go on with\n  {words}\n".encode())
    os._exit(INCOMPLETE)


if __name__ == "__main__":
    main()
