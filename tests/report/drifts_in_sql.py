# SPDX-License-Identifier: MIT
"""What differs between the halves of the windows, as columns of the relation of points that claims speak of."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.results.second_drift import NEEDED, WORDS, drifts

COLUMNS = "false as drifting, false as halves_open, " + ", ".join(
    f"false as drifting_{word}, null::double as settle_{word}" for word in WORDS
)


def mark_drifts(facts: Any) -> None:
    """Fill them in, where the table of `Facts` has time series."""
    if not {"packets", "warmup", *(f"series_{name}" for name in NEEDED)} <= set(facts.names):
        return
    points = facts.all("select mix, load, ring, col from points")
    for point in points:
        found = drifts(facts.evidence(point), partial(series, facts, point), 1 - 0.05 / (len(WORDS) * len(points)))
        told = [f"drifting_{word} = {each.moved}, settle_{word} = ?" for word, each in found.items()]
        told += [f"drifting = {any(each.moved for each in found.values())}"]
        told += [f"halves_open = {not all(each.known for each in found.values())}"]
        facts.sql.execute(
            f"update points set {', '.join(told)} where (mix, load, ring, col) = (?, ?, ?, ?)",
            [*(each.settles for each in found.values()), *point],
        )


def series(facts: Any, point: tuple, name: str) -> list:
    """A column of the series of a point, a list per pair."""
    return facts.by_point(f"series_{name}", lists=True).get(point, [])
