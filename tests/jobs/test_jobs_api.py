# SPDX-License-Identifier: MIT
"""What can be wrong between here and a cluster is said in one message each, before anything is sent."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sweep.errors import RunError, SweepError
from sweep.jobs.jobs_api import connect, in_clear
from sweep.jobs.provenance import versions


@dataclass
class Server:
    """Something that answers like a cluster's Jobs API, or not quite."""

    address: str = ""
    status: int = 200
    body: bytes = b""
    seen: list[str | None] = field(default_factory=list)  # Authorization headers


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server(body=json.dumps({"version": "4", "ray_version": versions()["ray"]}).encode())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.seen.append(self.headers["Authorization"])
            self.send_response(state.status)
            self.end_headers()
            self.wfile.write(state.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield state
    listening.shutdown()
    thread.join(10)
    listening.server_close()


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


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b"\xff"])
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


@pytest.mark.parametrize(
    ("address", "clear"),
    [
        ("http://10.0.0.5:8265", True),
        ("http://head.example:8265", True),
        ("https://head.example", False),
        ("http://localhost:8265", False),
        ("http://127.0.0.1:8265", False),
        ("http://[::1]:8265", False),
    ],
)
def test_whether_the_token_travels_in_clear(address: str, clear: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not in_clear(address)  # there is none
    monkeypatch.setenv("RAY_AUTH_TOKEN", "typed")
    assert in_clear(address) is clear
