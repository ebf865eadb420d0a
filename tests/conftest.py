# SPDX-License-Identifier: MIT
"""A sweep file that is loaded, an S3-speaking server, a small disk; for all the same width of text and Ctrl-C."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from sweep.config import Sweep

pytest_plugins = ("tests.tiny_sweep",)  # its fixtures, for all

# Equal sources draw equal examples; what fails can be repeated.  HYPOTHESIS_PROFILE=default draws others.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

os.environ.pop("COLUMNS", None)  # the terminal's; and pytest-xdist sets it in its workers
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has its background jobs do
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Folders and files whose slow tests count the processes or the memory of a whole machine, or wait for bounded times;
# not those that compute in one process, kill forks of their own one after the other, or have minutes for seconds.
ALONE = ("cli/verbs/test_submit.py", "cluster/", "faults/", "jobs/")
SIDE_BY_SIDE = ("faults/test_crash_points.py", "faults/test_poison.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests beside which nothing else may run."""
    here = Path(__file__).parent
    for item in items:
        file = item.path.relative_to(here).as_posix()
        if item.get_closest_marker("slow") and file.startswith(ALONE) and file not in SIDE_BY_SIDE:
            item.add_marker(pytest.mark.alone)


CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


class Server(NamedTuple):
    """moto's S3 in threads of this process."""

    port: int
    stop: object

    def bucket(self) -> Bucket:
        """A new, empty one."""
        import boto3

        name = f"bucket-{secrets.token_hex(4)}"
        url = f"http://127.0.0.1:{self.port}"
        client = boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket=name)
        return Bucket(self.port, name, client)


class Bucket(NamedTuple):
    """A bucket of the server."""

    port: int
    name: str
    client: object

    def uri(self, folder: str = "run") -> str:
        """The location of a folder in it."""
        return f"s3://{self.name}/{folder}?endpoint_override=127.0.0.1:{self.port}&scheme=http"

    def objects(self) -> list[str]:
        """The names of all objects."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return sorted(each["Key"] for page in pages for each in page.get("Contents", ()))

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def age(self, key: str, seconds: float) -> None:
        """Have the server believe that it got an object so long ago."""
        from datetime import timedelta

        from moto.s3.models import s3_backends

        held = s3_backends["123456789012"]["global"].buckets[self.name].keys[key]
        held.last_modified -= timedelta(seconds=seconds)


def start_server() -> Server:
    """A server on a free port of loopback."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line per request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    return Server(server.get_host_and_port()[1], server.stop)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Server]:
    """One for all tests."""
    server = start_server()
    yield server
    server.stop()


@pytest.fixture
def s3(s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket of one's own, with the credentials for it in the environment."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return s3_server.bucket()


MS_RDONLY, MS_REMOUNT, MNT_DETACH = 1, 32, 2


class Mount:
    """A small file system of a test's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._mount(0, b"size=1m")

    def read_only(self) -> None:
        """The kernel refuses this while a file is open for writing."""
        assert not self._libc.mount(b"tmpfs", os.fsencode(self.path), b"tmpfs", MS_REMOUNT | MS_RDONLY, b"")

    def close(self) -> None:
        self._libc.umount2(os.fsencode(self.path), MNT_DETACH)

    def _mount(self, flags: int, data: bytes) -> None:
        if self._libc.mount(b"tmpfs", os.fsencode(self.path), b"tmpfs", flags, data):
            pytest.skip(f"no right to mount a tmpfs here: {os.strerror(ctypes.get_errno())}")


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """A megabyte."""
    path = tmp_path / "small"
    path.mkdir()
    mount = Mount(path)
    yield mount
    mount.close()


@pytest.fixture
def sweep_of(tmp_path: Path) -> Callable[..., Sweep]:
    """Write a sweep file and load it."""
    from sweep.config import load

    def load_text(text: str, *sets: str, folders: Sequence[Path] = ()) -> Sweep:
        path = tmp_path / "my.yaml"
        path.write_text(text)
        return load(path, sets, folders)

    return load_text
