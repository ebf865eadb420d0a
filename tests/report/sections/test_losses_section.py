# SPDX-License-Identifier: MIT
"""Where packets are lost: verdict, report and first screen say it, with the cause and the knob."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweep.document import markdown
from sweep.document.blocks import Paragraph, Table
from sweep.report import brief, contents, verdict
from sweep.report.page import answers
from sweep.report.sections import losses
from sweep.results.analysis import Analysis
from tests.report.synthetic_sweep import WINDOW, Effects, table

SOCKET = "drop_socket_buffer_packets"
KNOB = 'sweep size configs/synthetic.yaml --objective "drop_ratio < 0.1 %" --set "traffic.reader.rcvbuf=VALUE"'


def in_the_socket(row: dict) -> float:
    """Four percent at any ring, and the more the lower the load."""
    return 0.04 if row["load"] < 0.2 else 0.01


LOSSY = Effects(
    ns=lambda row: 500.0 if row["strategy"] == "page_pool" else 600.0,
    drop_ratio=in_the_socket,
    overrides={SOCKET: lambda row: WINDOW - row["rx_packets"], "drop_no_descriptor_packets": lambda row: 0},
)
QUIET = Effects(ns=lambda row: 500.0 if row["strategy"] == "page_pool" else 600.0)


def analysed(effects: Effects = LOSSY) -> Analysis:
    source = table(mixes=("host",), loads=(0.1, 0.5), rings=(64, 256), replicates=4, effects=effects)
    analysis = contents.compared(source)[1]
    assert analysis is not None
    return analysis


def test_every_place_names_the_socket_and_what_helps() -> None:
    analysis = analysed()
    assert "lost: in the socket's receive buffer (host)" in verdict.of(analysis, 80).text
    short, whole = (markdown.render(made.of(analysis.data, analysis, "runs/x")) for made in (brief, contents))
    for text in (short, whole):
        assert "no ring can help; try a larger rcvbuf" in text
        assert KNOB in text
    assert "100 % is lost in the socket's receive buffer. No ring can help" in whole
    (answer,) = answers.answers(analysis)
    facts = {row[0].text: row[1].text for block in answer.blocks if isinstance(block, Table) for row in block.rows}
    assert "lost in the socket's receive buffer" in facts["Lost"]


def test_drops_that_fall_as_load_rises_have_their_cause_named() -> None:
    section = losses.section(analysed())
    (fall,) = [block.text for block in section.blocks if isinstance(block, Paragraph) and "fall as load" in block.text]
    assert fall.startswith(
        "host: drops fall as load rises in 8 of 8 series of ring and strategy, such as page_allocator"
    )
    assert "4.0 % at load 0.1, 1.0 % at load 0.5, lost in the socket's receive buffer" in fall
    rising = replace(LOSSY, drop_ratio=lambda row: 0.05 - in_the_socket(row))
    assert not any("fall as load" in getattr(block, "text", "") for block in losses.section(analysed(rising)).blocks)


def test_what_is_zero_everywhere_is_one_sentence() -> None:
    analysis = analysed(QUIET)
    assert [str(block.text) for block in losses.section(analysis).blocks if isinstance(block, Paragraph)] == [
        "No packet was dropped in any cell."
    ]
    assert losses.summary(analysis) == []
    assert "lost" not in verdict.of(analysis, 80).text
    (answer,) = answers.answers(analysis)
    assert not any(row[0].text == "Lost" for block in answer.blocks if isinstance(block, Table) for row in block.rows)


def test_one_replicate_is_seen_and_not_shown() -> None:
    source = table(mixes=("host",), loads=(0.5,), rings=(64,), replicates=1, effects=LOSSY)
    analysis = contents.compared(source)[1]
    assert analysis is not None
    assert "(too little was seen to say that it takes most)" in losses.sentence(analysis, 0, 0)


def test_a_table_that_does_not_count_by_cause_says_nothing() -> None:
    source = table(mixes=("host",), loads=(0.5,), rings=(64,), replicates=2, effects=LOSSY)
    names = [name for name in source.column_names if name.startswith("drop_") and name != "drop_ratio"]
    analysis = contents.compared(source.drop_columns(names))[1]
    assert analysis is not None
    assert losses.section(analysis).blocks == ()
    assert losses.places(analysis) == {}
    assert losses.sentence(analysis, 0, 0) == ""


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_line_of_the_verdict_fits(width: int) -> None:
    assert max(map(len, verdict.of(analysed(), width).text.splitlines())) <= width
