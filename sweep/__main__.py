# SPDX-License-Identifier: MIT
"""`sweep` and `python -m sweep`: until a verb takes over, Ctrl-C exits at once and prints the command to resume."""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from types import FrameType

from sweep.standard_input import typed

from .safe_text import visible

INCOMPLETE = 3  # exit code


class WithoutPandas:
    """A finder that has pandas look as if it were not installed.

    Where it is, pyarrow imports it at the first conversion of an array, which takes half a second; no verb uses it.
    """

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Nothing, so that other finders are asked.  Raises ModuleNotFoundError for pandas."""
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)


def main() -> None:
    """Entry point of `sweep` and of `python -m sweep`."""
    signal.signal(signal.SIGINT, _interrupted)
    _standard_files()
    sys.meta_path.insert(0, WithoutPandas)
    from sweep.cli import main

    main()


def _standard_files() -> None:
    """Open the standard streams that the caller has closed, so that no other file becomes standard output.

    Characters that a terminal does not know, such as "±", are printed as "?".
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
    """Exit on Ctrl-C before a verb has begun: nothing needs ending, and an import might swallow an exception."""
    command = visible(typed(sys.argv[1:]))
    os.write(2, f"interrupted before anything was started. Go on with\n  {command}\n".encode(errors="replace"))
    os._exit(INCOMPLETE)


if __name__ == "__main__":
    main()
