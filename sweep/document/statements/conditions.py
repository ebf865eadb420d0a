# SPDX-License-Identifier: MIT
"""Conditions in SQL, of which claims are made: a mix, a load, a ring, a column of the report."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A text in a condition."""
    return "'" + name.replace("'", "''") + "'"


def named(names: list[str] | tuple[str, ...], column: str = "col") -> str:
    """The condition that a column is one of these names."""
    return f"{column} in ({', '.join(map(quoted, names))})" if names else "false"


def both(*conditions: str) -> str:
    """All of these that are not empty."""
    return " and ".join(f"({condition})" for condition in conditions if condition)


def at(mix: str | None = None, load: float | None = None, ring: int | None = None, column: str | None = None) -> str:
    """The condition of a place; what is None is left open."""
    return both(
        f"mix = {quoted(mix)}" if mix is not None else "",
        f"load = {load!r}" if load is not None else "",
        f"ring = {ring}" if ring is not None else "",
        f"col = {quoted(column)}" if column is not None else "",
    )
