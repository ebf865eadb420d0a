# SPDX-License-Identifier: MIT
"""Random programs, run by the compiler and by the oracle."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from sweep.model.compiler.kernel import Kernel
from tests.model.compiler import generated

LANES = 4
FUNCTIONS = 20  # of one program, compiled as one kernel
RECORD = np.dtype([(name, np.int64) for name in generated.FIELDS])


class Sim(NamedTuple):
    """What a program works on."""

    state: Any  # (LANES,) record of FIELDS
    words: Any  # (LANES, CELLS) int64
    arguments: Any  # (LANES, 3) int64
    results: Any  # (LANES, 2 * FUNCTIONS) int64


class Rows(list):  # type: ignore[type-arg]
    """An array of two dimensions with Python's integers."""

    def __init__(self, array: np.ndarray) -> None:
        super().__init__(array.tolist())
        self.shape = array.shape

    def __getitem__(self, at: Any) -> int:
        return super().__getitem__(at[0])[at[1]]  # type: ignore[no-any-return]

    def __setitem__(self, at: Any, value: Any) -> None:
        super().__getitem__(at[0])[at[1]] = value


def program(seed: int, loops: bool) -> str:
    """The source of FUNCTIONS random functions, and of `run`, which calls each for one lane."""
    writer = generated.Writer(random.Random(seed), loops)
    functions = [writer.function(f"f{number}") for number in range(FUNCTIONS)]
    calls = []
    for number, (name, count, is_pair) in enumerate(writer.functions):
        arguments = ", ".join(["sim", "lane", *(f"sim.arguments[lane, {place}]" for place in range(count))])
        first = f"sim.results[lane, {2 * number}]"
        if is_pair:
            calls += [f"one, two = {name}({arguments})", f"{first} = one", f"sim.results[lane, {2 * number + 1}] = two"]
        else:
            calls.append(f"{first} = {name}({arguments})")
    head = ["@device", "def run(sim: Any, lane: int) -> None:"]
    return "\n\n".join([*functions, "\n".join([*head, *(f"    {call}" for call in calls)]), ""])


def inputs(seed: int) -> Sim:
    """Random numbers, many of them at the ends of a range."""
    rng = random.Random(seed)

    def number() -> int:
        near = 10 ** rng.randrange(1, 18)
        return rng.choice(generated.EDGES) if rng.random() < 0.4 else rng.randrange(-near, near)

    def table(width: int) -> np.ndarray:
        return np.array([[number() for _ in range(width)] for _ in range(LANES)], np.int64)

    state = np.zeros(LANES, RECORD).view(np.recarray)
    for name in generated.FIELDS:
        state[name] = table(1)[:, 0]
    return Sim(state, table(generated.CELLS), table(3), np.zeros((LANES, 2 * FUNCTIONS), np.int64))


def differences(seed: int, folder: Path, loops: bool = True) -> list[str]:
    """What a compiled program leaves otherwise than the oracle; [] if it is equal bit for bit."""
    source = program(seed, loops)
    path = folder / f"program_{seed}.py"
    path.write_text(generated.PRELUDE + source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sim = inputs(seed)
    states = [SimpleNamespace(**{name: int(row[name]) for name in generated.FIELDS}) for row in sim.state]
    expected = Sim(states, *map(Rows, sim[1:]))
    meant, kernel = generated.oracle(source)["run"], Kernel(module.run, {}, path.stem)
    for lane in range(LANES):
        meant(expected, lane)
        kernel(sim, lane)
    left = [[int(row[name]) for name in generated.FIELDS] for row in sim.state]
    pairs = {
        "state": (left, [[getattr(row, name) for name in generated.FIELDS] for row in states]),
        "words": (sim.words.tolist(), list(expected.words)),
        "results": (sim.results.tolist(), list(expected.results)),
    }
    return [f"{name} of seed {seed}" for name, (compiled, oracle) in pairs.items() if compiled != oracle]
