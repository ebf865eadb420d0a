# SPDX-License-Identifier: MIT
"""Random streams: keyed by what decides their process, by values only, and for ever as they are today."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.model.randomness import streams
from sweep.model.scenario import Distribution, Scenario
from sweep.package import PACKAGE
from tests.model.scenes import LOCAL, US, constant, run, scenario

EVERY, LASTING = Distribution("exponential", (10_000 * US,)), constant(5_000 * US)
BURSTS = {"kind": "on_off", "settings": (("burst", Distribution("lognormal", (8, 100))), ("peak", 1_000_000))}
STALLS = {"stall_every_ps": EVERY, "stall_for_ps": LASTING}
HOST = scenario(**LOCAL, **STALLS, seed=2016)
PACKET_STREAMS = {"gap", "burst", "packet"}

# Recorded when the encoding was made.  A key that differs from these changes every result there is.
RECORDED = {
    "gap": 0x2DC6BA0E8E250083,
    "burst": 0x89D29340BFFEB71D,
    "packet": 0x2235599690D1E5A1,
    "wakeup": 0xC539F2FDD0D0010D,
    "stall": 0x722383DD6FFB9022,
    "order3": 0x213331A898250610,
}


# The same with BURSTS.
RECORDED_BURSTS = {
    "gap": 9384289954520802111,
    "burst": 16279134489820592791,
    "packet": 10510006068474248528,
}


def moved(change: Callable[..., Scenario] = scenario, **changes: object) -> set[str]:
    """The streams whose keys change with these fields of HOST."""
    before, after = streams.keys(HOST), streams.keys(change(**{**LOCAL, **STALLS, "seed": 2016, **changes}))
    return {name for name in before if before[name] != after[name]}


def test_keys_are_those_that_were_recorded() -> None:
    assert {name: int(key) for name, key in streams.keys(HOST).items()} == RECORDED
    bursts = streams.keys(scenario(**BURSTS))
    assert {name: int(bursts[name]) for name in PACKET_STREAMS} == RECORDED_BURSTS


@pytest.mark.parametrize(
    "change",
    [
        {"rcvbuf_bytes": 1 << 18},
        {"read_ps": 99},
        {"call_ps": 99},
        {"batch_packets": 1},
        {"same_cpu": True},
        {"forward_path": "xdp"},
        {"name": "another"},
        {"strategy": "page_pool"},
        {"ring": 512},
        {"kernel": "6.12"},
        {"iommu": "strict"},
        {"queues": 4},
        {"memory_pages": 100_000},
        {"link_ps_per_byte": 80},
        {"costs": {"poll": 100}},
        {"packets": 1_000, "warmup": 10},
    ],
    ids=lambda change: ",".join(change),
)
def test_what_decides_no_process_moves_no_stream(change: dict[str, object]) -> None:
    assert moved(**change) == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (BURSTS, PACKET_STREAMS),
        ({"sizes": ((80, 1), (1518, 1))}, PACKET_STREAMS),
        ({"local_ppm": 500_000, "drop_ppm": 500_000}, PACKET_STREAMS),
        ({"flows": 8}, PACKET_STREAMS),
        ({"load_ppm": 200_000}, PACKET_STREAMS),
        ({"stall_for_ps": constant(6_000 * US)}, {"stall"}),
        ({"stall_every_ps": None, "stall_for_ps": None}, {"stall"}),
        ({"wakeup_ps": constant(1)}, {"wakeup"}),
        ({"replicate": 1}, set(streams.NAMES)),
        ({"seed": 1}, set(streams.NAMES)),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_what_decides_a_process_moves_its_streams_only(change: dict[str, object], expected: set[str]) -> None:
    assert moved(**change) == expected


def test_streams_of_a_simulation_have_different_keys() -> None:
    assert len(set(streams.keys(HOST).values())) == len(streams.NAMES)


NESTED = st.recursive(
    st.none() | st.integers() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6
)


@given(one=NESTED, other=NESTED)
def test_equal_bytes_are_equal_values(one: streams.Value, other: streams.Value) -> None:
    assert (streams.encode(one) == streams.encode(other)) == (one == other)


RENAMED = {
    "rcvbuf_bytes": "receive_buffer_bytes",
    "local_ppm": "to_socket_ppm",
    "Reader": "Application",
    "Arrivals": "Sender",
}
SPARE = """    Parameter("traffic.reader.spare", COUNT, "not used", (0, 9), unit="1"),
"""
SHOW_KEYS = """\
import json
from copied.fields.traffic import READER
from copied.model.randomness import streams
from copied.model.scenario import *
reader = Application(
    same_cpu=False,
    wakeup_ps=Distribution("constant", (0,)),
    stall_every_ps=Distribution("exponential", (10_000_000_000,)),
    stall_for_ps=Distribution("constant", (5_000_000_000,)),
    **{each.symbol: 7 for each in READER},
)
assert (reader.receive_buffer_bytes, reader.reader_spare) == (7, 7)
traffic = Traffic("made", Sender("constant"), ((80, 1),), 1_000_000, 0, 0, "kernel", 0, reader)
class Made:
    pass
made = Made()
made.traffic, made.load_ppm, made.seed, made.replicate = traffic, 100_000, 2016, 0
print(json.dumps({name: int(key) for name, key in streams.keys(made).items()}))
"""


def test_renaming_fields_and_adding_a_parameter_moves_no_stream(tmp_path: Path) -> None:
    """In a copy of the model, fields and classes get other names, and a reader gets a parameter that nobody uses."""
    for part in ("model", "fields"):
        shutil.copytree(PACKAGE / part, tmp_path / "copied" / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (tmp_path / "copied").rglob("*.py"):
        text = file.read_text().replace("from sweep.", "from copied.")
        for old, new in RENAMED.items():
            text = re.sub(rf"\b{old}\b", new, text)
        file.write_text(text)
    declared = tmp_path / "copied" / "fields" / "traffic.py"
    text, added = re.subn(r"(READER: .*\n)", rf"\1{SPARE}", declared.read_text())
    assert added == 1
    declared.write_text(text)
    shown = subprocess.run([sys.executable, "-c", SHOW_KEYS], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout) == RECORDED


def test_another_reader_meets_the_same_packets_and_stalls() -> None:
    """Simulated: what was offered is equal, what became of it is not."""
    stalls = {"stall_every_ps": Distribution("exponential", (300 * US,)), "stall_for_ps": constant(200 * US)}
    mixed = LOCAL | stalls | {"sizes": ((80, 3), (1518, 1)), "kind": "poisson", "packets": 2_000, "load_ppm": 900_000}
    ample, scarce = (run(scenario(**mixed, rcvbuf_bytes=size)) for size in (1 << 24, 1 << 14))
    for name in ("offered_packets", "offered_bytes"):
        assert ample.counters[name][0] == scarce.counters[name][0]
    assert scarce.counters.drop_socket_buffer_packets[0] > ample.counters.drop_socket_buffer_packets[0]
