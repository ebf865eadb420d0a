# SPDX-License-Identifier: MIT
"""What was changed between two sides: parameters that differ where rows are paired, sources, versions.

A verdict is about these changes and nothing else, so they are said first.  A host or a NIC that was exchanged brings
all its numbers along: it is said once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from sweep import format
from sweep.fields.column import said
from sweep.fields.field import Role
from sweep.results import coordinates

from .pairing import Pairing, encoded

SHOWN = 6  # parameters
VALUES_SHOWN = 3  # of one parameter
DIGITS = 8  # of a digest


def changes(pairing: Pairing) -> list[str]:
    """A line for each thing that differs; one that says so if nothing does."""
    base, new = pairing.base, pairing.new
    if new.strategy:
        return [f"strategy: {base.strategy} → {new.strategy}"]
    if pairing.same_simulations.all():
        return ["nothing: all pairs are the same simulations (equal ids)"]
    lines = _parameters(pairing) + _code(pairing)
    for what, names in (("sweep", ("versions", "sweep")), ("commit", ("git_commit",))):
        was, now = _said(base.about, names), _said(new.about, names)
        if was and now and was != now:
            lines.append(f"{what}: {_short(was)} → {_short(now)}")
    return lines or ["nothing that the files tell"]


def _parameters(pairing: Pairing) -> list[str]:
    """Parameters that are no coordinates and differ in a pair."""
    both = pairing.both
    rows = pairing.base_rows[both], pairing.new_rows[both]
    tables = pairing.base.table, pairing.new.table
    names = frozenset(tables[1].column_names)
    found: dict[str, str] = {}
    owner: dict[str, str] = {}  # of a parameter: the one whose name brings it along
    for field in pairing.base.table.schema:
        name = field.name
        if said(field, "role") != Role.PARAMETER or name in (*pairing.keys, "seed", "replicate") or name not in names:
            continue
        base, new, values = encoded(*tables, name)
        codes = np.stack([base[rows[0]], new[rows[1]]], axis=1)
        differs = codes[:, 0] != codes[:, 1]
        if differs.any():
            moves = np.unique(codes[differs], axis=0)
            where = np.zeros(both.shape, np.bool_)
            where[both] = differs
            cells = int(where.any(axis=1).sum())
            share = "" if differs.all() else f" in {cells:,} of {format.count(int(pairing.common.sum()), 'cell')}"
            owner[name] = next(filter(None, (coordinates.said(table, name, "of") for table in tables)), "")
            found[name] = f"{name}: {_moves(moves, values, field)}{share}"
    brought = {name for name in found if owner[name] in found and owner[name] != name}
    lines = [line for name, line in found.items() if name not in brought]
    if brought:
        lines.append(f"and {format.count(len(brought), 'number')} that came with it")
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], f"and {len(lines) - SHOWN:,} more parameters"]


def _moves(moves: np.ndarray[Any, Any], values: list[Any], field: pa.Field) -> str:
    """ "16,000 → 16,480 ps (+3 %)"."""
    unit = said(field, "unit") or "1"
    texts = []
    for was, now in moves[:VALUES_SHOWN].tolist():
        before, after = (None if code < 0 else values[code] for code in (was, now))
        text = f"{_text(before)} → {_text(after)}" + (f" {unit}" if unit not in ("", "1") else "")
        if isinstance(before, int | float) and isinstance(after, int | float) and before:
            text += f" ({format.percent(after / before - 1, signed=True)} %)"
        texts.append(text)
    return ", ".join(texts) + (f" and {len(moves) - VALUES_SHOWN:,} more" if len(moves) > VALUES_SHOWN else "")


def _code(pairing: Pairing) -> list[str]:
    """Sources of the model and of the strategies that both sides have."""
    was, now = pairing.base.about, pairing.new.about
    lines = []
    if was.get("core_digest") != now.get("core_digest"):
        lines.append(f"sources of the model: {_short(was.get('core_digest'))} → {_short(now.get('core_digest'))}")
    before, after = was.get("strategy_digests") or {}, now.get("strategy_digests") or {}
    for name in sorted({*before} & {*after}):
        if before[name] != after[name]:
            lines.append(f"sources of {name}: {_short(before[name])} → {_short(after[name])}")
    return lines


def _said(about: dict[str, Any], names: tuple[str, ...]) -> str:
    found: Any = about
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return str(found or "")


def _short(digest: Any) -> str:
    text = str(digest or "unknown")
    return text[:DIGITS] + ("+" if text.endswith("+") and len(text) > DIGITS else "")


def _text(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
