# SPDX-License-Identifier: MIT
"""A gate file: the margins of metrics, and the cells in which they apply.

    confidence: 95 %
    cells: base                            # every gated cell of BASE must be in NEW; common: those that both have
    metrics:
      - metric: ns_per_packet              # or a list of them
        better: lower                      # or higher; known for most metrics
        margin: 0.5 %                      # of BASE, or absolute, in the metric's unit: 5 ns, 16 pages, 0.001
        floor: 0.5 ns                      # with a relative margin: what never matters, however small BASE is
        where: ring >= 256 and traffic != drop_flood
        undecided: open                    # accepted: what is not shown either way does not keep the gate from passing
        why: identical machines differ by more

It is checked against the compared tables, which define the metrics and parameters.  Every mistake is reported with its
position, all mistakes of a file together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import units
from sweep.conditions import ConditionError, keeps, parse
from sweep.conditions.tables import Table
from sweep.config import library, shipped
from sweep.fields import column as columns
from sweep.fields.field import Better, Role
from sweep.metric_names import alike, suggestion
from sweep.storage.home import expanded
from sweep.yamltree import source
from sweep.yamltree import tree as yaml_tree
from sweep.yamltree.source import Mistake, Node, Place, unknown

from . import margins
from .margins import Margin
from .pairing import Pairing

DEFAULT = library.BUILT_IN / "gates" / "default.yaml"
SEE = "docs/how-to/compare.md"
TOP = ("name", "confidence", "cells", "metrics")
KEYS = ("metric", "better", "margin", "floor", "where", "undecided", "why")
CELLS = ("base", "common")
DIRECTIONS = (Better.LOWER, Better.HIGHER)
UNDECIDED = ("open", "accepted")

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class GateRule:
    """The margin of one metric in some cells."""

    metric: str
    unit: str
    place: Place  # in the gate file
    lower_is_better: bool
    margin: Margin
    where: str  # "" for everywhere
    selected: Mask  # cells of the pairing, (cells,)
    why: str
    watched: bool = False  # fails only on a regression: undecided counts as passed

    @property
    def title(self) -> str:
        """The metric with its condition: "ns_per_packet where ring >= 256"."""
        return self.metric + (f" where {self.where}" if self.where else "")


@dataclass(frozen=True)
class Gate:
    """All rules of a file."""

    file: str
    confidence: float
    common_only: bool  # cells that NEW lacks are left out; else they are undecided
    rules: tuple[GateRule, ...]


def read(path: str | Path | None) -> Node:
    """The gate file as a tree; None for the default gate, which "default" names too.  Raises ConfigError."""
    try:
        if path is None:
            return yaml_tree.parse(DEFAULT.read_text(encoding="utf-8"), "configs/gates/default.yaml")
        return yaml_tree.read(shipped.located(expanded(Path(path)), "gates"))
    except Mistake as mistake:
        mistake.see = mistake.see or SEE
        raise mistake.error() from None


def bind(tree: Node, pairing: Pairing) -> Gate:
    """The gate that the tree describes, over these cells.  Raises ConfigError with all mistakes."""
    return _Reader(pairing).gate(tree)


class _Reader:
    """Reads a gate file's tree for one pairing, and collects its mistakes."""

    def __init__(self, pairing: Pairing) -> None:
        self.pairing, self.mistakes = pairing, list[Mistake]()
        names = frozenset(pairing.new.table.column_names)
        fields = [field for field in pairing.base.table.schema if field.name in names]
        self.gateable = {field.name: columns.column(field) for field in fields if _is_gateable(field)}
        self.metrics = tuple(columns.names(fields, Role.METRIC)) or tuple(self.gateable)
        self.parameters = {field.name: field for field in fields if columns.said(field, "role") == Role.PARAMETER}
        first, table = pa.array(pairing.first), pairing.base.table
        self.columns = Table(self.parameters, lambda name: table.column(name).take(first))  # over the cells

    @contextmanager
    def gather(self) -> Iterator[None]:
        try:
            yield
        except Mistake as mistake:
            self.mistakes.append(mistake)

    def gate(self, tree: Node) -> Gate:
        confidence, common_only, rules = 0.95, False, list[GateRule]()
        with self.gather():
            top = tree.mapping("a gate file")
            self.names(tree, TOP, "the key")
            with self.gather():
                confidence = _confidence(top["confidence"]) if "confidence" in top else confidence
            with self.gather():
                common_only = "cells" in top and _word(top["cells"], "cells", CELLS) == "common"
            if "metrics" not in top:
                raise Mistake(tree.place, 'has no "metrics:", so it would let everything through.', see=SEE)
            entries = top["metrics"].sequence("metrics")
            if not entries:
                raise Mistake(top["metrics"].place, "metrics is empty, so it would let everything through.", see=SEE)
            for entry in entries:
                with self.gather():
                    rules += self.rules(entry)
            if rules and not self.mistakes and all(rule.watched for rule in rules):
                text = "all rules accept what is undecided, so a run with one replicate would pass."
                raise Mistake(top["metrics"].place, text, see=SEE)
        if self.mistakes:
            raise source.combined_error(self.mistakes)
        return Gate(tree.place.source, confidence, common_only, tuple(rules))

    def names(self, node: Node, known: tuple[str, ...], what: str) -> None:
        for name in node.pairs or {}:
            if name not in known:
                self.mistakes.append(unknown(node.keys[name], what, name, known, see=SEE))

    def rules(self, entry: Node) -> list[GateRule]:
        """The rules of an entry, one for each metric that it names."""
        pairs = entry.mapping('an entry of "metrics"')
        self.names(entry, KEYS, "the key")
        for key in ("metric", "margin"):
            if key not in pairs:
                raise Mistake(entry.place, f'an entry of "metrics" needs "{key}".', see=SEE)
        selected = np.ones(self.pairing.cells, np.bool_)
        with self.gather():
            if "where" in pairs:
                selected = self.selected(pairs["where"])
        rules_of_entry = []
        metric_node = pairs["metric"]
        for node in metric_node.items if metric_node.items is not None else [metric_node]:
            with self.gather():
                rules_of_entry.append(self.rule(node, pairs, selected))
        return rules_of_entry

    def rule(self, node: Node, pairs: dict[str, Node], selected: Mask) -> GateRule:
        name = self.metric(node, int(selected.sum()))
        unit = self.gateable[name].unit or "1"
        values = self.pairing.values(name)[0][selected]
        if not np.isfinite(values).any():
            raise Mistake(
                node.place, f'metric "{name}" has no value in any of the {len(values):,} gated cells of BASE.'
            )
        why = pairs["why"].scalar("why") if "why" in pairs else ""
        where = pairs["where"].scalar("where") if "where" in pairs else ""
        margin = margins.read(pairs["margin"], pairs.get("floor"), name, unit)
        lower = _lower_is_better(self.gateable[name], pairs.get("better"), node.place)
        watched = "undecided" in pairs and _word(pairs["undecided"], "undecided", UNDECIDED) == "accepted"
        return GateRule(name, unit, node.place, lower, margin, where, selected, why, watched)

    def metric(self, node: Node, cells: int) -> str:
        """The column that the node names; `cells` is the number of cells that it gates.  Errors: Mistake."""
        name = node.scalar("metric")
        candidates = (name,) if name in self.gateable else alike(name, self.metrics)
        if len(candidates) == 1:
            return candidates[0]
        not_gated = f"{cells:,} cells would not be gated by it."
        if candidates:
            text = f'metric "{source.shorten(name)}" is a part of several names.'
            raise Mistake(node.place, f"{text} {not_gated}", known=candidates, heading="choose")
        text = f'metric "{source.shorten(name)}" is not in the tables.{suggestion(name, self.metrics, self.gateable)}'
        raise Mistake(node.place, f"{text} {not_gated}", known=self.metrics)

    def selected(self, node: Node) -> Mask:
        """The cells that `where` selects, (cells,); a cell that lacks a parameter is selected, as in a sweep file."""
        text, cells = node.scalar("where"), self.pairing.cells
        try:
            chosen = keeps(parse(text), self.columns, cells)
        except ConditionError as error:
            known = error.known or (self.pairing.keys if error.words else ())
            error_text = error.told(self.parameters)
            full_stop = "" if error_text.endswith("?") else "."
            raise Mistake(node.place, f'where "{source.shorten(text)}" {error_text}{full_stop}', known=known) from None
        if not chosen.any():
            raise Mistake(node.place, f'where "{source.shorten(text)}" selects none of {cells:,} cells.')
        return chosen


