"""A small HTTP door for the tests: what the web room does with `transport`, without who may."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from appliance.git import transport

HOME = Path(os.environ["DOOR_HOME"])
FOLDER = Path(os.environ["DOOR_FOLDER"])
LIMITS = transport.TransferLimits(
    push_size_bytes=int(os.environ.get("DOOR_PUSH_BYTES", "1000000000"))
)
PUSH = transport.Push("capability", Path(os.environ.get("DOOR_SOCKET", "none")), HOME, "seed")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    path, protocol = environ["PATH_INFO"], environ.get("HTTP_GIT_PROTOCOL", "")
    start_response("200 OK", [("Content-Type", _content_type(path, environ["QUERY_STRING"]))])
    if path.endswith("/info/refs"):
        service = transport.Service(environ["QUERY_STRING"].removeprefix("service="))
        return transport.advertise(FOLDER, service, protocol=protocol)
    encoding = environ.get("HTTP_CONTENT_ENCODING", "")
    body = transport.plain_body(environ["wsgi.input"], encoding=encoding, limits=LIMITS)
    if path.endswith("/git-receive-pack"):
        return transport.receive(FOLDER, body, protocol=protocol, push=PUSH, limits=LIMITS)
    return transport.fetch(FOLDER, body, protocol=protocol, limits=LIMITS)


def _content_type(path: str, query: str) -> str:
    if path.endswith("/info/refs"):
        return f"application/x-{query.removeprefix('service=')}-advertisement"
    return f"application/x-{path.rpartition('/')[2]}-result"
