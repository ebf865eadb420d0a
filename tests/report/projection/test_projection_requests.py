# SPDX-License-Identifier: MIT
"""What a projection cannot do is said in one clear line, with what there is; and which rows a filter keeps."""

from __future__ import annotations

import pyarrow as pa
import pytest

from sweep import report
from sweep.errors import SweepError
from sweep.report.projection.document import ProjectionRequest
from tests.report.synthetic_sweep import Effects, table

SMALL = {"mixes": ("host",), "loads": (0.3,), "rings": (256, 1024), "replicates": 3}
SOURCE = table(**{**SMALL, "mixes": ("router", "host"), "variants": True})
VARY = "parameters that vary here: strategy, label, traffic, ring"
WRONG = [
    (
        ProjectionRequest(rows=("rng",)),
        ['--row "rng" is not a parameter of this sweep. Did you mean "ring"?', VARY, "sweep show parameters"],
    ),
    (
        ProjectionRequest(columns=("drop_ratio",)),
        ['--col "drop_ratio" is a result, not a parameter', "give it as --metric drop_ratio"],
    ),
    (ProjectionRequest(rows=("ring",), columns=("ring",)), ['"ring" is given to --row and --col', VARY, "next:"]),
    (
        ProjectionRequest(
            tables=(
                "ring",
                "ring",
            )
        ),
        ['"ring" is given to --table twice'],
    ),
    (
        ProjectionRequest(metrics=("drop_rate",)),
        ['--metric "drop_rate" is not in the table. Did you mean "drop_ratio"?', "known: ns_per_packet"],
    ),
    (
        ProjectionRequest(metrics=("ns",)),
        ['--metric "ns" is a part of several names', "choose: ns_per_packet, stack_ns_per_packet"],
    ),
    (ProjectionRequest(metrics=("strategy",)), ['--metric "strategy" is a parameter']),
    (ProjectionRequest(metrics=("latency_ns_histogram",)), ["is a histogram"]),
    (
        ProjectionRequest(metrics=("alloc_fast",), filter="strategy == page_frag"),
        ['"alloc_fast" has no value in 12 simulations'],
    ),
    (ProjectionRequest(filter="ring >= 4096"), ["keeps none of 60 simulations", "ring here: 256, 1024", "next:"]),
    (ProjectionRequest(filter="rng >= 512"), ["at character 1: ", 'Did you mean "ring"?', "    ^\n", VARY]),
    (
        ProjectionRequest(filter="ring >= 512 and strategy != page_frg"),
        [
            "at character 29: ",
            'Did you mean "page_frag"?',
            "                                ^",
            "known: page_allocator, page_frag",
        ],
    ),
    (ProjectionRequest(filter="ring = 512"), ['"ring = 512" keeps none of 60', "ring here: 256, 1024"]),
    (
        ProjectionRequest(filter="ring > 3 us"),
        ["at character 8: ", 'compares "ring" with "3 us", which has the unit "us", which is not one of: %.'],
    ),
    (ProjectionRequest(filter="drop_ratio < 0.1"), ['"drop_ratio" is a result, not a parameter', VARY]),
    (ProjectionRequest(filter="ring"), ["is not a condition"]),
    (ProjectionRequest(filter="__import__('os')"), ['has "(" where an operator or the end is expected']),
    (
        ProjectionRequest(baseline="page_pol"),
        ['--baseline "page_pol" has no simulation here', "page_pool/pool=ring", "next:"],
    ),
    (ProjectionRequest(baseline="page_pool"), ["has 2 variants", "known: page_pool/pool=ring, page_pool/pool=2x"]),
    (ProjectionRequest(baseline="page_pool/pool=4x"), ['Did you mean "page_pool/pool=2x"?']),
    (
        ProjectionRequest(filter="strategy != page_frag", baseline="page_frag"),
        ['"page_frag" has no simulation here', "known: "],
    ),
    (ProjectionRequest(baseline="ring=512"), ['ring "512" has no simulation here', "known: 256, 1024"]),
    (
        ProjectionRequest(baseline="strategy.pool_size=512"),
        ['"strategy.pool_size" cannot be a baseline', "choose among: strategy, traffic, load, ring"],
    ),
]


@pytest.mark.parametrize(("asked", "parts"), WRONG)
def test_a_wrong_request_is_told_what_there_is(asked, parts):
    with pytest.raises(SweepError) as caught:
        report.render(SOURCE, "txt", asked)
    assert caught.value.exit_code == 2
    for part in parts:
        assert part in str(caught.value)


class TestFilter:
    def kept(self, condition: str, source=SOURCE) -> int:
        text = report.render(source, "txt", ProjectionRequest(filter=condition))
        first = text.splitlines()[2].split()
        return int(first[0])

    @pytest.mark.parametrize(
        ("condition", "kept"),
        [
            ("ring >= 512 and strategy != page_frag", 24),
            ("traffic == host", 30),  # though there is a parameter called host, too
            ("traffic in [host, router] and ring == 256", 30),
            ("label == 'pool=2x'", 48),  # what has no label is kept, as by `where:`
            ("strategy.pool_size >= 1024", 48),
            ("strategy == page_pool and strategy.pool_size == 2*ring", 12),
            ("load < 0.5", 60),
        ],
    )
    def test_keeps(self, condition, kept):
        assert self.kept(condition) == kept

    def test_quantities_with_and_without_their_unit(self):
        source = table(effects=Effects(overrides={"coalesce_ps": lambda row: row["ring"] * 1_000_000}), **SMALL)
        field = pa.field("coalesce_ps", pa.int64(), metadata={"role": "parameter", "unit": "ps"})
        place = source.schema.get_field_index("coalesce_ps")
        source = source.set_column(place, field, source.column("coalesce_ps"))
        assert self.kept("coalesce_ps <= 256 us", source) == 12
        assert self.kept("coalesce_ps <= 256_000_000", source) == 12
        with pytest.raises(SweepError, match="256 apples"):
            self.kept("coalesce_ps <= '256 apples'", source)


def test_a_long_condition_is_not_repeated_whole() -> None:
    long = "ring > 0 and " * 50 + "rng >= 512"
    with pytest.raises(SweepError) as told:
        report.render(SOURCE, "txt", ProjectionRequest(filter=long))
    assert len(str(told.value)) < 2_000
    shown, mark = str(told.value).splitlines()[1:3]
    assert shown[len(mark) - 1 :].startswith("rng >= 512")
