# SPDX-License-Identifier: MIT
"""Files and words that were right, made wrong: mutant `number` of `seed` is always the same.

A mutant changes one thing that `sweep` reads: some of its bytes, or what its tree says.  Digests are put right again
in most of them: a stranger can do that, too.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from odd_tables import other_table
from oddities import ODD_NUMBERS, ODD_TEXTS, ODD_WORDS, bent, json_of, mangled, retold

SWEEP_FILE, EXPERIMENT, GATE = "tiny.yaml", "experiment.yaml", "gate.yaml"
RUN, OTHER = "run", "other"
READ = (("status", RUN), ("watch", RUN, "--once"), ("report", RUN, "--format", "md", "--full", "--out", f"{RUN}/x.md"))
PAGE = ("report", RUN, "--format", "html", "--out", f"{RUN}/x.html")
ASK = ("query", RUN, "select * exclude (latency_histogram, occupancy_histogram) from results", "--seconds", "3")
POINTS = ("query", RUN, "from points", "--format", "csv", "--seconds", "3")
EXPORTS = tuple(("export", RUN, "--out", f"{RUN}/{name}") for name in ("x.csv", "x.parquet", "x.arrow", "x.duckdb"))
COMPARE = ("compare", OTHER, RUN)
SHOW = ("show", RUN, "replicate=0")


class Mutant(NamedTuple):
    """One changed thing, and the commands that meet it."""

    number: int
    kind: str
    commands: tuple[tuple[str, ...], ...]
    apply: Callable[[Path], None]  # to a directory that has all files as they were


def mutant(seed: int, number: int) -> Mutant:
    """Of this seed the one with this number."""
    chance = random.Random(f"{seed} {number}")
    kind = chance.choice([*KINDS])
    commands, change = KINDS[kind](chance)
    return Mutant(number, kind, commands, change)


# --- what is changed -------------------------------------------------------------------------------------------------

Made = tuple[tuple[tuple[str, ...], ...], Callable[[Path], None]]


def _text_file(name: str, *commands: tuple[str, ...]) -> Callable[[random.Random], Made]:
    """A YAML file: bytes, words, or its tree as JSON, which YAML is, too."""

    def make(chance: random.Random) -> Made:
        how, state = chance.randrange(3), chance.getrandbits(64)

        def apply(place: Path) -> None:
            import yaml

            again, path = random.Random(state), place / name
            if how == 0:
                path.write_bytes(mangled(path.read_bytes(), again))
            elif how == 1:
                path.write_text(retold(path.read_text(), again), errors="surrogatepass")
            else:
                path.write_bytes(json_of(bent(yaml.safe_load(path.read_text()), again), again))

        return commands, apply

    return make


def _sets(chance: random.Random) -> Made:
    keys = (
        "ring",
        "axes.ring",
        "where",
        "zip",
        "points",
        "traffic",
        "nic",
        "claims",
        "baseline",
        "objectives",
        "name",
        "seed",
    )
    keys += (
        "axes.load",
        "traffic.router.reader.rate",
        "strategy.pool_size",
        "kernel",
        "label",
        "hosts.x.y",
        "",
        "axes",
        "packets",
    )
    value = chance.choice((*ODD_TEXTS, *ODD_WORDS, *map(str, ODD_NUMBERS[:9]), "[" * 3000, "{log2: [64, 99999999]}"))
    text = f"{chance.choice(keys)}{chance.choice(('=', '=', '=', '==', ''))}{value}".replace("\0", "\x01")
    return (("plan", SWEEP_FILE, "--executor", "inline", "--set", text),), lambda place: None


def _words(chance: random.Random) -> Made:
    """Words of a command line: locations, addresses, conditions, SQL."""
    text = chance.choice(
        (*ODD_TEXTS, *ODD_WORDS, "s3://", "s3://[x", "http://[::1", "file://[x/y", "a:b:c", "gs://a/../b", "x" * 5000)
    )
    text = text.replace("\0", "\x01")
    forms: tuple[tuple[str, ...], ...] = (
        ("plan", SWEEP_FILE, "--executor", "inline", "--out", text),
        ("plan", text),
        ("status", text),
        ("report", RUN, "--filter", text),
        ("report", RUN, "--row", text),
        ("report", RUN, "--metric", text, "--baseline", text),
        ("query", RUN, text, "--seconds", "3"),
        ("query", RUN, f"select {text} from results", "--seconds", "3"),
        ("query", RUN, "select 1", "--memory", text),
        ("compare", RUN, text),
        ("show", RUN, text),
        ("run", SWEEP_FILE, "--address", text, "--out", RUN),
        ("submit", SWEEP_FILE, "--address", text, "--out", "/nowhere"),
        ("export", RUN, "--out", f"{RUN}/x.csv", "--columns", text),
    )
    return (chance.choice(forms),), lambda place: None


def _json_file(pattern: str) -> Callable[[random.Random], Made]:
    """A JSON file of the run directory."""

    def make(chance: random.Random) -> Made:
        whole, state = chance.random() < 0.3, chance.getrandbits(64)

        def apply(place: Path) -> None:
            again = random.Random(state)
            path = sorted((place / RUN).glob(pattern))[0].resolve()
            data = path.read_bytes()
            path.write_bytes(mangled(data, again) if whole else json_of(bent(json.loads(data), again), again))

        return tuple(chance.sample((*READ, POINTS, COMPARE), 2)), apply

    return make


def _bytes_of(chance: random.Random, kind: str) -> Made:
    """An Arrow file, its bytes mangled."""
    state, mended = chance.getrandbits(64), chance.random() < 0.8

    def apply(place: Path) -> None:
        path = _table(place) if kind == "table" else _part(place)
        path.write_bytes(mangled(path.read_bytes(), random.Random(state)))
        if mended:
            _mend(place, path)

    return _commands_for(kind, chance), apply


def _arrow(chance: random.Random, kind: str) -> Made:
    """An Arrow file that says something else, and is whole."""
    state = chance.getrandbits(64)

    def apply(place: Path) -> None:
        path = _table(place) if kind == "table" else _part(place)
        with pa.ipc.open_file(path.read_bytes()) as reader:
            found = other_table(reader.read_all(), random.Random(state))
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, found.schema) as sink:
            sink.write_table(found)
        _mend(place, path)

    return _commands_for(kind, chance), apply


def _commands_for(kind: str, chance: random.Random) -> tuple[tuple[str, ...], ...]:
    if kind == "part":
        return tuple(chance.sample((READ[0], READ[1], ("plan", SWEEP_FILE, "--executor", "inline", "--out", RUN)), 2))
    return tuple(chance.sample((READ[2], ASK, POINTS, COMPARE, SHOW, chance.choice(EXPORTS)), 2)) + (PAGE,) * (
        chance.random() < 0.03
    )


def _table(place: Path) -> Path:
    return (place / RUN / "results.arrow").resolve()


def _part(place: Path) -> Path:
    return sorted((place / RUN / "parts").glob("*.arrow"))[0]


def _mend(place: Path, path: Path) -> None:
    """The digest that the manifest, or the name of a part, has of a file, put right."""
    data = path.read_bytes()
    if path.parent.name == "parts":
        chunk = path.stem.rpartition("-")[0]
        path.rename(path.with_name(f"{chunk}-{hashlib.blake2b(data, digest_size=8).hexdigest()}.arrow"))
        return
    top = (place / RUN / "manifest.json").resolve()
    manifest = json.loads(top.read_text())
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    manifest["files"][path.name] = {"bytes": len(data), "digest": digest}
    top.write_text(json.dumps(manifest))


KINDS: dict[str, Callable[[random.Random], Made]] = {
    "sweep file": _text_file(SWEEP_FILE, ("plan", SWEEP_FILE, "--executor", "inline")),
    "experiment file": _text_file(EXPERIMENT, ("read an experiment", EXPERIMENT)),
    "gate file": _text_file(GATE, ("compare", OTHER, RUN, "--gate", GATE)),
    "--set": _sets,
    "words": _words,
    "run.json": _json_file("run.json"),
    "manifest": _json_file("manifest.json"),
    "failed record": _json_file("failed/*.json"),
    "size record": _json_file("size.json"),
    "bytes of a table": lambda chance: _bytes_of(chance, "table"),
    "table": lambda chance: _arrow(chance, "table"),
    "bytes of a part": lambda chance: _bytes_of(chance, "part"),
    "part": lambda chance: _arrow(chance, "part"),
}
