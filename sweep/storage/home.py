# SPDX-License-Identifier: MIT
"""The home directory in a path that the user gave: "~/x" and "~user/x".

A shell replaces "~" at the beginning of a word only: not in `--out=~/x`, not in a file, not in Python.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

from sweep.errors import SweepError

Given = TypeVar("Given", str, Path, str | Path)


def expanded(path: Given) -> Given:
    """`path` with the home directory in place of "~" or "~user" at its beginning; anything else as it is.

    Raises SweepError if there is no such user, or if nothing says where the home directory is.
    """
    text = str(path)
    if not text.startswith("~"):
        return path
    found = os.path.expanduser(text)
    if found.startswith("~"):
        user = text[1:].partition("/")[0]
        why = f'there is no user "{user}"' if user else "nothing says where your home directory is: HOME is not set"
        raise SweepError(
            f'"{text}" is in no home directory that is known: {why}\n'
            f'  next: write the path in full; what is really called so in this folder is "./{text}"'
        )
    return type(path)(found)
