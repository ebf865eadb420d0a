# SPDX-License-Identifier: MIT
"""Episodes have the name that a reader knows them by."""

from __future__ import annotations

import pytest

from sweep.episodes import episode_word, only_seen
from sweep.model.scenario import Arrivals, Distribution
from sweep.schema import parameters

BURSTY = Arrivals("on_off", (("burst", Distribution("constant", (64,))), ("peak", 1_000_000)))


@pytest.mark.parametrize(
    ("stall_every", "arrivals", "word"),
    [
        ("exponential(mean=1 us)", "poisson", "stall"),
        ("exponential(mean=1 us)", "on_off", "stall"),  # the rarest process is what counts
        (None, "on_off", "burst"),
        (None, "poisson", "busy period"),
        (None, "constant", "busy period"),
    ],
)
def test_the_rarest_process_gives_the_name(stall_every: str | None, arrivals: str, word: str) -> None:
    assert episode_word(stall_every, parameters.arrivals_text(BURSTY) if arrivals == "on_off" else arrivals) == word


def test_what_was_seen_is_counted_in_words() -> None:
    assert [only_seen(count, "stall") for count in (0, 1, 2)] == [
        "no stall seen",
        "only 1 stall seen",
        "only 2 stalls seen",
    ]
    assert only_seen(1234, "busy period") == "only 1,234 busy periods seen"
