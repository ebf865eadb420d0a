# SPDX-License-Identifier: MIT
"""What differs between the two sides: parameters of paired rows, sources, versions.

A verdict is about these changes and nothing else, so they come first.  If the host or NIC was exchanged, its name is
listed in place of all its numbers.
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

SHOWN = 6  # parameters listed
VALUES_SHOWN = 3  # changes listed per parameter
DIGITS = 8  # shown of a digest


def changes(pairing: Pairing) -> list[str]:
    """A line per difference; one line that says so if there is none."""
    base, new = pairing.base, pairing.new
    if new.strategy:
        return [f"strategy: {base.strategy} → {new.strategy}"]
    if pairing.same_simulations.all():
        return ["nothing: all pairs are the same simulations (equal ids)"]
    lines = _parameters(pairing) + _code(pairing)
    for name, names in (("sweep", ("versions", "sweep")), ("commit", ("git_commit",))):
        was, now = _said(base.about, names), _said(new.about, names)
        if was and now and was != now:
            lines.append(f"{name}: {_short(was)} → {_short(now)}")
    return lines or ["nothing that the files tell"]


def _parameters(pairing: Pairing) -> list[str]:
    """A line for each parameter that differs in a pair and is no coordinate."""
    has_pair = pairing.both
    rows = pairing.base_rows[has_pair], pairing.new_rows[has_pair]
    tables = pairing.base.table, pairing.new.table
    names = frozenset(tables[1].column_names)
    line_of_parameter: dict[str, str] = {}
    owner: dict[str, str] = {}  # parameter -> the parameter that it follows from, such as a host
    for field in pairing.base.table.schema:
        name = field.name
        if said(field, "role") != Role.PARAMETER or name in (*pairing.keys, "seed", "replicate") or name not in names:
            continue
        base, new, values = encoded(*tables, name)
        codes = np.stack([base[rows[0]], new[rows[1]]], axis=1)
        differs = codes[:, 0] != codes[:, 1]
        if differs.any():
            value_changes = np.unique(codes[differs], axis=0)
            differs_in = np.zeros(has_pair.shape, np.bool_)
            differs_in[has_pair] = differs
            cells = int(differs_in.any(axis=1).sum())
            share_text = "" if differs.all() else f" in {cells:,} of {format.count(int(pairing.common.sum()), 'cell')}"
            owner[name] = next(filter(None, (coordinates.column_metadata(table, name, "of") for table in tables)), "")
            line_of_parameter[name] = f"{name}: {_moves(value_changes, values, field)}{share_text}"
    follow_owner = {name for name in line_of_parameter if owner[name] in line_of_parameter and owner[name] != name}
    lines = [line for name, line in line_of_parameter.items() if name not in follow_owner]
    if follow_owner:
        lines.append(f"and {format.count(len(follow_owner), 'number')} that came with it")
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], f"and {len(lines) - SHOWN:,} more parameters"]


def _moves(moves: np.ndarray[Any, Any], values: list[Any], field: pa.Field) -> str:
    """The changes of a parameter as text: "16,000 → 16,480 ps (+3 %)"; `moves` (n, 2) are codes of `values`."""
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
    """A line for each strategy that both sides have and whose code differs."""
    was, now = pairing.base.about, pairing.new.about
    lines = []
    before, after = was.get("strategy_digests") or {}, now.get("strategy_digests") or {}
    for name in sorted({*before} & {*after}):
        if before[name] != after[name]:
            lines.append(f"code of {name}: {_short(before[name])} → {_short(after[name])}")
    return lines


def _said(about: dict[str, Any], names: tuple[str, ...]) -> str:
    value: Any = about
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value or "")


def _short(digest: Any) -> str:
    text = str(digest or "unknown")
    return text[:DIGITS] + ("+" if text.endswith("+") and len(text) > DIGITS else "")


def _text(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
