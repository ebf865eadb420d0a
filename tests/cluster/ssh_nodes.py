# SPDX-License-Identifier: MIT
"""Hosts that one reaches over SSH, prepared as cluster.local.yaml asks for, and where `ray up` is typed."""

from __future__ import annotations

import platform
import shutil
import sys

from namespaces import CHECKOUT, CommandError, Node
from waiting import until

TOOLS = ("sshd", "ssh", "ssh-keygen", "rsync", "uptime")  # the last is how `ray up` sees that a host is there
KEY = "/root/.ssh/id_ed25519"
FILES = ("cluster.local.yaml", "constraints.txt", "clusters/node.sh", "clusters/environment.sh")
DOCUMENTED = {"head": "192.0.2.10", "workers": "192.0.2.11, 192.0.2.12", "user": "you", "python": "3.12.3"}


def lacking() -> str:
    """What SSH into nodes needs and is not there; "" if all is."""
    path = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin"
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=path)]
    return f"not installed: {', '.join(missing)} (openssh-server, openssh-client, rsync, procps)" if missing else ""


def make_key(node: Node) -> str:
    """A key pair of the one who sits at `node`; its public half."""
    node.write("/root/.ssh/config", "StrictHostKeyChecking accept-new\n")
    node.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY, timeout_s=10)
    return node.run("cat", f"{KEY}.pub", timeout_s=10).output


def serve(node: Node, public_key: str) -> None:
    """Run sshd on the node's own address, for the holder of that key."""
    host_key = "/root/host_key"
    node.write("/root/authorized_keys", public_key)
    node.run("mkdir", "-p", "/run/sshd", timeout_s=10)
    node.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host_key, timeout_s=10)
    options = [f"ListenAddress={node.address}", "PasswordAuthentication=no", "UsePAM=no", "StrictModes=no"]
    options += ["AuthorizedKeysFile=/root/authorized_keys"]
    sshd = shutil.which("sshd", path="/usr/sbin:/sbin")
    assert sshd
    words = [word for option in options for word in ("-o", option)]
    server = node.start(sshd, "-D", "-e", "-f", "/dev/null", "-h", host_key, *words)
    until(lambda: "Server listening" in server.log.read_text(), 10, f"sshd of {node.name} listening", server)


def install(node: Node) -> None:
    """The environment of the tests as the node's own; node.sh takes a venv that is there as it is.

    What runs is this checkout, whatever sweep that environment has, if any, and as plain Python: a submitted run has
    sources of its own on each node, and their kernels would have to be compiled there.
    """
    node.run("mkdir", "/root/sweep", timeout_s=10)
    node.run("ln", "-s", sys.prefix, "/root/sweep/venv", timeout_s=10)
    node.write("/root/bin/sweep", '#!/bin/sh\nexec python -m sweep "$@"\n', mode=0o755)
    paths = f"PYTHONPATH={CHECKOUT} PATH=/root/bin:$PATH"
    node.write("/root/.bashrc", f"export {paths} PYTHONDONTWRITEBYTECODE=1 SWEEP_PLAIN_PYTHON=1\n")


def lay_out(client: Node, head: Node, workers: list[Node]) -> str:
    """The project's files as one has them who types `ray up`: their directory.  Only addresses, user and Python differ.

    The wheel is an empty file of its name: nodes whose venv is there do not install it.
    """
    folder = "/root/project"
    for name in FILES:
        text = (CHECKOUT / name).read_text()
        client.write(f"{folder}/{name}", _filled_in(text, head, workers) if name.endswith(".local.yaml") else text)
    client.write(f"{folder}/dist/{_wheel()}", "")
    return folder


def stop_workers_command(workers: list[Node], head: Node) -> str:
    """What cluster.local.yaml says to type after `ray down`, with these addresses."""
    text = (CHECKOUT / "cluster.local.yaml").read_text()
    loops = [line.lstrip("# ") for line in text.splitlines() if line.lstrip("# ").startswith("for host in ")]
    assert len(loops) == 1, "cluster.local.yaml says how to stop the workers in one line"
    return _filled_in(loops[0], head, workers)


def _filled_in(text: str, head: Node, workers: list[Node]) -> str:
    """cluster.local.yaml, or a line of it, for these nodes.  Raises CommandError if others are in it."""
    addresses = [node.address for node in workers]
    changes = {
        DOCUMENTED["head"]: head.address,
        DOCUMENTED["workers"]: ", ".join(addresses),
        DOCUMENTED["workers"].replace(",", ""): " ".join(addresses),
        f"ssh_user: {DOCUMENTED['user']}": "ssh_user: root",
        f"{DOCUMENTED['user']}@": "root@",
        DOCUMENTED["python"]: platform.python_version(),
    }
    for old, new in changes.items():
        text = text.replace(old, new)
    if "192.0.2." in text:
        raise CommandError(f"cluster.local.yaml has addresses that the tests do not know of:\n{text}")
    return text


def _wheel() -> str:
    """The name of the wheel in cluster.local.yaml."""
    text = (CHECKOUT / "cluster.local.yaml").read_text()
    return next(word.rpartition("/")[2] for word in text.split() if word.endswith(".whl"))


def ray_processes(node: Node) -> str:
    """Ray's processes on a node, a line each."""
    pattern = "raylet|gcs_server|ray::|/ray/|ray start"
    listed = node.run("ps", "-eo", "pid,args", timeout_s=10).output.splitlines()
    return "\n".join(line for line in listed if any(each in line for each in pattern.split("|")))
