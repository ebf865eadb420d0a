# SPDX-License-Identifier: MIT
"""Addresses and tokens that are none are told in a line each, and nothing in them is obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.errors import SweepError
from sweep.jobs.submission.address import address as read_address


@pytest.fixture(autouse=True)
def _no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "address",
    [
        "http://[::1",
        "http://head:abc",
        "http://head:99999",
        "http://head:0",
        "http://head:-1",
        "http://me:secret@head:8265",
        "http://me:secret@head:abc",
        "http://head:8265/\x1b[31m",
        "http://he\nad:8265",
        "http://head:8265\r\nX: y",
        "http://h\u202eead:8265",
        "http://\u200bhead:8265",
        "http://head:8265/?x=1",
        "http://head:8265#x",
        "http://he ad:8265",
        "http://a..b:8265",
        f"http://{'a' * 64}:8265",
        "http://[fe80::1%25eth0]x:1",
        "http://\udcff:8265",
        "\x00",
    ],
)
def test_an_address_that_is_malformed_is_told_in_a_line(address: str) -> None:
    with pytest.raises(SweepError, match=r'address ".*" is not one of a Jobs API: ') as caught:
        read_address(address)
    first, *rest = str(caught.value).split("\n")
    assert caught.value.exit_code == 2
    assert len(rest) == 1
    assert first.isprintable()
    assert "secret" not in first


@pytest.mark.parametrize("token", ["a\nb", "é", "\x1b[31m", "x\u202e", "\udcff"])
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_token_that_is_none(token: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is not repeated."""
    if place == "environment":
        monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    else:
        (tmp_path / "token").write_text(token, encoding="utf-8", errors="surrogateescape")
        monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    with pytest.raises(SweepError, match=r"the token in .* is none: it has line ends or ch") as caught:
        read_address("http://127.0.0.1:1")
    assert caught.value.exit_code == 2
    assert all(line.isprintable() for line in str(caught.value).split("\n"))


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
    assert not read_address(address).in_clear  # there is none
    monkeypatch.setenv("RAY_AUTH_TOKEN", "typed")
    assert read_address(address).in_clear is clear
