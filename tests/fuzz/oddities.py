# SPDX-License-Identifier: MIT
"""What is put in the place of what was right: odd bytes, words, values and trees."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

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
