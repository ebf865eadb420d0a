# SPDX-License-Identifier: MIT
"""Any change of a valid file is loaded or refused with a message; nothing else ever comes out."""

import re

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sweep.config import from_document, load
from sweep.errors import SweepError

VALID = """\
name: fuzz
nic: {link: 10 Gbit/s, tx_ring: 512, coalesce: {usecs: 8, frames: 32}}
packets: 20_000
warmup: 2_000
axes:
  strategy: [page_allocator, page_frag, page_pool]
  traffic: [router, mine]
  ring: {log2: [64, 1024]}
  load: [0.1, 0.3]
zip:
  - {strategy.pool_size: [ring, 2*ring], label: [one, two]}
points:
  - {strategy: page_pool, traffic: host, ring: 64, load: 0.5, strategy.pool_size: 100}
where: strategy != page_frag or ring <= 256
replicates: 2
baseline: {strategy: page_allocator}
claims: [{name: a, that: b}]
traffic:
  mine:
    arrivals: {on_off: {burst: {uniform: {low: 2, high: 9}}, peak: 0.9}}
    sizes: [{bytes: 64, weight: 1}, {bytes: 1500 B, weight: 2}]
    fates: {local: 0.9, drop: 0.1}
    reader: {wakeup: {lognormal: {median: 5 us, p99: 50 us}}, rate: 2 Mpps, stall: {every: 9 ms, for: 1 ms}}
"""
TOKENS = re.findall(r"\w[\w.]*|\s+|[^\w\s]", VALID)
ODD = st.sampled_from(
    ["", "on", "no", "~", ".nan", ".inf", "-1", "0", "1e9", "1e30", "9" * 60, "0x1F", "[]", "{}", "[a", "[[[[", "null"]
) | st.sampled_from(
    [
        "&a ",
        "*a",
        "!!int ",
        "ring",
        "ring/0",
        "2**9",
        "'",
        '"',
        "\t",
        "\n",
        "\0",
        "\u2028",
        "- ",
        ": ",
        "{a: {b: {c: d}}}",
        "é",
    ]
)


@st.composite
def mutated(draw):
    tokens = list(TOKENS)
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(tokens) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                tokens[i] = draw(ODD)
            case 1:
                tokens[i] = tokens[draw(st.integers(0, len(tokens) - 1))]
            case 2:
                del tokens[i]
            case 3:
                tokens.insert(i, draw(st.text(max_size=4)))
    return "".join(tokens)


def load_or_refuse(path, text, sets=()):
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    try:
        sweep = load(path, sets)
    except SweepError as error:
        message = str(error)
        assert message.startswith((str(path), "--set ")), message
        message.encode()
        return
    assert sweep.points > 0
    again = from_document(sweep.document)
    for point in {0, sweep.points // 2, sweep.points - 1}:
        assert again.scenario(point, 0) == sweep.scenario(point, 0)
        assert again.labels(point) == sweep.labels(point)


FUZZ = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(mutated())
@example(VALID)
def test_mutated_files(tmp_path, text):
    load_or_refuse(tmp_path / "fuzz.yaml", text)


@FUZZ
@given(st.binary(max_size=60))
def test_random_bytes(tmp_path, data):
    load_or_refuse(tmp_path / "fuzz.yaml", data)


@FUZZ
@given(
    st.sampled_from(
        ["ring", "axes.ring", "where", "zip", "points", "traffic", "nic", "traffic.mine.sizes", "claims", "baseline"]
    ),
    st.one_of(ODD, st.text(max_size=10)),
)
def test_random_overrides(tmp_path, key, value):
    load_or_refuse(tmp_path / "fuzz.yaml", VALID, [f"{key}={value}"])
