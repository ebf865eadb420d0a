# SPDX-License-Identifier: MIT
"""Stores that refuse, are not there, or do not answer: one clear error within a bounded time, on stderr nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sweep import storage
from sweep.errors import RunError
from sweep.storage import location

ERRORS = {
    "AccessDenied": (403, r"access is denied", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"),
    "InvalidAccessKeyId": (403, r"access is denied", "set AWS_ACCESS_KEY_ID"),
    "SignatureDoesNotMatch": (403, r"access is denied", "set AWS_ACCESS_KEY_ID"),
    "ExpiredToken": (400, r"access is denied", "set AWS_ACCESS_KEY_ID"),
    "PermanentRedirect": (301, r"the bucket is in another region", r'add "\?region=..." to the location'),
    "SlowDown": (503, r"the store cannot be reached", "run the same command again"),
    "InternalError": (500, r"the store cannot be reached", "run the same command again"),
    "MethodNotAllowed": (405, r"the store refused", "run the same command again"),
}


class Stub(ThreadingHTTPServer):
    """Answers every request with one error of S3's, or not at all."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.code = "AccessDenied"
        self.hang = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)

    def uri(self) -> str:
        return f"s3://bucket/run?endpoint_override=127.0.0.1:{self.server_port}&scheme=http&region=eu-west-1"


class Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        server: Stub = self.server  # type: ignore[assignment]
        if server.code == "hang":
            server.hang.wait(120)
            return
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = f"<Error><Code>{server.code}</Code><Message>planted</Message></Error>".encode()
        self.send_response(ERRORS[server.code][0])
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer

    def log_message(self, *given: object) -> None:
        """Nothing."""


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr(location, "ATTEMPTS", 2)  # less to wait for
    server = Stub()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.hang.set()
    server.shutdown()
    server.server_close()
    thread.join(30)


@pytest.mark.parametrize("code", ERRORS)
def test_what_the_store_says_is_explained(stub: Stub, code: str, capfd: pytest.CaptureFixture[str]) -> None:
    stub.code = code
    _, reason, then = ERRORS[code]
    files = storage.open(stub.uri())
    with pytest.raises(RunError, match=rf'^"s3://bucket/run/.*" cannot be written: {reason}(.|\n)*\n  next: .*{then}'):
        _write(files)
    with pytest.raises(RunError, match=rf"cannot be read: {reason}(.|\n)*\n  next: .*{then}"):
        files.names("parts")
    if code != "MethodNotAllowed":  # a HEAD has no body: the store's word for it is lost
        with pytest.raises(RunError, match=r"cannot be read: "):
            files.get("parts/a")
    assert capfd.readouterr() == ("", "")


def test_a_store_that_does_not_answer(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.code = "hang"
    monkeypatch.setattr(location, "REQUEST_S", 1.0)
    with pytest.raises(RunError, match="the store cannot be reached"):
        storage.open(stub.uri()).names("parts")


def test_a_bucket_that_is_not_there(s3) -> None:
    files = storage.open(s3.uri().replace(s3.name, "no-such-bucket"))
    for use in (lambda: _write(files), lambda: files.names("parts"), lambda: files.put("a", bytes(30_000_000))):
        with pytest.raises(
            RunError, match=r"the bucket does not exist(.|\n)*next: make the bucket, or correct its name"
        ):
            use()


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid"])
def test_a_store_that_is_not_there(stub: Stub, host: str) -> None:
    files = storage.open(f"s3://bucket/run?endpoint_override={host}&scheme=http&region=eu-west-1")
    with pytest.raises(RunError, match=r"the store cannot be reached(.|\n)*see that network and endpoint_override"):
        _write(files)


def test_nothing_is_printed_when_the_process_ends_after_that() -> None:
    """By pyarrow's C++, that is: streams that are destroyed, a pool that is shut down."""
    code = (
        "import sys\nfrom sweep import storage\nfrom sweep.errors import SweepError\n"
        "from sweep.storage import location\nlocation.ATTEMPTS = 1\n"
        "files = storage.open('s3://bucket/run?endpoint_override=127.0.0.1:1&scheme=http&region=x')\n"
        "for size in (1, 30_000_000):\n"
        "    try: files.put('a', bytes(size))\n"
        "    except SweepError as error: print('said')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "said\nsaid\n", "")


def _write(files: storage.Files) -> None:
    with files.writing():
        pass
