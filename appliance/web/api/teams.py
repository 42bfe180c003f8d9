"""`/orgs/{org}/teams`: teams, one inside another, and who is in them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.services import teams
from appliance.services.teams import TeamChanges
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.organisations import OrganisationPath

if TYPE_CHECKING:
    from appliance.services.teams import ListedTeam

api = frame.area("teams", "Teams of an organisation. A team has the roles of the team around it.")


class TeamAnswer(frame.Answer):
    """A team."""

    id: UUID
    name: str
    description: str
    parent: str | None
    members: int
    created_at: datetime


class TeamPage(frame.Answer):
    """Some teams."""

    items: list[TeamAnswer]
    next: str | None


class TeamPath(OrganisationPath):
    """Which team."""

    team: str = Field(max_length=39)

    @property
    def path(self) -> str:
        """`ORG/TEAM`."""
        return f"{self.org}/{self.team}"


class NewTeam(frame.Body):
    """A team to create."""

    name: str = Field(max_length=39)
    description: str = Field("", max_length=500)
    parent: str | None = Field(None, max_length=39)


class ChangedTeam(frame.Body):
    """What to change; what is left out stays."""

    name: str | None = Field(None, max_length=39)
    description: str | None = Field(None, max_length=500)
    parent: str | None = Field(None, max_length=39, description="null: inside no other team")


class TeamMemberAnswer(frame.Answer):
    """A user in a team."""

    name: str
    display_name: str
    is_machine: bool = Field(description="Whether it is a service account")


class TeamMemberPage(frame.Answer):
    """Some users of a team."""

    items: list[TeamMemberAnswer]
    next: str | None


class TeamMemberPath(TeamPath):
    """Which user of which team."""

    name: str = Field(max_length=39)


@api.get("/orgs/<org>/teams", summary="List teams", responses={"200": TeamPage})
def list_teams(path: OrganisationPath, query: frame.PageQuery) -> Any:
    """For members."""
    with requests.reading() as work:
        page = teams.list_teams(work, path.org, after=paging.after(query.cursor), limit=query.limit)
        return frame.page([_present(each) for each in page.items], page.next)


@api.post("/orgs/<org>/teams", summary="Create a team", responses={"201": TeamAnswer})
def create(path: OrganisationPath, body: NewTeam) -> Any:
    """For owners of the organisation."""
    with requests.begin() as work:
        made = teams.create(
            work,
            path.org,
            name=body.name,
            description=body.description,
            parent=body.parent,
            now=requests.now(),
        )
        work.session.flush()
        shown = _present(teams.show(work, f"{path.org}/{made.name}"))
    return frame.answer(shown, 201, f"{frame.PREFIX}/orgs/{path.org}/teams/{shown.name}")


@api.get("/orgs/<org>/teams/<team>", summary="Show a team", responses={"200": TeamAnswer})
def show(path: TeamPath) -> Any:
    """For members."""
    with requests.reading() as work:
        return frame.answer(_present(teams.show(work, path.path)))


@api.patch("/orgs/<org>/teams/<team>", summary="Change a team", responses={"200": TeamAnswer})
def change(path: TeamPath, body: ChangedTeam) -> Any:
    """For owners of the organisation."""
    changes: TeamChanges = {}
    if body.name is not None:
        changes["name"] = body.name
    if body.description is not None:
        changes["description"] = body.description
    if "parent" in body.model_fields_set:
        changes["parent"] = body.parent
    with requests.begin() as work:
        team = teams.change(work, path.path, changes)
        work.session.flush()
        return frame.answer(_present(teams.show(work, f"{path.org}/{team.name}")))


@api.delete("/orgs/<org>/teams/<team>", summary="Delete a team", responses={"204": None})
def delete(path: TeamPath) -> Any:
    """Its roles go with it."""
    with requests.begin() as work:
        teams.delete(work, path.path)
    return frame.nothing()


@api.get(
    "/orgs/<org>/teams/<team>/members",
    summary="List a team's members",
    responses={"200": TeamMemberPage},
)
def list_members(path: TeamPath, query: frame.PageQuery) -> Any:
    """Those in the team itself."""
    with requests.reading() as work:
        page = teams.list_members(
            work, path.path, after=paging.after(query.cursor), limit=query.limit
        )
        found = [TeamMemberAnswer.model_validate(user) for user in page.items]
        return frame.page(found, page.next)


@api.put(
    "/orgs/<org>/teams/<team>/members/<name>",
    summary="Add a user to a team",
    responses={"200": TeamMemberAnswer},
)
def add_member(path: TeamMemberPath) -> Any:
    """The user must be a member of the organisation."""
    with requests.begin() as work:
        user = teams.add_member(work, path.path, path.name, now=requests.now())
        return frame.answer(TeamMemberAnswer.model_validate(user))


@api.delete(
    "/orgs/<org>/teams/<team>/members/<name>",
    summary="Remove a user from a team",
    responses={"204": None},
)
def remove_member(path: TeamMemberPath) -> Any:
    """They stay a member of the organisation."""
    with requests.begin() as work:
        teams.remove_member(work, path.path, path.name)
    return frame.nothing()


def _present(listed: ListedTeam) -> TeamAnswer:
    return TeamAnswer(
        id=listed.team.id,
        name=listed.team.name,
        description=listed.team.description,
        parent=listed.parent,
        members=listed.members,
        created_at=listed.team.created_at,
    )
