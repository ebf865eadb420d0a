# SPDX-License-Identifier: MIT
"""Standard input as a file, written "-": its bytes, its name in messages, and commands that read it.

It is read once and kept, so that a file that is read twice, or sent on after it was read, is the same.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

WRITTEN = "-"  # what users write for standard input
NAME = "<stdin>"  # its name in messages
REDIRECT = "< FILE"  # the redirection in suggested commands

_kept: list[bytes] = []


def is_meant(path: str | Path) -> bool:
    """Whether `path` stands for standard input."""
    return str(path) == WRITTEN


def name(path: str | Path) -> str:
    """The name of a file in messages."""
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
    """The arguments of a command made by `typed`, without the redirection that a shell would remove."""
    redirect = shlex.split(REDIRECT)
    for index in range(len(words) - 1):
        if WRITTEN in words and words[index : index + 2] == redirect:
            return words[:index] + words[index + 2 :]
    return words


def typed(words: Sequence[str]) -> str:
    """The shell command `sweep` with `arguments`; one that reads standard input gets a redirection."""
    command = shlex.join(["sweep", *words])
    return f"{command} {REDIRECT}" if WRITTEN in words else command
