"""The resources that a SCIM client may provision, as RFC 7643 describes them and no more than that.

A user has what clients insist on, and not more. What one sends beyond it (roles, certificates) is
left out, as RFC 7644, section 3.3 allows; so is a password.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from scim2_models import (
    URN,
    Address,
    AnyExtension,
    CaseExact,
    ComplexAttribute,
    Context,
    Extension,
    Meta,
    Mutability,
    Name,
    Reference,
    Required,
    Resource,
    ResourceType,
    Returned,
    ScimPolicy,
    ScimProvider,
    Uniqueness,
)
from scim2_models import ServiceProviderConfig as Config

from appliance.domain import scim

CORE = "urn:ietf:params:scim:schemas:core:2.0"

POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    # Both are how Microsoft Entra writes its changes.
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""How far a client may depart from the letter of the RFCs."""


class Email(ComplexAttribute):
    """An e-mail address. Any text: whose domain ends in `.local` has one, too."""

    value: str | None = None
    display: str | None = None
    type: str | None = None
    primary: bool | None = None


class PhoneNumber(ComplexAttribute):
    """A telephone number."""

    value: str | None = None
    display: str | None = None
    type: str | None = None
    primary: bool | None = None


class Photo(ComplexAttribute):
    """Where a picture of somebody is. Nobody looks there."""

    value: str | None = None
    display: str | None = None
    type: str | None = None
    primary: bool | None = None


class Membership(ComplexAttribute):
    """A group that somebody is in. Changed at the group."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    ref: Annotated[Reference[Group] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class Manager(ComplexAttribute):
    """Whose word counts for somebody, as the client says it."""

    value: Annotated[str | None, CaseExact.true] = None


class EnterpriseUser(Extension):
    """What organisations say of their people beside the core. It decides nothing here."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Manager | None = None


class User(Resource[AnyExtension]):
    """A person, without extension."""

    __schema__ = URN(f"{CORE}:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    nick_name: str | None = None
    profile_url: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    phone_numbers: list[PhoneNumber] | None = None
    addresses: list[Address] | None = None
    photos: list[Photo] | None = None
    password: Annotated[str | None, Mutability.write_only, Returned.never, CaseExact.true] = None
    """There for clients that insist on sending one. It is never kept, and opens nothing."""
    groups: Annotated[list[Membership] | None, Mutability.read_only] = None


Person = User[EnterpriseUser]
"""A person with all that may be said of them."""


class Member(ComplexAttribute):
    """A user in a group. There are no groups in groups."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(  # type: ignore[type-arg]  # With or without extension.
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    display: Annotated[str | None, Mutability.read_only, Returned.request] = None
    """What people call them, for who asks: what a client has put is what it gets back."""


class Group(Resource[Any]):
    """People of whom the same is true. What that gives is said by group rules."""

    __schema__ = URN(f"{CORE}:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    members: list[Member] | None = None


# Whole before the first question: their parts name each other, and a model that is not whole has no
# attributes that a filter could name.
for _each in (Membership, User, Person, Group):
    _each.model_rebuild(force=True)

SERVICE = ScimProvider(
    models=[User, EnterpriseUser, Group],
    resource_types=[ResourceType.from_resource(Person), ResourceType.from_resource(Group)],
    config=Config.model_validate(
        {
            "documentationUri": "https://datatracker.ietf.org/doc/html/rfc7644",
            "patch": {"supported": True},
            "bulk": {
                "supported": True,
                "maxOperations": scim.MOST_OPERATIONS,
                "maxPayloadSize": scim.LARGEST_BODY,
            },
            "filter": {"supported": True, "maxResults": scim.LARGEST_PAGE},
            "changePassword": {"supported": False},
            "sort": {"supported": True},
            "etag": {"supported": True},
            # Not `pagination` of RFC 9865: clients of before it refuse what they do not know.
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "Bearer token",
                    "description": "A token that an administrator made for this client.",
                    "specUri": "https://datatracker.ietf.org/doc/html/rfc6750",
                    "primary": True,
                }
            ],
        }
    ),
    policy=POLICY,
)
"""What there is, as the three addresses for discovery say it."""


def discovered(kind: str, base: str) -> list[dict[str, Any]]:
    """What an address for discovery says: `Schemas`, `ResourceTypes`, `ServiceProviderConfig`."""
    found: dict[str, Sequence[Any]] = {
        "Schemas": SERVICE.schemas,
        "ResourceTypes": SERVICE.resource_types,
        "ServiceProviderConfig": [SERVICE.config],
    }
    return [_described(each, kind, base) for each in found[kind]]


def _described(resource: Resource[Any], kind: str, base: str) -> dict[str, Any]:
    name = {"Schemas": "Schema", "ResourceTypes": "ResourceType"}.get(kind, kind)
    where = f"{base}/{kind}" + (f"/{resource.id}" if kind != name else "")
    shown = resource.model_copy()
    shown.meta = Meta(resource_type=name, location=where)
    return shown.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
