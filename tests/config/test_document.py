# SPDX-License-Identifier: MIT
"""The document of a sweep: JSON, enough to build the sweep again, the same scenarios in any order."""

import json

import pytest

from sweep.config import from_document
from sweep.errors import ConfigError
from tests.config.sweep_files import MINIMAL, ZIP


def test_the_document_is_json_and_gives_the_same_scenarios(sweep_of, tmp_path):
    text = ZIP.replace("traffic: router\n", "") + (
        "points: [{strategy: page_pool, ring: 64, traffic: host, strategy.pool_size: 100, label: tiny}]\n"
        "where: strategy.pool_size <= 2048\n"
        "replicates: 2\n"
        "claims: [{name: S1 holds, that: 'drop_ratio[page_pool] < 1'}]\n"
        "traffic: {mine: {arrivals: poisson, sizes: imix, fates: {forward: 1}}}\n"
    )
    sweep = sweep_of(text, "axes.traffic=[mine, host_slow_reader]")
    document = json.loads(json.dumps(sweep.document, sort_keys=True))
    (tmp_path / "my.yaml").unlink()
    again = from_document(document)
    assert document["claims"] == [{"name": "S1 holds", "that": "drop_ratio[page_pool] < 1"}]
    assert again.document == sweep.document
    for name in ("name", "points", "replicates", "simulations", "seed", "baseline", "axes", "strategies"):
        assert getattr(again, name) == getattr(sweep, name)
    for point in range(sweep.points):
        assert again.labels(point) == sweep.labels(point)
        for replicate in range(2):
            assert again.scenario(point, replicate) == sweep.scenario(point, replicate)


def test_scenarios_do_not_depend_on_the_order_of_asking(sweep_of):
    sweep, other = sweep_of(ZIP), sweep_of(ZIP)
    forward = [sweep.scenario(point, 0) for point in range(sweep.points)]
    backward = [other.scenario(point, 0) for point in reversed(range(other.points))]
    assert forward == backward[::-1]


def test_a_document_of_another_format_is_refused(sweep_of):
    document = {**sweep_of(MINIMAL).document, "format": 99}
    with pytest.raises(ConfigError, match="99"):
        from_document(document)


def test_no_such_point(sweep_of):
    sweep = sweep_of(MINIMAL)
    with pytest.raises(IndexError):
        sweep.scenario(1, 0)
