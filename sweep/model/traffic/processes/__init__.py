# SPDX-License-Identifier: MIT
"""The arrival processes, one file each; a new one is a file and a word in `NAMES`.

What a file offers is said, and checked by mypy, in `protocol`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from .protocol import ArrivalProcess

NAMES = ("poisson", "constant", "on_off")  # in the order in which people are told of them


@cache
def process(name: str) -> ArrivalProcess:
    """One arrival process: its module, which is the object that everything asks.

    Errors: KeyError if it is not in `NAMES`.
    """
    if name not in NAMES:
        raise KeyError(name)
    return cast(ArrivalProcess, import_module(f"{__name__}.{name}"))
