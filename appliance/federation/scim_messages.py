"""What a SCIM client sends, read: resources, changes of them, questions. RFC 7644, section 3."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from unicodedata import normalize

from pydantic import ValidationError
from scim2_models import Context, Error, PatchOp, Resource, ResponseParameters, SearchRequest
from scim2_models import SCIMException as LibraryError

from appliance.domain import scim
from appliance.domain.claims import Address, Claims
from appliance.domain.scim import ScimError, ScimType
from appliance.errors import sentence
from appliance.federation.scim_models import POLICY, Group, Person, User

Kind = TypeVar("Kind", bound=Resource[Any])
Body = Mapping[str, Any]

OURS = ("schemas", "id", "meta", "groups", "members", "password")
"""What is kept elsewhere or not at all, or said anew each time."""
LARGEST_CONTENT = 32 * 1024
"""Characters of what is kept of one person, as JSON."""
EXACT = frozenset({"id", "externalid"})
ENTERPRISE_MANAGER = "manager"
TRUTHS = {True: "true", False: "false"}


@contextmanager
def told() -> Generator[None]:
    """Say what the library finds wrong in our own words for errors.

    Errors:
        ScimError: what was sent is not as it should be.
    """
    try:
        yield
    except ValidationError as error:
        raise _said(Error.from_validation_errors(error)[0]) from None
    except LibraryError as error:
        raise _said(error.to_error()) from None


def body(content: bytes) -> Body:
    """The JSON object that was sent.

    Errors:
        ScimError: it is none, or holds what no column would.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise ScimError(sentence("The body is no JSON."), ScimType.SYNTAX) from None
    if not isinstance(found, dict):
        raise ScimError(sentence("The body is no JSON object."), ScimType.SYNTAX)
    # Written out again, so that an escape hides nothing: no column holds a NUL or half a pair.
    plain = json.dumps(found, ensure_ascii=False)
    if "\\u0000" in plain or not _is_encodable(plain):
        raise ScimError(sentence("A text holds a character that is none."), ScimType.VALUE)
    return cast("Body", found)


def read(kind: type[Kind], sent: Body, *, is_new: bool) -> Kind:
    """A resource as a client would like it.

    Errors:
        ScimError: it is not as the schema says.
    """
    context = Context.RESOURCE_CREATION_REQUEST if is_new else Context.RESOURCE_REPLACEMENT_REQUEST
    with told():
        found = kind.model_validate(_plain(sent), scim_ctx=context, scim_policy=POLICY)
    _check_lengths(found)
    return found


def patched(resource: Kind, sent: Body) -> Kind:
    """The resource after the changes that a client sent; the one given stays as it is.

    Errors:
        ScimError: a change cannot be made; then none is.
    """
    kind = type(resource)
    plain = _plain_patch(sent)
    after = resource.model_copy(deep=True)
    with told(), POLICY:
        wanted = PatchOp.__class_getitem__(kind).model_validate(
            plain, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=POLICY
        )
        wanted.patch(after, scim_policy=POLICY)
    _check_lengths(after)
    return after


def question(kind: type[Kind], given: Mapping[str, Any]) -> SearchRequest[Kind]:
    """What is asked of a list: filter, order, page, and which attributes.

    Errors:
        ScimError: it cannot be asked so.
    """
    return cast("SearchRequest[Kind]", _question(kind, given))


def question_of_all(given: Mapping[str, Any]) -> SearchRequest[Any]:
    """The same, asked of people and groups together.

    Errors:
        ScimError: it cannot be asked so.
    """
    return _question(Person | Group, given)


def _question(kind: Any, given: Mapping[str, Any]) -> SearchRequest[Any]:
    text = given.get("filter")
    if isinstance(text, str) and len(text) > scim.LONGEST_FILTER:
        raise ScimError(sentence("The filter is too long."), ScimType.FILTER)
    with told():
        asked: Any = SearchRequest.__class_getitem__(kind)
        found: SearchRequest[Any] = asked.model_validate(
            dict(given), scim_ctx=Context.SEARCH_REQUEST, scim_policy=POLICY
        )
    return found


def shown(resource: Resource[Any], wanted: ResponseParameters[Any] | None) -> dict[str, Any]:
    """A resource as it is answered, with the attributes that were asked for."""
    return resource.model_dump(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=wanted, scim_policy=POLICY
    )


