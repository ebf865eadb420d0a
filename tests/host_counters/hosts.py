# SPDX-License-Identifier: MIT
"""Real output of four hosts under known traffic, and files made of it."""

from __future__ import annotations

import shutil
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
VIRTIO = SAMPLES / "7.3.4_virtio_xdp_puts_udp_saturated"
VETH = SAMPLES / "6.17.13_veth_xdp_udp_slow"
VMXNET3 = SAMPLES / "6.17.13_vmxnet3_xdp_udp_prompt"
NO_STATISTICS = SAMPLES / "6.18.44_veth_xdp_udp_stall_200"
CASES = (VIRTIO, VETH, VMXNET3, NO_STATISTICS)


def copied(case: Path, to: Path) -> Path:
    """A copy that a test may change."""
    folder = to / case.name
    shutil.copytree(case, folder)
    return folder


def edited(path: Path, old: str, new: str) -> None:
    """Put `new` for the one `old` in a file."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
