# SPDX-License-Identifier: MIT
"""The compiled page_pool code against a second, independent description, on operations that nobody recorded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.replay.run import run
from tests.model import object_pool
from tests.replay.traces import KERNELS as KERNEL_FILE
from tests.replay.traces import row, trace

KERNEL_LINES = KERNEL_FILE.read_text(encoding="utf-8").splitlines()
RANDOMS = st.randoms(use_true_random=False)
RANDOMS.validate()  # imports what it needs: in the middle of an example, deep in the stack, the import may fail


@st.composite
def stories(draw: st.DrawFn) -> tuple[dict[str, int], str]:
    """Parameters and operations in which every handle is put at most once and outsiders pay back what they took."""
    pick = draw(RANDOMS)
    params = {
        "pool_size": pick.choice([1, 2, 7, 31, 32, 40, 100]),
        "flags": pick.choice([0, 0, 1, 3]),
        "order": pick.choice([0, 0, 0, 1, 3]),
        "nid": pick.choice([-1, -1, 0, 1]),
        "numa_node": pick.choice([0, 1]),
        "napi": pick.choice([0, 1, 1]),
        "max_len": pick.choice([64, 1500, 4096]),
    }
    letters = "".join(letter for letter in "AAFRDNPBCGUHVMEL!" if letter in "AR" or pick.random() < 0.6)
    tokens: list[str] = []
    start = handles = 0  # handles below `start` have been put; the others have not
    held: list[int] = []
    for _ in range(pick.randrange(60)):
        op = pick.choice(letters)
        if op == "A":
            count = pick.choice([1, 2, 17, 70, 130])
            tokens.append(f"A{count}")
            handles += count
        elif op == "F":
            count = pick.randrange(1, 12)
            tokens.append(f"F{pick.choice([0, 1, 100, 1023, 2049, 4096, 4097, 9000, 70_000])}*{count}")
            handles += count
        elif op in "DRNPBC" and start < handles:
            end = min(handles, start + pick.choice([1, 3, 16, 40, 100]))
            down = pick.random() < 0.3
            tokens.append(f"{op}{end - 1}-{start}" if down else f"{op}{start}-{end - 1}")
            start = end
        elif op == "G" and handles:
            held.append(pick.randrange(start, handles) if start < handles else handles - 1)
            tokens.append(f"G{held[-1]}")
        elif op == "U" and held:
            tokens.append(f"U{held.pop(pick.randrange(len(held)))}")
        elif op == "H" and start < handles:
            tokens.append(f"H{pick.randrange(start, handles)}")
        elif op in "VMEL":
            tokens.append(f"{op}{pick.randrange(3)}")
        elif op == "!":
            tokens.append(op)
    if pick.random() < 0.5:
        tokens += ["W", "Z", "!"]
        while start < handles:
            end = min(handles, start + pick.choice([1, 30, 200]))
            tokens += [f"{pick.choice('NRPBC')}{start}-{end - 1}", pick.choice("W!Z")]
            start = end
        tokens += ["W", *(f"U{handle}" for handle in held), "!", "W"]
    return params, " ".join(tokens)


# Rules of releases as the compiled sources of each one have them, by the headings of SEMANTICS.md section 11.
KERNELS = {
    "5.10.223": "R7",
    "5.15.135": "",
    "6.1.192": "R2 R3",
    "6.6.57": "",
    "6.12.117": "R2 R3 R4 R5",
    "6.14.0": "R1 R5",
    "6.18.2": "R1 R3 R4 R5",
    "6.18.35": "R1 R3 R4 R5",
    "6.19.9": "R1 R3 R4 R5",
    "7.1.5": "R1 R3 R4 R5 R6",
    "7.1.5-16k": "R1 R3 R4 R5 R6",
    "7.2.13": "R1 R2 R3 R4 R5 R6",
    "7.3.4": "R1 R2 R3 R4 R5 R6",
    "7.3.4-16k": "R1 R2 R3 R4 R5 R6",
    "7.3.4-64k": "R1 R2 R3 R4 R5 R6",
    "6.18.2-64k": "R1 R3 R4 R5",
}


def rules_and_page(kernel: str) -> tuple[frozenset[str], int]:
    """The rules of a kernel for the twin, and the bytes of its pages."""
    _, _, pages = kernel.partition("-")
    return frozenset(KERNELS[kernel].split()), int(pages.removesuffix("k") or 4) << 10


@given(story=stories(), kernel=st.sampled_from([*KERNELS]))
@settings(max_examples=150, deadline=None)
def test_compiled_code_equals_objects_and_lists(story: tuple[dict[str, int], str], kernel: str) -> None:
    params, ops = story
    shots, handles = object_pool.replay(params, ops, *rules_and_page(kernel))
    got = run(trace(ops, kernel, **params))
    assert got.shots.tolist() == shots
    assert got.handles.tolist() == handles


@pytest.mark.parametrize("line", KERNEL_LINES, ids=lambda line: json.loads(line)["id"])
def test_objects_and_lists_equal_other_kernels(line: str) -> None:
    recorded = json.loads(line)
    if recorded["expected"]["create_errno"] != 0:
        return
    kernel = recorded["kernel"].removeprefix("linux ").replace(", pages of 65536 bytes", "-64k")
    shots, _ = object_pool.replay(recorded["params"], recorded["ops"], *rules_and_page(kernel))
    assert shots == [*recorded["expected"]["snapshots"], list(recorded["expected"]["final"].values())]


@pytest.mark.parametrize("index", range(0, 95, 6))
def test_objects_and_lists_equal_the_kernel(index: int) -> None:
    recorded = row(index)
    shots, _ = object_pool.replay(recorded["params"], recorded["ops"])
    assert shots == [*recorded["expected"]["snapshots"], list(recorded["expected"]["final"].values())]
