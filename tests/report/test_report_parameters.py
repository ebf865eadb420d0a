# SPDX-License-Identifier: MIT
"""Every parameter that a sweep file knows, put on an axis of its own, is named as what it is.

A strategy's own knob makes variants of it, anything else splits the mix, and the table alone says which: so a parameter
that is added tomorrow is tried here too, from the table of parameters.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from sweep import config, report
from sweep.config.parameters import knobs_of, parameters
from sweep.errors import ConfigError
from sweep.fields.column import PARTS
from sweep.model.strategies import NAMES
from sweep.report.projection import document
from sweep.results import dataset
from sweep.schema import results_schema
from sweep.schema.parameters import ParameterRows
from sweep.schema.parameters import parameters as columns
from sweep.yamltree.validation import canonical

COORDINATES = ("strategy", "traffic", "ring", "load", "label")
ALL = {"local": "100 %"}  # of the packets
MIX = {"arrivals": "poisson", "sizes": 512, "fates": ALL, "reader": {"rate": "2 Mpps"}}
# Two values of what is neither a number nor a word; of everything else the first two of PLAIN that it takes.
VALUES = {
    "traffic.arrivals": ["poisson", "constant"],
    "traffic.sizes": [512, "imix"],
    "traffic.fates": [ALL, {"local": "50 %", "drop": "50 %"}],
    "traffic.reader.wakeup": ["5 us", {"exponential": {"mean": "20 us"}}],
    "traffic.reader.stall": ["none", {"every": "20 ms", "for": "1 ms"}],
    "host": ["xeon-e5-1650v4", "xeon-gold-6140"],
    "nic": ["10g", "25g"],
    "packets": [4000, 5000],
    "duration": ["3 ms", "5 ms"],
}
PLAIN = [0, 1, 2, 3, 8, 64, 100, 128, 512, 1024, 2048, 4096, 16384, "1 us", "3 us", "1 Mpps", "3 Mpps", 0.5, 0.6]
PLAIN += ["8 MiB", "16 MiB", "10 Gbit/s", "25 Gbit/s", "100 ns", "200 ns", "lazy", "strict", "6.12", "5.19", "5.15"]
PLAIN += ["kernel", "xdp", "same", "other", "inherit", "on", "off"]
RELEASES = {  # in which the rule may be on or off
    "kernel.pcp_process_only": "5.10",
    "kernel.skb_recycle": "5.15",
    "kernel.deferred_free": "6.1",
}
WITHOUT_COLUMN = ("traffic.about", "nic.about")  # prose


def users(name: str) -> list[str]:
    """Strategies that have this parameter of their own; any one for a parameter that all share."""
    if name.startswith("strategy."):
        return [strategy for strategy in NAMES if name in knobs_of(strategy)]
    return ["page_pool"]


def loaded(folder: Path, name: str, strategies: list[str], values: list) -> config.Sweep:
    """A sweep of these strategies over two rings and these values.  Raises ConfigError."""
    (folder / "traffic").mkdir(exist_ok=True)
    (folder / "traffic" / "mine.yaml").write_text(yaml.safe_dump(MIX))
    described = {"name": "axis", "packets": 4000, "warmup": 1000, "load": 0.3, "traffic": "mine", "replicates": 2}
    described["kernel"] = RELEASES.get(name, "6.12")
    if name == "duration":  # stands in place of packets
        del described["packets"]
    axes = {"strategy": strategies, "ring": [256, 1024], name: values}
    file = folder / "axis.yaml"
    file.write_text(yaml.safe_dump({key: value for key, value in described.items() if key != name} | {"axes": axes}))
    return config.load(file)


def published(sweep: config.Sweep) -> pa.Table:
    """What the sweep would publish, with a number in place of each simulation's cost."""
    points = np.repeat(np.arange(sweep.points), sweep.replicates)
    found = ParameterRows(sweep.scenarios.columns, sweep.scenarios.said).of(
        points, np.tile(np.arange(sweep.replicates), sweep.points)
    )
    schema = results_schema()
    fields = [schema.field(each) for each in schema.names if each in found]
    cost = pa.array(500 + 100 * np.random.default_rng(1).random(len(points)))
    described = {"name": "axis", "baseline": {"strategy": "page_allocator"}}
    return pa.Table.from_arrays(
        [*(found[field.name] for field in fields), cost],
        schema=pa.schema([*fields, schema.field("ns_per_packet")], {"sweep": json.dumps(described)}),
    )


