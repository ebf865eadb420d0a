# SPDX-License-Identifier: MIT
"""What must be equal on every node of a cluster, and how two of them differ."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from sweep.model.strategies import NAMES
from sweep.package import PACKAGE
from sweep.plan.identity import code

from . import PACKAGES

SHOWN = 3
MISSING = "missing"


@cache
def versions() -> Mapping[str, str]:
    """Versions in this process: Python, packages, and digests of the code of each strategy and of all of sweep."""
    python_and_packages = {"Python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    for name, digest in code(NAMES).items():
        python_and_packages[f"the code of strategy {name}"] = digest
    return {**python_and_packages, "the source of sweep": _sources()}


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """The names that differ, with both values, as text; "" if none does."""
    names = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    shown = [
        f'{name} is "{there.get(name, MISSING)}" there and "{here.get(name, MISSING)}" here' for name in names[:SHOWN]
    ]
    return "; ".join(shown) + (f"; and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _sources() -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda path: path.relative_to(PACKAGE).as_posix()):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
