# SPDX-License-Identifier: MIT
"""Anchors, aliases and merge keys: what they stand for, where their mistakes are, and what is refused."""

import pytest

from sweep.errors import ConfigError
from sweep.yamltree.source import Mistake
from sweep.yamltree.tree import DEEPEST, LARGEST_BYTES, parse
from tests.config.sweep_files import MINIMAL


def written(text):
    return parse(text, "my.yaml").written()


@pytest.mark.parametrize(
    ("text", "stands_for"),
    [
        ("a: &x 1\nb: *x", "{a: 1, b: 1}"),
        ("a: &x [1, {k: 2}]\nb: [*x, *x]", "{a: [1, {k: 2}], b: [[1, {k: 2}], [1, {k: 2}]]}"),
        ("- &x name\n- *x : 1", "[name, {name: 1}]"),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3, r: 4}", "{a: {p: 1, q: 2}, b: {p: 1, q: 3, r: 4}}"),
        ("a: &x {p: 1, q: 2}\nb: {q: 3, <<: *x}", "{a: {p: 1, q: 2}, b: {p: 1, q: 3}}"),
        ("<<: [{p: 1, q: 1}, {q: 2, r: 2}]\nr: 3", "{p: 1, q: 1, r: 3}"),
        ("a: &x {<<: {p: 1}, q: 2}\nb: {<<: *x}", "{a: {p: 1, q: 2}, b: {p: 1, q: 2}}"),
        ("a: &x {p: {q: 1, r: 2}}\nb: {<<: *x, p: {q: 3}}", "{a: {p: {q: 1, r: 2}}, b: {p: {q: 3}}}"),
        ("a: &x 1\nb: &x 2\nc: *x", "{a: 1, b: 2, c: 2}"),
        ('{"<<": 1}', "{<<: 1}"),
        ("a: <<", "{a: <<}"),
        ("a: &x\nb: *x", "{a: , b: }"),
    ],
)
def test_what_an_alias_stands_for(text, stands_for):
    assert written(text) == stands_for


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: *x", 'my.yaml:1:4: the anchor "&x" is not known here: it comes before its aliases.'),
        ("a: *x\nb: &x 1", 'my.yaml:1:4: the anchor "&x" is not known here'),
        ("a: &x [*x]", 'my.yaml:1:8: the alias "*x" stands inside the value of "&x"'),
        ("a: &x {b: {<<: *x}}", 'my.yaml:1:16: the alias "*x" stands inside the value of "&x"'),
        (
            "a: &x 1\nb: {<<: *x}",
            'my.yaml:1:4: "<<" takes a mapping or a list of mappings, not "1". Used by the alias at my',
        ),
        ("a: {<<: [{b: 1}, 2]}", 'my.yaml:1:18: "<<" takes a mapping or a list of mappings, not "2".'),
        ("a: &x {b: 1}\nc: {<<: *x, <<: *x}", 'my.yaml:2:13: "<<" is given twice; first at my.yaml:2:5.'),
        ("a: &x {b: 1}\nc: {<<: *x, b: 2, b: 3}", 'my.yaml:2:19: "b" is given twice'),
        ("a: &x k\nc: {k: 1, *x : 2}", '"k" is given twice'),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(Mistake) as error:
        parse(text, "my.yaml")
    assert message in error.value.text()


def test_a_few_lines_do_not_become_a_billion_values():
    laughs = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    laughs += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    long = [f"a: &a {'x' * (LARGEST_BYTES // 10)}", f"b: [{', '.join(['*a'] * 10)}]"]
    for text in ("\n".join(laughs), "\n".join(long)):
        with pytest.raises(Mistake, match=r"aliases stand for more than 1,048,576 characters"):
            parse(text, "my.yaml")


def test_a_chain_of_aliases_is_no_deeper_than_a_file():
    chain = ["a0: &a0 {x: 1}"] + [f"a{i}: &a{i} {{b: *a{i - 1}}}" for i in range(1, DEEPEST + 5)]
    with pytest.raises(Mistake, match=f"nested more than {DEEPEST} levels"):
        parse("\n".join(chain), "my.yaml")
    parse("\n".join(chain[: DEEPEST - 2]), "my.yaml")


NICS = """\
nics:
  slow: &slow {link: 10 Gbit/s, tx_ring: 1024, coalesce: &coalesce {usecs: 8, frames: 32}}
  fast: {<<: *slow, link: 25 Gbit/s, coalesce: {<<: *coalesce, usecs: 20}}
axes:
  nic: [slow, fast]
"""


def test_a_nic_is_another_with_what_is_said_of_it(sweep_of):
    nics = sweep_of(MINIMAL + NICS).document["nics"]
    plain = sweep_of(
        MINIMAL
        + NICS.replace(
            "{<<: *slow, link: 25 Gbit/s, coalesce: {<<: *coalesce, usecs: 20}}",
            "{link: 25 Gbit/s, tx_ring: 1024, coalesce: {usecs: 20, frames: 32}}",
        )
    )
    assert nics == plain.document["nics"]
    assert nics["slow"]["coalesce.usecs"] != nics["fast"]["coalesce.usecs"]


def test_an_override_changes_the_one_use(sweep_of):
    nics = sweep_of(MINIMAL + NICS, "nics.slow.tx_ring=2048").document["nics"]
    assert (nics["slow"]["tx_ring"], nics["fast"]["tx_ring"]) == (2048, 1024)


def test_a_mistake_in_an_aliased_value_names_the_anchor_s_text_and_the_use(sweep_of):
    with pytest.raises(ConfigError) as error:
        sweep_of(MINIMAL + NICS.replace("tx_ring: 1024", "tx_ring: many"))
    first, second = (line for line in str(error.value).splitlines() if "many" in line)
    assert 'my.yaml:6:42: nic "slow": tx_ring "many" is not a number' in first
    assert "Used by" not in first
    assert 'my.yaml:6:42: nic "fast": tx_ring "many" is not a number. Used by the alias at ' in second
    assert "my.yaml:7:14." in second


def test_an_override_may_have_an_anchor_of_its_own(sweep_of):
    assert sweep_of(MINIMAL, "axes.ring=[&r 256, 512]").points == 2
    with pytest.raises(ConfigError, match=r"--set axes.ring=\[\*r\]: the anchor"):
        sweep_of(MINIMAL, "axes.ring=[*r]")
