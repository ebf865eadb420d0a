# SPDX-License-Identifier: MIT
"""What is planned, as digests: tables, lengths of bursts, axes, ids, kernel inputs, plan files.

A program: it prints all of them as JSON, with what it runs on.  `test_plan_everywhere.py` runs it in many
environments; its golden file is what `python tests/plan/planned.py golden` prints.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from ctypes import CDLL, c_char_p
from pathlib import Path
from typing import Any

import numpy as np

from sweep import config
from sweep import plan as planning
from sweep.fields.host import COSTS, HARDWARE
from sweep.grid import FORMS
from sweep.model import batch
from sweep.model.randomness import quantiles
from sweep.model.scenario import Distribution
from sweep.model.traffic.bursts import burst_distribution, burst_length_mean
from sweep.plan import identity

SIZES = {"llc": "1 MiB", "llc_ways": "16", "ddio_ways": "2", "header_lines": "1.6"}
HOST = {
    "costs": {cost.key: {"value": f"{7 + 3 * i} ns", "source": "made up"} for i, cost in enumerate(COSTS)},
    "hardware": {size.key: {"value": SIZES.get(size.key, "64"), "source": "made up"} for size in HARDWARE},
}
NIC = {"link": "25 Gbit/s", "tx_ring": 512, "coalesce": {"usecs": 8, "frames": 32}}
WAITS = [
    "7.3 us",
    {"exponential": {"mean": "12.7 us"}},
    {"lognormal": {"median": "7.3 us", "p99": "91.7 us"}},
    {"uniform": {"low": "1.1 us", "high": "33.3 us"}},
    {"pareto": {"scale": "2.9 us", "alpha": 1.7}},
]
BURSTS = [
    3,
    *({"exponential": {"mean": mean}} for mean in (2, 3, 7, 12, 31, 100, 257, 1000)),
    *({"lognormal": {"median": median, "p99": 9 * median + 5}} for median in (1, 3, 8, 21, 55, 144)),
    *({"uniform": {"low": low, "high": 3 * low + 1}} for low in (1, 2, 5, 17, 65)),
    *({"pareto": {"scale": scale, "alpha": alpha}} for scale in (1, 4, 9) for alpha in (1.2, 1.5, 2.5)),
]


def mix(arrivals: Any, wakeup: Any, stall: Any = "none") -> dict[str, Any]:
    """A traffic mix in a sweep file."""
    reader = {"cpu": "other", "wakeup": wakeup, "rate": "2.7 Mpps", "stall": stall}
    return {"arrivals": arrivals, "sizes": "imix", "fates": {"local": 0.7, "forward": "30 %"}, "reader": reader}


def files() -> dict[str, dict[str, Any]]:
    """Sweep files that need no other."""
    common = {"host": "made", "hosts": {"made": HOST}, "nic": "made", "nics": {"made": NIC}, "seed": 5}
    short = {"packets": 2000, "warmup": 200, "kernel": "6.12"}
    stall = {"every": {"exponential": {"mean": "3.3 ms"}}, "for": {"lognormal": {"median": "90 us", "p99": "1 ms"}}}
    waits = {f"wait_{i}": mix("poisson", wait, stall if i % 2 else "none") for i, wait in enumerate(WAITS)}
    bursts = {f"burst_{i}": mix({"on_off": {"burst": burst, "peak": 0.97}}, "5 us") for i, burst in enumerate(BURSTS)}
    return {
        "waits": {
            **common,
            **short,
            "traffic": waits,
            "replicates": 2,
            "where": ["load * ring / 3 < 500", "traffic.reader.rate / 3 <= 1 Mpps or ring // 7 % 2 == 1"],
            "axes": {
                "strategy": ["page_allocator", "page_pool"],
                "traffic": list(waits),
                "load": {"log": ["0.7 %", "61 %", 7]},
                "ring": {"log": [64, 4000, 6]},
            },
        },
        "bursts": {
            **common,
            **short,
            "traffic": bursts,
            "strategy": "page_pool",
            "axes": {"traffic": list(bursts), "load": {"linspace": [0.013, 0.41, 4]}, "ring": [256]},
            "zip": [{"strategy.pool_size": ["ring", "2*ring"], "label": ["one", "two"]}],
        },
        "times": {
            **common,
            **short,
            "strategy": "refcount_recycle",
            "traffic": {"plain": mix("poisson", "5 us")},
            "ring": 512,
            "load": 0.3,
            "axes": {
                "nic.coalesce.usecs": {"log": [1, 300, 20]},
                "traffic.reader.call": {"log": ["37 ns", "1 ms", 20]},
                "host.remote_line": {"linspace": ["40 ns", "100 ns", 3]},
            },
        },
        "sampled": {
            **common,
            **short,
            "traffic": {"plain": mix("poisson", "5 us"), "burst": mix({"on_off": {"burst": 16}}, "5 us")},
            "sample": {"sobol": 128},
            "axes": {
                "strategy": ["page_allocator", "page_pool"],
                "traffic": ["plain", "burst"],
                "ring": {"log": [64, 4000]},
                "load": {"linspace": ["0.7 %", "61 %"]},
                "nic.coalesce.usecs": {"log": [1, 300]},
                "host.remote_line": {"linspace": ["40 ns", "100 ns", 3]},
            },
        },
        "windows": {
            **common,
            "kernel": "6.12",
            "strategy": "page_pool",
            "ring": 256,
            "warmup": "1.3 ms",
            "traffic": {"plain": mix("poisson", "5 us", stall), "burst": mix({"on_off": {"burst": 16}}, "5 us")},
            "where": "packets < 30_000 or warmup >= 3_000",
            "axes": {
                "traffic": ["plain", "burst"],
                "load": {"log": ["0.7 %", "61 %", 7]},
                "queues": [1, 3],
                "nic.link": ["10 Gbit/s", "25 Gbit/s"],
                "duration": {"log": ["1.7 ms", "37 ms", 5]},
            },
        },
    }


SETS = {
    "waits": [
        "traffic.wait_2.reader.wakeup={lognormal: {median: 9.1 us, p99: 137.3 us}}",
        "axes.load={log: [2 %, 0.3, 9]}",
    ],
    "bursts": ["traffic.burst_1.arrivals={on_off: {burst: {exponential: {mean: 37}}, peak: 0.93}}", "seed=6"],
    "sampled": ["sample={latin_hypercube: 99, seed: 4}", "where=load > 3 %"],
    "windows": ["duration=3.7 ms", "axes.warmup=[200, 1 ms, 1.1 ms]"],
    "times": ["traffic.reader.rate=1.7 Mpps", "load=23.7 %"],
}


def distributions() -> Iterator[Distribution]:
    """Of every kind, small and large."""
    chance = random.Random(1)

    def size(digits: int) -> int:
        return chance.randrange(1, 10 ** chance.randrange(1, digits + 1))

    for _ in range(300):
        yield Distribution("exponential", (size(11),))
    for _ in range(40):
        median = size(9)
        yield Distribution("lognormal", (median, median + chance.randrange(20 * median)))
        yield Distribution("pareto", (size(5), chance.randrange(1010, 5000)))
        low = size(10)
        yield Distribution("uniform", (low, low + size(12)))
    yield Distribution("constant", (size(9),))


def digest(*data: bytes) -> str:
    """Of all of them together."""
    found = hashlib.blake2b(digest_size=16)
    for each in data:
        found.update(len(each).to_bytes(8, "big") + each)
    return found.hexdigest()


def tables() -> dict[str, str]:
    """A digest per kind of distribution."""
    found: dict[str, list[bytes]] = {}
    for each in distributions():
        found.setdefault(each.kind, []).append(quantiles.table(each).astype("<i8").tobytes())
    return {kind: digest(*data) for kind, data in found.items()}


def bursts() -> dict[str, str]:
    """Mean lengths of bursts."""
    found = {}
    for kind, values in (
        *(("exponential", (mean,)) for mean in (2, 7, 31, 100, 1000)),
        *(("lognormal", (median, 10 * median)) for median in (1, 8, 55)),
        *(("uniform", (low, 3 * low)) for low in (1, 5, 65)),
        *(("pareto", (scale, 1500)) for scale in (1, 4, 9)),
    ):
        table = quantiles.table(burst_distribution(Distribution(kind, values)))
        found[f"{kind} {values}"] = str(burst_length_mean(table))
    return found


def axes() -> dict[str, str]:
    """Short forms of lists."""
    chance = random.Random(2)
    found: dict[str, list[bytes]] = {"log": [], "linspace": []}
    for form, data in found.items():
        for _ in range(60):
            first = chance.randrange(1, 10 ** chance.randrange(1, 12))
            last = first * chance.randrange(1, 10 ** chance.randrange(1, 5))
            data.append(repr(FORMS[form][0](first, last, chance.randrange(2, 60))).encode())
    return {form: digest(*data) for form, data in found.items()}


def sweeps(folder: Path) -> Iterator[tuple[str, config.Sweep]]:
    """The files as they are, and each with its `--set`."""
    for name, document in files().items():
        path = folder / f"{name}.yaml"
        path.write_text(json.dumps(document))
        yield name, config.load(path)
        yield f"{name} --set", config.load(path, SETS[name])


def planned(sweep: config.Sweep) -> dict[str, str]:
    """Ids, the inputs of kernels, and the plan file of a sweep."""
    survey = planning.survey(sweep)
    chunks = planning.divide(survey, np.ones(survey.simulations, np.bool_), 3, 0.01, {"page_pool": 1.7})
    inputs = []
    for point in range(0, sweep.points, max(1, sweep.points // 60)):
        scenario = sweep.scenario(point, 0)
        inputs += [array.tobytes() for array in batch.prepare(scenario.strategy, [scenario], survey.tables)]
    return {
        "ids": digest(survey.ids.tobytes()),
        "inputs": digest(*inputs),
        "plan": digest(planning.encode(planning.plan(survey, chunks))),
    }


def golden(folder: Path) -> dict[str, Any]:
    """What holds on every machine until the model changes: ids are without the digests of code and format."""
    ids = {name: digest(plain_ids(sweep)) for name, sweep in sweeps(folder)}
    return {"tables": tables(), "bursts": bursts(), "axes": axes(), "ids": ids}


def plain_ids(sweep: config.Sweep) -> bytes:
    """The ids that sources and a format of other digests would give."""
    identity.FORMAT = 0
    ids = identity.SimulationIds(
        planning.survey(sweep).tables, {"": "core", **dict.fromkeys(sweep.strategies, "source")}
    )
    drawn = sweep.scenarios.each(ids.drawn, "traffic")
    return bytes(identity.texts(ids.keys(sweep.scenarios.columns, drawn, sweep.replicates)).tobytes())


def machine() -> dict[str, str]:
    """What arithmetic this process runs on."""
    numbers = (math.exp(0.3), math.log(0.3), math.log1p(0.3), math.pow(0.3, 0.7))
    return {"libm": " ".join(map(float.hex, numbers)), "blas": blas(), "simd": " ".join(simd())}


def blas() -> str:
    """The kernel of NumPy's OpenBLAS; empty if that is not what NumPy has."""
    np.dot(np.ones(2), np.ones(2))
    maps = Path("/proc/self/maps")
    for path in sorted(set(re.findall(r"/\S*openblas\S*", maps.read_text()))) if maps.exists() else ():
        for name in ("scipy_openblas_get_corename64_", "scipy_openblas_get_corename", "openblas_get_corename"):
            function = getattr(CDLL(path), name, None)
            if function is not None:
                function.restype = c_char_p
                return str(function().decode())
    return ""


def simd() -> list[str]:
    """The features beyond the baseline that NumPy uses on this processor."""
    from numpy._core import _multiarray_umath as core

    return [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        if sys.argv[1:] == ["golden"]:
            found = golden(Path(name))
        else:
            everything = {name: planned(sweep) for name, sweep in sweeps(Path(name))}
            found = {"on": machine(), "tables": tables(), "bursts": bursts(), "axes": axes(), "sweeps": everything}
    print(json.dumps(found, indent=1))
