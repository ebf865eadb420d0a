# SPDX-License-Identifier: MIT
"""Work that grows with the square of a file is not done: what is counted is what grows, never time."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from sweep.config import claims, load, precision
from sweep.errors import ConfigError
from sweep.grid import GridDimension, Layout
from sweep.metric_names import suggestion

MANY = 20_000
HEAD = "name: m\nstrategy: page_pool\ntraffic: router\nload: 0.3\nring: 64\n"


def unknown(number: int) -> dict[str, str]:
    names = [f"p{i}" for i in range(number)]
    return {
        "strategies": f"name: m\naxes:\n  strategy: [{', '.join(names)}]\n",
        "mixes": f"{HEAD.replace('traffic: router', '')}axes: {{traffic: [{', '.join(names)}]}}\n",
        "loads": f"name: m\naxes:\n  load: [{', '.join(names)}]\n",
        "formulas": f"name: m\naxes:\n  strategy.pool_size: [{', '.join(f'rung*{name}' for name in names)}]\n",
        "claims": f"{HEAD}claims:\n" + "".join(f" - {{name: {name}, that: {name} < 1}}\n" for name in names[:2000]),
        "conditions": f"{HEAD}where:\n" + "".join(f" - {name} > 1\n" for name in names),
        "precision": f"{HEAD}precision:\n" + "".join(f" {name}: 1 %\n" for name in names if name not in ("p50", "p99")),
        "keys": HEAD + "".join(f"{name}: 1\n" for name in names),
        "defined": f"{HEAD}traffic:\n" + "".join(f"  {name}: {{arrivals: poisson}}\n" for name in names[:4000]),
    }


@pytest.mark.parametrize("kind", unknown(0))
def test_a_word_is_looked_for_only_where_it_is_told(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, ten mistakes are shown, and ten are compared with what there is."""
    looked, whole = [], difflib.get_close_matches
    monkeypatch.setattr(difflib, "get_close_matches", lambda *words, **more: looked.append(1) or whole(*words, **more))
    for module in (claims, precision):
        monkeypatch.setattr(module, "suggestion", lambda *words: looked.append(1) or suggestion(*words))
    path = tmp_path / "m.yaml"
    path.write_text(unknown(MANY)[kind].replace("traffic: router\n", "", kind == "defined"))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert len(looked) <= 15
    assert len(str(caught.value)) < 20_000
    assert str(caught.value).startswith(f"{path}:")


class Counted:
    """A value that counts how often it is compared."""

    compared = 0

    def __init__(self, value: int) -> None:
        self.value = value

    def __hash__(self) -> int:
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return isinstance(other, Counted) and self.value == other.value


def test_points_are_told_apart_by_what_they_are_not_pair_by_pair() -> None:
    extras = [{"ring": Counted(i % 1500)} for i in range(3000)]
    knobs = GridDimension(("strategy.pool_size",), tuple((Counted(i),) for i in range(3000)))
    fixed = {"strategy": "a", "ring": 1}
    layout = Layout([knobs], extras, fixed, lambda name: {"strategy.pool_size"})
    assert len(layout) == 3000 + 1500
    assert Counted.compared < 50_000


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\u202eb", "a\u200bb", "\u3164", "a" * 101, "a\tb"])
@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("name: {}\n", "2:7"),
        ("label: {}\n", "2:8"),
        ("claims: [{{name: {}, that: ns_per_packet < 1}}]\n", "2:17"),
        ("axes: {{label: [one, {}]}}\n", "2:21"),
        ("traffic: {}\n", "2:10"),
        ("host: {}\n", "2:7"),
        ("nic: {}\n", "2:6"),
        ("traffic:\n  {}: {{arrivals: poisson}}\n", "3:3"),
    ],
)
def test_names_are_printable_and_not_endless(name: str, where: str, place: str, tmp_path: Path) -> None:
    quoted = '"' + "".join(c if c.isascii() and c.isprintable() else f"\\U{ord(c):08x}" for c in name) + '"'
    path = tmp_path / "m.yaml"
    path.write_text(f"seed: 1\n{where.format(quoted)}")
    with pytest.raises(ConfigError) as caught:
        load(path)
    (line,) = [line for line in str(caught.value).splitlines() if "is not a name" in line]
    assert line.startswith(f"{path}:{place}: ")
    assert "1 to 100 printable characters" in line
    assert line.isprintable()


def test_a_file_without_a_name_is_called_as_it_is_if_that_is_one(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.yaml"
    path.write_text(HEAD.replace("name: m\n", ""))
    with pytest.raises(ConfigError, match=r"called as its file.* is not a name"):
        load(path)
