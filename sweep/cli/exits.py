# SPDX-License-Identifier: MIT
"""How a verb ends: errors become messages and exit codes.  A traceback goes to a file, not to the terminal.

`SWEEP_DEBUG=1` lets exceptions through.
"""

from __future__ import annotations

import errno
import functools
import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from types import FrameType
from typing import ParamSpec, TextIO

import typer

from sweep.errors import SweepError
from sweep.standard_input import typed

from .fitting import say

FAILED, INCOMPLETE = 1, 3
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # if there is no file name, the error is of `print`
P = ParamSpec("P")


def guarded(verb: Callable[P, None]) -> Callable[P, None]:
    """`verb` with errors turned into a message on stderr and an exit code."""

    @functools.wraps(verb)
    def call(*arguments: P.args, **options: P.kwargs) -> None:
        signal.signal(signal.SIGTERM, _terminated)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        warnings.showwarning = _warn
        try:
            try:
                verb(*arguments, **options)
            finally:
                sys.stdout.flush()  # here, where a reader that has gone is no surprise
        except SweepError as error:
            _say(str(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            _say(f"interrupted; what was finished is kept. Go on with\n  {typed(sys.argv[1:])}")
            raise typer.Exit(INCOMPLETE) from None
        except BrokenPipeError:  # the reader of our output has gone, as in `sweep plan … | head -1`
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise typer.Exit(FAILED) from None
        except Exception as error:
            if os.environ.get("SWEEP_DEBUG") or isinstance(error, typer.Exit):
                raise
            if isinstance(error, OSError) and error.filename is None and error.errno in FULL:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else the interpreter tries it again
                _say(f"standard output cannot be written: {error.strerror}")
            else:
                _say(f"{type(error).__name__}: {_first_line(error)}\n  this is a mistake in sweep; traceback: {_log()}")
            raise typer.Exit(FAILED) from None

    return call


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning: one of sweep's own as a plain sentence, others as Python does."""
    if category.__module__.startswith("sweep."):
        _say(str(message))
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=sys.stderr)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]


def _log() -> str:
    """Write the traceback of the current exception to a file; returns its name."""
    with tempfile.NamedTemporaryFile("w", prefix="sweep-error-", suffix=".txt", delete=False) as file:
        file.write(traceback.format_exc())
    return file.name


def _say(message: str) -> None:
    sys.stdout.flush()
    say(message, error=True)
