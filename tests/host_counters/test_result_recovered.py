# SPDX-License-Identifier: MIT
"""Real output of hosts under known traffic: what the sender and the reader counted themselves comes out again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweep.host_counters.readings import SNMP, SOCKETS
from sweep.host_counters.result import read
from tests.host_counters.hosts import CASES, NO_STATISTICS, VETH, VIRTIO, VMXNET3, copied, edited

NAMES = ("alloc-fast", "alloc-slow", "alloc-refill", "recycle-cached", "recycle-ring", "recycle-ring-full")


@pytest.mark.parametrize(
    ("case", "packets", "received", "dropped", "counts"),
    [
        (VIRTIO, 58_774, 36_130, 22_644, (58_414, 107, 260, 36_357, 15_663, 6_775)),
        (VETH, 24_000, 6_178, 17_822, (4_780, 0, 20, 3_477, 1_323, 0)),
        (VMXNET3, 12_000, 12_000, 0, (11_811, 1, 188, 0, 12_000, 0)),
        (NO_STATISTICS, 250_000, 218_559, 31_441, None),
    ],
)
def test_the_truth_of_a_sample_is_recovered(
    case: Path, packets: int, received: int, dropped: int, counts: tuple[int, ...] | None
) -> None:
    result = read([case])
    udp = result.change.of(SNMP)["Udp"]
    assert (result.derived.packets, udp["InDatagrams"], udp["RcvbufErrors"]) == (packets, received, dropped)
    assert [result.derived.counts.get(name) for name in NAMES] == ([None] * 6 if counts is None else list(counts))
    assert result.checks
    assert all(check.holds and not check.close for check in result.checks)
    assert result.suspects == []


def test_the_moments_may_be_folders_of_their_own_and_files_without_a_word_in_their_names(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, moment in zip(folders, ("before", "after"), strict=True):
        folder.mkdir()
        for file in VETH.glob(f"{moment}.*"):
            (folder / file.name.removeprefix(f"{moment}.")).write_bytes(file.read_bytes())
    assert read(folders[:1], folders[1:]).change.rises == read([VETH]).change.rises
    plain = [folder / "ethtool_S.txt" for folder in folders]
    assert read(plain).derived.counts["recycle-ring"] == 1_323
    assert read(plain[:1]).change.since_start


def test_drops_are_told_by_cause_and_a_socket_by_its_port() -> None:
    result = read([NO_STATISTICS])
    happened = {(drop.source, drop.name): drop.count for drop in result.derived.drops if drop.count}
    assert happened == {(SNMP, "Udp RcvbufErrors"): 31_441, (SOCKETS, "port 7002 d"): 31_441}
    assert result.host.after.refused["page-pool-stats-get"] == "Operation not supported"
    assert "alloc-fast" not in result.derived.counts  # refused is not zero
    assert result.derived.shares["recycled of pages given back"] is None


def test_what_follows_from_the_counters() -> None:
    derived = read([VIRTIO]).derived
    assert derived.levels == {"in flight": 554, "outside": 235, "parked": 319}
    assert derived.shares["recycled of pages given back"] == (36_357 + 15_663) / 58_795
    assert derived.shares["allocator calls a packet"] == 107 / 58_774
    assert sum(derived.put_calls.values()) == 58_795


def test_pages_outside_follow_without_the_kernels_structs(tmp_path: Path) -> None:
    folder = copied(VIRTIO, tmp_path)
    with_structs = read([folder]).derived
    for file in folder.glob("*page_pool_struct*"):
        file.unlink()
    derived = read([folder]).derived
    assert (derived.counts["alloc-fast"], derived.levels) == (58_414, with_structs.levels)


@pytest.mark.parametrize("name", NAMES)
def test_a_count_that_lies_is_named(tmp_path: Path, name: str) -> None:
    folder = copied(VIRTIO, tmp_path)
    for file in folder.glob("*page_pool_struct*"):
        file.unlink()
    dump = folder / "after.page-pool-stats-get.json"
    rows = json.loads(dump.read_text())
    (pool,) = (row for row in rows if row["alloc-fast"] > 1_000)
    pool[name] += 60_000
    dump.write_text(json.dumps(rows))
    assert f"pool {pool['info']['id']} {name}" in read([folder]).suspects


@pytest.mark.parametrize("name", ["alloc-slow-high-order", "recycle-ring"])
def test_a_sum_in_which_a_count_is_missing_is_no_sum(tmp_path: Path, name: str) -> None:
    folder = copied(VIRTIO, tmp_path)
    for file in folder.glob("*page_pool_struct*"):
        file.unlink()
    dump = folder / "after.page-pool-stats-get.json"
    rows = json.loads(dump.read_text())
    for row in rows:
        row[name] = None
    dump.write_text(json.dumps(rows))
    derived = read([folder]).derived
    assert name not in derived.counts
    assert (derived.allocations is None, derived.puts is None) == (name.startswith("alloc"), name.startswith("recycle"))


def test_two_sources_of_a_count_contradict_each_other(tmp_path: Path) -> None:
    folder = copied(VETH, tmp_path)
    edited(folder / "after.ethtool_S.txt", "rx_pp_recycle_ring: 102332", "rx_pp_recycle_ring: 202332")
    result = read([folder])
    (wrong,) = (check for check in result.checks if not check.holds)
    assert (wrong.rule, wrong.off) == ("recycle-ring: ethtool -S = the pools' own", 100_000)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_result_is_plain_json_without_addresses(case: Path) -> None:
    text = json.dumps(read([case]).record(), allow_nan=False)
    assert "02:00:00" not in text
    assert "0.0.0.0" not in text
