# SPDX-License-Identifier: MIT
"""Experiment files, found and read: every mistake with its place, all of a file's at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sweep.config import source
from sweep.config.library import BUILT_IN
from sweep.config.source import Mistake, Node, unknown
from sweep.errors import ConfigError

from . import relations
from .experiment import Experiment
from .forms import SEE, ExperimentForm, formed
from .free import free_parameters, used_once
from .points import lay_out
from .references import MOST_KNOWN, References
from .rows import entries, row, series

SHIPPED = BUILT_IN / "experiments"

T = TypeVar("T")


def find(paths: Sequence[Path]) -> list[Path]:
    """The experiment files of files and folders, those of a folder sorted; the shipped ones if nothing is named.

    Errors: ConfigError for a folder without any.
    """
    found: dict[Path, None] = {}
    for path in paths or [SHIPPED]:
        files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not files:
            raise ConfigError(f'"{path}" has no experiment file: no *.yaml in it\n  see: {SEE}')
        found.update(dict.fromkeys(files))
    return list(found)


def read(path: Path) -> Experiment:
    """One experiment file.  Errors: ConfigError."""
    gathered = _Gathered()
    try:
        tree = source.read(path)
        if tree.is_null:
            raise Mistake(tree.place, "is empty; an experiment file has at least a title, a source and rows.", see=SEE)
        form = formed(ExperimentForm, tree)
        experiment = _checked(path, form, tree, gathered)
        if experiment is None or gathered.mistakes:
            raise source.all_of(gathered.mistakes)
        return experiment.with_sweep(lay_out(experiment, tree))
    except Mistake as mistake:
        raise source.all_of([*gathered.mistakes, mistake, *mistake.also]) from None


class _Gathered:
    """Mistakes kept for later, so that one reading tells all of them."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """A mistake in the block ends only the block."""
        try:
            yield
        except Mistake as mistake:
            self.mistakes += [mistake, *mistake.also]


def _checked(path: Path, form: ExperimentForm, tree: Node, gather: _Gathered) -> Experiment | None:
    """The experiment but for its sweep; what is wrong is gathered.  None if its rows are wrong."""
    pairs = tree.mapping("an experiment file")
    known = References()
    with gather():
        for node in entries(pairs, "rows"):
            with gather():
                made = row(node, form)
                known.take(made.id, node.place)
                known.rows.append(made)
    with gather():
        for node in entries(pairs, "series"):
            with gather():
                _series(node, form, known)
    if gather.mistakes:  # what refers to rows cannot be judged where a row is wrong
        return None
    free = []
    with gather():
        free = free_parameters(pairs, known, path.parent, gather)
    if not gather.mistakes:
        with gather():
            used_once(free, known)
    experiment = Experiment(
        path=path,
        name=form.name or path.stem,
        title=form.title,
        source=form.source,
        grade=form.grade or "",
        about=form.about,
        setup=pairs["setup"].written().strip("{}") if "setup" in pairs else "",
        rows=tuple(known.rows),
        series=known.series,
        free=tuple(free),
        ratios=tuple(ratio for found in _all(pairs, "ratios", known, gather, relations.ratios) for ratio in found),
        shapes=tuple(_all(pairs, "shapes", known, gather, relations.shape)),
        identities=tuple(_all(pairs, "identities", known, gather, lambda node, _: relations.identity(node))),
        not_predicted=tuple(_all(pairs, "not_predicted", known, gather, lambda node, _: relations.not_predicted(node))),
        explained=form.explained,
    )
    for name in form.explained:
        with gather():
            if name not in (*known.taken, *(ratio.id for ratio in experiment.ratios)):
                raise unknown(pairs["explained"].keys[name], "explained: the id", name, tuple(known.taken)[:MOST_KNOWN])
    if not gather.mistakes and not (known.rows or experiment.identities or experiment.not_predicted):
        raise Mistake(tree.place, "has no rows: nothing was measured.", see=SEE)
    return experiment


def _series(node: Node, form: ExperimentForm, known: References) -> None:
    made, rows = series(node, form, len(known.rows))
    known.take(made.id, node.place)
    for each in rows:
        known.take(each.id, each.place)
    known.series[made.id] = made
    known.rows += rows


def _all(
    pairs: Mapping[str, Node], key: str, known: References, gather: _Gathered, make: Callable[[Node, References], T]
) -> list[T]:
    """What `make` makes of each entry of a list, and their ids taken."""
    found = []
    with gather():
        for node in entries(pairs, key):
            with gather():
                made = make(node, known)
                known.take(node.mapping(key)["id"].text, node.place)
                found.append(made)
    return found
