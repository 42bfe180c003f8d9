"""`/orgs/{org}/properties`: what an organisation says of the properties of its repositories."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from appliance.domain.repository_properties import (
    LONGEST_DESCRIPTION,
    LONGEST_KEY,
    LONGEST_VALUE,
    MOST_ALLOWED,
)
from appliance.services import repository_properties
from appliance.services.repository_properties import (
    Definition,
    Described,
    PropertyKind,
    PropertySetter,
)
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.organisations import OrganisationPath

api = frame.area("properties", "What organisations say of the properties of their repositories.")

PLACE = "/orgs/<org>/properties"
Value = Annotated[str, Field(max_length=LONGEST_VALUE)]


class PropertyPath(OrganisationPath):
    """Which property."""

    key: str = Field(max_length=LONGEST_KEY)


class PropertyBody(frame.Body):
    """What a property is."""

    kind: PropertyKind = PropertyKind.TEXT
    description: str = Field("", max_length=LONGEST_DESCRIPTION)
    allowed: list[Value] = Field(
        default_factory=list, max_length=MOST_ALLOWED, description="The values of a choice"
    )
    is_required: bool = Field(default=False, description="Whether each repository has a value")
    default: Value | None = Field(None, description="Of repositories of which nothing is said")
    set_by: PropertySetter = Field(
        PropertySetter.OWNERS, description="Owners alone, or maintainers of the repository, too"
    )


class PropertyAnswer(frame.Answer):
    """What a property is."""

    key: str
    kind: PropertyKind
    description: str
    allowed: list[str]
    is_required: bool
    default: str | None
    set_by: PropertySetter


class PropertyList(frame.Answer):
    """All that are defined."""

    items: list[PropertyAnswer]


class PropertyValuesAnswer(frame.Answer):
    """What holds for a repository."""

    repository: str
    properties: dict[str, str]
    said: dict[str, str] = Field(description="What is said of it itself; the rest are defaults")
    lacking: list[str] = Field(description="What should be said of it and is not")


class PropertyValuesList(frame.Answer):
    """All repositories, by name."""

    items: list[PropertyValuesAnswer]


@api.get(PLACE, summary="List properties", responses={"200": PropertyList})
def list_properties(path: OrganisationPath) -> Any:
    """Those that are defined, by name. For members."""
    with requests.reading() as work:
        found = repository_properties.definitions(work, path.org)
    return frame.answer(PropertyList(items=[_present(each) for each in found]))


@api.put(f"{PLACE}/<key>", summary="Define a property", responses={"200": PropertyAnswer})
def define_property(path: PropertyPath, body: PropertyBody) -> Any:
    """Said again, it is so from then on. For owners."""
    wanted = Definition(
        path.key,
        body.kind,
        body.description,
        tuple(body.allowed),
        body.is_required,
        body.default,
        body.set_by,
    )
    with requests.begin() as work:
        made = repository_properties.define(work, path.org, wanted)
    return frame.answer(_present(made))


@api.delete(f"{PLACE}/<key>", summary="Remove a property", responses={"204": None})
def remove_property(path: PropertyPath) -> Any:
    """What was said of repositories stays; defaults do not. For owners."""
    with requests.begin() as work:
        repository_properties.remove(work, path.org, path.key)
    return frame.nothing()


@api.get(
    "/orgs/<org>/property-values",
    summary="List the properties of all repositories",
    responses={"200": PropertyValuesList},
)
def list_values(path: OrganisationPath) -> Any:
    """Of all repositories of an organisation. For owners."""
    with requests.reading() as work:
        found = repository_properties.properties_in(work, path.org)
    return frame.answer(PropertyValuesList(items=[_values(each) for each in found]))


def _present(found: Definition) -> PropertyAnswer:
    return PropertyAnswer.model_validate({**vars(found), "allowed": list(found.allowed)})


def _values(found: Described) -> PropertyValuesAnswer:
    return PropertyValuesAnswer(
        repository=found.repository,
        properties=dict(found.properties),
        said=dict(found.said),
        lacking=list(found.lacking),
    )
