"""Server-Sent Events: how they are written, and how a client's connection is given to who writes.

A thread of the web door is too dear to wait for hours. So the door asks who may, and then gives the
connection itself to the process that serves all listeners (`web/event_server.py`), over a local
socket. Source: HTML, section 9.2; unix(7), SCM_RIGHTS.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.services.listening import Frame, Listener

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MEDIA_TYPE = "text/event-stream"
CONNECTION = "gunicorn.socket"
GIVEN_AWAY = "codara.given_away"
PATIENCE_SECONDS = 2.0
LONGEST_NOTE = 4096
TAKEN, FULL = b"taken", b"full"
COMES_AGAIN_MILLISECONDS = 2000
HEARTBEAT = b":\n\n"
END = b": You may not listen here any more.\n\n"


class GivingAway:
    """Writes nothing to a connection that was given away. Keeps nothing between requests."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, unless its connection was given away."""
        answer = self._app(environ, start_response)
        if environ.get(GIVEN_AWAY):
            if hasattr(answer, "close"):
                answer.close()
            # What gunicorn takes for a connection that is over, without a word on it.
            raise StopIteration
        return answer


def give(environ: WSGIEnvironment, listener: Listener, door: Path) -> bytes:
    """Give a request's connection to the process of listeners; gives its answer, none if it is not
    there, or if there is no connection of our own.
    """
    connection = environ.get(CONNECTION)
    if connection is None:
        return b""
    note = json.dumps(listener.spelled()).encode()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
            line.settimeout(PATIENCE_SECONDS)
            line.connect(os.fspath(door))
            socket.send_fds(line, [note], [connection.fileno()])
            answer = line.recv(16)
    except OSError:
        return b""
    if answer == TAKEN:
        connection.give_away()
        environ[GIVEN_AWAY] = True
    return answer


def take(line: socket.socket) -> tuple[Listener, socket.socket]:
    """A listener and their connection, at the other end.

    Errors:
        OSError, ValueError: nothing of that kind came.
    """
    note, descriptors, _flags, _address = socket.recv_fds(line, LONGEST_NOTE, 1)
    if not descriptors:
        raise ValueError("no connection")
    connection = socket.socket(fileno=descriptors[0])
    return Listener(**json.loads(note)), connection


def beginning(position: str) -> bytes:
    """What every listener is told first: when to come again, and from where."""
    return f"retry: {COMES_AGAIN_MILLISECONDS}\nid: {position}\n\n".encode()


def written(frame: Frame) -> bytes:
    """One event."""
    data = json.dumps(frame.payload, separators=(",", ":"))
    return f"id: {frame.position}\nevent: {frame.name}\ndata: {data}\n\n".encode()


def head(headers: dict[str, Any]) -> bytes:
    """The head of the answer, where nobody else writes it."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode("latin-1")
