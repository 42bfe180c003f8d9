"""Every command speaks the REST API; only the way there differs.

- To an appliance elsewhere: HTTP with a token (`codara login`, or CODARA_URL and CODARA_TOKEN).
- To the one of a home folder that is running: its local socket, with the authority of the console.
- To one that is not running: the same application in this process, with the same authority.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import quote, unquote, urlencode, urlsplit

from appliance import version
from appliance.errors import ApplianceError, NotFoundError, UnavailableError

API = "/api/v1"
CONSOLE_HEADER = "X-Codara-Console"
ALONE_HEADER = "X-Codara-Alone"
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 600.0
PAGE_LIMIT = "100"
CHUNK_BYTES = 1024 * 1024
STRANGER = "What answered there is no Codara Appliance. Check the address."


class Body(Protocol):
    """What an answer brings, read piece by piece."""

    def read(self, amount: int = -1, /) -> bytes:
        """The next bytes, or all of them; empty at the end."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By name, each word of it with a capital."""
    body: Body


class Transport(Protocol):
    """A way to an appliance."""

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | IO[bytes] | None
    ) -> Answer:
        """Send a request and give the beginning of its answer.

        Errors:
            UnavailableError: the appliance does not answer.
        """


class ProblemError(ApplianceError):
    """The appliance said no; its words, with the exit code that its kind of no has."""

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        fields = [
            f"{each['field']}: {each['message']}"
            for each in problem.get("errors") or []
            if each["message"] not in str(problem.get("detail"))
        ]
        detail = problem.get("detail") or HTTPStatus(status).phrase
        super().__init__("\n".join([str(detail), *fields]))
        self.code = str(problem.get("code", "failed"))
        self.http_status = status
        self.exit_code = _exit_code(self.code, status)


class ProposedError(ApplianceError):
    """Nothing was done yet: the act waits for another administrator."""

    exit_code = 0

    def __init__(self, proposal: Mapping[str, Any]) -> None:
        super().__init__(
            f"Proposed, not done: another administrator must confirm it by {proposal['expires_at']}"
            f", in the portal or with `codara proposal confirm {proposal['id']}`."
        )
        self.proposal = proposal


class Client:
    """The API of one appliance, as one user."""

    def __init__(self, transport: Transport, credentials: Mapping[str, str]) -> None:
        self._transport = transport
        self._credentials = dict(credentials)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """What `METHOD /api/v1/PATH` answers, parsed; None where there is no body.

        Errors:
            ProblemError: the appliance said no.
            UnavailableError: it does not answer.
        """
        sent = None if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        answer = self.open(method, path, sent, query=query, headers={**kind, **(headers or {})})
        try:
            text = answer.body.read()
            said = json.loads(text) if text else None
        except (OSError, http.client.HTTPException) as error:
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
        given = {key: value for key, value in (query or {}).items() if value is not None}
        target = API + path + (f"?{urlencode(given, doseq=True)}" if given else "")
        sent = {
            "Accept": "application/json",
            "User-Agent": f"codara/{version.RELEASE}",
            **self._credentials,
            **(headers or {}),
        }
        answer = self._transport.exchange(method, target, sent, body)
        if moved := _new_target(answer):
            answer.body.close()
            if method == "DELETE":
                raise NotFoundError(f"It is {_named(moved)} now. Say that name to delete it.")
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
        except (OSError, http.client.HTTPException) as error:
            raise UnavailableError(f"Not all of it came: {error}.") from error
        finally:
            answer.body.close()


class Http:
    """Over the network. `ca` is the file of the authority that vouches for it, if not the usual."""

    def __init__(self, url: str, ca: str = "") -> None:
        self._address = urlsplit(url.rstrip("/"))
        self._ca = ca

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | IO[bytes] | None
    ) -> Answer:
        """Send a request over the network."""
        host, port = self._address.hostname or "", self._address.port
        connection: http.client.HTTPConnection
        if self._address.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=ANSWER_SECONDS, context=_trust(self._ca)
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        return _exchange(connection, method, self._address.path + target, headers, body)


class LocalSocket:
    """Over the socket of an appliance on this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | IO[bytes] | None
    ) -> Answer:
        """Send a request over the local socket."""
        return _exchange(_UnixConnection(self._path), method, target, headers, body)

    def is_open(self) -> bool:
        """Whether somebody listens there."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(CONNECT_SECONDS)
            try:
                probe.connect(os.fspath(self._path))
            except OSError:
                return False
            return True


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


def segment(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")


def repository(path: str) -> str:
    """`OWNER/NAME` as the API's path of that repository."""
    owner, _, name = path.partition("/")
    return f"/repos/{segment(owner)}/{segment(name)}"


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | IO[bytes] | None,
) -> Answer:
    try:
        connection.request(method, target, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise UnavailableError(
            f"Nobody we trust vouches for {connection.host}: {error.verify_message}. If its "
            "authority is your own, name it: codara login URL --ca FILE."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnavailableError(
            f"The appliance at {connection.host} does not answer: {why}."
        ) from error
    return Answer(response.status, titled(response.getheaders()), response)


def titled(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name in one spelling: `Content-Type`, whoever wrote them."""
    return {name.title(): value for name, value in headers}


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


def _trust(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        raise UnavailableError(f"{ca} holds no certificates we can read: {error}.") from error


def _problem(answer: Answer) -> ApplianceError:
    try:
        problem = json.loads(answer.body.read())
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        # Every no of ours says why; that of a proxy may not.
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return UnavailableError(f"The appliance is not there now (HTTP {answer.status}).")
        return UnavailableError(f"{STRANGER} (It said HTTP {answer.status}.)")
    return ProblemError(problem, answer.status)


def _exit_code(code: str, status: int) -> int:
    by_code = {each.code: each.exit_code for each in _family(ApplianceError)}
    by_status = {each.http_status: each.exit_code for each in _family(ApplianceError)}
    return by_code.get(code, by_status.get(status, 1))


def _family(parent: type[ApplianceError]) -> Iterator[type[ApplianceError]]:
    for child in parent.__subclasses__():
        if child is not ProblemError:
            yield child
            yield from _family(child)
