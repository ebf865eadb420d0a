# SPDX-License-Identifier: MIT
"""Quantities: exact values from their definitions, and errors that name the choices."""

import contextlib
from fractions import Fraction

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep import units
from sweep.cli.arguments import count
from sweep.compare.margins import read
from sweep.errors import ConfigError
from sweep.yamltree.source import Mistake, Node, Place


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (units.whole, "200_000", 200_000),
        (units.whole, "-3", -3),
        (units.whole, "1e6", 1_000_000),
        (units.number, "1.5", Fraction(3, 2)),
        (units.time_ps, "20 us", 20_000_000),
        (units.time_ps, "20us", 20_000_000),
        (units.time_ps, "200 ns", 200_000),
        (units.time_ps, "5 ms", 5 * 10**9),
        (units.time_ps, "1.5 s", 15 * 10**11),
        (units.time_ps, "0.1 ns", 100),  # 0.1 is no binary fraction
        (units.time_ps, "0.0114 ns", 11),
        (units.time_ps, "0 ns", 0),
        (units.size_bytes, "4 MiB", 4 * 1024 * 1024),
        (units.size_bytes, "1.5 KiB", 1536),
        (units.size_bytes, "1518 B", 1518),
        (units.size_bytes, "1518", 1518),
        (units.packet_ps, "2 Mpps", 500_000),
        (units.packet_ps, "3 Mpps", 333_333),  # rounded to a whole ps
        (units.ratio_ppm, "0.3", 300_000),
        (units.ratio_ppm, "30 %", 300_000),
        (units.ratio_ppm, "12.5%", 125_000),
        (units.link_ps_per_byte, "10 Gbit/s", 800),
        (units.link_ps_per_byte, "25 Gbit/s", 320),
        (units.link_ps_per_byte, "40 Gbit/s", 200),
        (units.link_ps_per_byte, "50 Gbit/s", 160),
        (units.link_ps_per_byte, "100 Gbit/s", 80),
        (units.link_ps_per_byte, "200 Gbit/s", 40),
        (units.link_ps_per_byte, "400 Gbit/s", 20),
        *((units.link_ps_per_byte, text, 800) for text in ("10G", "10g", "10gbit", "10Gbit", "10 Gb/s", "10000Mb/s")),
        *((units.link_ps_per_byte, text, 800) for text in ("10000mbit", "10000 M", "10000000Kbit", "10000000000bit")),
        (units.link_ps_per_byte, "0.1tbit", 80),
        *((units.size_bytes, text, 65_536) for text in ("64K", "64k", "64 KiB", "0.0625M", "65536 bytes")),
        *((units.size_bytes, text, 2**21) for text in ("2M", "2m", "2MiB")),
        *((units.size_bytes, text, 2**30) for text in ("1G", "1g", "1 GiB")),
        *((units.size_bytes, text, 64_000) for text in ("64kB", "0.064 MB", "0.000064GB")),
        *((units.time_ps, text, 10**7) for text in ("10us", "10usec", "10 usecs", "0.01msec", "10000nsecs")),
        *((units.time_ps, text, 2 * 10**12) for text in ("2s", "2sec", "2 secs", "2000msecs")),
        *((units.packet_ps, text, 500_000) for text in ("2mpps", "2000Kpps", "2000kpps", "2000000pps")),
        *((units.whole, text, 20_000) for text in ("20k", "20 k", "0.02M", "0.00002G", "2e1k")),
        (units.whole, "64Ki", 65_536),
        (units.whole, "2 Mi", 2**21),
        (units.whole, "1.5k", 1500),
    ],
)
def test_value(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "part"),
    [
        (units.time_ps, "20", "is a time and needs a unit"),
        (units.time_ps, "20 MiB", "is a size, not a time"),
        (units.time_ps, "20 parsec", 'has the unit "parsec"'),
        (units.time_ps, "0.1 ps", "is less than 1 ps"),
        (units.size_bytes, "20 us", "is a time, not a size"),
        (units.size_bytes, "0.5 B", "is not a whole number of bytes"),
        (units.packet_ps, "2 Gbit/s", "is a link speed, not a packet rate"),
        (units.packet_ps, "0 Mpps", "must be above zero"),
        (units.link_ps_per_byte, "7 Gbit/s", "does not give a whole number of ps per byte"),
        (units.ratio_ppm, "0.1234567", "has more than six decimals"),
        (units.whole, "1.5", "is not a whole number"),
        (units.whole, "5 ms", 'is a plain number, without the unit "ms"'),
        (units.whole, "0x10", "without the unit"),
        (units.whole, "1.0005k", "is not a whole number"),
        (units.whole, "10m", 'is a plain number, without the unit "m"'),
        (units.size_bytes, "64kbit", 'has the unit "kbit"'),
        (units.link_ps_per_byte, "10gibit", "does not give a whole number of ps per byte"),
        (units.link_ps_per_byte, "10 GB/s", 'has the unit "GB/s"'),
        (units.link_ps_per_byte, "2 Mpps", "is a packet rate, not a link speed"),
        (units.packet_ps, "2M", 'has the unit "M", which is not one of a packet rate'),
        (units.time_ps, "10m", 'has the unit "m", which is not one of a time'),
        *(
            (units.whole, text, "is not a number")
            for text in ("", "nan", ".nan", "inf", "-.inf", "true", "_1", "1__0", "--1")
        ),
        *((units.time_ps, text, "is not a number") for text in ("us", " ", "e3 us", "٣ us")),
    ],
)
def test_error(parse, text, part):
    with pytest.raises(units.UnitError) as error:
        parse(text)
    assert part in str(error.value)


