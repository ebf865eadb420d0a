# SPDX-License-Identifier: MIT
"""The client of a cluster's Jobs API: checks that it is there, accepts the token and runs the same Ray.

The token goes to the address that was typed and nowhere else: no request follows a redirect, takes a proxy, or looks
for other credentials (~/.netrc).  Ray's own client would do all of that; it also has no timeout, prefers RAY_ADDRESS to
the address it is given, and reports errors in terms of its internals.  So one plain request first finds what is wrong,
and then the requests of Ray's client are made here.

Source: Ray 2.60, whose client makes all of its requests in `_do_request`, but for the log's.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import getproxies

from sweep import records
from sweep.errors import RunError
from sweep.jobs.store.provenance import versions
from sweep.safe_text import visible_line

from .address import LOOKED_IN, TOKEN_FILE, Address

TIMEOUT_S = 10.0
UNKNOWN, REFUSED = 401, 403  # answers to no token and to a wrong one
OK, ABNORMAL = 200, 1006  # the latter of a WebSocket: closed without a word
REDIRECTS = range(300, 400)
OVERRIDES = ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS")  # Ray's client would rather have these than its argument
VERSION = re.compile(r"\d[\w.+-]{0,30}", re.ASCII)
SHOWN = 200  # characters of what a server says


def connect(address: Address) -> Any:
    """A `ray.job_submission.JobSubmissionClient` of the cluster at `address`.

    Raises RunError if the extra is missing here, if nobody answers there, if it points elsewhere, if the token is
    missing or wrong, or if the cluster runs another Ray.
    """
    if importlib.util.find_spec("aiohttp") is None:
        raise RunError(
            "submitting needs the parts of Ray that speak to clusters, and they are not installed\n"
            f"  next: pip install 'ray[default]=={versions()['ray']}', or this package with its extra: 'sweep[cluster]'"
        )
    theirs, ours = _version(address), versions()["ray"]
    if theirs != ours:
        raise RunError(
            f'the cluster at {address.url} runs Ray "{_short(theirs)}", this is {ours}\n'
            f"  next: {_install(theirs)}put {ours} on the cluster"
        )
    with _without(OVERRIDES):
        return _client(address)


def request(method: str, url: str, timeout_s: float | None = None, **options: Any) -> Any:
    """A `requests.Response` of this very `url`.  Raises RunError for a redirect, `requests.RequestException`."""
    import requests

    with requests.Session() as session:
        session.trust_env = False  # neither proxies nor ~/.netrc
        answer = session.request(method, url, timeout=timeout_s, allow_redirects=False, **options)
    if answer.status_code in REDIRECTS:
        raise _points_elsewhere(url, answer.headers.get("Location", ""))
    return answer


def _client(address: Address) -> Any:
    from aiohttp import ClientSession, TraceConfig, WSMsgType
    from ray.exceptions import AuthenticationError
    from ray.job_submission import JobSubmissionClient

    for handler in logging.getLogger("ray").handlers:
        handler.setLevel(logging.ERROR)  # its parts say what they upload, each at a level of its own

    async def refuse(session: Any, context: Any, params: Any) -> None:
        raise _points_elsewhere(str(params.url), params.response.headers.get("Location", ""))

    class Client(JobSubmissionClient):
        """Ray's client with requests that go where they are sent."""

        def _do_request(
            self, method: str, endpoint: str, *, data: Any = None, json_data: Any = None, **options: Any
        ) -> Any:
            url = address.url + endpoint
            answer = request(method, url, data=data, json=json_data, headers=address.headers, **options)
            if answer.status_code in (UNKNOWN, REFUSED):
                raise AuthenticationError(_token_error(address, answer.status_code))
            return answer

        async def tail_job_logs(self, job_id: str) -> AsyncIterator[str]:
            """The log as it is written, in pieces.  Raises RuntimeError or aiohttp's ClientError if it breaks off."""
            tracing = TraceConfig()
            tracing.on_request_redirect.append(refuse)
            url = f"{address.url}/api/jobs/{job_id}/logs/tail"
            async with (
                ClientSession(headers=address.headers, trust_env=False, trace_configs=[tracing]) as session,
                session.ws_connect(url) as socket,
            ):
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        yield message.data
                if socket.close_code == ABNORMAL:
                    raise RuntimeError("the connection was closed unexpectedly")

    return Client(address.url, headers=address.headers)


def _version(address: Address) -> str:
    """Which Ray the cluster runs.  Raises RunError."""
    from requests import RequestException

    try:
        answer = request("GET", f"{address.url}/api/version", TIMEOUT_S, headers=address.headers)
    except (RequestException, OSError, ValueError) as error:
        proxies = [name for name in ("http", "https", "all") if name in getproxies()]
        unused = f"  {proxies[0]}_proxy is set and not used: the token goes to no third party\n" if proxies else ""
        raise RunError(
            f'no Jobs API at "{address.url}": {_why(error)}\n{unused}'
            "  next: is the cluster up (ray status on the head), and is the tunnel (ray dashboard cluster.yaml)?"
        ) from error
    if answer.status_code in (UNKNOWN, REFUSED):
        raise RunError(_token_error(address, answer.status_code))
    if answer.status_code != OK:
        raise RunError(f'"{address.url}" answers with status {answer.status_code}: it is no Jobs API')
    try:
        return str(records.read(answer.content, required=("ray_version",))["ray_version"])
    except records.RecordError as error:
        raise RunError(f'"{address.url}" answers, but it is no Jobs API of Ray') from error


def _install(theirs: str) -> str:
    """The command that installs that Ray here; "" if `theirs`, which the server sent, is not a version."""
    return f"pip install 'ray[default]=={theirs}' here, or " if VERSION.fullmatch(theirs) else ""


def _token_error(address: Address, status: int) -> str:
    complaint = "asks for a token, and none was found" if status == UNKNOWN else "does not accept the token"
    return (
        f"the cluster at {address.url} {complaint}\n  looked in: {LOOKED_IN}\n"
        f"  next: put the head's {TOKEN_FILE} there, readable by you alone (chmod 600)"
    )


def _points_elsewhere(url: str, target: str) -> RunError:
    return RunError(
        f'"{_short(url)}" points to "{_short(target)}", where the token was not sent\n'
        "  next: if that is the cluster, give its address"
    )


def _why(error: BaseException) -> str:
    """The message of the innermost system error in the chain of `error`, or else of `error`."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None and inner not in chain:
        chain.append(inner)
    system_message = next(
        (link.strerror for link in reversed(chain) if isinstance(link, OSError) and link.strerror), ""
    )
    return _short(system_message or str(error))


def _short(text: str) -> str:
    return visible_line(text[:SHOWN])


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """Inside the block, the environment lacks these variables."""
    removed = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(removed)
