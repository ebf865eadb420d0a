# SPDX-License-Identifier: MIT
"""Planted mistakes in experiment files: each gives its place (file:line:column), the value in quotes, the choices."""

from __future__ import annotations

import pytest
from experiment_files import written

from sweep.errors import ConfigError
from sweep.validate import find, read

VALID = """\
name: planted
title: a title
source: a source
grade: B
setup:
  strategy: page_allocator
  nic: {link: 100 Gbit/s, tx_ring: 512, coalesce: {usecs: 8}}
  traffic: {arrivals: constant, sizes: 64 B, fates: {drop: 1.0}}
  load: 1.0
predict: ns_per_packet
unit: ns
within: 20 %
free:
  - parameter: host.stack_drop
    fitted_on: [calm, size 64]
    between: [10 ns, 90 ns]
    why: not said
  - {parameter: host.poll, value: 100 ns, range: [50 ns, 300 ns], why: not said}
rows:
  - {id: calm, set: {ring: 512}, measured: 40, calibration: true}
  - {id: busy, set: {ring: 1024}, measured: 41, mechanism: lock}
  - {id: many, set: {ring: 4096}, measured: 2, unit: Mpps, predict: throughput_pps / 1e6}
series:
  - {id: size, over: ring, at: [64, 128], measured: [50, 45], calibration: [64]}
  - {id: small, over: ring, at: [32, 48], measured: [70, 60]}
ratios:
  - {id: gain, of: busy, to: calm, within: 10 %}
shapes:
  - {id: fall, of: size, that: falls}
identities:
  - {id: sum, given: {fast: 63, slow: 1}, that: fast + slow == 64}
not_predicted:
  - {id: IPC, measured: [1, 2], unit: insn/cycle, why: no pipeline}
explained: {busy: no idea}
"""

