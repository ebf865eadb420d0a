# SPDX-License-Identifier: MIT
"""Nodes of namespaces are machines of their own, and nothing of them is left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from namespaces import CHECKOUT, CommandError, Net
from waiting import until

pytestmark = pytest.mark.slow

KINDS = ("net", "mnt", "pid", "uts", "ipc")
PORT = 5000
LISTEN = f"""
import socket
with socket.create_server(("", {PORT})) as server:
    print("listening", flush=True)
    while True:
        server.accept()[0].close()
"""
HOLD = """
import sys
from pathlib import Path
from namespaces import Net
with Net(Path(sys.argv[1])) as net:
    nodes = [net.node("one"), net.node("two")]
    nodes[1].start("sleep", "1000")
    print(*(node.pid for node in nodes), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def net(nodes_can_be_made: None, tmp_path: Path) -> Iterator[Net]:
    with Net(tmp_path / "net") as net:
        yield net


def namespaces_of(pid: int) -> set[str]:
    return {os.readlink(f"/proc/{pid}/ns/{kind}") for kind in KINDS}


def held(namespaces: set[str]) -> list[int]:
    """Processes of this machine that are in one of these namespaces."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if namespaces & namespaces_of(int(process.name)):
                found.append(int(process.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def of_the_host() -> tuple[set[str], str, str]:
    """What nodes must leave alone: mounts, network devices, named networks."""
    mounts = {line.split(" ", 1)[1] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    devices, names = (
        subprocess.run(["ip", *words], capture_output=True, text=True, timeout=10, check=True).stdout
        for words in (["-brief", "link"], ["netns", "list"])
    )
    return mounts, devices, names


def test_a_node_is_a_machine_of_its_own(net: Net, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    one, two = net.node("one", [tmp_path / "shared"]), net.node("two")
    assert one.run("hostname", timeout_s=10).output == "one\n"
    assert two.run("ls", "/tmp", timeout_s=10).output.split() == sorted(
        {Path(path).parts[2] for path in (str(CHECKOUT), sys.prefix, sys.base_prefix) if path.startswith("/tmp/")}
    )
    sleeper = one.start("sleep", "1000")
    assert "sleep" in one.run("ps", "-eo", "comm", timeout_s=10).output
    assert "sleep" not in two.run("ps", "-eo", "comm", timeout_s=10).output
    one.kill_processes()
    sleeper.wait(10)
    assert one.alive
    for path in ("/usr", str(CHECKOUT), sys.prefix):
        with pytest.raises(CommandError, match="Read-only file system"):
            one.run("touch", f"{path}/written-by-a-node", timeout_s=10)
    one.run("touch", str(tmp_path / "shared" / "written"), "/tmp/written", "/root/written", timeout_s=10)
    assert (tmp_path / "shared" / "written").exists()
    assert not Path("/tmp/written").exists()
    two.run("python", "-c", "import sweep", timeout_s=30)


def test_a_cable_is_pulled_and_plugged_in_again(net: Net) -> None:
    net.node("client")
    one, two = net.node("one"), net.node("two")
    server = two.start("python", "-c", LISTEN)
    until(lambda: "listening" in server.log.read_text(), 10, "a server", server)

    def answers() -> bool:
        words = ("timeout", "1", "bash", "-c", f": < /dev/tcp/{two.address}/{PORT}")
        return one.run(*words, timeout_s=10, exit_codes=(0, 1, 124)).exit_code == 0

    assert answers()
    net.cut(two)
    assert not answers()
    net.restore(two)
    until(answers, 10, "an answer")


def test_a_command_that_fails_or_hangs_says_so_with_the_end_of_its_log(net: Net) -> None:
    one = net.node("one")
    with pytest.raises(CommandError, match=r"one: bash -c echo broken; exit 7 ended with 7\n.*\nbroken"):
        one.run("bash", "-c", "echo broken; exit 7", timeout_s=10)
    with pytest.raises(CommandError, match=r"has not ended after 0\.5 s\n.*\nwaiting"):
        one.run("bash", "-c", "echo waiting; sleep 1000", timeout_s=0.5)
    until(lambda: "sleep" not in one.run("ps", "-eo", "comm", timeout_s=10).output, 10, "the end of what hung")


def test_nothing_is_left_when_a_test_fails(nodes_can_be_made: None, tmp_path: Path) -> None:
    before, namespaces = of_the_host(), set[str]()

    def fails() -> None:
        with Net(tmp_path / "net") as net:
            nodes = [net.node(name) for name in ("one", "two", "three")]
            for node in nodes:
                node.start("bash", "-c", "setsid sleep 1000 & sleep 1000")
            nodes[1].kill()
            net.cut(nodes[2])
            namespaces.update(namespaces_of(nodes[0].pid), namespaces_of(nodes[2].pid))
            assert held(namespaces)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert held(namespaces) == []
    assert of_the_host() == before
    shutil.rmtree(tmp_path / "net")


def test_nothing_is_left_by_tests_that_were_killed(nodes_can_be_made: None, tmp_path: Path) -> None:
    before = of_the_host()
    folders = os.pathsep.join([str(Path(__file__).parent), str(CHECKOUT)])
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "net")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": folders},
    ) as tests:
        try:
            assert tests.stdout
            namespaces = set[str]().union(*(namespaces_of(int(pid)) for pid in tests.stdout.readline().split()))
        finally:
            tests.kill()
    namespaces -= namespaces_of(os.getpid())
    until(lambda: not held(namespaces), 10, "the end of the nodes")
    assert of_the_host() == before