def two_values(folder: Path, name: str, strategy: str) -> list:
    """Two values that the parameter takes and that are not the same simulation."""
    found: list = []
    for value in VALUES.get(name, PLAIN):
        try:
            canonical(parameters()[name].adapter, value if isinstance(value, dict | list) else str(value))
            loaded(folder, name, [strategy], [*found, value])
        except (ConfigError, ValueError):
            continue
        found.append(value)
        if len(found) == 2:
            return found
    raise AssertionError(f"{name} of {strategy} takes fewer than two of these: add some of its values to VALUES")


TRIED = [
    (name, strategy) for name in parameters() if name not in (*COORDINATES, *WITHOUT_COLUMN) for strategy in users(name)
]


@pytest.mark.parametrize(("name", "strategy"), TRIED)
def test_it_is_named_as_what_it_is(name, strategy, tmp_path):
    values = two_values(tmp_path, name, strategy)
    table = published(loaded(tmp_path, name, list(dict.fromkeys(["page_allocator", strategy])), values))
    data = dataset.read(table)
    assert data.duplicates == 0
    if name.startswith("strategy."):
        assert data.mixes == ("mine",)
        assert len(data.columns) == 3
        assert all(f"({name}=" in column for column in data.columns[1:])
    else:
        assert len(data.mixes) == 2
        assert data.columns == ("page_allocator", strategy)
    assert np.isfinite(data.values("ns_per_packet")).all()
    text = report.text(table)
    assert "1 traffic mix" in text if not name.startswith("traffic.") else "2 traffic mixes" in text


@pytest.mark.parametrize("strategy", [name for name in NAMES if knobs_of(name)])
def test_knobs_of_one_strategy_alone_make_variants(strategy, tmp_path):
    """No other strategy is there to lack them, so nothing but the table's own word can tell."""
    for name in sorted(knobs_of(strategy)):
        data = dataset.read(published(loaded(tmp_path, name, [strategy], two_values(tmp_path, name, strategy))))
        assert (len(data.mixes), len(data.columns)) == (1, 2)


def test_the_same_knob_of_two_strategies_makes_variants_of_both(tmp_path):
    table = published(loaded(tmp_path, "strategy.bulk", ["page_pool", "hugepage_pool"], [8, 64]))
    data = dataset.read(table)
    assert data.columns == tuple(
        f"{name} (strategy.bulk={n})" for name in ("page_pool", "hugepage_pool") for n in (8, 64)
    )
    assert "4 variants, 1 traffic mix" in report.text(table)


def test_a_knob_that_follows_from_what_all_share_makes_no_variant(tmp_path):
    """A pool of nic.tx_ring pages: 512 and 1024 are two NICs, not two pools."""
    sweep = loaded(tmp_path, "nic.tx_ring", ["page_allocator", "page_pool"], [512, 1024])
    table = published(sweep)
    own = [
        tx if strategy == "page_pool" else None
        for tx, strategy in zip(*(table.column(n).to_pylist() for n in ("nic.tx_ring", "strategy")), strict=True)
    ]
    place = table.column_names.index("strategy.pool_size")
    data = dataset.read(table.set_column(place, table.schema.field("strategy.pool_size"), pa.array(own, pa.int64())))
    assert (data.mixes, data.columns) == (
        ("mine · nic.tx_ring=512", "mine · nic.tx_ring=1024"),
        ("page_allocator", "page_pool"),
    )


def test_every_parameter_column_says_what_it_belongs_to():
    for parameter in (each for each in columns() if each.column.role == "parameter"):
        assert parameter.column.of in (*PARTS, ""), parameter.column.name
        said = results_schema().field(parameter.column.name).metadata
        assert said[b"of"].decode() == parameter.column.of
        if set(parameter.fields) & {"knobs", "traffic", "nic", "costs_ps", "hardware"}:
            assert parameter.column.of, parameter.column.name


@pytest.mark.parametrize("atom", ["kernel", "iommu", "nic", "traffic.reader.batch"])
def test_a_baseline_of_the_same_packets_is_not_said_to_have_met_others(atom, tmp_path):
    values = two_values(tmp_path, atom, "page_pool")
    table = published(loaded(tmp_path, atom, ["page_pool"], values))
    text = report.render(table, "txt", document.ProjectionRequest(baseline=f"{atom}={values[0]}"))
    assert "met other packets" not in text


def test_a_baseline_of_other_packets_is_said_to_have_met_others(tmp_path):
    table = published(loaded(tmp_path, "traffic.flows", ["page_pool"], [1, 8]))
    text = report.render(table, "txt", document.ProjectionRequest(baseline="traffic.flows=1"))
    assert "Simulations that differ in traffic.flows met other packets" in text
