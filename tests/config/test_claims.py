# SPDX-License-Identifier: MIT
"""What a claim may say in a sweep file is what the published table can answer, and every shipped claim is such."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from planted_mistakes import VALID

from sweep import schema
from sweep.config import load
from sweep.config.names import unit_of, units_of_parameters
from sweep.config.parameters import parameters
from sweep.config.points.columns import ColumnSource
from sweep.errors import ConfigError
from sweep.fields.parameter import COUNT, TIME
from sweep.fields.parameters import PARAMETERS
from sweep.model.strategies import NAMES
from sweep.schema import parameters as table

# What is no parameter of a point, what is a part of one, and what follows from others.
NOT_SELECTED = {"seed", "replicate", "warmup_ns", "truesize_bytes"} | {
    f"traffic.{part}"
    for part in ("fates.local", "fates.forward", "fates.drop", "reader.stall.every", "reader.stall.for")
}

CLAIMS = [
    "ns_per_packet < 700",
    "packets[page_pool] >= 20_000",
    "allocator_calls_per_packet[page_pool, traffic=router, ring>=64] < 0.01",
    "drop_ratio[strategy=page_pool, label=one] <= 0.1 %",
    "drop_ratio[label!=one] <= 0.1 %",
    "ns_per_packet[page_pool, load=0.3] < ns_per_packet[page_allocator]",
    "alloc_slow[page_pool, strategy.pool_size<=128] < 1",
    "ns_per_packet[nic=inline, nic.tx_ring=512, host.atomic>1 ns] < 1e3",
    "latency_p99_ns where strategy = page_pool and ring >= 256 < 50 us",
    "ns_per_packet where 64 <= ring <= 256 < ns_per_packet where ring > 256",
    "drop_ratio where ring in 64..256 and host.atomic > 1 ns and nic.link >= 1 Gbit/s < 0.1 %",
]

MISTAKES = {
    "ns_per_packet <<< banana": [
        'it has "<" where a comparison, as in METRIC where CONDITION < VALUE UNIT, is expected (character 15).'
    ],
    "drop_ratio < 1e999": ['has "1e999" in it, which is too large a number (character 14).'],
    "latency_p99_ns < 50 %": [
        'bounds latency_p99_ns by "50 %", which has the unit "%", which is not one of: ps, ns, us'
    ],
    "drop_ratio < 5 us": ['bounds drop_ratio by "5 us", which has the unit "us", which is not one of: %'],
    "drop_ratio where 256 <= ring <= 1024": ["may be a range without a bound; write where (256 <= ring) <= 1024"],
    "drop_ratio where ring >= 256": ['is not a condition: it has "ring" where a comparison is needed'],
    "drop_ratio[page_pool] is low": [
        "has no bound such as < 0.01 at its end; write METRIC where CONDITION < VALUE UNIT (character 29)."
    ],
    "alocator_calls_per_packet < 1": [
        'the metric "alocator_calls_per_packet" in it, which is not known.',
        'Did you mean "allocator_calls_per_packet"?',
        "known: ns_per_packet",
        "\n  see: sweep show metrics",
    ],
    "drop_ratio < drop_rato": ['the metric "drop_rato" in it, which is not known. Did you mean "drop_ratio"?'],
    "drop_ratio[page_pol] < 1": [
        'the strategy "page_pol" in it, which is not known. Did you mean "page_pool"?',
        f"known: {', '.join(NAMES)}",
    ],
    "drop_ratio[rnig>1] < 1": [
        '"rnig" in it, which is not a parameter with a number (character 12). Did you mean "ring"?',
        "\n  see: sweep show parameters",
    ],
    "drop_ratio[traffic=ruoter] < 1": [
        'the traffic "ruoter" in it, which is not known. Did you mean "router"?',
        "known: router, mine",
    ],
    "drop_ratio[label=three] < 1": ['the label "three" in it, which is not known (character 18).', "known: one, two"],
    "latency < 1": ['has "latency" in it, which is a part of several names.', "known: latency_p50_ns, latency_p99_ns"],
    "p95 < 1": ['"p95" in it, which is not known. Did you mean "latency_p50_ns" or "latency_p99_ns"?', "known: ns_per"],
    "drop_ratio[ring>many] < 1": ['"many" in it, which is not a parameter with a number (character 17).'],
    "drop_ratio[traffic>mine] < 1": ["compares the order of text (character 12)."],
    "drop_ratio[page_pool, ring>1024] < 1": ['selects no point: "ring > 1024" holds at none.', "known: 64, 256, 1,024"],
    "drop_ratio[refcount_recycle] < 1": [
        'selects no point: "strategy = refcount_recycle" holds at none.',
        "known: page_allocator, page_frag, page_pool",
    ],
    "drop_ratio[page_frag, ring=1024] < 1": ["selects no point: its conditions hold at none together."],
    "drop_ratio < drop_ratio[page_frag, ring=1024]": ["selects no point: its conditions hold at none together."],
    "alloc_slow[page_frag] < 1": [
        'is about "alloc_slow", which page_frag does not count.',
        "known: bounded_pool, hugepage_pool, page_pool, page_pool_frag",
    ],
}


@pytest.mark.parametrize("that", MISTAKES)
def test_a_claim_that_could_not_be_judged_is_told_before_anything_runs(tmp_path, that):
    path = tmp_path / "my.yaml"
    path.write_text(f'{VALID}claims:\n  - {{name: a, that: "{that}"}}\n')
    with pytest.raises(ConfigError) as error:
        load(path)
    assert error.value.exit_code == 2
    line = len(VALID.splitlines()) + 2
    assert str(error.value).startswith(f'{path}:{line}:21: claims: that "{that}" ')
    for part in MISTAKES[that]:
        assert part in str(error.value)


@pytest.mark.parametrize("that", CLAIMS)
def test_claims_that_a_file_may_make(tmp_path, that):
    path = tmp_path / "my.yaml"
    path.write_text(f"{VALID}claims:\n  - {{name: a, that: '{that}'}}\n")
    assert load(path).document["claims"] == [{"name": "a", "that": that}]


@pytest.mark.parametrize(
    ("that", "in_full"),
    [
        ("p99[page_pool, ring>=256] < 5000", "latency_p99_ns[page_pool, ring>=256] < 5000"),
        ("drops < drop[page_frag, ring=256]", "drop_ratio < drop_ratio[page_frag, ring=256]"),
        (" drop [page_pool]<  alloc_slow[page_pool]", " drop_ratio [page_pool]<  alloc_slow[page_pool]"),
    ],
)
def test_a_metric_by_a_part_of_its_name(tmp_path, that, in_full):
    path = tmp_path / "my.yaml"
    path.write_text(f"{VALID}claims:\n  - {{name: a, that: '{that}'}}\n")
    assert load(path).document["claims"] == [{"name": "a", "that": in_full}]


def test_every_number_that_a_claim_may_be_about_is_a_number_of_the_table():
    kinds = {field.name: field.type for field in schema.results_schema()}
    assert all(pa.types.is_integer(kinds[name]) or pa.types.is_floating(kinds[name]) for name in unit_of())
    roles = {column.name: column.role for column in schema.columns()}
    assert {name for name, role in roles.items() if role in ("metric", "counter")} <= set(unit_of())


def test_every_parameter_of_the_table_can_be_selected_or_is_left_out_knowingly():
    named = {column.name for column in table.columns() if column.role == "parameter"}
    assert named - NOT_SELECTED == set(parameters()) - {"traffic.fates", "traffic.reader.stall"}
    assert set(units_of_parameters()) < set(parameters())


def test_a_selector_sees_the_values_that_the_table_will_have(tmp_path):
    """The same words and numbers for every point; times in ps, and rates in the time of one."""
    path = tmp_path / "my.yaml"
    path.write_text(VALID)
    sweep = load(path)
    points = range(sweep.points)
    published = table.arrays([sweep.scenario(point, 0) for point in points], ["" for _ in points])
    columns = ColumnSource(sweep.layout, sweep.document)
    for name in sorted(published.keys() & parameters().keys() - {"label"}):
        column = columns(name)
        kind = PARAMETERS[name].kind if name in PARAMETERS else COUNT
        times = 1 / kind.scale if kind.inverse else kind.scale if kind is TIME else 1
        expected = published[name].to_pylist()
        found = [value if there else None for value, there in zip(column.values, column.known, strict=True)]
        if column.is_text or name == "nic.pcie_rate":
            assert [value if value != np.inf else None for value in found] == expected, name
        else:
            numbers = [None if value is None else value * times for value in expected]
            assert found == [None if value is None else pytest.approx(value, rel=1e-12) for value in numbers], name


def test_what_a_claim_may_be_about_has_the_unit_of_its_column():
    columns = {column.name: column.unit for column in schema.columns()}
    like = {name: unit for name, unit in columns.items() if unit in ("ps", "ns", "bytes", "pps")}
    found = unit_of()
    assert {name: found[name] for name in like if name in found} == {n: u for n, u in like.items() if n in found}
    assert not any(found[name] in ("ps", "ns", "bytes", "pps") for name in found if name not in like)
