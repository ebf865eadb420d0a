# SPDX-License-Identifier: MIT
"""Standard input in the place of a file, written "-": its bytes, its name in messages, and commands that read it.

It is read once and kept, so that a file that is read twice, or sent on after it was read, is the same.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

WRITTEN = "-"  # what the user gives in the place of a file
NAME = "<stdin>"  # what messages call it
REDIRECT = "< FILE"  # stands in commands to repeat for whatever the user had sent there

_kept: list[bytes] = []


def is_meant(path: str | Path) -> bool:
    """Whether a path that was given stands for standard input."""
    return str(path) == WRITTEN


def name(path: str | Path) -> str:
    """What messages call a file that was given."""
    return NAME if is_meant(path) else str(path)


def data(path: Path, most: int = -1) -> bytes:
    """The bytes of a file or of standard input; of standard input `most` at most, all by default.

    Errors: OSError, ValueError for what is no name of a file.
    """
    if not is_meant(path):
        with path.open("rb") as file:
            return file.read(most)
    if not _kept:
        _kept.append(sys.stdin.buffer.read(most))
    return _kept[0]


def without_redirect(words: list[str]) -> list[str]:
    """The words of a command as `typed` has made it, which a shell would take for them."""
    redirect = shlex.split(REDIRECT)
    for place in range(len(words) - 1):
        if WRITTEN in words and words[place : place + 2] == redirect:
            return words[:place] + words[place + 2 :]
    return words


def typed(words: Sequence[str]) -> str:
    """A command as a shell takes it, `words` after `sweep`; one that reads standard input says that it does."""
    command = shlex.join(["sweep", *words])
    return f"{command} {REDIRECT}" if WRITTEN in words else command