def content(resource: Resource[Any]) -> dict[str, Any]:
    """What is kept of a resource.

    Errors:
        ScimError: it is too much.
    """
    found = {
        name: value
        for name, value in resource.model_dump(scim_ctx=Context.DEFAULT, scim_policy=POLICY).items()
        if name not in OURS
    }
    if len(json.dumps(found)) > LARGEST_CONTENT:
        raise ScimError(sentence("That is too much for one person."), ScimType.VALUE)
    return found


def compared(found: Mapping[str, Any], identifier: str) -> dict[str, Any]:
    """The same as filters compare it: in small letters where case does not count."""
    return cast("dict[str, Any]", _folded({**found, "id": identifier}, ""))


def key(text: str) -> str:
    """A text as it is compared where case does not count."""
    return normalize("NFC", normalize("NFC", text).lower())


def claims(person: Person, subject: str, groups: frozenset[str], *, is_vouched: bool) -> Claims:
    """What a provisioned person is, in the form that every protocol hands over."""
    emails = sorted(person.emails or (), key=lambda each: (not each.primary, each.type != "work"))
    addresses = tuple(
        Address(each.value.strip(), is_vouched)
        for each in emails
        if each.value and _looks_like_address(each.value.strip())
    )
    return Claims(
        subject=subject,
        name=person.user_name or "",
        display_name=_display_name(person),
        addresses=addresses,
        groups=groups,
        is_active=person.active is not False,
    )


def _looks_like_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    is_short = len(text) <= scim.LONGEST_NAME
    return bool(local and domain) and is_short and not any(each.isspace() for each in text)


def _display_name(person: Person) -> str:
    if person.display_name:
        return str(person.display_name)
    name = person.name
    if name is None:
        return ""
    parts = (name.given_name, name.family_name)
    return name.formatted or " ".join(each for each in parts if each)


def _said(error: Error) -> ScimError:
    text = str(error.detail or "")  # The library's words: a program reads them, in English.
    return ScimError(text, error.scim_type or "", status=error.status or 400)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_lengths(resource: Resource[Any]) -> None:
    shown: Any = resource
    name = shown.user_name if isinstance(resource, User) else shown.display_name
    texts = (name or "", resource.external_id or "")
    if not (name or "").strip() or any(len(each) > scim.LONGEST_NAME for each in texts):
        raise ScimError(
            sentence("Names and external ids have 1 to %(most)s characters.", most=255),
            ScimType.VALUE,
        )


def _folded(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        # What stands in the manager is an id, which minds case.
        exact = EXACT | ({"value"} if name == ENTERPRISE_MANAGER else set())
        return {
            each.lower(): inner if each.lower() in exact else _folded(inner, each.lower())
            for each, inner in value.items()
        }
    if isinstance(value, list):
        first = sorted(value, key=lambda each: not (isinstance(each, dict) and each.get("primary")))
        return [_folded(each, name) for each in first]
    if isinstance(value, bool):
        return TRUTHS[value]
    return key(value) if isinstance(value, str) else value


def _plain(sent: Body) -> dict[str, Any]:
    """The body in the form that the library reads: a manager is an object, not the id alone."""
    return {
        name: _with_manager(value) if name.lower().endswith(":user") else value
        for name, value in sent.items()
    }


def _with_manager(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        name: {"value": inner} if name.lower() == "manager" and isinstance(inner, str) else inner
        for name, inner in value.items()
    }


def _plain_patch(sent: Body) -> dict[str, Any]:
    """The same for changes; and there may not be too many."""
    found = dict(sent)
    name = next((each for each in found if each.lower() == "operations"), "Operations")
    operations = found.get(name)
    if isinstance(operations, list):
        if len(operations) > scim.MOST_OPERATIONS:
            raise ScimError(
                sentence("At most %(most)s changes at a time.", most=scim.MOST_OPERATIONS),
                status=413,
            )
        found[name] = [_plain_operation(each) for each in operations]
    return found


def _plain_operation(operation: Any) -> Any:
    if not isinstance(operation, dict):
        return operation
    path, value = operation.get("path"), operation.get("value")
    if isinstance(path, str) and path.lower().endswith(":manager") and isinstance(value, str):
        return {**operation, "value": {"value": value}}
    if isinstance(value, dict):
        return {**operation, "value": _plain(_with_manager(value))}
    return operation
