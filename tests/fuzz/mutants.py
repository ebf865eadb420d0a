# SPDX-License-Identifier: MIT
"""Files and words that were right, made wrong: mutant `number` of `seed` is always the same.

A mutant changes one thing that `sweep` reads: some of its bytes, or what its tree says.  Digests are put right again
in most of them: a stranger can do that, too.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

SWEEP_FILE, EXPERIMENT, GATE = "tiny.yaml", "experiment.yaml", "gate.yaml"
RUN, OTHER = "run", "other"
READ = (("status", RUN), ("watch", RUN, "--once"), ("report", RUN, "--format", "md", "--full", "--out", f"{RUN}/x.md"))
PAGE = ("report", RUN, "--format", "html", "--out", f"{RUN}/x.html")
ASK = ("query", RUN, "select * exclude (latency_histogram, occupancy_histogram) from results", "--seconds", "3")
POINTS = ("query", RUN, "from points", "--format", "csv", "--seconds", "3")
COMPARE = ("compare", OTHER, RUN)
SHOW = ("show", RUN, "replicate=0")

ODD_TEXTS = (
    *(
        "",
        " ",
        "\x1b]0;x\x07\x1b[31mRED",
        "\u202eabc",
        "a\u2028b",
        "\x00",
        "\r\n",
        "page_pool",
        "=1+1",
        "<b>&#x202e;",
        "|" * 9,
    ),
    *(
        "[red]x[/red]",
        "'",
        '"',
        "a" * 5000,
        "é" * 200,
        "\U000e0041",
        "../../etc/passwd",
        "s3://x",
        "nan",
        "1e999",
        "%s{}",
    ),
    *("rm -rf ~; echo", "sweep 'run", "0x1F", "2026-13-45", "`" * 7, "\ufeff", "$(id)", "\\x1b[31m", "-1", "9" * 50),
)
ODD_NUMBERS = (0, -1, 1, 2, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30, 10**400, 0.5, -0.0, 1e308, 5e-324, 7)
ODD_BYTES = (
    b"\x00",
    b"\x1b[31m",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"\xc2\x9b",
    b"\xed\xa0\x80",
    b"9" * 400,
    b"[" * 3000,
    b"{" * 99,
)
ODD_WORDS = (
    *(
        "[",
        "]",
        "{",
        "}",
        ":",
        "- ",
        "&a ",
        "*a",
        "!!int ",
        "\t",
        "#",
        "|",
        ">",
        "? ",
        "'",
        '"',
        "%",
        "@",
        "~",
        "null",
        "on",
    ),
    *(
        "-1",
        "0",
        "1e9",
        "1e30",
        "9" * 60,
        ".nan",
        "1_000",
        "2*ring",
        "ring/0",
        "1 us",
        "5 Mpps",
        "300 %",
        "\x1b[0m",
        "\u202e",
    ),
)


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


# --- bytes -----------------------------------------------------------------------------------------------------------


def mangled(data: bytes, chance: random.Random) -> bytes:
    """Some bytes flipped, cut off, put in, taken out or doubled."""
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 2, 8, 50)))
        match chance.randrange(6):
            case 0 if at < len(data):
                data = data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
            case 1:
                data = data[:at]
            case 2:
                data = data[:at] + chance.choice(ODD_BYTES) + data[at:]
            case 3:
                data = data[:at] + data[end:]
            case 4:
                data = data[:end] + data[at:]
            case _:
                data = data[:at] + bytes(chance.randrange(256) for _ in range(4)) + data[end:]
    return data


def retold(text: str, chance: random.Random) -> str:
    """A text with some of its words exchanged."""
    words = text.split(" ")
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(words))
        match chance.randrange(4):
            case 0:
                words[at] = chance.choice(ODD_WORDS)
            case 1:
                words[at] = chance.choice(words)
            case 2:
                words.insert(at, chance.choice(ODD_WORDS))
            case _:
                words[at] = chance.choice(ODD_TEXTS)
    return " ".join(words)


# --- trees -----------------------------------------------------------------------------------------------------------


def odd_value(chance: random.Random) -> Any:
    match chance.randrange(8):
        case 0:
            return chance.choice((None, True, False))
        case 1 | 2:
            return chance.choice(ODD_NUMBERS)
        case 3 | 4:
            return chance.choice(ODD_TEXTS)
        case 5:
            return chance.choice(([], {}, [[]], [None], {"": None}, {"a": {"b": [1]}}, ["x"] * 300, [0] * 3))
        case 6:
            return {chance.choice(ODD_TEXTS): chance.choice(ODD_NUMBERS)}
        case _:
            return deep(chance.choice((30, 200)))


def deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


def places(tree: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to all values below the top."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, value in inner for found in ((*way, key), *places(value, (*way, key)))]


def bent(tree: Any, chance: random.Random) -> Any:
    """A tree with one value of another kind, gone, doubled, or under another key."""
    tree = copy.deepcopy(tree)
    ways = places(tree)
    if not ways or chance.random() < 0.02:
        return odd_value(chance)
    ways = [way for way in ways if len(way) <= 2] or ways if chance.random() < 0.5 else ways
    way = chance.choice(ways)
    owner = tree
    for step in way[:-1]:
        owner = owner[step]
    match chance.randrange(7):
        case 0:
            del owner[way[-1]]
        case 1 if isinstance(owner, dict):
            owner[chance.choice(ODD_TEXTS)] = owner.pop(way[-1])
        case 2 if isinstance(owner, list):
            owner.insert(way[-1], owner[way[-1]])
        case 3 if isinstance(owner[way[-1]], list):
            owner[way[-1]] = dict(enumerate(map(str, owner[way[-1]])))
        case 4 if isinstance(owner[way[-1]], int | float | str):
            value = owner[way[-1]]
            owner[way[-1]] = (
                [value] if chance.random() < 0.5 else str(value) if not isinstance(value, str) else len(value)
            )
        case _:
            owner[way[-1]] = odd_value(chance)
    return tree


def json_of(tree: Any, chance: random.Random) -> bytes:
    """A tree as JSON, now and then with what JSON has not."""
    data = json.dumps(tree).encode()
    match chance.randrange(30):
        case 0:
            return data.replace(b"1", b"NaN", 1)
        case 1:
            return b"[" * 100_000 + data
        case 2:
            return data.replace(b"0", b"9" * 6000, 1)
        case 3:
            return b"\xef\xbb\xbf" + data
        case 4:
            return data[:-1] + b', "name": "twice", "name": "twice"}'
        case 5:
            return mangled(data, chance)
    return data


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
    return tuple(chance.sample((READ[2], ASK, POINTS, COMPARE, SHOW), 2)) + (PAGE,) * (chance.random() < 0.03)


COORDINATES = ("strategy", "traffic", "label", "ring", "load", "replicate", "seed", "id", "valid", "violation")


def other_table(table: pa.Table, chance: random.Random) -> pa.Table:
    """A table with something else in it."""
    at = chance.randrange(table.num_columns)
    named = [name for name in COORDINATES if name in table.column_names]
    if chance.random() < 0.6 and named:
        at = table.column_names.index(chance.choice(named))
    field, rows = table.schema.field(at), len(table)
    match chance.randrange(10):
        case 0:
            return table.remove_column(at)
        case 1:
            text = chance.choice(ODD_TEXTS)
            return table.rename_columns([text if i == at else name for i, name in enumerate(table.column_names)])
        case 2 | 3:
            values = chance.choice((odd_value(chance), chance.choice(ODD_TEXTS), chance.choice(ODD_NUMBERS)))
            return table.set_column(at, _with_type(field, column := _column([values] * rows)), column)
        case 4:
            return table.set_column(at, field.with_nullable(True), pa.nulls(rows, field.type))
        case 5:
            return table.slice(0, chance.choice((0, 1, rows // 2)))
        case 6:
            return pa.concat_tables([table, table])
        case 7:
            about = table.schema.metadata or {}
            key = chance.choice([*about]) if about else b"sweep"
            told = json.loads(about.get(key, b"{}"))
            return table.replace_schema_metadata({key: json_of(bent(told, chance), chance)})
        case 8:
            said = {b"unit": b"\xff", b"role": chance.choice((b"parameter", b"metric", b"histogram", b"\xfe"))}
            return table.set_column(at, field.with_metadata(said), table.column(at))
        case _:
            values = table.column(at).to_pylist()
            values[chance.randrange(rows)] = chance.choice((None, *values, *_like(field.type, chance)))
            return table.set_column(at, field.with_nullable(True), pa.array(values, field.type))


def _with_type(field: pa.Field, column: pa.Array) -> pa.Field:
    return field.with_type(column.type).with_nullable(True)


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, ValueError):
        return pa.array([json.dumps(value) if not isinstance(value, str) else "?" for value in values])


def _like(kind: pa.DataType, chance: random.Random) -> list[Any]:
    """An odd value of a type."""
    if pa.types.is_string(kind):
        return [chance.choice(ODD_TEXTS)]
    if pa.types.is_integer(kind):
        return [chance.choice((0, -1, 2**62, -(2**63)))]
    return [chance.choice((0.0, -1.0, 1e308, float("nan"), float("inf")))] if pa.types.is_floating(kind) else []


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
