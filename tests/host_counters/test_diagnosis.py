# SPDX-License-Identifier: MIT
"""The diagnosis of a host: what stands out, worst first, with numbers and questions."""

from __future__ import annotations

from pathlib import Path

from sweep.host_counters import diagnosis
from sweep.host_counters.result import read
from tests.host_counters.hosts import NO_STATISTICS, VETH, VIRTIO, VMXNET3, copied, edited


def test_a_saturated_host() -> None:
    said = diagnosis.lines(read([VIRTIO]))
    assert said[0] == "what stands out"
    assert said[1].startswith(
        "  1. 22,644 dropped (38.5 % of 58,774 packets): the receive buffer of a UDP socket was full"
    )
    assert said[2].startswith("  2. 6,775 pages (11.5 % of those given back) went to the page allocator")
    assert "3,483 of 58,795 puts found the pool's NAPI on no CPU's list" in said[3]
    assert "time_squeeze cpu 0: 52, cpu 1: 5" in said[4]
    assert said[5] == "to ask next"


def test_a_pool_without_a_napi_gives_all_to_the_ring() -> None:
    text = "\n".join(diagnosis.lines(read([VMXNET3])))
    assert "100 % of the pages given back come back through the ring: its pool names no NAPI" in text


def test_drops_that_udp_and_the_socket_count_are_told_once() -> None:
    text = "\n".join(diagnosis.lines(read([NO_STATISTICS])))
    assert text.count("31,441") == 1
    assert "receive buffer of 212,992 bytes" in text
    assert "the kernel refuses page-pool statistics (Operation not supported)" in text


def test_a_driver_that_began_again_and_one_moment_alone(tmp_path: Path) -> None:
    folder = copied(VETH, tmp_path)
    before, after = folder / "before.ethtool_S.txt", folder / "after.ethtool_S.txt"
    low, high = before.read_bytes(), after.read_bytes()
    before.write_bytes(high)
    after.write_bytes(low)
    assert any("ethtool -S began again between the moments" in line for line in diagnosis.lines(read([folder])))
    assert any("there is one moment only" in line for line in diagnosis.lines(read([after])))


def test_nothing_to_say_is_said(tmp_path: Path) -> None:
    folder = copied(VMXNET3, tmp_path)
    for file in folder.glob("*page*"):
        file.unlink()
    text = diagnosis.lines(read([folder]))
    assert text[1].startswith("  1. no page pool is listed")


def test_numbers_that_contradict_each_other_come_first(tmp_path: Path) -> None:
    folder = copied(VIRTIO, tmp_path)
    edited(folder / "after.page-pool-stats-get.json", '"recycle-ring": 28720', '"recycle-ring": 928720')
    first = diagnosis.lines(read([folder]))[1]
    assert first.startswith("  1. these numbers contradict others and look wrong: ")
    assert "recycle-ring" in first
