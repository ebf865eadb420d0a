# SPDX-License-Identifier: MIT
"""Differences of counters: wrapped, reset, begun again, gone."""

from __future__ import annotations

from sweep.host_counters.change import Change, change
from sweep.host_counters.files import Host
from sweep.host_counters.readings import ETHTOOL, POOLS, SOFTNET, STRUCTS, Key, Moment


def between(source: str, scope: str, first: dict[str, int], last: dict[str, int]) -> Change:
    moments = [
        Moment(counters={Key(source, scope, name): value for name, value in values.items()}) for values in (first, last)
    ]
    return change(Host(before=moments[0], after=moments[1]))


def rises(found: Change) -> dict[str, int]:
    return {key.name: value for key, value in found.rises.items()}


def test_32_bits_wrap_where_the_kernel_has_32_bits() -> None:
    assert rises(between(SOFTNET, "cpu 0", {"processed": 2**32 - 10}, {"processed": 5})) == {"processed": 15}
    first = {"hold-count": 2**32 - 1, "alloc-fast": 7}
    last = {"hold-count": 63, "alloc-fast": 9}
    assert rises(between(STRUCTS, "pool 1", first, last)) == {"hold-count": 64, "alloc-fast": 2}


def test_a_driver_that_counts_in_32_bits_wraps_and_that_is_said() -> None:
    found = between(ETHTOOL, "", {"rx_bytes": 2**32 - 100, "rx_packets": 5}, {"rx_bytes": 50, "rx_packets": 6})
    assert rises(found) == {"rx_bytes": 150, "rx_packets": 1}
    assert found.notes == ["ethtool -S: rx_bytes wrapped in between"]


def test_a_driver_that_began_again_counts_from_zero_and_that_is_said() -> None:
    found = between(
        ETHTOOL, "", {"rx_packets": 900, "rx_bytes": 90_000, "x": 0}, {"rx_packets": 7, "rx_bytes": 700, "x": 1}
    )
    assert rises(found) == {"rx_packets": 7, "rx_bytes": 700, "x": 1}
    assert found.restarted == {(ETHTOOL, "")}
    assert "began again" in found.notes[0]


def test_one_counter_that_fell_alone_is_not_used_and_named() -> None:
    names = ("a", "b", "c", "d")
    found = between(ETHTOOL, "", dict.fromkeys(names, 100), {**dict.fromkeys(names, 200), "c": 50})
    assert rises(found) == {"a": 100, "b": 100, "d": 100}
    assert found.notes == ["ethtool -S: c fell from 100 to 50 while others did not: it looks wrong and is not used"]


def test_pools_come_and_go() -> None:
    first, last = Key(POOLS, "pool 3", "alloc-fast"), Key(POOLS, "pool 4", "alloc-fast")
    found = change(Host(before=Moment(counters={first: 10}), after=Moment(counters={last: 4})))
    assert found.rises == {last: 4}
    assert found.notes == [
        "page-pool-stats-get, pool 4: made in between, so counted from zero",
        "page-pool-stats-get, pool 3: gone in the later moment: its counts are lost",
    ]


def test_a_source_that_the_first_moment_lacks_is_no_zero() -> None:
    key = Key(ETHTOOL, "", "rx_packets")
    found = change(Host(before=Moment(), after=Moment(counters={key: 10})))
    assert found.rises == {}
    assert found.notes == ["ethtool -S: no ethtool -S in the first moment: not used"]
