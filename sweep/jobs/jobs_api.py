# SPDX-License-Identifier: MIT
"""A cluster's Jobs API, as a client sees it: is it there, does it know us, is it the same Ray.

What can be wrong is asked for in one plain request, before Ray's own client is imported: that client has no timeout,
prefers RAY_ADDRESS to the address it is given, and says what is wrong in the words of its parts.

Not modelled: certificates of one's own for https; a proxy that asks for more than the token.
Source: Ray 2.60.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from sweep.errors import RunError, SweepError
from sweep.foreign import is_plain

from .provenance import versions

TIMEOUT_S = 10.0
UNKNOWN, REFUSED = 401, 403  # answers to no token and to a wrong one
OVERRIDES = ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS")  # Ray's client would rather have these than its argument
TOKEN_FILE = "~/.ray/auth_token"


def connect(address: str) -> Any:
    """A `ray.job_submission.JobSubmissionClient` of the cluster at `address`, http://HOST:PORT.

    Raises SweepError if the address is none, RunError if the extra is missing here, if nobody answers there, if the
    token is missing or wrong, or if the cluster runs another Ray.
    """
    address = address.rstrip("/")
    if not _is_one(address):
        raise SweepError(
            f'address "{address}" is not one of a Jobs API: http://HOST:PORT, the port is 8265 unless said otherwise\n'
            "  next: ray dashboard cluster.yaml makes a tunnel to it; then --address http://localhost:8265"
        )
    if importlib.util.find_spec("aiohttp") is None:
        raise RunError(
            "submitting needs the parts of Ray that speak to clusters, and they are not installed\n"
            f"  next: pip install 'ray[default]=={versions()['ray']}', or this package with its extra: 'sweep[cluster]'"
        )
    headers = _headers()
    theirs, ours = _version(address, headers), versions()["ray"]
    if theirs != ours:
        raise RunError(
            f'the cluster at {address} runs Ray "{theirs}", this is {ours}\n'
            f"  next: pip install 'ray[default]=={theirs}' here, or put {ours} on the cluster"
        )
    with _without(OVERRIDES):
        from ray.job_submission import JobSubmissionClient

        for handler in logging.getLogger("ray").handlers:
            handler.setLevel(logging.ERROR)  # its parts say what they upload, each at a level of its own
        return JobSubmissionClient(address, headers=headers)


def _is_one(address: str) -> bool:
    """Whether it is of the form http://HOST:PORT."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # which is read only now
        (parts.hostname or "").encode("idna")
    except ValueError:  # brackets without end, a port that is no number, a host that no name server knows of
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain(address) and " " not in address


def in_clear(address: str) -> bool:
    """Whether the token would travel to another machine unencrypted."""
    parts = urlsplit(address)
    if parts.scheme != "http" or parts.hostname == "localhost" or not _headers():
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return True


def _headers() -> dict[str, str]:
    """What shows who we are: the token, looked for where Ray looks for it; nothing if there is none.

    RAY_AUTH_MODE=token need not be set for it, but "disabled" is obeyed.
    """
    if os.environ.get("RAY_AUTH_MODE") == "disabled":
        return {}
    token = os.environ.get("RAY_AUTH_TOKEN", "")
    if not token:
        path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or TOKEN_FILE).expanduser()
        try:
            token = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise RunError(f'the token in "{path}" cannot be read: {error.strerror}') from error
    return {"Authorization": f"Bearer {token.strip()}"}


def _version(address: str, headers: dict[str, str]) -> str:
    """Which Ray the cluster runs.  Raises RunError."""
    try:
        with urlopen(Request(f"{address}/api/version", headers=headers), timeout=TIMEOUT_S) as answer:
            return str(json.load(answer)["ray_version"])
    except HTTPError as error:
        error.close()
        if error.code not in (UNKNOWN, REFUSED):
            raise RunError(f'"{address}" answers with status {error.code}: it is no Jobs API') from error
        what = "asks for a token, and none was found" if error.code == UNKNOWN else "does not accept the token"
        raise RunError(
            f"the cluster at {address} {what}\n  looked in: RAY_AUTH_TOKEN, the file that RAY_AUTH_TOKEN_PATH names, "
            f"{TOKEN_FILE}\n  next: put the head's {TOKEN_FILE} there, readable by you alone (chmod 600)"
        ) from error
    except (OSError, URLError) as error:
        reason = getattr(error, "reason", error)
        raise RunError(
            f'no Jobs API at "{address}": {getattr(reason, "strerror", None) or reason}\n'
            "  next: is the cluster up (ray status on the head), and is the tunnel (ray dashboard cluster.yaml)?"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f'"{address}" answers, but it is no Jobs API of Ray') from error


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """The environment without these, for a while."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
