# SPDX-License-Identifier: MIT
"""Which simulation is meant; what is said where none or several are."""

from __future__ import annotations

import pyarrow as pa
import pytest
from shown_sweep import Shown

from sweep.errors import SweepError
from sweep.model.strategies import NAMES
from sweep.show.choose import choose


def test_an_id_or_a_part_of_it_names_one_simulation(shown: Shown) -> None:
    row = shown.row("page_frag", "same_cpu", 128, 1)
    id = row.column("id")[0].as_py()
    for word in (id, id[:12], id[:12].upper()):
        chosen = choose(shown.table, [word], "runs/x")
        assert chosen.row.equals(row)
    assert chosen.varied == ("strategy", "traffic", "ring")
    assert chosen.coordinates() == "strategy=page_frag traffic=same_cpu ring=128 replicate=1"
    assert chosen.point.column("replicate").to_pylist() == [0, 1]


@pytest.mark.parametrize(
    ("words", "replicate"),
    [
        (["strategy=page_frag traffic=same_cpu ring=128"], 0),
        (["strategy=page_frag", "traffic=same_cpu", "ring=128", "replicate=1"], 1),
        (["strategy=page_frag, ring=1_28, load=90%, traffic=same_cpu"], 0),
        (["strategy.frag_bytes=2048 strategy.pool_size=none traffic=same_cpu ring=128"], 0),
        (["strategy.frag_bytes=2048 strategy=page_frag traffic=same_cpu ring=128 nic=small load=0.9"], 0),
    ],
)
def test_parameters_name_a_point_and_its_first_replicate(shown: Shown, words: list[str], replicate: int) -> None:
    assert choose(shown.table, words, "runs/x").row.equals(shown.row("page_frag", "same_cpu", 128, replicate))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            [],
            [
                f'"runs/x" has {8 * len(NAMES)} simulations of {4 * len(NAMES)} points: which one?',
                "  ring: 64, 128\n",
                "next: sweep show runs/x st",
            ],
        ),
        (["strategy=page_pool"], ["fits 4 points", "say more of: traffic, ring", "  traffic=same_cpu ring=128\n"]),
        (["ring=64", "strategy=page_pool"], ['"ring=64 strategy=page_pool" fits 2 points', "say more of: traffic\n"]),
        (["ring=65"], ['no simulation in "runs/x" has ring "65".', "there are: 64, 128"]),
        (["ring=64", "strategy=page_pol"], ['with what is said before it has strategy "page_pol".', '"page_pool"?']),
        (
            ["rnig=64"],
            [
                '"rnig" in it, which is not a parameter with a number',
                'Did you mean "ring"?',
                "see: sweep show parameters",
            ],
        ),
        (["ring=many"], ['"many" in it, which is not a parameter with a number']),
        (["xyz"], ['no simulation in "runs/x" has an id that starts with "xyz"; a parameter is given as name=value']),
        (["0000000000000"], ['has an id that starts with "0000000000000"; ids change', "see: sweep show runs/x"]),
    ],
)
def test_none_or_several_is_said_with_what_there_is(shown: Shown, words: list[str], said: list[str]) -> None:
    with pytest.raises(SweepError) as error:
        choose(shown.table, words, "runs/x")
    assert error.value.exit_code == 2
    for part in said:
        assert part in str(error.value) + "\n"


def test_two_ids_with_the_same_beginning_are_both_told(shown: Shown) -> None:
    """Replicates of one point too: an id is of one simulation."""
    first, second = shown.row("page_pool"), shown.row("page_pool", replicate=1)
    ids = pa.array(["abc1", "abc2"])
    pair = pa.concat_tables([first, second])
    pair = pair.set_column(0, pair.schema.field("id"), ids)
    with pytest.raises(SweepError, match='"abc" fits 2 simulations') as error:
        choose(pair, ["abc"], "runs/x")
    assert "  abc1  replicate=0\n  abc2  replicate=1\n" in str(error.value)
    assert choose(pair, ["abc2"], "runs/x").value("replicate") == 1


def test_a_table_without_rows_or_ids_is_said(shown: Shown) -> None:
    with pytest.raises(SweepError, match="has no rows"):
        choose(shown.table.slice(0, 0), ["ring=64"], "runs/x")
    with pytest.raises(SweepError, match="has no ids"):
        choose(shown.table.drop_columns(["id"]), ["ring=64"], "runs/x")
