# SPDX-License-Identifier: MIT
"""What can be wrong between here and a cluster is said in one message each, before anything is sent."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sweep.errors import RunError, SweepError
from sweep.jobs.store.provenance import versions
from sweep.jobs.submission import api
from sweep.jobs.submission.address import address as read_address


def connect(address: str) -> object:
    return api.connect(read_address(address))


@dataclass
class Server:
    """Something that answers like a cluster's Jobs API, or not quite."""

    address: str = ""
    status: int = 200
    body: bytes = b""
    seen: list[str | None] = field(default_factory=list)  # Authorization headers
    paths: list[str] = field(default_factory=list)
    location: str = ""  # where it points


@contextmanager
def serving() -> Iterator[Server]:
    state = Server(body=json.dumps({"version": "4", "ray_version": versions()["ray"]}).encode())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.seen.append(self.headers["Authorization"])
            state.paths.append(self.path)
            self.send_response(state.status)
            if state.location:
                self.send_header("Location", state.location)
            self.end_headers()
            self.wfile.write(state.body)

        do_POST = do_PUT = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        listening.shutdown()
        thread.join(10)
        listening.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as state:
        yield state


@pytest.fixture
def other() -> Iterator[Server]:
    """A server that nobody has named."""
    with serving() as state:
        yield state


@pytest.fixture(autouse=True)
def _no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("address", ["", "auto", "ray://head:10001", "head:8265", "ftp://head", "http://"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(SweepError, match=r'address ".*" is not one of a Jobs API') as caught:
        connect(address)
    assert caught.value.exit_code == 2


def test_nobody_there() -> None:
    """Nobody listens on port 1."""
    with pytest.raises(RunError, match=r'no Jobs API at "http://127\.0\.0\.1:1": Connection refused\n  next: '):
        connect("http://127.0.0.1:1")


@pytest.mark.parametrize(("status", "said"), [(401, "asks for a token, and none was found"), (403, "does not accept")])
def test_a_token_that_is_missing_or_wrong(server: Server, status: int, said: str) -> None:
    server.status = status
    with pytest.raises(RunError, match=said) as caught:
        connect(server.address)
    assert "RAY_AUTH_TOKEN, the file that RAY_AUTH_TOKEN_PATH names, ~/.ray/auth_token" in str(caught.value)


def test_another_ray(server: Server) -> None:
    server.body = b'{"ray_version": "2.9.3"}'
    with pytest.raises(RunError, match=r'runs Ray "2\.9\.3", this is .*\n  next: pip install'):
        connect(server.address)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b"\xff", b"[" * 100_000, b"9" * 10_000])
def test_something_else_answers(server: Server, body: bytes) -> None:
    server.body = body
    with pytest.raises(RunError, match="it is no Jobs API of Ray"):
        connect(server.address)


def test_a_web_server_answers(server: Server) -> None:
    server.status = 404
    with pytest.raises(RunError, match="answers with status 404: it is no Jobs API"):
        connect(server.address)


def test_the_extra_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RunError, match=r"not installed\n  next: pip install 'ray\[default\]==\d"):
        connect("http://127.0.0.1:1")


def test_the_token_is_looked_for_where_ray_looks(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.status = 403

    def sent() -> str | None:
        with pytest.raises(RunError):
            connect(server.address + "/")
        return server.seen.pop()

    assert sent() is None
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("at home\n")
    assert sent() == "Bearer at home"
    (tmp_path / "other").write_text("elsewhere")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "other"))
    assert sent() == "Bearer elsewhere"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "typed")
    assert sent() == "Bearer typed"
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert sent() is None


def test_a_token_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path))
    with pytest.raises(RunError, match=r'the token in ".*" cannot be read: Is a directory'):
        connect("http://127.0.0.1:1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("token", ["", "SECRET"])
def test_no_redirect_is_followed(
    server: Server, other: Server, status: int, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    server.status, server.location = status, f"{other.address}/\x1b[31mevil"
    with pytest.raises(RunError, match=r'points to "http://127\.0\.0\.1:\d+/\\x1b\[31mevil", where') as caught:
        connect(server.address)
    assert "\x1b" not in str(caught.value)
    assert other.seen == []


def test_no_later_request_follows_one(server: Server, other: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of the job, nor of an upload, nor of the log."""
    monkeypatch.setenv("RAY_AUTH_TOKEN", "SECRET")
    client = connect(server.address)
    server.status, server.location = 307, other.address

    async def tail() -> None:
        async for _ in client.tail_job_logs("job"):  # type: ignore[attr-defined]
            pass

    def upload() -> None:
        client._do_request("PUT", "/api/packages/gcs/x.zip", data=b"sources")  # type: ignore[attr-defined]

    for what in (
        lambda: client.submit_job(entrypoint="true"),  # type: ignore[attr-defined]
        lambda: client.get_job_info("job"),  # type: ignore[attr-defined]
        upload,
        lambda: asyncio.run(tail()),
    ):
        with pytest.raises(RunError, match=f'points to "{other.address}"'):
            what()
    assert other.seen == []
    assert set(server.seen) == {"Bearer SECRET"}


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"])
def test_no_proxy_sees_the_token(server: Server, other: Server, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "SECRET")
    monkeypatch.setenv(name, other.address)
    monkeypatch.delenv("no_proxy", raising=False)
    client = connect(server.address)
    client._do_request("GET", "/api/version")  # type: ignore[attr-defined]
    assert set(server.seen) == {"Bearer SECRET"}
    with pytest.raises(RunError, match=r"no Jobs API at .*\n  \w+_proxy is set and not used"):
        connect("http://nowhere.invalid:8265")
    assert other.seen == []


def test_no_other_credentials_are_sent(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ~/.netrc, which the HTTP library would look into, in place of the token or where there is none."""
    (tmp_path / ".netrc").write_text("default login me password mine\n")
    (tmp_path / ".netrc").chmod(0o600)
    connect(server.address)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "typed")
    server.seen.clear()
    connect(server.address)
    assert set(server.seen) == {"Bearer typed"}


def test_what_a_server_says_is_shown_and_not_obeyed(server: Server) -> None:
    server.body = json.dumps({"ray_version": "1'; rm -rf ~ #\x1b[2J"}).encode()
    with pytest.raises(RunError, match=r"runs Ray") as caught:
        connect(server.address)
    assert "\x1b" not in str(caught.value)
    assert "pip install" not in str(caught.value)
