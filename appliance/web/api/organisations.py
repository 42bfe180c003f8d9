"""`/orgs`: organisations and their members."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from pydantic import Field

from appliance.domain.branch_health import MOST_DAYS
from appliance.domain.permissions import OrganisationRole, Role
from appliance.services import organisation_members, organisations, quotas
from appliance.services.organisation_members import Member
from appliance.services.organisations import OrganisationChanges
from appliance.web import paging, requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.db.organisations import Organisation

api = frame.area("organisations", "Organisations and who belongs to them.")


PLAIN = (
    *("display_name", "description", "members_create_repositories", "has_issues"),
    *("deletes_branches", "merged_branch_days", "quota_bytes"),
)
"""What is changed by saying it."""


class OrganisationAnswer(frame.Answer):
    """An organisation."""

    id: UUID
    name: str
    display_name: str
    description: str
    base_role: Role | None
    members_create_repositories: bool
    has_issues: bool = Field(description="Whether its repositories may have issues")
    deletes_branches: bool = Field(
        description="Source branches after a merge, where one says no more"
    )
    merged_branch_days: int = Field(description="After how many days merged ones go; 0: never")
    quota_bytes: int
    created_at: datetime


class RoomAnswer(frame.Answer):
    """How much room an organisation has."""

    used_bytes: int = Field(description="As last measured, the bin included")
    limit_bytes: int = Field(description="0: no limit")
    own_limit_bytes: int = Field(description="0: the default of the appliance counts")


class OrganisationPage(frame.Answer):
    """Some organisations."""

    items: list[OrganisationAnswer]
    next: str | None


class OrganisationPath(frame.Body):
    """Which organisation."""

    org: str = Field(max_length=39)


class NewOrganisation(frame.Body):
    """An organisation to create; its creator becomes its owner."""

    name: str = Field(max_length=39)
    display_name: str = Field("", max_length=100)
    description: str = Field("", max_length=500)


class ChangedOrganisation(frame.Body):
    """What to change; what is left out stays."""

    name: str | None = Field(None, max_length=39)
    display_name: str | None = Field(None, max_length=100)
    description: str | None = Field(None, max_length=500)
    base_role: Role | None = Field(None, description="null: members have no role by themselves")
    members_create_repositories: bool | None = None
    has_issues: bool | None = None
    deletes_branches: bool | None = None
    merged_branch_days: int | None = Field(None, ge=0, le=MOST_DAYS)
    quota_bytes: int | None = Field(None, ge=0, description="For administrators; 0: the default")


class MemberAnswer(frame.Answer):
    """A member of an organisation."""

    name: str
    display_name: str
    role: OrganisationRole
    is_machine: bool = Field(description="Whether it is a service account")
    since: datetime


class MemberPage(frame.Answer):
    """Some members."""

    items: list[MemberAnswer]
    next: str | None


class MemberPath(OrganisationPath):
    """Which member."""

    name: str = Field(max_length=39)


class MemberBody(frame.Body):
    """What the user is to the organisation."""

    role: OrganisationRole = OrganisationRole.MEMBER


@api.get("/orgs", summary="List organisations", responses={"200": OrganisationPage})
def list_organisations(query: frame.PageQuery) -> Any:
    """Those one belongs to, or in which one may read a repository."""
    with requests.reading() as work:
        page = organisations.list_organisations(
            work, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_present(each) for each in page.items], page.next)


@api.post("/orgs", summary="Create an organisation", responses={"201": OrganisationAnswer})
def create(body: NewOrganisation) -> Any:
    """One becomes its first owner."""
    with requests.begin() as work:
        made = organisations.create(
            work,
            name=body.name,
            display_name=body.display_name,
            description=body.description,
            now=requests.now(),
        )
        return frame.answer(_present(made), 201, f"{frame.PREFIX}/orgs/{made.name}")


@api.get("/orgs/<org>", summary="Show an organisation", responses={"200": OrganisationAnswer})
def show(path: OrganisationPath) -> Any:
    """An organisation by name."""
    with requests.reading() as work:
        return frame.answer(_present(organisations.show(work, path.org)))


@api.get(
    "/orgs/<org>/room", summary="Show the storage used and its limit", responses={"200": RoomAnswer}
)
def show_room(path: OrganisationPath) -> Any:
    """For its owners."""
    with requests.reading() as work:
        found = quotas.of_organisation(work, path.org)
    return frame.answer(RoomAnswer.model_validate(found))


@api.patch("/orgs/<org>", summary="Change an organisation", responses={"200": OrganisationAnswer})
def change(path: OrganisationPath, body: ChangedOrganisation) -> Any:
    """For its owners; the quota for administrators."""
    with requests.begin() as work:
        name = path.org
        changes = _changes(body)
        if changes:
            organisations.change(work, name, changes)
        if body.name is not None and body.name != name:
            name = organisations.rename(work, name, body.name).name
        work.session.flush()
        return frame.answer(_present(organisations.show(work, name)))


@api.delete("/orgs/<org>", summary="Delete an organisation", responses={"204": None})
def delete(path: OrganisationPath) -> Any:
    """It must own no repositories."""
    with requests.begin() as work:
        organisations.delete(work, path.org, now=requests.now())
    return frame.nothing()


@api.get("/orgs/<org>/members", summary="List members", responses={"200": MemberPage})
def list_members(path: OrganisationPath, query: frame.PageQuery) -> Any:
    """For members."""
    with requests.reading() as work:
        page = organisation_members.listed(
            work, path.org, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_present_member(each) for each in page.items], page.next)


@api.put(
    "/orgs/<org>/members/<name>",
    summary="Add a member, or change their role",
    responses={"200": MemberAnswer},
)
def set_member(path: MemberPath, body: MemberBody) -> Any:
    """For its owners."""
    with requests.begin() as work:
        member = organisation_members.set_role(
            work, path.org, path.name, body.role, now=requests.now()
        )
        return frame.answer(_present_member(member))


@api.delete("/orgs/<org>/members/<name>", summary="Remove a member", responses={"204": None})
def remove_member(path: MemberPath) -> Any:
    """From the organisation and all its teams."""
    with requests.begin() as work:
        organisation_members.remove(work, path.org, path.name)
    return frame.nothing()


def _changes(body: ChangedOrganisation) -> OrganisationChanges:
    said = {name: value for name in PLAIN if (value := getattr(body, name)) is not None}
    changes = cast("OrganisationChanges", said)
    if "base_role" in body.model_fields_set:
        changes["base_role"] = body.base_role
    return changes


def _present(organisation: Organisation) -> OrganisationAnswer:
    return OrganisationAnswer.model_validate(organisation)


def _present_member(member: Member) -> MemberAnswer:
    return MemberAnswer(
        name=member.user.name,
        display_name=member.user.display_name,
        role=member.role,
        is_machine=member.user.is_machine,
        since=member.since,
    )
