# SPDX-License-Identifier: MIT
"""Locations as users type them: what is wrong is said at once, with what would be right, and without a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sweep import storage
from sweep.errors import SweepError

WRONG = {
    "hdfs://name/x": 'location "hdfs://name/x" has scheme "hdfs", which is not known.\n  known: s3, gs, file',
    "s4://bucket/x": '"s4", which is not known',
    "http://bucket/x": '"http"',
    "s3://": "names no bucket\n  as in: s3://bucket/runs/x",
    "s3:///x": "names no bucket",
    "s3://my bucket/x": '"my bucket" in place of a bucket',
    "s3://bucket": "needs a folder in the bucket",
    "s3://bucket/": "needs a folder in the bucket",
    "s3://bucket/a//b": "needs a folder",
    "s3://bucket/a/../b": "needs a folder",
    "s3://bucket/a%2F..%2Fb": "needs a folder",
    "s3://bucket/a#b": "needs a folder",
    "s3://bucket/x?regoin=eu-west-1": '"regoin", which is not known. Did you mean "region"?\n  known: region,',
    "s3://bucket/x?region": "cannot be read",
    "s3://bucket/x?scheme=ftp": "scheme=ftp",
    "gs://bucket/x?region=eu": '"region", which is not known',
    "gs://": "names no bucket",
    "file://host/x": "is not a local one",
    "file://": "is not a local one",
    **{f"{scheme}://[x/y": "cannot be read" for scheme in ("file", "s3", "gs")},
    "file:///x?region=eu": "is not a local one",
    "": "is empty",
    "a\0b": "is not a path",
}


@pytest.mark.parametrize("location", WRONG)
def test_wrong_ones(location: str) -> None:
    with pytest.raises(SweepError) as caught:
        storage.open(location)
    assert caught.value.exit_code == 2
    assert WRONG[location] in str(caught.value)


def test_credentials_are_refused_and_not_repeated() -> None:
    with pytest.raises(SweepError, match="has credentials in it") as caught:
        storage.open("s3://AKIA123:geheim@bucket/x")
    assert not re.search("AKIA|geheim", str(caught.value))
    assert "set AWS_ACCESS_KEY_ID" in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("s3:/b/x", "s3://b/x"), ("S3:b/x", "s3://b/x"), ("gs:/b/x", "gs://b/x"), ("file:x", "file://x")],
)
def test_a_uri_with_a_slash_too_few(typed: str, meant: str) -> None:
    """It would become a directory "s3:" here, while the bucket stays empty."""
    with pytest.raises(SweepError, match=f'did you mean "{meant}"') as caught:
        storage.open(typed)
    assert caught.value.exit_code == 2
    assert storage.open(f"./{typed}").path == Path(typed)


def test_a_uri_that_was_made_a_path() -> None:
    with pytest.raises(SweepError, match=r'location "s3:/bucket/x" was made a path'):
        storage.open(Path("s3://bucket/x"))


@pytest.mark.parametrize("path", ["runs/x", "/tmp/x", "./s3/x", "C:x", "a:b/c"])
def test_paths(path: str) -> None:
    assert storage.open(path).path == Path(path)
    assert str(storage.open(Path(path))) == str(Path(path))


def test_options_are_taken(s3: object, monkeypatch: pytest.MonkeyPatch) -> None:
    files = storage.open(s3.uri("deep/er%20folder") + "&region=eu-central-1")  # type: ignore[attr-defined]
    files.put("a", b"x")
    assert s3.objects() == ["deep/er folder/a"]  # type: ignore[attr-defined]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3.port}")  # type: ignore[attr-defined]
    assert storage.open(f"s3://{s3.name}/deep/er%20folder").get("a") == b"x"  # type: ignore[attr-defined]


def test_google_s_store_opens_without_a_word_to_it() -> None:
    files = storage.open("gs://anonymous@bucket/run?endpoint_override=127.0.0.1:1&scheme=http")
    assert files.at("a") == "gs://anonymous@bucket/run/a?endpoint_override=127.0.0.1:1&scheme=http"


def test_what_stands_on_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "dangling").symlink_to("/nowhere/x")
    for way, what in (("file", "is a file"), ("dangling", 'is a link to "/nowhere/x", which is not there')):
        for location in (f"{tmp_path}/{way}/run", f"file://{tmp_path}/{way}/a/run"):
            with pytest.raises(SweepError) as caught:
                storage.open(location)
            assert caught.value.exit_code == 2
            assert f'"{tmp_path}/{way}" {what}, and "{location}" would lie in it' in str(caught.value)
    assert str(storage.open(tmp_path / "not" / "yet")) == f"{tmp_path}/not/yet"
