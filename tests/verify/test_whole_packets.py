# SPDX-License-Identifier: MIT
"""The costs of the host, put together by the loop, are the whole packets that were measured on it.

Each run is one CPU under overload, as in the measurement: polls of 64 follow each other, no interrupt, no idle time.
Each row has the strategy with which its stack cost was derived (configs/hosts/xeon-e5-1650v4.yaml).
Source: [xdp-paper bench02] and [xdp-paper bench04].
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.config import load
from sweep.model.counting import laws
from sweep.model.strategies import strategy

from ..reference.comparison import prepare, run_engine

BOUND = 0.01  # of the measured time; the derivation itself is exact
WHOLE_PACKETS = [
    ("XDP_DROP", "page_pool", "{drop: 1.0}", "xdp", 100, 38.6),
    ("routed by the kernel", "page_allocator", "{forward: 1.0}", "kernel", 10, 574.8),
    ("forwarded by XDP", "page_allocator", "{forward: 1.0}", "xdp", 10, 186.6),
]
SWEEP = """\
host: xeon-e5-1650v4
nic: {{link: {link} Gbit/s, tx_ring: 4096, coalesce: {{usecs: 8, frames: 128}}}}
kernel: "5.14"
strategy: {strategy}
ring: 512
load: 1.0
packets: 14_000
warmup: 3_000
traffic:
  flood: {{arrivals: constant, sizes: 64 B, fates: {fates}, forward_path: {path}}}
"""


@pytest.mark.parametrize(
    ("row", "name", "fates", "path", "link", "measured_ns"), WHOLE_PACKETS, ids=[row[0][:3] for row in WHOLE_PACKETS]
)
def test_ns_per_packet_under_overload(
    tmp_path: Path, row: str, name: str, fates: str, path: str, link: int, measured_ns: float
) -> None:
    file = tmp_path / "whole.yaml"
    file.write_text(SWEEP.format(strategy=name, fates=fates, path=path, link=link))
    sim = run_engine(name, prepare([load(file).scenario(0, 0)]), plain=True)
    assert laws.violations(sim, strategy(name).LAWS) == [""]
    c = sim.counters[0]
    assert c.rx_packets >= 16 * 64, "too few packets to speak of"
    assert c.drop_no_descriptor_packets > c.rx_packets, "this is no overload"
    assert c.drop_tx_ring_packets == c.interrupts == 0
    assert c.busy_ps == c.end_ps - c.start_ps
    ns = (c.busy_ps + c.release_ps) / c.rx_packets / 1000
    error = ns / measured_ns - 1
    assert abs(error) <= BOUND, f"{row}: {ns:.3f} ns against {measured_ns} ns measured, {error:+.2%}; bound {BOUND:.0%}"
