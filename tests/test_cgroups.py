# SPDX-License-Identifier: MIT
"""Limits of control groups: on made-up trees of both versions, and on real groups where this machine has them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep import cgroups

V1 = "31 24 0:27 {root} {point} rw,relatime - cgroup cgroup rw,{controllers}"
V2 = "32 24 0:28 {root} {point} rw,relatime shared:9 - cgroup2 cgroup2 rw"


@pytest.fixture
def process(tmp_path: Path) -> Path:
    """A folder like /proc/self of a process without groups, beside the folder fs."""
    made = tmp_path / "self"
    made.mkdir()
    return made


def plant(process: Path, own: str, mounts: list[tuple[str, str, str]], files: dict[str, str]) -> None:
    """Groups `own`; `mounts` of (controllers, "" for version 2; root; folder in fs); files in fs."""
    fs = process.parent / "fs with blank"
    (process / "cgroup").write_text(own)
    lines = [
        (V1 if controllers else V2).format(
            root=root, point=str(fs / folder).replace(" ", "\\040").rstrip("/"), controllers=controllers
        )
        for controllers, root, folder in mounts
    ]
    (process / "mountinfo").write_text("\n".join(["24 1 8:1 / / rw - ext4 /dev/vda rw", *lines]) + "\n")
    for name, text in files.items():
        path = fs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


HOST_V2 = [("", "/", ".")]
HOST_V1 = [("memory", "/", "memory"), ("cpu,cpuacct", "/", "cpu,cpuacct"), ("", "/", "unified")]


@pytest.mark.parametrize(
    ("own", "mounts", "files", "limits"),
    [
        (
            "0::/user/run\n",
            HOST_V2,
            {"user/run/memory.max": "max", "user/memory.max": "5000", "memory.max": "7000"},
            [5000, 7000],
        ),
        ("0::/a\n", HOST_V2, {"a/memory.max": "9000", "a/memory.high": "4000"}, [4000, 9000]),
        ("4:memory:/box\n3:cpu:/other\n", HOST_V1, {"memory/box/memory.limit_in_bytes": "6000"}, [6000]),
        ("4:memory:/not/visible/here\n", HOST_V1, {"memory/memory.limit_in_bytes": "8000"}, [8000]),
        (
            "4:memory:/box\n",
            HOST_V1,
            {
                "memory/box/memory.limit_in_bytes": "6000",
                "memory/box/memory.stat": "cache 1\nhierarchical_memory_limit 5000\n",
            },
            [5000, 6000],
        ),
        # A container that sees its own group as the root, with and without a namespace of groups.
        ("0::/\n", [("", "/docker/f00", "c")], {"c/memory.max": "3000"}, [3000]),
        ("4:memory:/docker/f00\n", [("memory", "/docker/f00", "m")], {"m/memory.limit_in_bytes": "2000"}, [2000]),
        ("0::/../outside\n", HOST_V2, {"memory.max": "1000"}, [1000]),
        # Version 1 for memory and 2 for the rest: the limits of both count.
        (
            "4:memory:/a\n0::/b\n",
            HOST_V1,
            {"memory/a/memory.limit_in_bytes": "1000", "unified/b/memory.max": "2000"},
            [1000, 2000],
        ),
        ("0::/\n", HOST_V2, {}, []),
        ("0::/\n", [], {"memory.max": "1000"}, []),
        ("junk\n", HOST_V2, {"memory.max": "1000"}, []),
    ],
)
def test_limits_of_memory(
    process: Path, own: str, mounts: list[tuple[str, str, str]], files: dict[str, str], limits: list[int]
) -> None:
    plant(process, own, mounts, files)
    assert sorted(cgroups.memory_bytes(process)) == limits


@pytest.mark.parametrize(
    ("own", "files", "workers"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "200000 100000"}, 2),
        ("0::/a\n", {"a/cpu.max": "150000 100000"}, 2),
        ("0::/a\n", {"a/cpu.max": "10000 100000"}, 1),
        ("0::/a\n", {"a/cpu.max": "max 100000"}, None),
        (
            "3:cpu,cpuacct:/a\n",
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "-1", "cpu,cpuacct/a/cpu.cfs_period_us": "100000"},
            None,
        ),
        (
            "3:cpu,cpuacct:/a\n",
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "300000", "cpu,cpuacct/a/cpu.cfs_period_us": "100000"},
            3,
        ),
    ],
)
def test_quotas_of_processors(process: Path, own: str, files: dict[str, str], workers: int | None) -> None:
    plant(process, own, HOST_V2 if own.startswith("0") else HOST_V1, files)
    assert cgroups.whole_processors(cgroups.processors(process)) == workers


def test_tasks_that_are_left(process: Path) -> None:
    plant(process, "8:pids:/a\n", [("pids", "/", "pids")], {"pids/a/pids.max": "100", "pids/a/pids.current": "40"})
    assert list(cgroups.tasks_left(process)) == [60]


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert list(cgroups.memory_bytes(tmp_path)) == []
    assert cgroups.whole_processors(cgroups.processors(tmp_path)) is None


@pytest.fixture
def real_group() -> Iterator[dict[str, Path]]:
    """A control group of this process's own, by controller, where it may make one."""
    made: dict[str, Path] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, named, path = line.split(":", 2)
        for controller in named.split(","):
            folder = Path("/sys/fs/cgroup", named, path.strip("/"), f"sweep-test-{os.getpid()}")
            if controller in ("memory", "cpu"):
                try:
                    folder.mkdir()
                    made[controller] = folder
                except OSError:
                    continue
    if len(made) < 2:
        pytest.skip("control groups of version 1 for memory and cpu cannot be made here (no root, or version 2)")
    yield made
    for folder in made.values():
        folder.rmdir()


def test_real_control_groups(real_group: dict[str, Path]) -> None:
    (real_group["memory"] / "memory.limit_in_bytes").write_text(str(400 << 20))
    (real_group["cpu"] / "cpu.cfs_quota_us").write_text("50000")
    code = "from sweep.jobs.executors import memory, choice; print(choice.processors(), memory.node_bytes() >> 20)"
    enter = "".join(f"echo $$ > {folder}/cgroup.procs; " for folder in real_group.values())
    said = subprocess.run(
        ["sh", "-c", f'{enter} exec "$@"', "sh", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert said.stdout.split() == ["1", "400"]
