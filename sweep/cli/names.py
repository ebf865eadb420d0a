# SPDX-License-Identifier: MIT
"""Names that can be chosen, from sources and folders and what imports no NumPy: a Tab must not wait for that."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sweep.package import PACKAGE
from sweep.storage.resume import RUN_FILES

CONFIGS = PACKAGE / "configs"
SWEEP_FILE = re.compile(r"^(axes|points|zip)\s*:", re.M)  # a top-level key that only sweep files have
KNOB = re.compile(r'\bKnob\(\s*"(\w+)"')
DEPTH, ENTRIES = 3, 4000  # most levels of folders to search, and most names to look at


def strategies() -> list[str]:
    """Names of strategies: sweep.model.strategies.NAMES."""
    return _named("model/strategies/__init__.py", "NAMES")


def knobs() -> list[str]:
    """Of all strategies: what is made with `Knob` in the files of the model."""
    sources = (path.read_text(encoding="utf-8") for path in (PACKAGE / "model").rglob("*.py"))
    return sorted({name for source in sources for name in KNOB.findall(source)})


def metrics() -> list[str]:
    """As in sweep.fields.metrics.METRICS."""
    from sweep.fields.metrics import METRICS

    return [metric.name for metric in METRICS]


def counters() -> list[str]:
    """Those of every strategy, as in sweep.fields.counters.COUNTERS."""
    from sweep.fields.counters import COUNTERS

    return [counter.name for counter in COUNTERS]


def roles() -> list[str]:
    """What columns of the results can be for, but for their names."""
    from sweep.fields.field import Role

    return [role for role in Role if role not in (Role.ID, Role.SERIES)]


def releases() -> list[str]:
    """Releases of the kernel with which a rule begins: sweep.model.kernel.releases.CHANGES."""
    from sweep.model.kernel.releases import CHANGES

    return [*CHANGES]


def rules() -> list[str]:
    """Rules of the kernel: sweep.fields.kernel.RULES."""
    from sweep.fields.kernel import RULES

    return [rule.name for rule in RULES]


def iommu_modes() -> list[str]:
    """IOMMU modes: sweep.model.hardware.iommu.MODES."""
    return _named("model/hardware/iommu.py", "MODES")


def library(folder: str) -> list[str]:
    """Mixes, hosts or NICs ("traffic", "hosts", "nics"): the shipped ones, and those beside the user's sweep files."""
    places = (CONFIGS / folder, Path(folder), Path("configs") / folder)
    return sorted({path.stem for place in places for path in place.glob("*.yaml")})


def experiments() -> list[str]:
    """Names of the experiments that come with sweep."""
    return sorted(path.stem for path in (CONFIGS / "experiments").glob("*.yaml"))


def questions() -> list[str]:
    """Questions that `sweep init` has a sweep file for."""
    return sorted(path.stem for path in (CONFIGS / "questions").glob("*.yaml"))


def sweep_files(typed: str) -> list[str]:
    """Sweep files under the folder that was typed so far; where there is none, names of those that come with sweep."""
    paths = (path for path in _below(typed) if path.endswith((".yaml", ".yml")) and _is_sweep_file(path))
    own = list({os.path.realpath(path): path for path in reversed(list(paths))}.values())[::-1]  # links aside
    return own if own or "/" in typed else sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def run_directories(typed: str) -> list[str]:
    """Run directories under the folder that was typed so far; none in object stores."""
    if "://" in typed:
        return []
    split_paths = (os.path.split(path) for path in _below(typed))
    return sorted({folder for folder, name in split_paths if name in RUN_FILES and folder})


def _is_sweep_file(path: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return bool(SWEEP_FILE.search(file.read(1 << 16)))
    except OSError:
        return False


def _below(typed: str) -> list[str]:
    """Files below what is typed, as a user would type them, nearest first; at most ENTRIES, DEPTH levels deep."""
    start = os.path.dirname(typed)
    return list(islice(_walk(start, os.path.basename(typed), DEPTH), ENTRIES))


def _walk(folder: str, prefix: str, depth: int) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(os.path.expanduser(folder) or "."), key=lambda entry: entry.name)
    except OSError:
        return
    matching = [entry for entry in entries if entry.name.startswith(prefix) and (prefix or entry.name[0] != ".")]
    for entry in matching:
        if not entry.is_dir():
            yield os.path.join(folder, entry.name)
    if depth and not any(entry.name in RUN_FILES for entry in matching):
        for entry in matching:
            if entry.is_dir():
                yield from _walk(os.path.join(folder, entry.name), "", depth - 1)


def _named(file: str, variable: str) -> list[str]:
    """The names in the value assigned to `variable` in `file`: strings, dictionary keys, first arguments of calls."""
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == variable for target in targets):
            return list(_names(getattr(statement, "value", None)))
    return []


def _names(node: ast.AST | None) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(name)):
            yield name
        case ast.Tuple(elts=items) | ast.List(elts=items):
            for item in items:
                yield from _names(item)
        case ast.Dict(keys=keys):
            for key in keys:
                yield from _names(key)
        case ast.Starred(value=inner):
            yield from _names(inner)
        case ast.Call(args=[first, *_]):
            yield from _names(first)
