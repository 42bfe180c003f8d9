"""What can go wrong when one asks an appliance; each says it in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any


class ClientError(Exception):
    """Something that the appliance, or the way to it, can explain."""


class InvalidNameError(ClientError):
    """Nothing can be called so, and asking for it would ask for something else."""


class UnavailableError(ClientError):
    """No appliance answers there, or not to the end."""


class UntrustedError(UnavailableError):
    """It answers, but nobody we trust vouches for it."""


class ProblemError(ClientError):
    """The appliance said no. Source: RFC 9457."""

    def __init__(
        self, problem: Mapping[str, Any], status: int, *, retry_after_seconds: float | None = None
    ) -> None:
        self.detail = str(problem.get("detail") or HTTPStatus(status).phrase)
        self.fields = {str(each["field"]): str(each["message"]) for each in _fields(problem)}
        """What is wrong with which field, where the request was not as it should be."""
        new = [f"{name}: {said}" for name, said in self.fields.items() if said not in self.detail]
        super().__init__("\n".join([self.detail, *new]))
        self.code = str(problem.get("code", "failed"))
        """Its kind, for programs: `not_found`, `conflict`, `invalid` …"""
        self.status = status
        self.body = dict(problem)
        """All that it said, such as the `conflicts` of a merge."""
        self.request_id = str(problem.get("request_id", ""))
        """By which an administrator finds it in the log."""
        self.retry_after_seconds = retry_after_seconds


class MovedError(ProblemError):
    """It has another name now, and was not deleted under the old one."""

    def __init__(self, name: str) -> None:
        detail = f"It is {name} now. Say that name to delete it."
        super().__init__({"detail": detail, "code": "not_found"}, HTTPStatus.NOT_FOUND)
        self.name = name


class ProposedError(ClientError):
    """Nothing was done yet: the act waits for another administrator."""

    def __init__(self, proposal: Mapping[str, Any]) -> None:
        until = f"{proposal['expires_at'][:16].replace('T', ' ')}Z"  # It is in UTC.
        super().__init__(
            f"Proposed, not done: another administrator must confirm it by {until}, in "
            f"the portal or with `codara proposal confirm {proposal['id']}`."
        )
        self.proposal = proposal


def _fields(problem: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(problem.get("errors") or [])
