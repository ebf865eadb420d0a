# SPDX-License-Identifier: MIT
"""A sweep as a job of a cluster: what is sent there, and the command that runs it.

These sources with the built-in configs are sent, and the sweep file with the files beside it that it names: a few
hundred kilobytes, content-addressed by Ray, so that the sources are sent once.  They take precedence over a sweep that
the nodes have installed; its dependencies must be there.  Nothing is downloaded from anywhere.

Sources and sweep file are two packages, so that a node compiles kernels once for these sources, whatever the sweep.
"""

from __future__ import annotations

import re
import secrets
import shlex
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep import config, standard_input, storage
from sweep.config import Sweep
from sweep.config.library import FOLDERS
from sweep.config.shipped import located
from sweep.errors import RunError, SweepError
from sweep.model import strategies
from sweep.package import PACKAGE
from sweep.safe_text import visible_line
from sweep.storage.location import SCHEMES

JOB = re.compile(r"[\w.-]+", re.ASCII)  # name of a job
OUT = "sweep.out"  # key in a job's metadata: where its results are
STARTING = "No available agent"  # what a cluster says that has just started
ACCEPT_TIMEOUT_S, TICK_S = 120.0, 1.0
NAMED = {"traffic": "traffic", "host": "hosts", "nic": "nics"}  # sections of a document, by kind


@dataclass(frozen=True)
class ClusterJob:
    """A sweep to run on a cluster."""

    sweep: Sweep
    file: Path
    sets: tuple[str, ...]
    out: str  # a URI, or an absolute path on the head
    nodes: int = 0  # with CPUs, to wait for
    options: tuple[str, ...] = ()  # further ones of `sweep run`

    @property
    def name(self) -> str:
        """Of the sweep file on the head; standard input has become a file there."""
        return "stdin.yaml" if standard_input.is_meant(self.file) else self.file.name

    @property
    def words(self) -> list[str]:
        """Arguments of `sweep` on the head, run in the directory of the sweep file."""
        sets = [argument for setting in self.sets for argument in ("--set", setting)]
        nodes = ["--nodes", str(self.nodes)] if self.nodes else []
        return ["run", self.name, *sets, "--address", "auto", *nodes, "--out", self.out, *self.options]

    @property
    def on_head(self) -> bool:
        """Whether the results lie on the head's own disk."""
        return "://" not in self.out or self.out.startswith("file://")


def errand(file: Path, sets: Sequence[str], out: str, nodes: int, options: Sequence[str]) -> ClusterJob:
    """Read the sweep file, so that its mistakes are reported here.  Raises ConfigError, or SweepError for `out`."""
    scheme, uri, _ = out.partition("://")
    if uri and scheme.lower() not in SCHEMES:
        storage.open(out)  # which says what is wrong; one that is right may be out of reach here
    elif not uri and not out.startswith("/"):
        raise SweepError(
            f'--out "{out}" is relative, and the run is on another machine\n'
            "  next: give a URI, as --out s3://BUCKET/mine, or an absolute path on the head's disk"
        )
    sweep = config.load(file, sets)
    if own := strategies.own():
        raise SweepError(
            f'strategy "{next(iter(own))}" is in a file of yours, which is not sent with the sweep file\n'
            "  next: run it from here, `sweep run FILE --address ADDRESS`, or copy it to the cluster and run it there"
        )
    return ClusterJob(sweep, located(file), tuple(sets), out, nodes, tuple(options))


def submit(client: Any, errand: ClusterJob) -> str:
    """Send the errand to the cluster; returns the name of the job.  Raises RunError.  client: of `api.connect`."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", errand.sweep.name)[:40]
    with tempfile.TemporaryDirectory(prefix="sweep-submit-") as folder:
        sources, files = Path(folder, "sources", "sweep"), Path(folder, "files")
        _gather_sources(sources)
        _gather_files(errand, files)
        return _ask(
            client,
            entrypoint=shlex.join(["python", "-P", "-m", "sweep", *errand.words]),  # not from the current folder
            runtime_env={"working_dir": str(files), "py_modules": [str(sources)]},
            metadata={OUT: errand.out},
            submission_id=f"sweep-{name}-{secrets.token_hex(4)}",
        )


def _ask(client: Any, **job: Any) -> str:
    """Submit a job; returns its name.  Raises RunError.

    A cluster that has just started answers for some time before it can take jobs; meanwhile it is asked again.
    """
    deadline = time.monotonic() + ACCEPT_TIMEOUT_S
    while True:
        try:
            name = str(client.submit_job(**job))
            return name if JOB.fullmatch(name) else str(job["submission_id"])
        except (RuntimeError, OSError, ValueError) as error:
            if STARTING not in str(error) or time.monotonic() > deadline:
                raise RunError(f"the cluster did not take the job: {_last_line(error)}") from error
        time.sleep(TICK_S)


def _gather_sources(target: Path) -> None:
    """This package with its configs, which may be a link, and nothing else."""
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)


def _gather_files(errand: ClusterJob, target: Path) -> None:
    """The sweep file, and the mixes, hosts and NICs beside it whose names it uses."""
    target.mkdir(parents=True, exist_ok=True)
    (target / errand.name).write_bytes(standard_input.data(errand.file))
    for kind, folder in FOLDERS.items():
        for name in errand.sweep.document[NAMED[kind]]:
            local_file = errand.file.parent / folder / f"{name}.yaml"
            if local_file.is_file():
                _copy(local_file, target / folder / local_file.name)


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def _last_line(error: Exception) -> str:
    return visible_line((str(error).strip().splitlines() or [type(error).__name__])[-1])
