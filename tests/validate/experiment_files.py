# SPDX-License-Identifier: MIT
"""Experiments whose right answers are known before anything runs: costs are planted, and expressions give them back.

A flood of packets that are dropped, on a CPU that cannot keep up: each packet taken costs `host.stack_drop`, each poll
`host.poll`, and nothing comes by interrupt; so `stack_ps / rx_packets` and `poll_ps / polls` are those costs to the ps.
"""

from __future__ import annotations

from pathlib import Path

from sweep.validate import Experiment, ExperimentOutcome, judge, read

SETUP = """\
title: planted
source: this test
setup:
  strategy: page_allocator
  nic: {link: 100 Gbit/s, tx_ring: 512, coalesce: {usecs: 8, frames: 128}}
  traffic: {arrivals: constant, sizes: 64 B, fates: {drop: 1.0}}
  ring: 512
  load: 1.0
  packets: 4_000
  warmup: 2_000
predict: stack_ps / rx_packets / 1000
unit: ns
within: 20 %
"""

PLANTED = (
    SETUP
    + """\
free:
  - {parameter: host.stack_drop, value: 50 ns, range: [10 ns, 90 ns], why: planted}
"""
)

# Ring sizes are a column too: what is predicted of them needs no simulation to be known.
SERIES = (
    SETUP
    + """\
series:
  - {id: size, over: ring, at: [64, 128, 256], predict: ring, unit: count, measured: [64, 128, 256]}
"""
)


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def experiment(folder: Path, text: str) -> Experiment:
    return read(written(folder, text))


def outcome(folder: Path, text: str) -> ExperimentOutcome:
    (found,) = judge([experiment(folder, text)], workers=1)
    return found