# what is replaced, by what (» marks the place that the message must give), and what it says
MISTAKES = {
    "unknown key": ("grade: B", "»grad: B", ['the key "grad" is not known. Did you mean "grade"?']),
    "grade": ("grade: B", "grade: »D", ['grade "D" is not known', "known: A, B, C"]),
    "no source": ("source: a source", "about: a source", ['lacks "source"']),
    "no measured": ("measured: 41, ", "", ['a row lacks "measured"']),
    "measured with a unit": ("measured: 41,", "measured: »41 ns,", ['"41 ns" is a plain number']),
    "measured is a word": ("measured: 41,", "measured: »lots,", ['"lots" is not a number']),
    "unknown column": ("ns_per_packet", "»ns_per_pocket", ['"ns_per_pocket"', 'Did you mean "ns_per_packet"?']),
    "histogram": ("ns_per_packet", "»latency_ns_histogram", ["which is no column of numbers"]),
    "not an expression": ("throughput_pps / 1e6", "»throughput_pps /", ["is not a valid expression"]),
    "unknown unit": ("unit: Mpps", "unit: »mpps", ['unit "mpps" is not known. Did you mean "Mpps"?', "Gbit/s"]),
    "negative rule": ("within: 20 %", "within: »-20 %", ['within "-20 %" is below zero']),
    "rule with a unit": ("within: 20 %", "within: »20 ns", ["is a time, not a share"]),
    "rule that lacks its unit": (
        "within: 20 %",
        "within: »20",
        ['within "20" is no share', "2,000%", "known: 20 %, 0.2"],
    ),
    "rule of one": ("within: 20 %", "within: »1", ['within "1" is no share', "1 %"]),
    "noise that lacks its unit": ("within: 20 %", "within: 20 %\nnoise: »7.5", ['noise "7.5" is no share', "7.5 %"]),
    "ratio that lacks its unit": ("to: calm, within: 10 %", "to: calm, within: »10", ['within "10" is no share']),
    "slack that lacks its unit": ("that: falls}", "that: falls, slack: »2}", ['slack "2" is no share']),
    "of without from": (
        "value: 100 ns, range: [50 ns, 300 ns]",
        "value: 100 ns, range: [50 ns, 300 ns], of: busy",
        ['no "from"'],
    ),
    "no rule": ("within: 20 %\n", "noise: 5 %\n", ['lacks "within"']),
    "zero": ("measured: 41,", "measured: »0,", ['measured "0" has no relative error', "resolution"]),
    "calibration with a rule": ("measured: 40,", "»within: 5 %, measured: 40,", ["has no rule"]),
    "zero calibration": ("measured: 40,", "measured: »0,", ["above zero in a calibration row"]),
    "twice": ("id: busy", "id: calm", ['the id "calm" is given twice; first at', "20:5"]),
    "twice by a series": ("id: busy", "id: size 64", ['the id "size 64" is given twice']),
    "unknown parameter": ("{ring: 1024}", "{»rnig: 1024}", ['the parameter "rnig" is not known', "ring"]),
    "bad value": ("{ring: 1024}", "{ring: »many}", ['ring "many" is not a number']),
    "bad value in the setup": ("load: 1.0", "load: »1.5", ['load "1.5" is too large']),
    "impossible at a point": ("{ring: 1024}", "{ring: »8}", ['ring "8" is smaller than nic.refill_batch "16"']),
    "missing parameter": ("  load: 1.0\n", "", ['this point lacks "load"']),
    "host in a row": ("{ring: 1024}", "{ring: 1024, »host.poll: 5 ns}", ['"host.poll" is a cost of the host']),
    "host in the setup": ("load: 1.0", "load: 1.0\n  »host.poll: 5 ns", ['"host.poll" is a cost of the host']),
    "series over a host": ("small, over: ring", "small, over: »host.poll", ['"host.poll" is a cost of the host']),
    "series over nothing": ("small, over: ring", "small, over: »rings", ['the parameter "rings" is not known']),
    "unequal lists": ("[70, 60]", "»[70]", ['measured has "1" values and at has "2"']),
    "series sets it too": ("id: small,", "id: small, set: {ring: 5},", ["also in its set"]),
    "calibration of no value": ("calibration: [64]", "calibration: [»65]", ['"65" is not among the values']),
    "fits on a prediction": ("[calm, size 64]", "[calm, size 64, »busy]", ['"busy" is predicted', "never both"]),
    "fits on nothing": ("[calm, size 64]", "[calm, »size 65]", ['the row "size 65" is not known']),
    "calibration for nothing": ("[calm, size 64]", "[calm]", ['"size 64" is fitted on by no free parameter']),
    "predicts what it fits": ("{ring: 1024}", "{ring: 512}", ['"calm" is the same simulation and quantity']),
    "free parameter unknown": ("host.stack_drop", "»host.stack_drap", ['Did you mean "host.stack_drop"?']),
    "free parameter is no number": ("host.stack_drop", "kernel", ['"kernel" is not a number']),
    "free without a form": ("    between: [10 ns, 90 ns]\n", "", ['needs "fitted_on" and "between"']),
    "free without a reason": ("    why: not said\n", "", ['a free parameter lacks "why"']),
    "range without width": ("[10 ns, 90 ns]", "»[10 ns, 10 ns]", ["leaves nothing to fit"]),
    "range without unit": ("[10 ns, 90 ns]", "[»10, 90 ns]", ['"10" is a time and needs a unit']),
    "assumed outside": ("value: 100 ns", "value: »400 ns", ['value "400 ns" is outside its range']),
    "free twice": ("host.poll, value", "»host.stack_drop, value", ['is free twice for the row "calm"']),
    "free and set": (
        "host.poll, value: 100 ns, range: [50 ns, 300 ns]",
        "»ring, value: 64, range: [32, 128]",
        ['"ring" is free for the row "calm", which sets it'],
    ),
    "from no file": ("value: 100 ns, range: [50 ns, 300 ns]", "from: »nothing.yaml", ['"nothing.yaml" is no file']),
    "ratio of nothing": ("of: busy", "of: »bsy", ['the row "bsy" is not known. Did you mean "busy"?']),
    "ratio of calibration": ("of: busy", "of: size 64", ["it predicts nothing"]),
    "ratio of units": ("of: busy", "of: many", ['is of "Mpps" to "ns"']),
    "ratio of unlike series": ("of: busy, to: calm", "of: size, to: »small", ["are not over the same values"]),
    "no shape": ("that: falls", "that: »wobbles", ['that "wobbles" is no shape', "rises, falls, flat"]),
    "shape the numbers lack": ("that: falls", "that: »rises", ["the measured numbers do not", "50, 45"]),
    "peak nowhere": ("that: falls", "that: »peak at 65", ['"65" is not among the values', "64, 128"]),
    "shape at no value": ("that: falls", "that: falls, at: [»65]", ['at "65" is not among the values of "size"']),
    "shape of one row": ("of: size, that", "of: »busy, that", ["one row has no shape"]),
    "identity of nothing": ("that: fast + slow == 64", "that: »fast + slower == 64", ['"slower" is not given']),
    "no identity": ("fast + slow == 64", "»fast + slow", ["is no identity", "==, <=, >="]),
    "identity that divides": ("fast + slow == 64", "»fast / (slow - 1) == 64", ["divides by zero"]),
    "identity that calls": ("fast + slow == 64", "»abs(fast) == 63", ['has "(" where an operator']),
    "given is no number": ("fast: 63", "fast: »many", ['"many" is not a number']),
    "not predicted without why": (", why: no pipeline", "", ['lacks "why"']),
    "explains nothing": ("{busy: no idea}", "{»bussy: no idea}", ['"bussy" is not known. Did you mean "busy"?']),
}

