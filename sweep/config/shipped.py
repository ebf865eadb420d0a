# SPDX-License-Identifier: MIT
"""Files that come with sweep, by their bare names: "smoke" is configs/smoke.yaml, unless a file is called so here."""

from __future__ import annotations

import os
from pathlib import Path

from sweep import standard_input
from sweep.errors import did_you_mean
from sweep.safe_text import visible_line
from sweep.yamltree.source import Mistake, Place, shorten

from .library import BUILT_IN

MOST_BESIDE = 200  # files of a folder that a misspelt name is compared with
# folder of configs/ -> what a file in it is
CALLED = {"": "sweep file", "experiments": "experiment", "gates": "gate"}
SEE = {"": "sweep show configs"}


def names(folder: str = "") -> tuple[str, ...]:
    """The bare names of the files in a folder of `configs/`, sorted; "" has the sweep files."""
    return tuple(sorted(path.stem for path in (BUILT_IN / folder).glob("*.yaml")))


def located(path: Path, folder: str = "") -> Path:
    """The file that a user means by `path`: the one that is there, or the one of that name that comes with sweep.

    A directory is no file, so it hides no name: `sweep run smoke --out smoke` can be typed twice.
    Errors: Mistake, with the closest names, if there is neither.
    """
    given = str(path)
    if standard_input.is_meant(path) or not (_is_absent(path) or os.path.isdir(path)):
        return path
    if given in names(folder):
        return BUILT_IN / folder / f"{given}.yaml"
    if os.path.isdir(path):
        return path  # whoever reads it says what a directory is not
    raise Mistake(
        Place(visible_line(given)),  # whole: the end of a path is what was misspelt
        f'cannot be read: No such file or directory, and no {CALLED[folder]} "{shorten(given)}" comes with sweep.',
        known=names(folder),
        heading=f"{CALLED[folder]}s that come with sweep",
        see=SEE.get(folder, ""),
        near=lambda: _nearest(path, folder),
    )


def _is_absent(path: Path) -> bool:
    """Whether there is nothing at `path`; False where something else is wrong with it, which its reader says."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _nearest(path: Path, folder: str) -> str:
    """A sentence with the file or the name that was perhaps meant; "" if none is close."""
    if path.stem in names(folder):
        return f' Did you mean "{path.stem}", which needs no path?'
    return did_you_mean(str(path), [*_beside(path), *names(folder)])


def _beside(path: Path) -> list[str]:
    """YAML files in the folder of `path`, as a user would type them."""
    try:
        entries = sorted(path.parent.iterdir())[:MOST_BESIDE]
    except OSError:
        return []
    return [str(entry) for entry in entries if entry.suffix in (".yaml", ".yml")]
