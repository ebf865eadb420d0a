# SPDX-License-Identifier: MIT
"""From a location that a user types to its files: a path, file:///data/x, s3://bucket/x?region=..., gs://bucket/x.

The options after "?" are pyarrow's.  Credentials come from the environment and the configuration files of AWS or
Google, never from the location, which is printed, published and logged.  Every wait for a store has a time limit.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from sweep.errors import SweepError, did_you_mean

from . import errors, resume
from .files import Files
from .home import expanded
from .local import Local

if TYPE_CHECKING:
    from pyarrow import fs

SCHEMES = ("s3", "gs", "file")
OPTIONS = {
    "s3": ("region", "endpoint_override", "scheme", "tls_ca_file_path"),
    "gs": ("endpoint_override", "scheme", "project_id"),
    "file": (),
}
CONNECT_S, REQUEST_S, ATTEMPTS = 5.0, 10.0, 4  # of one request; attempts are spaced by a second or more
GS_RETRY_S = 15

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def open(location: str | Path | Files) -> Files:
    """The files at a path or URI.  Raises SweepError for an invalid location, RunError if its store cannot be used."""
    if isinstance(location, Path):
        location = expanded(location)
        if re.match(r"[a-z0-9]{2,}:/", str(location)):
            raise SweepError(f'location "{location}" was made a path, which URIs are not: give it as text')
        return _on_disk(location, str(location))
    if not isinstance(location, str):
        return location
    uri_match = _URI.match(location)
    if not uri_match:
        if not location or "\0" in location:
            raise _wrong(location, "is empty" if not location else "is not a path")
        if near_uri := re.match(r"(s3|gs|file):/?(?=[^/])", location, re.IGNORECASE):
            uri = f"{near_uri[1].lower()}://{location[near_uri.end() :]}"
            raise _wrong(
                location, "looks like a URI and is a path", f'  did you mean "{uri}"? The directory is "./{location}"'
            )
        location = expanded(location)
        return _on_disk(Path(location), location)
    scheme = uri_match[1].lower()
    if scheme not in SCHEMES:
        raise _wrong(
            location,
            f'has scheme "{uri_match[1]}", which is not known.{did_you_mean(scheme, SCHEMES)}',
            _known(SCHEMES),
        )
    return _local(location) if scheme == "file" else _remote(location, scheme)


def _split(location: str) -> SplitResult:
    try:
        return urlsplit(location)
    except ValueError as error:  # as of "[" without "]"
        raise _wrong(location, f"cannot be read: {error}") from error


def _on_disk(path: Path, location: str) -> Files:
    for folder in (path, *path.parents):
        if os.path.lexists(folder):
            if not os.path.isdir(folder):
                raise resume.not_a_directory_error(folder, location if folder == path else str(folder), location)
            break
    return Local(path, location)


def _local(location: str) -> Files:
    parts = _split(location)
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or not path.strip("/") or "\0" in path or parts.query or parts.fragment:
        raise _wrong(location, "is not a local one", "  as in: file:///data/runs/x")
    return _on_disk(Path(path), location)


def _remote(location: str, scheme: str) -> Files:
    parts = _split(location)
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise _wrong(location, f"cannot be read: {error}") from error
    user, separator, bucket = parts.netloc.rpartition("@")
    if separator and not (scheme == "gs" and user == "anonymous"):
        raise _wrong(
            f"{scheme}://...@{bucket}{parts.path}",
            "has credentials in it, which would be printed and published",
            "  next: leave them out and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", bucket):
        raise _wrong(
            location, "names no bucket" if not bucket else f'has "{bucket}" in place of a bucket', _like(scheme)
        )
    path = unquote(parts.path).strip("/")
    if parts.fragment or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise _wrong(location, 'needs a folder in the bucket, without "#", "//", "." and ".."', _like(scheme))
    options = dict(pairs)
    for name in options:
        if name not in OPTIONS[scheme]:
            raise _wrong(
                location,
                f'has option "{name}", which is not known.{did_you_mean(name, OPTIONS[scheme])}',
                _known(OPTIONS[scheme]),
            )
    if options.get("scheme", "https") not in ("http", "https"):
        raise _wrong(location, f'has scheme={options["scheme"]}: "http" or "https"')
    from .objects import Objects

    make_filesystem = _s3 if scheme == "s3" else _gs
    try:
        return Objects(make_filesystem(bucket, user == "anonymous", options), f"{bucket}/{path}", location)
    except (OSError, ValueError) as error:  # ArrowInvalid is a ValueError
        raise errors.store_error(error, f'"{location}"', "opened") from error


def _s3(bucket: str, anonymous: bool, options: dict[str, str]) -> fs.FileSystem:
    from pyarrow import fs

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint and "endpoint_override" not in options:
        scheme, _, host = endpoint.rpartition("://")
        options = {**options, "scheme": scheme or "https", "endpoint_override": host.rstrip("/")}
    region = options.pop("region", None) or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region and "endpoint_override" not in options:  # at AWS a bucket has one region and answers there only
        region = fs.resolve_s3_region(bucket)
    return fs.S3FileSystem(
        **options,
        region=region,
        connect_timeout=CONNECT_S,
        request_timeout=REQUEST_S,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        allow_delayed_open=True,  # a small object is then one put
        background_writes=True,  # else a close after a part that did not go up makes an object of the others
    )


def _gs(bucket: str, anonymous: bool, options: dict[str, str]) -> fs.FileSystem:
    from pyarrow import fs

    return fs.GcsFileSystem(anonymous=anonymous, **options, retry_time_limit=timedelta(seconds=GS_RETRY_S))


def _wrong(location: str, why: str, more: str = "") -> SweepError:
    return SweepError(f'location "{location}" {why}' + (f"\n{more}" if more else ""))


def _known(names: tuple[str, ...]) -> str:
    return f"  known: {', '.join(names)}"


def _like(scheme: str) -> str:
    return f"  as in: {scheme}://bucket/runs/x"
