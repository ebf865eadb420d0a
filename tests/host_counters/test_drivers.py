# SPDX-License-Identifier: MIT
"""Names of drivers: each data file has a source, maps to one meaning a name, and says whether it was tested."""

from __future__ import annotations

import pytest

from sweep.host_counters.device import device, what_is_missing
from sweep.host_counters.drivers import COMMON, Meaning, known, meaning
from sweep.host_counters.readings import DRIVER

ASKED = {"mlx5_core", "bnxt_en", "ice", "i40e", "ixgbe", "ena", "gve", "mana", "veth", "virtio_net", "vmxnet3"}


def test_the_common_drivers_have_a_file_with_its_source() -> None:
    assert set(known()) > ASKED
    assert all("/" in driver.source or ".rst" in driver.source for driver in known().values())
    tested = {name for name, driver in known().items() if driver.samples}
    assert tested == {COMMON, "veth", "virtio_net", "vmxnet3", "igb", "e1000e"}


@pytest.mark.parametrize(
    ("driver", "printed", "name", "queue"),
    [
        ("mlx5_core", "rx12_packets", "rx-packets", "12"),
        ("mlx5_core", "rx_out_of_buffer", "rx-hw-drop-overruns", None),
        ("mlx5_core", "rx3_pp_recycle_ring", "recycle-ring", "3"),
        ("bnxt_en", "[7]: rx_ucast_packets", "rx-packets", "7"),
        ("ice", "rx_dropped.nic", "rx-hw-drops", None),
        ("i40e", "rx-5.packets", "rx-packets", "5"),
        ("ixgbe", "rx_no_dma_resources", "rx-hw-drop-overruns", None),
        ("ena", "queue_0_rx_cnt", "rx-packets", "0"),
        ("gve", "rx_no_buffers_posted[4]", "rx-hw-drop-overruns", "4"),
        ("mana", "rx_2_xdp_drop", "xdp-drop", "2"),
        ("veth", "rx_pp_alloc_slow_ho", "alloc-slow-high-order", None),
        (None, "rx_missed_errors", "rx_missed_errors", None),
    ],
)
def test_names_mean_what_the_kernel_calls_them(driver: str | None, printed: str, name: str, queue: str | None) -> None:
    assert meaning(driver, printed) == Meaning(name, queue)


def test_queues_are_added_up_and_unknown_names_are_kept() -> None:
    counts = {"": {"[0]: rx_ucast_packets": 3, "[1]: rx_ucast_packets": 4, "strange": 5}}
    found = device(counts, {DRIVER: {"driver": "bnxt_en"}})
    assert (found.whole["rx-packets"], found.unmapped) == (7, {"strange": 5})
    assert [line.partition(";")[0] for line in what_is_missing(found, counts)] == [
        'the names of the driver "bnxt_en" are from its source',
        "names that are not mapped, and rose: strange 5",
    ]


def test_a_driver_without_a_file_is_said() -> None:
    counts = {"": {"rx_packets": 3}}
    found = device(counts, {DRIVER: {"driver": "warp9"}})
    assert found.whole == {"rx-packets": 3}
    assert what_is_missing(found, counts)[0].startswith('no data file for the driver "warp9"')
