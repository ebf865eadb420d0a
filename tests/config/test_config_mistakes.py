# SPDX-License-Identifier: MIT
"""Planted mistakes: each gives its place (file:line:column), the value in quotes, the choices, what it spoils."""

import pytest
from planted_mistakes import MISTAKES, VALID

from sweep.config import load
from sweep.errors import ConfigError, SweepError


def error_of(tmp_path, text, *sets):
    """The message of loading `text`, with the folder taken off."""
    path = tmp_path / "my.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as error:
        load(path, sets)
    assert error.value.exit_code == 2
    return str(error.value).replace(f"{tmp_path}/", "")


def test_the_file_without_mistakes(tmp_path):
    (tmp_path / "my.yaml").write_text(VALID)
    assert load(tmp_path / "my.yaml").points == 44


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(tmp_path, name):
    old, new, place, parts = MISTAKES[name]
    assert VALID.count(old) == 1, "the planted place must be clear"
    text = VALID.replace("name: planted\n", "# planted\n") if name == "surrogate" else VALID
    message = error_of(tmp_path, text.replace(old, new))
    assert message.startswith(f"my.yaml:{place}: "), message
    for part in parts:
        assert part in message


SETS = {
    "ring": "is not of the form key=value",
    "=5": "is not of the form key=value",
    "rnig=64": 'the key "rnig" is not known. Did you mean "ring"?',
    "ring=many": 'ring "many" is not a number',
    "ring=[64, 128]": '"axes:"',
    "axes.rnig=[64]": 'the key "axes.rnig" is not known. Did you mean "axes.ring"?',
    "axes.ring=[]": "has no values",
    "replicates=-1": 'replicates "-1" is too small',
    "ring={": "is not valid YAML",
    "traffic.nope.reader.rate=1 Mpps": 'traffic "nope" is not known',
    "traffic.mine.raeder.rate=1 Mpps": 'Did you mean "reader"?',
    "traffic.mine.reader.rate=1 ms": '"1 ms" is a time, not a packet rate',
    "baseline.strategy=page_pol": 'Did you mean "page_pool"?',
    "baseline.rnig=5": 'the key "baseline.rnig" is not known',
    "ring=": "ring has no value",
    "where=ring > 5000": "where removes every point",
}


@pytest.mark.parametrize("override", SETS)
def test_mistake_in_an_override(tmp_path, override):
    message = error_of(tmp_path, VALID, override)
    assert message.startswith(f"--set {override}: "), message
    assert SETS[override] in message


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("", "my.yaml:1:1: is empty"),
        ("# only a comment\n", "my.yaml:1:1: is empty"),
        ("- 1\n- 2\n", "my.yaml:1:1: a sweep file takes a mapping, not a list"),
        ("hello", 'my.yaml:1:1: a sweep file takes a mapping, not "hello"'),
        ("a: 1\n---\nb: 2\n", "my.yaml:2:1: is not valid YAML"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "my.yaml:1:1: is not UTF-8 text"),
        (b"name: a\nseed: \xff\n", "my.yaml:2:7: is not UTF-8 text"),
        (b"\x00" * 10, 'my.yaml:1:1: has the character "U+0000"'),
        (b"#" * ((1 << 20) + 1), "my.yaml: is larger than 1,048,576 bytes"),
        ("[" * 5000, "my.yaml:1:21: is not valid YAML: nested more than 20 levels deep"),
        ("ring: 64\n", 'my.yaml:1:1: lacks "strategy"'),
        ("? [a, b]\n: 1\n", "my.yaml:1:3: a key takes one value, not a list"),
        ("name: x\n<<: {rnig: 1}\n", 'my.yaml:2:6: the key "rnig" is not known'),
        ('name: "\\UFFFFFFFF"\n', "my.yaml"),
    ],
)
def test_not_a_sweep_file(tmp_path, text, start):
    assert error_of(tmp_path, text).startswith(start)


def test_no_file_and_a_directory(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        load(tmp_path / "missing.yaml")
    with pytest.raises(ConfigError, match="is a directory"):
        load(tmp_path)
    with pytest.raises(SweepError):
        load("a\0b")


def test_all_mistakes_are_told_at_once_in_file_order(tmp_path):
    text = (
        VALID.replace("replicates: 2", "replicates: two")
        .replace("page_pool]", "page_pol]")
        .replace("seed: 1", "seed: -1")
    )
    lines = [line for line in error_of(tmp_path, text).splitlines() if not line.startswith(" ")]
    assert [line.split(": ")[0] for line in lines] == ["my.yaml:8:41", "my.yaml:15:13", "my.yaml:16:7"]


def test_many_mistakes_are_counted(tmp_path):
    text = VALID.replace("[64, 256, 1024]", str(list("abcdefghijklmnop")).replace("'", ""))
    assert error_of(tmp_path, text).splitlines()[-1] == "and 6 more mistakes"


def test_a_mistake_in_a_named_file_has_its_place(tmp_path):
    (tmp_path / "traffic").mkdir()
    (tmp_path / "traffic" / "router.yaml").write_text("arrivals: poisson\nsizes: imix\nfates: {forwrd: 1.0}\n")
    message = error_of(tmp_path, VALID)
    assert message.startswith('traffic/router.yaml:3:9: traffic "router": fates: the key "forwrd" is not known.')
    assert 'Did you mean "forward"? 22 of 44 points use it.' in message


def test_a_mistake_in_an_unused_mix_of_the_file_is_told(tmp_path):
    message = error_of(tmp_path, VALID.replace("[router, mine]", "[router, host]").replace("imix", "imx"))
    assert message.startswith('my.yaml:21:12: traffic "mine": sizes "imx" is not a number')


def test_a_host_must_say_where_its_numbers_are_from(tmp_path):
    text = VALID.replace("host: xeon-e5-1650v4", "host: lab") + "hosts: {lab: {costs: {poll: {value: 1 ns}}}}\n"
    assert 'host "lab": costs lacks "stack_drop"' in error_of(tmp_path, text)
    for override, part in {
        "{value: 1 ns}": 'poll lacks "source"',
        "{value: 1 ns, source: me, assumed: true}": "needs a range of two values",
        "{value: 1 ns, source: me, range: [1 ns, 2 ns]}": "is not marked assumed",
        "{value: 1 ns, source: me, assumed: true, range: [2 ns, 3 ns]}": "outside its range",
        "{value: 1 ns, source: me, assumed: perhaps}": "neither true nor false",
    }.items():
        assert part in error_of(tmp_path, VALID, f"hosts.xeon-e5-1650v4.costs.poll={override}")


def test_long_and_strange_values_are_shown_short_and_printable(tmp_path):
    message = error_of(tmp_path, VALID.replace("seed: 1", 'seed: "' + "x\\e[31m" * 500 + '"'))
    assert all(len(line) < 300 for line in message.splitlines())
    assert "\x1b" not in message
