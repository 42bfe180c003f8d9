"""Several changes in one request. RFC 7644, section 3.7: each stands or falls by itself.

What refers to something that another change makes (`bulkId:...`) waits until that is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from appliance.domain import scim
from appliance.domain.scim import ScimError, ScimType
from appliance.errors import ApplianceError, sentence
from appliance.services import scim_groups, scim_users
from appliance.web import requests, scim_answers
from appliance.web.scim_answers import MESSAGES

if TYPE_CHECKING:
    from appliance.services.scim_answers import Answered

CREATE = {"users": scim_users.create, "groups": scim_groups.create}
REPLACE = {"users": scim_users.replace, "groups": scim_groups.replace}
PATCH: dict[str, Any] = {"users": scim_users.patch, "groups": scim_groups.patch}
DELETE = {"users": scim_users.delete, "groups": scim_groups.delete}
MARK = "bulkId:"
METHODS = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Operation:
    """One change, as it was sent."""

    method: str
    kind: str
    identifier: str
    bulk_id: str
    version: str
    data: Mapping[str, Any]


@dataclass
class _Run:
    """One bulk request. Its state: what was made and failed so far."""

    base: str
    most_failures: int
    made: dict[str, str] = field(default_factory=dict)
    failures: int = 0
    results: list[dict[str, Any]] = field(default_factory=list)

    def is_over(self) -> bool:
        """Whether so much failed that the rest is not tried."""
        return 0 < self.most_failures <= self.failures


def done(sent: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Do all of it, and say of each change what came of it.

    Errors:
        ScimError: it is no bulk request, or too large a one.
    """
    given = {name.lower(): value for name, value in sent.items()}
    operations, most = given.get("operations"), given.get("failonerrors", 0)
    is_counted = isinstance(most, int) and not isinstance(most, bool) and most >= 0
    if f"{MESSAGES}:BulkRequest" not in _texts(given.get("schemas")) or not is_counted:
        raise ScimError(sentence("That is no bulk request."), ScimType.SYNTAX)
    if not isinstance(operations, list) or not operations:
        raise ScimError(sentence("Say what to do."), ScimType.SYNTAX)
    if len(operations) > scim.MOST_OPERATIONS:
        said = sentence("At most %(most)s changes at a time.", most=scim.MOST_OPERATIONS)
        raise ScimError(said, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    run = _Run(base, most)
    _do_all(run, operations)
    return {"schemas": [f"{MESSAGES}:BulkResponse"], "Operations": run.results}


def _do_all(run: _Run, operations: list[Any]) -> None:
    waiting = list(operations)
    while waiting and not run.is_over():
        due = [each for each in waiting if not _waits_for(run, each, waiting)]
        if not due:  # They wait for each other, or for what is not there.
            due, waiting = waiting, []
        for each in due:
            if run.is_over():
                return
            _do(run, each)
        waiting = [each for each in waiting if not any(each is other for other in due)]


def _waits_for(run: _Run, operation: Any, waiting: list[Any]) -> bool:
    """Whether it refers to what one of the others will make."""
    coming = {
        str(each.get("bulkId"))
        for each in waiting
        if isinstance(each, dict) and each is not operation
    }
    return any(name in coming and name not in run.made for name in _named(operation))


def _do(run: _Run, sent: Any) -> None:
    result: dict[str, Any] = {}
    if isinstance(sent, dict):
        result = {name: sent[name] for name in ("method", "bulkId") if _is_text(sent.get(name))}
    try:
        result |= _performed(run, _operation(_with_ids(run, sent)))
    except ApplianceError as error:
        run.failures += 1
        result |= {
            "status": str(int(scim_answers.status_of(error))),
            "response": scim_answers.error_body(error),
        }
        if isinstance(sent, dict) and _is_text(sent.get("path")) and sent.get("method") != "POST":
            result["location"] = f"{run.base}/{str(sent['path']).lstrip('/')}"
    run.results.append(result)


def _performed(run: _Run, operation: Operation) -> dict[str, Any]:
    now = requests.present()
    said: dict[str, Any] = {"given": {}, "base": run.base, "now": now}
    if operation.method == "POST":
        with requests.begin() as work:
            found = CREATE[operation.kind](work, operation.data, **said)
        run.made[operation.bulk_id] = found.id
        return {"location": found.location, "version": found.etag, "status": "201"}
    changed = _changed(operation, said)
    location = f"{run.base}/{operation.kind.capitalize()}/{operation.identifier}"
    if changed is None:
        return {"location": location, "status": "204"}
    return {"location": location, "version": changed.etag, "status": "200"}


def _changed(operation: Operation, said: dict[str, Any]) -> Answered | None:
    """What is there after a change; nothing, where that is not said."""
    version, now = operation.version, said["now"]
    with requests.begin() as work:
        if operation.method == "DELETE":
            DELETE[operation.kind](work, operation.identifier, if_match=version, now=now)
            return None
        verbs: Any = REPLACE if operation.method == "PUT" else PATCH
        found: Answered | None = verbs[operation.kind](
            work, operation.identifier, operation.data, if_match=version, **said
        )
        return found


def _operation(sent: Any) -> Operation:
    if not isinstance(sent, dict):
        raise ScimError(sentence("A change is an object."), ScimType.SYNTAX)
    method, path = str(sent.get("method", "")).upper(), str(sent.get("path", ""))
    kind, _, identifier = path.strip("/").partition("/")
    if (
        method not in METHODS
        or kind.lower() not in CREATE
        or bool(identifier) is (method == "POST")
    ):
        raise ScimError(sentence("There is no such change: %(what)s.", what=f"{method} {path}"))
    if method == "POST" and not _is_text(sent.get("bulkId")):
        raise ScimError(sentence("What is to be made needs a bulkId."), ScimType.VALUE)
    data = sent.get("data", {})
    if not isinstance(data, dict):
        raise ScimError(sentence("The data of a change is an object."), ScimType.SYNTAX)
    version = sent.get("version")
    return Operation(
        method=method,
        kind=kind.lower(),
        identifier=identifier,
        bulk_id=str(sent.get("bulkId", "")),
        version=version if isinstance(version, str) else "",
        data=data,
    )


def _with_ids(run: _Run, value: Any) -> Any:
    """What was sent, with the ids of what was made in place of the marks.

    Errors:
        ScimError: a mark stands for what was not made.
    """
    if isinstance(value, dict):
        return {name: _with_ids(run, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_ids(run, each) for each in value]
    if not isinstance(value, str) or MARK not in value:
        return value
    before, _, name = value.partition(MARK)
    if before and not before.endswith("/"):
        return value
    if name not in run.made:
        said = sentence("Nothing was made as %(name)s.", name=name[:100])
        raise ScimError(said, ScimType.VALUE, status=HTTPStatus.CONFLICT)
    return before + run.made[name]


def _named(value: Any) -> set[str]:
    """The marks in what was sent."""
    if isinstance(value, dict):
        return {name for inner in value.values() for name in _named(inner)}
    if isinstance(value, list):
        return {name for each in value for name in _named(each)}
    if isinstance(value, str) and MARK in value:
        return {value.partition(MARK)[2]}
    return set()


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
