# SPDX-License-Identifier: MIT
"""`sample:` in a sweep file: which points it gives, that they never change, and what is said of mistakes."""

import hashlib
import json

import pytest

from sweep.config import from_document, load
from sweep.errors import ConfigError

SAMPLED = """\
axes:
  strategy: [page_allocator, page_pool]
  traffic: [router, host_slow_reader]
  ring: {log: [64, 4096]}
  load: {linspace: [5 %, 90 %]}
  nic.tx_ring: {log2: [256, 4096]}
  host.dma_sync: {linspace: [1 ns, 4 ns, 7]}
sample: {sobol: 64}
replicates: 3
"""
AXES = ["traffic", "ring", "load", "nic.tx_ring", "host.dma_sync"]


def column(sweep, name):
    """The canonical values of a parameter over the points."""
    return [sweep.value(point, name) for point in range(sweep.points)]


@pytest.fixture
def load_text(tmp_path):
    def load_text(text, *sets):
        (tmp_path / "my.yaml").write_text(text)
        try:
            return load(tmp_path / "my.yaml", sets)
        except ConfigError as error:
            return str(error).replace(f"{tmp_path}/", "")

    return load_text


@pytest.mark.parametrize(
    ("sample", "golden"),
    [("{sobol: 64}", "d3a0d7d9203a0870"), ("{latin_hypercube: 50, seed: 3}", "f8ca18ec5b36a838")],
)
def test_the_points_of_a_file_never_change(load_text, sample, golden):
    """They are in the document, and so in the plan; a worker draws nothing."""
    sweep = load_text(SAMPLED, f"sample={sample}")
    (dimension,) = [each for each in sweep.document["grid"] if each["names"] == AXES]
    assert hashlib.sha256(json.dumps(dimension["entries"]).encode()).hexdigest()[:16] == golden


def test_strategies_are_crossed_with_points_that_fill_the_ranges(load_text):
    sweep = load_text(SAMPLED)
    assert (sweep.points, sweep.simulations) == (128, 384)
    points = list(zip(*(column(sweep, name) for name in AXES), strict=True))
    assert points[:64] == points[64:]  # of either strategy
    assert len(set(points)) == 64
    rings, loads = sorted({ring for _, ring, *_ in points}), sorted({load for _, _, load, *_ in points})
    assert 64 <= rings[0] < 70
    assert 3700 < rings[-1] <= 4096
    assert sum(ring <= 512 for _, ring, *_ in points) == 64  # half of them below the middle of the logarithms
    assert 50_000 <= loads[0] < 64_000
    assert 880_000 < loads[-1] <= 900_000
    assert {tx for *_, tx, _ in points} == {256, 512, 1024, 2048, 4096}
    assert {sync for *_, sync in points} == {1000, 1500, 2000, 2500, 3000, 3500, 4000}
    assert column(sweep, "traffic").count("router") == 64
    assert from_document(sweep.document, sweep.layout.cells).labels(77) == sweep.labels(77)


def test_what_belongs_to_the_strategy_and_zips_are_crossed_too(load_text):
    text = SAMPLED.replace("  traffic:", "  strategy.pool_size: [ring, 2*ring]\n  traffic:")
    text += 'zip: [{kernel: ["6.1", "6.12"], iommu: ["off", lazy]}]\n'
    sweep = load_text(text)
    assert sweep.points == 64 * (1 + 2) * 2
    assert sweep.document["sample"]["axes"] == AXES


def test_alike_points_are_one_and_where_removes_some(load_text):
    text = SAMPLED.replace("{log: [64, 4096]}", "[64, 128]").replace("{linspace: [5 %, 90 %]}", "[10 %, 20 %, 30 %]")
    text = text.replace("host.dma_sync: {linspace: [1 ns, 4 ns, 7]}", "queues: [1, 2]")
    sweep = load_text(text)  # 64 of 120 points, some met twice
    assert 60 < sweep.points < 128
    few = load_text(text, "where=load > 10 %")
    assert few.points < sweep.points
    assert 100_000 not in column(few, "load")


def test_without_the_section_nothing_of_it_is_in_the_document(load_text):
    text = SAMPLED.replace("[64, 4096]", "[64, 4096, 3]").replace("[5 %, 90 %]", "[5 %, 90 %, 3]")
    full = load_text(text.replace("sample: {sobol: 64}\n", ""))
    assert "sample" not in full.document
    assert full.document == load_text(text, "sample=null").document
    assert full.points == 2 * 2 * 3 * 3 * 5 * 7


MISTAKES = {
    "sample: {sobol: 100}": (
        '8:17: sample: sobol "100" is no power of two, and only those fill the space evenly.',
        "known: 64, 128",
    ),
    "sample: {sobool: 64}": (
        '8:10: sample: the method "sobool" is not known. Did you mean "sobol"?',
        "latin_hypercube",
    ),
    "sample: {sobol: 64, latin_hypercube: 64}": ("8:9: sample", "has both methods: write {sobol: 256} or"),
    "sample: {seed: 2}": ("8:9: sample", "has no method: write {sobol: 256} or {latin_hypercube: 100}"),
    "sample: 64": ('8:9: sample takes a mapping, not "64".', ""),
    "sample: {latin_hypercube: 1}": ('8:27: sample: latin_hypercube "1" is too small: 2 to 65,536', ""),
    "sample: {sobol: many}": ('8:17: sample: sobol "many" is not a number', ""),
    "sample: {sobol: 64}\npoints: [{ring: 64}]": ("9:9: points: a sample has none beside it; drop one of both.", ""),
}


@pytest.mark.parametrize("section", MISTAKES)
def test_a_mistake_in_the_section(load_text, section):
    message = load_text(SAMPLED.replace("sample: {sobol: 64}", section))
    start, part = MISTAKES[section]
    assert message.startswith(f"my.yaml:{start}"), message
    assert part in message


def test_a_range_without_a_count_is_for_a_sample(load_text):
    message = load_text(SAMPLED, "sample=null")
    assert "my.yaml:4:15: ring: log takes [first, last, count]; [first, last] alone is for an axis that" in message
    knob = SAMPLED.replace("  traffic:", "  strategy.pool_size: {log: [64, 4096]}\n  traffic:")
    assert "my.yaml:3:29: strategy.pool_size: log takes [first, last, count]" in load_text(knob)


def test_mistakes_of_sampled_axes_have_their_places(load_text):
    assert "my.yaml:4:15: ring: log ends before it starts." in load_text(SAMPLED.replace("[64, 4096]", "[4096, 64]"))
    message = load_text(SAMPLED.replace("host_slow_reader]", "hots]"))
    assert message.startswith('my.yaml:3:21: traffic "hots" is not known. Did you mean "host"?')
    assert load_text(SAMPLED, "nic.refill_batch=1000").startswith(
        'my.yaml:4:9: ring "'
    )  # at some points it is too small


def test_a_sample_of_all_points_or_of_no_axis_is_refused(load_text):
    message = load_text(SAMPLED, "axes.ring=[64]", "axes.load=[0.1]", "axes.host.dma_sync=[1 ns]")
    assert message.startswith('my.yaml:8:9: sample: sobol "64" is not below 10, the points that traffic, ring, load')
    bare = "strategy: page_pool\ntraffic: router\nring: 64\nload: 0.1\nsample: {sobol: 64}\n"
    assert load_text(bare).startswith("my.yaml:5:9: sample: there is no axis to draw from")