@pytest.mark.parametrize(
    ("parse", "text", "one", "other"),
    [
        (units.link_ps_per_byte, "10gbps", '"10 Gbit/s" (bits', '"80 Gbit/s" (bytes, as tc(8)'),
        (units.link_ps_per_byte, "10 Gbps", '"10 Gbit/s" (bits', '"80 Gbit/s" (bytes, as tc(8)'),
        (units.link_ps_per_byte, "2500mbps", '"2500 Mbit/s"', '"20000 Mbit/s"'),
        (units.link_ps_per_byte, "1e10bps", '"10000000000 bit/s"', '"80000000000 bit/s"'),
        (units.link_ps_per_byte, "10000", '"10000 Mbit/s" (as ethtool(8)', '"10000 bit/s" (as tc(8)'),
        (units.size_bytes, "64kb", '"64 KiB" (powers of 1,024, as tc(8)', '"64 kB" (powers of 1,000'),
        (units.size_bytes, "64 KB", '"64 KiB"', '"64 kB"'),
        (units.size_bytes, "1.5mb", '"1.5 MiB"', '"1.5 MB"'),
        (units.size_bytes, "1Gb", '"1 GiB"', '"1 GB"'),
        (units.size_bytes, "1518b", '"1518 B" (bytes', '"189.75 B" (bits'),
        (units.whole, "64K", '"64 k" (powers of 1,000', '"64 Ki" (powers of 1,024'),
    ],
)
def test_a_unit_of_two_meanings_is_refused_with_both(parse, text, one, other):
    with pytest.raises(units.DoubtfulUnitError) as error:
        parse(text)
    assert one in str(error.value)
    assert other in str(error.value)


def test_what_is_offered_for_a_doubtful_unit_is_read():
    for kind, parse in ((units.KINDS[1], units.size_bytes), (units.KINDS[3], units.link_ps_per_byte)):
        for readings in kind.doubtful.values():
            for reading in readings:
                assert reading.unit in kind.read
                with contextlib.suppress(units.UnitError):  # a speed that is no whole number of ps per byte
                    parse(f"40 {reading.unit}")


def test_no_spelling_is_both_read_and_doubtful():
    for kind in units.KINDS:
        assert not set(kind.read) & set(kind.doubtful)
        assert set(kind.own) <= set(kind.read)


def test_a_time_without_unit_offers_the_units():
    with pytest.raises(units.UnitError, match="unit") as error:
        units.time_ps("20")
    assert error.value.units == ("ps", "ns", "us", "ms", "s")


def test_no_giant_numbers():
    with pytest.raises(units.UnitError):
        units.whole("1e999999999")
    with pytest.raises(units.UnitError):
        units.whole("9" * 100)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**18))
def test_a_time_survives_its_text(ps):
    assert units.time_ps(units.time_text(ps)) == ps


