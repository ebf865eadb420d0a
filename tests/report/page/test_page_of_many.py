# SPDX-License-Identifier: MIT
"""A page of 20,000 points: below 3 MB, and still quick to use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from browser import Browser
from page_tables import EFFECTS

from sweep import report
from tests.report.synthetic_sweep import table

POINTS = 20_000
COPIES = 40  # of mixes: 40 mixes × 10 loads × 10 rings × 5 columns


def many() -> pa.Table:
    """A small table again and again as other mixes, every number a little different, ids their own."""
    generator = np.random.default_rng(7)
    loads, rings = [round(0.05 * n, 2) for n in range(1, 11)], [2**n for n in range(4, 14)]
    one = table(mixes=("host_slow_reader",), loads=loads, rings=rings, replicates=2, variants=True, effects=EFFECTS)
    one = one.drop_columns(["latency_ns_histogram"])
    assert len(one) == POINTS / COPIES * 2
    parts = []
    for copy in range(COPIES):
        columns = []
        for field in one.schema:
            values = one.column(field.name)
            if field.name == "id":
                values = pa.array([generator.bytes(16).hex() for _ in range(len(one))])
            elif field.name == "traffic":
                values = pa.array([f"mix_{copy}"] * len(one))
            elif pa.types.is_floating(field.type) and field.name != "load":
                numbers = values.to_numpy() * generator.lognormal(0, 0.2) * generator.lognormal(0, 0.01, len(one))
                values = pa.array(numbers, field.type, from_pandas=True)
            columns.append(values)
        parts.append(pa.table(columns, schema=one.schema))
    described = json.loads(one.schema.metadata[b"sweep"]) | {"simulations": len(one) * COPIES}
    return pa.concat_tables(parts).replace_schema_metadata({"sweep": json.dumps(described)})


@pytest.mark.slow
def test_twenty_thousand_points(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(report.render(many(), "html", location="runs/many"), encoding="utf-8")
    print(f"{path.stat().st_size:,} bytes")
    assert path.stat().st_size < 3_000_000
    chromium.open(path)
    assert len(chromium.all("table.live tbody tr")) == 50
    assert len(chromium.all("details.answer")) == COPIES
    assert len(chromium.all("table.map")) == COPIES
    for view in ("curves", "pareto", "costs", "census"):
        chromium.drawn(view)
    chromium.one("#filters input").send_keys("mix_17 8192")
    assert chromium.one("#found").text.endswith(f"{10 * 5} of {POINTS} points")
    chromium.run("document.querySelectorAll('table.live th button')[4].click()")
    script = "return [...document.querySelectorAll('table.live tbody tr')].map((row) => row.cells[1].textContent)"
    assert set(chromium.run(script)) == {"mix_17"}
    assert chromium.said() == []
    assert chromium.requests() == [path.as_uri()]
