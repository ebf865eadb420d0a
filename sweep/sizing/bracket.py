# SPDX-License-Identifier: MIT
"""One series of loads: two walks down a fixed binary tree enclose the highest load that meets all objectives.

Loads are numbered from the lowest.  The tree is that of halving: its root is the middle load, and its shape does not
depend on any result.  The *lower walk* looks for the highest load that is shown to meet: up from a load that is, down
from any other.  The *upper walk* looks for the lowest load that is shown to fail: down from a load that is, up from
any other.  Both take the same steps until a load stays undecided after the last replicate.

If more load never makes an objective easier, the answer is wrong only if a walk errs at a load of the path from the
root to the truth.  Take the first load above the truth that the lower walk takes for one that meets.  Before it, the
walk went down from every load above the truth, and up from every load below it: had it gone down from one of those, it
would not have come back above the truth.  So it was still on the path.  The same holds for the upper walk, and a load
of the path is either above or below the truth, so there is one error to make at each.  The path has `depth` loads, so
the risk is divided among these few and not among all loads, whatever the simulations have in common.

A load below the answer that fails, or is worse than a higher one, contradicts the assumption.  A few loads below the
answer are simulated to see that: CHECKS of them, at equal distances from the lowest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .judge import Ints, State, States

CHECKS = 3  # loads below the answer that are simulated in order to see whether they meet, too


def depth(loads: int) -> int:
    """The most loads that one walk takes."""
    return loads.bit_length()


def walk(loads: int, goes_up: Callable[[int], bool | None]) -> tuple[int, int, int | None]:
    """Walk down the tree: the highest load that was left upwards (-1: none), the lowest left downwards (`loads`: none).

    `goes_up` says where to go from a load, None if it is not known yet: then that load is the third, else None.
    """
    low, high = -1, loads
    while high - low > 1:
        middle = (low + high) // 2
        up = goes_up(middle)
        if up is None:
            return low, high, middle
        low, high = (middle, high) if up else (low, middle)
    return low, high, None


@dataclass(frozen=True)
class Bracket:
    """What the two walks over a series have found; loads by number."""

    meets: int | None  # the highest load that is shown to meet all objectives
    fails: int | None  # the lowest load that is shown to fail one; None also while that is not known
    passes: int | None  # the highest load of the upper walk that is not shown to fail
    wanted: dict[int, int]  # load -> replicates that it needs next; empty at the end
    quoted: int | None  # the answer: `meets`, or `passes` where no load can be shown to meet
    checks: tuple[int, ...]  # loads below the answer that show whether it may be one


def bracket(states: States, count: Ints, looks: Sequence[int], hopeless: bool) -> Bracket:
    """The bracket of a series with these states and numbers of replicates, (loads,) each.

    `looks`: numbers of replicates at which a load is judged.  `hopeless`: no load can be shown to meet.
    """
    loads = len(states)

    def known(load: int) -> bool:
        """Whether a load is decided, or stays undecided."""
        return bool(count[load] >= looks[-1] or (count[load] and states[load] != State.OPEN))

    def lower(load: int) -> bool | None:
        return bool(states[load] == State.MEETS) if known(load) else None

    def upper(load: int) -> bool | None:
        return bool(states[load] != State.FAILS) if known(load) else None

    meets, _, waits_below = (-1, 0, None) if hopeless else walk(loads, lower)
    passes, fails, waits_above = walk(loads, upper)
    pending = {load for load in (waits_below, waits_above) if load is not None}
    wanted = {load: next(look for look in looks if look > count[load]) for load in sorted(pending)}
    answer = passes if hopeless else meets
    checks = tuple(sorted({answer * number // CHECKS for number in range(CHECKS)} - {answer})) if answer >= 0 else ()
    if not pending:
        wanted = {load: looks[0] for load in checks if not count[load]}
    return Bracket(
        meets=meets if meets >= 0 else None,
        fails=fails if fails < loads and waits_above is None else None,
        passes=passes if passes >= 0 else None,
        wanted=wanted,
        quoted=answer if answer >= 0 else None,
        checks=checks,
    )