@pytest.mark.parametrize(
    ("number", "rounded"), [(0, 0), (1, 1), (99, 99), (100, 100), (101, 110), (991, 1000), (391_000_001, 400_000_000)]
)
def test_two_digits_and_never_less(number, rounded):
    assert units.rounded_up(number) == rounded


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12))
def test_any_text_is_a_number_or_a_unit_error(text):
    for parse in (
        units.whole,
        units.time_ps,
        units.size_bytes,
        units.packet_ps,
        units.ratio_ppm,
        units.link_ps_per_byte,
    ):
        with contextlib.suppress(units.UnitError):
            assert isinstance(parse(text), int)


OWN = """\
strategy: page_pool
strategy.pool_size: 2048
traffic: router
traffic.reader.rcvbuf: 256 KiB
nic: {name: mine, link: 25 Gbit/s, tx_ring: 1024, coalesce: {usecs: 8, frames: 32}, copybreak: 256 B}
packets: 20_000
warmup: 2 ms
load: 0.3
axes:
  ring: [1000, 2048]
  host.atomic: [4 ns, 8 ns]
"""
SPELT = """\
strategy: page_pool
strategy.pool_size: 2Ki
traffic: router
traffic.reader.rcvbuf: 256K
nic: {name: mine, link: 25G, tx_ring: 1Ki, coalesce: {usecs: 8usecs, frames: 32}, copybreak: 256bytes}
packets: 20k
warmup: 2msecs
load: 30%
axes:
  ring: [1k, 2Ki]
  host.atomic: [4nsec, 8 nsecs]
"""


def test_a_sweep_file_in_the_spellings_of_tc_is_the_same_sweep(sweep_of):
    assert sweep_of(SPELT).document == sweep_of(OWN).document
    sets = ("nic.link=25000mbit", "packets=0.02M", "axes.ring=[1k, 2Ki]")
    same = ("nic.link=25 Gbit/s", "packets=20000", "axes.ring=[1000, 2048]")
    assert sweep_of(OWN, *sets).document == sweep_of(OWN, *same).document


@pytest.mark.parametrize(
    ("old", "new", "place", "both"),
    [
        ("25 Gbit/s", "25gbps", "5:25", ("25 Gbit/s", "200 Gbit/s")),
        ("256 KiB", "256KB", "4:24", ("256 KiB", "256 kB")),
        ("20_000", "20K", "6:10", ("20 k", "20 Ki")),
        ("2 ms", "2K", "7:9", ("2 k", "2 Ki")),
        ("pool_size: 2048", "pool_size: 2K", "2:21", ("2 k", "2 Ki")),
        ("[1000, 2048]", "[1000, 2K]", "10:16", ("2 k", "2 Ki")),
    ],
)
def test_a_doubtful_unit_in_a_sweep_file_has_its_place_and_both_readings(sweep_of, old, new, place, both):
    with pytest.raises(ConfigError) as error:
        sweep_of(OWN.replace(old, new))
    assert f"my.yaml:{place}: " in str(error.value)
    assert all(f'"{reading}"' in str(error.value) for reading in both)


def test_a_margin_takes_the_same_spellings():
    def margin(text, metric, unit):
        return read(Node(Place("gate.yaml", 1, 1), text), None, metric, unit).absolute

    assert margin("5 usec", "latency_p99_ns", "ns") == margin("5 us", "latency_p99_ns", "ns") == 5000
    assert margin("64K", "socket_truesize_peak", "bytes") == margin("65536 bytes", "socket_truesize_peak", "bytes")
    assert margin("1 Kpps", "throughput_pps", "pps") == 1000
    with pytest.raises(Mistake, match='"ps", "ns", "us", "ms", "s", or "%"'):
        margin("5 parsec", "latency_p99_ns", "ns")


def test_a_count_on_the_command_line_is_spelt_as_in_a_file():
    assert [count(0)(text) for text in ("20k", "20_000", "64Ki")] == [20_000, 20_000, 65_536]
    with pytest.raises(typer.BadParameter, match=r'"20 k".*"20 Ki"'):
        count(0)("20K")
    with pytest.raises(typer.BadParameter, match='"0" is too small: at least 1'):
        count(1)("0")