def _lower_is_better(metric: columns.Column, node: Node | None, place: Place) -> bool:
    """Whether less of a metric is better; a known direction cannot be reversed, or every regression would pass."""
    name, known_direction = metric.name, columns.better(metric)
    if node is None:
        if known_direction not in DIRECTIONS:
            raise Mistake(place, f'metric "{name}" needs "better:", lower or higher: it is not known which is good.')
        return known_direction == Better.LOWER
    chosen_direction = _word(node, "better", DIRECTIONS)
    if known_direction in DIRECTIONS and chosen_direction != known_direction:
        raise Mistake(
            node.place,
            f'better "{chosen_direction}" would let every regression of "{name}" through: {known_direction} is better.',
        )
    return chosen_direction == Better.LOWER


def _confidence(node: Node) -> float:
    text = node.scalar("confidence")
    try:
        value = units.ratio_ppm(text) / units.MILLION
    except units.UnitError as error:
        raise Mistake(node.place, f'confidence "{source.shorten(text)}" {error}.') from None
    if not 0.5 <= value < 1:
        raise Mistake(node.place, f'confidence "{source.shorten(text)}" is not one: from 50 % to below 100 %.')
    return value


def _word(node: Node, what: str, known: tuple[str, ...]) -> str:
    text = node.scalar(what)
    if text not in known:
        raise unknown(node.place, what, text, known)
    return text


def _is_gateable(field: pa.Field) -> bool:
    is_number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    return bool(is_number and (columns.said(field, "role") or Role.METRIC) in columns.NUMBERS)
