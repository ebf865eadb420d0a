# SPDX-License-Identifier: MIT
"""SQL conditions for claims: a mix, a load, a ring, a column of the report."""

from __future__ import annotations


def quoted(name: str) -> str:
    """`name` as an SQL string literal."""
    return "'" + name.replace("'", "''") + "'"


def named(names: list[str] | tuple[str, ...], column: str = "col") -> str:
    """SQL condition that `column` is one of `names`; "false" if there are none."""
    return f"{column} in ({', '.join(map(quoted, names))})" if names else "false"


def both(*conditions: str) -> str:
    """SQL conjunction of the conditions that are not empty; "" if all are."""
    return " and ".join(f"({condition})" for condition in conditions if condition)


def at(mix: str | None = None, load: float | None = None, ring: int | None = None, column: str | None = None) -> str:
    """SQL condition that selects a mix, load, ring and column; None leaves one open."""
    return both(
        f"mix = {quoted(mix)}" if mix is not None else "",
        f"load = {load!r}" if load is not None else "",
        f"ring = {ring}" if ring is not None else "",
        f"col = {quoted(column)}" if column is not None else "",
    )
