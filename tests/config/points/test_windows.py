# SPDX-License-Identifier: MIT
"""Windows and warm-ups that are given as times: the packets that they are, exactly, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest

from sweep.config import from_document, load
from sweep.errors import ConfigError
from sweep.plan import survey
from tests.config.sweep_files import GRID, MINIMAL

WIRE_BYTES = 64 + 20  # of a frame of 64 bytes: preamble and gap
SMALL = """\
name: small
strategy: page_pool
traffic:
  small: {arrivals: poisson, sizes: 64, fates: {drop: 1.0}}
ring: 1024
load: 0.3
nic: 10g
"""


def packets_in(time_s: Fraction, link_bps: int, load: Fraction, queues: int = 1) -> int:
    """As many as arrive in this time on average, rounded up; the time between them is in whole ps."""
    gap_ps = floor(queues * WIRE_BYTES * Fraction(8 * 10**12, link_bps) / load)
    return ceil(time_s * 10**12 / gap_ps)


@pytest.mark.parametrize(
    ("link", "load", "queues", "duration"),
    [
        ("10 Gbit/s", "0.3", 1, "400 ms"),
        ("10 Gbit/s", "1.0", 1, "67_200 ps"),  # one packet, and not two
        ("10 Gbit/s", "1.0", 1, "67_201 ps"),
        ("25 Gbit/s", "0.123456", 1, "33.3 ms"),
        ("100 Gbit/s", "0.7", 6, "1 ms"),
    ],
)
def test_packets_of_a_time(sweep_of, link, load, queues, duration):
    sets = [f"nic.link={link}", f"load={load}", f"queues={queues}", f"duration={duration}", "warmup=20 ms"]
    sweep = sweep_of(SMALL, *sets)
    number, unit = duration.split()
    scale = {"ps": Fraction(1, 10**12), "ms": Fraction(1, 1000)}[unit]
    link_bps = int(link.split()[0]) * 10**9
    warmup = packets_in(Fraction(20, 1000), link_bps, Fraction(load), queues)
    window = packets_in(Fraction(number.replace("_", "")) * scale, link_bps, Fraction(load), queues)
    scenario = sweep.scenario(0, 0)
    assert (scenario.packets, scenario.warmup) == (warmup + window, warmup)
    assert sweep.scenarios.at(0) == scenario


def test_every_point_has_packets_of_its_own(sweep_of):
    sweep = sweep_of(GRID.replace("load: 0.3", "duration: 5 ms\nwarmup: 1 ms"), "axes.load=[0.1, 0.3]")
    found = {(s.traffic.name, s.load_ppm): s.packets - s.warmup for s in map(sweep.scenarios.at, range(sweep.points))}
    assert len(found) == 4
    assert found["router", 300_000] == pytest.approx(3 * found["router", 100_000], abs=3)
    assert sweep.scenarios["packets"].array(int).sum() == survey(sweep).packets.sum()


def test_rows_are_those_of_a_sweep_with_these_packets(sweep_of):
    timed = sweep_of(SMALL, "duration=2 ms", "warmup=300 us")
    packets, warmup = timed.window(0)
    counted = sweep_of(SMALL, f"packets={packets}", f"warmup={warmup}")
    assert survey(timed).ids.tolist() == survey(counted).ids.tolist()
    assert timed.scenario(0, 0) == counted.scenario(0, 0)


def test_a_document_is_enough_to_make_the_same_points(sweep_of):
    sweep = sweep_of(GRID, "axes.duration=[2 ms, 3 ms]", "warmup=1 ms")
    again = from_document(sweep.document, sweep.layout.cells)
    assert [again.scenario(point, 0) for point in range(16)] == [sweep.scenario(point, 0) for point in range(16)]


def test_equal_times_are_one_value_however_they_are_written(sweep_of):
    assert sweep_of(SMALL, "warmup=20000 us").document == sweep_of(SMALL, "warmup=20 ms").document
    assert sweep_of(SMALL, "warmup=0 ms").document == sweep_of(SMALL, "warmup=0").document


def test_a_time_on_an_axis_in_a_zip_and_in_points(sweep_of):
    axis = sweep_of(SMALL, "axes.duration={linspace: [1 ms, 2 ms, 3]}", "axes.warmup=[100, 1 ms]")
    assert [each.values for each in axis.axes] == [("1 ms", "1.5 ms", "2 ms"), (100, "1 ms")]
    zipped = sweep_of(
        SMALL,
        "zip=[{duration: [1 ms, 2 ms], load: [0.1, 0.2]}]".replace("load: ", "queues: ").replace(
            "[0.1, 0.2]", "[1, 2]"
        ),
    )
    assert zipped.window(0).packets - zipped.window(0).warmup == zipped.window(1).packets - zipped.window(1).warmup
    points = sweep_of(SMALL, "points=[{duration: 1 ms, ring: 64}, {packets: 20_000, ring: 64}, {ring: 64}]")
    assert [points.window(point).packets for point in range(3)] == [10_000 + 4_465, 20_000, 100_000]


@pytest.mark.parametrize(
    ("sets", "windows"),
    [
        (["duration=1 ms"], {14_465}),
        (["axes.duration=[1 ms]"], {14_465}),
        (["duration=1 ms", "duration=2 ms"], {18_929}),
        (["packets=20_000"], {20_000}),
    ],
)
@pytest.mark.parametrize("written", ["packets: 30_000", "duration: 9 ms", "axes: {packets: [30_000, 31_000]}", ""])
def test_an_override_stands_in_place_of_what_the_file_says(sweep_of, written, sets, windows):
    sweep = sweep_of(f"{SMALL}{written}\n", *sets)
    assert {sweep.window(point).packets for point in range(sweep.points)} == windows


def test_an_override_takes_the_other_length_out_of_a_zip(sweep_of):
    sweep = sweep_of(f"{SMALL}zip: [{{packets: [30_000, 40_000], queues: [1, 2]}}]\n", "duration=1 ms")
    assert [sweep.window(point).packets for point in range(2)] == [14_465, 12_233]


def test_conditions_know_the_packets_of_a_time(sweep_of):
    text = GRID.replace("load: 0.3", "duration: 5 ms")
    sweep = sweep_of(text, "axes.load=[0.1, 0.3]", "where=packets > 13_000")
    assert {sweep.scenario(point, 0).load_ppm for point in range(sweep.points)} == {300_000}
    assert sweep_of(GRID, "where=duration > 5 ms").points == 8  # no point has one: unknown, so all are kept


MISTAKES = {
    # what is added: the place, and parts of the message
    "packets: 20_000\nduration: 1 ms\n": ("9:1", ['"duration" is given here', '"packets" at my.yaml:8:1', "drop one"]),
    "duration: 1 ms\naxes: {packets: [20_000]}\n": ("8:1", ['"packets" at my.yaml:9:8']),
    "packets: 20_000\nzip: [{duration: [1 ms, 2 ms]}]\n": ("9:8", ['"packets" at my.yaml:8:1']),
    "duration: 1 ms\npoints: [{packets: 20_000}]\n": ("8:1", ['"packets" at my.yaml:9:20']),
    "packets: 20_000\npoints: [{duration: 1 ms}]\n": ("9:21", ['"packets" at my.yaml:8:1']),
    "points: [{duration: 1 ms, packets: 20_000}]\n": ("8:21", ['"packets" at my.yaml:8:36']),
    "duration: 400\n": ("8:11", ['duration "400" is a time and needs a unit', "units: ps, ns, us, ms, s"]),
    "duration: 0 ms\n": ("8:11", ['duration "0 ms" is too small: 1 ps to 3600 s are allowed']),
    "duration: 2e4 s\n": ("8:11", ['duration "2e4 s" is too large: 1 ps to 3600 s are allowed']),
    "duration: 3000 s\n": ("8:11", ['duration "3000 s" is too large: 13,', "1 to 1,000,000,000 are allowed", "1 of 1"]),
    "duration: 5 packets\n": ("8:11", ['duration "5 packets" has the unit "packets"']),
    "warmup: 20 kB\n": ("8:9", ['warmup "20 kB" is a size, not a time']),
    "warmup: 1e-3\n": ("8:9", ['warmup "1e-3" is not a whole number']),
    "warmup: soon\n": ("8:9", ['warmup "soon" is not a number']),
    "warmup: -1 ms\n": ("8:9", ['warmup "-1 ms" is too small: 0 ps to 3600 s are allowed']),
    "warmup: 1 s\npackets: 4_000\n": (
        "9:10",
        ['packets "4,000" is not above warmup "1 s", which is 4,464,286 packets'],
    ),
    "axes: {warmup: {log2: [1 ms, 4 ms]}}\n": ("8:23", ["warmup: log2 takes plain numbers"]),
}


@pytest.mark.parametrize("added", MISTAKES)
def test_what_is_refused(tmp_path, added):
    path = tmp_path / "my.yaml"
    path.write_text(SMALL + added)
    with pytest.raises(ConfigError) as error:
        load(path)
    message = str(error.value).replace(f"{tmp_path}/", "")
    place, parts = MISTAKES[added]
    assert message.startswith(f"my.yaml:{place}: "), message
    for part in parts:
        assert part in message


def test_two_overrides_that_contradict_each_other_are_told(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text(SMALL)
    with pytest.raises(ConfigError, match='"duration" is given here and "packets" at --set packets=20_000'):
        load(path, ["packets=20_000", "axes.duration=[1 ms]"])


def test_an_hour_is_the_most(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text(SMALL)
    slow = ["load=0.001", "duration=3600 s", "warmup=1 s"]
    with pytest.raises(ConfigError, match='duration "3600 s" is too large: an hour is the most, its warm-up included'):
        load(path, slow)
    load(path, [*slow[:1], "duration=3590 s", "warmup=1 s"])


def test_without_a_time_there_are_packets(sweep_of):
    assert sweep_of(MINIMAL).window(0) == (100_000, 10_000)
    assert sweep_of(MINIMAL).scenarios.duration_ps.values == (None,)
