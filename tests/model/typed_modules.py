# SPDX-License-Identifier: MIT
"""A program for mypy that holds the modules of every list against their protocol; `make check` has it checked.

A module is found by a word in a list, which no type checker reads: so the assignments are written out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sweep.model import strategies
from sweep.model.strategies.protocol import OPTIONAL, Strategy
from sweep.model.traffic import processes
from sweep.model.traffic.processes.protocol import ArrivalProcess


def assignments(package: str, names: Sequence[str], required: type, optional: Sequence[type]) -> str:
    """Each module as a value of the protocol `required`, and of those of `optional` whose names it has some of."""
    lines = []
    for name in names:
        module: Any = __import__(f"{package}.{name}", fromlist=["*"])
        some = [each for each in optional if any(hasattr(module, member) for member in members(each))]
        lines += [f"import {package}.{name}"]
        for each in (required, *some):
            lines += [
                f"import {each.__module__}",
                f"{name}_as_{each.__name__}: {each.__module__}.{each.__qualname__} = {package}.{name}",
            ]
    return "\n".join(lines)


def members(protocol: type) -> list[str]:
    """The names that a protocol asks for."""
    return [name for name in vars(protocol) if not name.startswith("_")]


def program() -> str:
    """Every module of every list."""
    return "\n".join(
        [
            assignments(strategies.__name__, strategies.NAMES, Strategy, OPTIONAL),
            assignments(processes.__name__, processes.NAMES, ArrivalProcess, ()),
        ]
    )


if __name__ == "__main__":
    print(program())
