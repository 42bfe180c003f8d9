"""The API of one appliance, as one user: requests, problems, pages and events."""

from __future__ import annotations

import http.client
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from codara_client.errors import (
    ClientError,
    InvalidNameError,
    MovedError,
    ProblemError,
    ProposedError,
    UnavailableError,
)
from codara_client.events import Event, Place, events
from codara_client.transport import Answer, Body, Http, Transport

VERSION = "0.1.0"
API = "/api/v1"
PAGE_LIMIT = "100"
CHUNK_BYTES = 1024 * 1024
LONGEST_PAUSE_SECONDS = 60.0
STRANGER = "What answered there is no Codara Appliance. Check the address."
EVENTS = "text/event-stream"
JSON = "application/json"
FILE = "application/octet-stream"
NO_NAMES = frozenset({".", ".."})
"""What makes another path of a path. Source: RFC 3986, section 5.2.4."""
BROKEN = (OSError, http.client.HTTPException)


class Client:
    """The API of one appliance, as one user. Keeps nothing between calls."""

    def __init__(
        self,
        transport: Transport,
        credentials: Mapping[str, str],
        *,
        agent: str = f"codara_client/{VERSION}",
    ) -> None:
        self._transport = transport
        self._usual = {"Accept": JSON, "User-Agent": agent, **credentials}

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | IO[bytes] | None = None,
    ) -> Any:
        """What `METHOD /api/v1/PATH` answers, parsed; None where there is no body. `content` is a
        file that is sent as it is, in place of a body.

        Errors:
            ProblemError: the appliance said no.
            ProposedError: another administrator must confirm it first.
            UnavailableError: it does not answer.
        """
        sent = content if body is None else json.dumps(body).encode()
        kind = {} if sent is None else {"Content-Type": FILE if body is None else JSON}
        answer = self.open(method, path, sent, query=query, headers={**kind, **(headers or {})})
        try:
            text = answer.body.read()
            said = json.loads(text) if text else None
        except BROKEN as error:
            raise UnavailableError(f"The appliance stopped in the middle: {error}.") from error
        except ValueError as error:
            raise UnavailableError(STRANGER) from error
        finally:
            answer.body.close()
        if answer.status == HTTPStatus.ACCEPTED and isinstance(said, dict) and "proposal" in said:
            raise ProposedError(said["proposal"])
        return said

    def each(self, path: str, *, query: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """Every item of a list, over all of its pages."""
        asked = {"limit": PAGE_LIMIT, **(query or {})}
        while True:
            page = self.call("GET", path, query=asked)
            yield from page["items"]
            if not page.get("next"):
                return
            asked["cursor"] = page["next"]

    def open(
        self,
        method: str,
        path: str,
        body: bytes | IO[bytes] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The same without parsing: for what is large or no JSON. The caller closes the body.

        Errors:
            ProblemError, UnavailableError: as for `call`.
        """
        given = {key: _spelled(value) for key, value in (query or {}).items() if value is not None}
        target = API + path + (f"?{urlencode(given, doseq=True)}" if given else "")
        sent = {**self._usual, **(headers or {})}
        answer = self._transport.exchange(method, target, sent, body)
        if moved := _new_target(answer):
            answer.body.close()
            if method == "DELETE":
                raise MovedError(_named(moved))
            answer = self._transport.exchange(method, moved, sent, body)
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            try:
                raise _problem(answer)
            finally:
                answer.body.close()
        return answer

    def download(self, path: str, into: IO[bytes], **options: Any) -> None:
        """Write what `GET /api/v1/PATH` answers into a file."""
        answer = self.open("GET", path, **options)
        try:
            shutil.copyfileobj(answer.body, into, CHUNK_BYTES)
        except BROKEN as error:
            raise UnavailableError(f"Not all of it came: {error}.") from error
        finally:
            answer.body.close()

    def watch_events(
        self,
        owner: str,
        name: str,
        *,
        after: str = "",
        pause: Callable[[float], object] = time.sleep,
    ) -> Iterator[Event]:
        """What happens in a repository, as it happens, for ever: from now on, or after the event
        with that id. A connection that breaks, or an appliance that is away, is waited for, and
        nothing is missed. `pause` waits so many seconds; what it raises ends the listening.

        Errors:
            ProblemError: there is no such repository, or it may no longer be listened to.
        """
        path, place, failures = f"{repository(f'{owner}/{name}')}/events", Place(after), 0
        while True:
            try:
                for event in events(self._chunks(path, place), place):
                    failures = 0
                    yield event
                wait = place.pause_seconds
            except (UnavailableError, ProblemError) as error:
                wait = _before_next(error, place.pause_seconds * 2**failures)
                failures += 1
            pause(min(wait, LONGEST_PAUSE_SECONDS))

    def _chunks(self, path: str, place: Place) -> Iterator[bytes]:
        """What one connection brings, until it ends or breaks: both are the same to a listener."""
        heard = {"Last-Event-ID": place.last_id} if place.last_id else {}
        answer = self.open("GET", path, headers={"Accept": EVENTS, **heard})
        try:
            if not answer.headers.get("Content-Type", "").startswith(EVENTS):
                raise UnavailableError(STRANGER)
            while chunk := _next_chunk(answer.body):
                yield chunk
        finally:
            answer.body.close()


def connect(url: str, token: str, *, ca: str = "") -> Client:
    """The appliance at an address, as whom the token belongs to. `ca` names the file with the
    certificate of your own authority (PEM).
    """
    return Client(Http(url, ca), {"Authorization": f"Bearer {token}"})


def segment(name: str) -> str:
    """A name as one segment of a path.

    Errors:
        InvalidNameError: it would lead elsewhere.
    """
    if name in NO_NAMES:
        raise InvalidNameError(f"{name!r} is no name of anything there.")
    return quote(name, safe="")


def repository(path: str) -> str:
    """`OWNER/NAME` as the API's path of that repository."""
    owner, _, name = path.partition("/")
    return f"/repos/{segment(owner)}/{segment(name)}"


def _spelled(value: Any) -> Any:
    """A value of a query as JSON would spell it: `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else value


def _next_chunk(body: Body) -> bytes:
    try:
        return body.read1(CHUNK_BYTES)
    except BROKEN:
        return b""


def _before_next(error: ClientError, usual_seconds: float) -> float:
    """How long to wait before one listens again.

    Errors:
        ProblemError: it was this, and waiting does not help.
    """
    if not isinstance(error, ProblemError):
        return usual_seconds
    if error.status not in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        raise error
    return error.retry_after_seconds or usual_seconds


def _new_target(answer: Answer) -> str:
    """Where something is that was renamed: on the same appliance, as nobody else gets the token."""
    if not HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return ""
    target = answer.headers.get("Location", "")
    return target if target.startswith(f"{API}/") else ""


def _named(target: str) -> str:
    """The name in a target: `lab/notes` in `/api/v1/repos/lab/notes/archive`."""
    kind, *names = urlsplit(target).path.removeprefix(f"{API}/").split("/")
    return unquote("/".join(names[: 2 if kind == "repos" else 1]))


def _problem(answer: Answer) -> ClientError:
    try:
        problem = json.loads(answer.body.read())
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        # Every no of ours says why; that of a proxy may not.
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return UnavailableError(f"The appliance is not there now (HTTP {answer.status}).")
        return UnavailableError(f"{STRANGER} (It said HTTP {answer.status}.)")
    wait = answer.headers.get("Retry-After", "")
    seconds = float(wait) if wait.isascii() and wait.isdigit() else None
    return ProblemError(problem, answer.status, retry_after_seconds=seconds)
