# SPDX-License-Identifier: MIT
"""Make scenarios of rows as in a sweep file: the setup is its top level, each row one of its `points:`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweep.config.document import resolve
from sweep.config.library import FOLDERS, Library
from sweep.config.overrides import SECTIONS, FileParts
from sweep.config.sweep import Sweep, from_document
from sweep.grid import LABEL
from sweep.model.scenario import Scenario
from sweep.yamltree.source import Mistake, Node

from .experiment import Experiment, PublishedRow
from .rows import parameters_of

INLINE = "as written"  # the name of a mix or NIC that is written out in the setup
Values = Mapping[int, Any]  # index of a free parameter -> its canonical value


def lay_out(experiment: Experiment, tree: Node) -> Sweep | None:
    """A sweep with a point for each row, free parameters at their low ends.  Errors: ConfigError, Mistake.

    The high ends are laid out too, to check that every value of a fit is possible.
    """
    if not experiment.rows:
        return None
    sweep, parts = None, _parts(tree)
    top = tree.mapping("an experiment file")
    for end in (-1, 0):
        points = [_point(row, experiment, index, end) for index, row in enumerate(experiment.rows)]
        settings = {"points": Node(tree.place, items=points)}
        settings |= {key: top[key] for key in ("replicates", "seed") if key in top}
        named = {kind: dict(own) for kind, own in parts.named.items()}  # reading a sweep changes its parts
        file_parts = FileParts(settings, {}, dict(parts.fixed), named, parts.keys)
        sweep = resolve(file_parts, Library(file_parts.named, experiment.path.parent, ()), tree.place, experiment.name)
    assert sweep is not None
    _refuse_twins(sweep, experiment)
    return sweep


def solved(sweep: Sweep, experiment: Experiment, values: Values) -> Sweep:
    """The sweep with these values of free parameters in place of the ends."""
    points = [dict(point) for point in sweep.document["points"]]
    for index, value in values.items():
        free = experiment.free[index]
        for row in free.rows:
            points[row][free.parameter] = value
    return from_document({**sweep.document, "points": points})


def scenarios(sweep: Sweep, row: int) -> list[Scenario]:
    """The scenarios of a row, one for each replicate."""
    return [sweep.scenario(row, replicate) for replicate in range(sweep.replicates)]


def _refuse_twins(sweep: Sweep, experiment: Experiment) -> None:
    """Check that no predicted row is a calibration row under another name.  Errors: Mistake."""

    def essence(index: int, row: PublishedRow) -> tuple[Any, ...]:
        free = tuple(each.place for each in experiment.free if index in each.rows)
        return sweep.scenario(index, 0), free, "".join(row.predict.split())

    numbered = list(enumerate(experiment.rows))
    fitted = {essence(index, row): row.id for index, row in numbered if row.is_calibration}
    for index, row in numbered:
        twin = fitted.get(essence(index, row))
        if twin is not None and not row.is_calibration:
            text = f'"{row.id}" is predicted, and the calibration row "{twin}" is the same simulation and quantity.'
            raise Mistake(row.place, text)


def _parts(tree: Node) -> FileParts:
    """The setup and the file's own mixes, NICs and hosts."""
    parts = FileParts()
    pairs = tree.mapping("an experiment file")
    for key, kind in SECTIONS.items():
        if key in pairs and not pairs[key].is_null:
            parts.named[kind].update(pairs[key].copy().mapping(key))
    setup = pairs.get("setup")
    if setup is None:
        return parts
    for name, node in parameters_of(tree, "setup").items():
        written_out = name in FOLDERS and node.pairs is not None
        if written_out:
            parts.named[name][INLINE] = node
        parts.fixed[name] = Node(node.place, INLINE) if written_out else node
        parts.keys[name] = setup.keys[name]
    return parts


def _point(row: PublishedRow, experiment: Experiment, index: int, end: int) -> Node:
    """A row as an entry of `points:`.  Its label is its id, so no two rows are one point."""
    pairs = {LABEL: Node(row.place, row.id), **row.settings}
    for free in experiment.free:
        if index in free.rows and free.ends:
            pairs[free.parameter] = free.ends[end]
    return Node(row.place, pairs=pairs, keys={name: node.place for name, node in pairs.items()})
