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
    """`path` with a leading "~" or "~user" replaced by the home directory; any other path unchanged.

    Raises SweepError if there is no such user, or HOME is not set.
    """
    text = str(path)
    if not text.startswith("~"):
        return path
    with_home = os.path.expanduser(text)
    if with_home.startswith("~"):
        user = text[1:].partition("/")[0]
        why = f'there is no user "{user}"' if user else "nothing says where your home directory is: HOME is not set"
        raise SweepError(
            f'"{text}" is in no home directory that is known: {why}\n'
            f'  next: write the path in full; what is really called so in this folder is "./{text}"'
        )
    return type(path)(with_home)