# the places of those without a mark: what stands there
ELSEWHERE = {
    "no source": "name: planted",
    "of without from": "{parameter: host.poll",
    "no measured": "{id: busy",
    "no rule": "{id: busy",
    "twice": "{id: calm, set: {ring: 1024}",
    "twice by a series": "50, 45]",
    "missing parameter": "{id: calm",
    "series sets it too": "over: ring, at: [32",
    "calibration for nothing": "50, 45]",
    "predicts what it fits": "{id: busy",
    "free parameter is no number": "[10 ns, 90 ns]",
    "free without a form": "parameter: host.stack_drop",
    "free without a reason": "parameter: host.stack_drop",
    "ratio of calibration": "{id: gain",
    "ratio of units": "{id: gain",
    "not predicted without why": "{id: IPC",
}


def place(text, at):
    """line:column of a fragment, from 1; it occurs once."""
    assert text.count(at) == 1
    before = text[: text.index(at)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def message(tmp_path, text):
    with pytest.raises(ConfigError) as error:
        read(written(tmp_path, text))
    assert error.value.exit_code == 2
    return str(error.value).replace(f"{tmp_path}/", "")


def test_the_file_without_mistakes(tmp_path):
    found = read(written(tmp_path, VALID))
    assert [row.id for row in found.rows] == ["calm", "busy", "many", "size 64", "size 128", "small 32", "small 48"]
    assert [row.is_calibration for row in found.rows] == [True, False, False, True, False, False, False]
    assert (found.name, found.title, found.grade) == ("planted", "a title", "B")
    assert len(found.not_predicted[0].measured) == 2


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(tmp_path, name):
    old, new, parts = MISTAKES[name]
    assert VALID.count(old) == 1, "the planted place must be clear"
    wrong = VALID.replace(old, new)
    expected = place(wrong, ELSEWHERE.get(name, "»"))
    text = message(tmp_path, wrong.replace("»", ""))
    assert text.startswith(f"mine.yaml:{expected}: "), text
    for part in parts:
        assert part in text


def test_all_mistakes_are_told_at_once_in_file_order(tmp_path):
    text = VALID.replace("measured: 41,", "measured: lots,").replace("measured: 2,", "").replace("[70, 60]", "[70]")
    lines = [line for line in message(tmp_path, text).splitlines() if not line.startswith(" ")]
    places = [f"mine.yaml:{place(text, at)}" for at in ("lots", "{id: many", "[70]")]
    assert [line.split(": ")[0] for line in lines] == places


def test_a_mistake_at_the_top_hides_none_in_the_rows(tmp_path):
    text = (
        VALID.replace("within: 20 %", "within: 20")
        .replace("measured: 41,", "measured: lots,")
        .replace("unit: ns", "unit: nss")
    )
    lines = [line for line in message(tmp_path, text).splitlines() if not line.startswith(" ")]
    expected = [f"mine.yaml:{place(text, at)}" for at in ("nss", "20\n", "lots")]
    assert [line.split(": ")[0] for line in lines] == expected
    assert "lacks" not in "".join(lines)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "mine.yaml:1:1: is empty"),
        ("- 1\n", "mine.yaml:1:1: an experiment file"),
        ("title: t\nsource: s\n", "mine.yaml:1:1: has no rows"),
        ("title: t\nsource: s\nrows: 5\n", 'mine.yaml:3:7: rows takes a list, not "5"'),
        ("title: t\nsource: s\nrows: [5]\n", 'mine.yaml:3:8: a row takes a mapping, not "5"'),
        ("title: [t]\nsource: s\n", "mine.yaml:1:8: an experiment file: title takes one value, not a list"),
        ("title: t\nsource: s\nexplained: [a]\n", "explained takes a mapping, not a list"),
    ],
)
def test_not_an_experiment_file(tmp_path, text, part):
    assert part in message(tmp_path, text)


def test_files_are_found_in_folders_in_order(tmp_path):
    for name in ("b.yaml", "a.yaml", "c.txt"):
        written(tmp_path, VALID, name)
    assert [path.name for path in find([tmp_path, tmp_path / "a.yaml"])] == ["a.yaml", "b.yaml"]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ConfigError, match=r'empty" has no experiment file'):
        find([empty])
    with pytest.raises(ConfigError, match=r"missing\.yaml: cannot be read"):
        read(tmp_path / "missing.yaml")


def test_a_mix_of_the_file_can_be_named_by_a_row(tmp_path):
    mixes = "traffic:\n  big: {arrivals: constant, sizes: 1500 B, fates: {drop: 1.0}}\n"
    text = VALID.replace("set: {ring: 1024}", "set: {ring: 1024, traffic: big}") + mixes
    sweep = read(written(tmp_path, text)).sweep
    assert [sweep.traffic(row).sizes for row in (0, 1)] == [((64, 1),), ((1500, 1),)]
