"""Every command speaks the REST API through `codara_client`; only the way there differs.

- To an appliance elsewhere: HTTP with a token (`codara login`, or CODARA_URL and CODARA_TOKEN).
- To the one of a home folder that is running: its local socket, with the authority of the console.
- To one that is not running: the same application in this process, with the same authority.

What the client says is wrong becomes one of our own errors here, with the exit code of its kind.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import codara_client
from appliance import version
from appliance.errors import ApplianceError, NotFoundError, UnavailableError
from codara_client import Answer, Http, LocalSocket, Transport

__all__ = [
    "ALONE_HEADER",
    "CONSOLE_HEADER",
    "Answer",
    "Client",
    "Http",
    "LocalSocket",
    "ProblemError",
    "ProposedError",
    "Transport",
    "repository",
    "segment",
]

CONSOLE_HEADER = "X-Codara-Console"
ALONE_HEADER = "X-Codara-Alone"


class ProblemError(ApplianceError):
    """The appliance said no; its words, with the exit code that its kind of no has."""

    def __init__(self, problem: codara_client.ProblemError) -> None:
        super().__init__(str(problem))
        self.code = problem.code
        self.http_status = problem.status
        self.exit_code = _exit_code(problem.code, problem.status)


class ProposedError(ApplianceError):
    """Nothing was done yet: the act waits for another administrator."""

    exit_code = 0

    def __init__(self, proposed: codara_client.ProposedError) -> None:
        super().__init__(str(proposed))
        self.proposal = proposed.proposal


class Client(codara_client.Client):
    """The API of one appliance, as one user, with our own errors."""

    def __init__(self, transport: Transport, credentials: Mapping[str, str]) -> None:
        super().__init__(transport, credentials, agent=f"codara/{version.RELEASE}")

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """What `METHOD /api/v1/PATH` answers, parsed; None where there is no body.

        Errors:
            ProblemError: the appliance said no.
            UnavailableError: it does not answer.
        """
        with _as_ours():
            return super().call(method, path, body, **options)

    def open(
        self, method: str, path: str, body: bytes | IO[bytes] | None = None, **options: Any
    ) -> Answer:
        """The same without parsing: for what is large or no JSON. The caller closes the body.

        Errors:
            ProblemError, UnavailableError: as for `call`.
        """
        with _as_ours():
            return super().open(method, path, body, **options)

    def download(self, path: str, into: IO[bytes], **options: Any) -> None:
        """Write what `GET /api/v1/PATH` answers into a file."""
        with _as_ours():
            super().download(path, into, **options)


def segment(name: str) -> str:
    """A name as one segment of a path.

    Errors:
        NotFoundError: nothing can be called so.
    """
    with _as_ours():
        return codara_client.segment(name)


def repository(path: str) -> str:
    """`OWNER/NAME` as the API's path of that repository.

    Errors:
        NotFoundError: nothing can be called so.
    """
    with _as_ours():
        return codara_client.repository(path)


@contextmanager
def _as_ours() -> Generator[None]:
    try:
        yield
    except codara_client.UntrustedError as error:
        raise UnavailableError(f"{error} (codara login URL --ca FILE)") from error
    except codara_client.UnavailableError as error:
        raise UnavailableError(str(error)) from error
    except (codara_client.MovedError, codara_client.InvalidNameError) as error:
        raise NotFoundError(str(error)) from error
    except codara_client.ProblemError as error:
        raise ProblemError(error) from error
    except codara_client.ProposedError as error:
        raise ProposedError(error) from error


def _exit_code(code: str, status: int) -> int:
    by_code = {each.code: each.exit_code for each in _family(ApplianceError)}
    by_status = {each.http_status: each.exit_code for each in _family(ApplianceError)}
    return by_code.get(code, by_status.get(status, 1))


def _family(parent: type[ApplianceError]) -> Iterator[type[ApplianceError]]:
    for child in parent.__subclasses__():
        if child is not ProblemError:
            yield child
            yield from _family(child)
