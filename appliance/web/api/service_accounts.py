"""`/service-accounts`, `/orgs/{org}/service-accounts`: machines that are users.

Their tokens and keys are made and listed at `/user/tokens` and `/user/keys`, with `user`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.services import service_accounts, users
from appliance.web import paging, requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.services.service_accounts import Machine

api = frame.area("service-accounts", "Service accounts: machines that are users.")
ALL, OF, ONE = "/service-accounts", "/orgs/<org>/service-accounts", "/service-accounts/<name>"


class MachineAnswer(frame.Answer):
    """A service account."""

    id: UUID
    name: str
    title: str
    organisation: str | None = Field(description="Whose it is; null: the instance's")
    state: str
    suspended_by_administrator: bool = Field(description="Then its owners do not let it in again")
    tokens: int = Field(description="So many work")
    keys: int
    created_at: datetime
    last_used_at: datetime | None


class MachinePage(frame.Answer):
    """Some service accounts."""

    items: list[MachineAnswer]
    next: str | None


class MachineQuery(frame.PageQuery):
    """Which service accounts."""

    q: str = Field("", max_length=100, description="Part of a name or title")


class OwningPath(frame.Body):
    """Whose."""

    org: str = Field(max_length=39)


class MachinePath(frame.Body):
    """Which service account."""

    name: str = Field(max_length=39)


class NewMachine(frame.Body):
    """A service account to create."""

    name: str = Field(max_length=39)
    title: str = Field("", max_length=100, description="What it is for")


class ChangedMachine(frame.Body):
    """What to change; what is left out stays."""

    name: str | None = Field(None, max_length=39)
    title: str | None = Field(None, max_length=100)
    suspended: bool | None = None
    reason: str = Field("", max_length=500, description="Why it is suspended")


@api.get(ALL, summary="List all service accounts", responses={"200": MachinePage})
def list_all(query: MachineQuery) -> Any:
    """For administrators."""
    return _listed("", query)


@api.post(
    ALL, summary="Create a service account of the appliance", responses={"201": MachineAnswer}
)
def create(body: NewMachine) -> Any:
    """For administrators."""
    return _created("", body)


@api.get(OF, summary="List service accounts of an organisation", responses={"200": MachinePage})
def list_of(path: OwningPath, query: MachineQuery) -> Any:
    """For its owners."""
    return _listed(path.org, query)


@api.post(
    OF, summary="Create a service account of an organisation", responses={"201": MachineAnswer}
)
def create_of(path: OwningPath, body: NewMachine) -> Any:
    """It becomes a member of the organisation. For its owners."""
    return _created(path.org, body)


@api.get(ONE, summary="Show a service account", responses={"200": MachineAnswer})
def show(path: MachinePath) -> Any:
    """For owners of its organisation, administrators, and itself."""
    with requests.reading() as work:
        return frame.answer(_present(service_accounts.show(work, path.name)))


@api.patch(ONE, summary="Change a service account", responses={"200": MachineAnswer})
def change(path: MachinePath, body: ChangedMachine) -> Any:
    """Suspended, its tokens and keys stop at once; reinstated, they work again."""
    name = path.name
    with requests.begin() as work:
        service_accounts.show(work, name)
        if body.title is not None:
            users.change(work, name, {"display_name": body.title})
        if body.suspended is True:
            service_accounts.suspend(work, name, reason=body.reason, now=requests.now())
        elif body.suspended is False:
            service_accounts.reinstate(work, name)
        if body.name is not None and body.name != name:
            name = users.rename(work, name, body.name).name
        work.session.flush()
        return frame.answer(_present(service_accounts.show(work, name)))


@api.delete(ONE, summary="Delete a service account", responses={"204": None})
def delete(path: MachinePath) -> Any:
    """For good, with its tokens, keys and roles."""
    with requests.begin() as work:
        service_accounts.delete(work, path.name, now=requests.now())
    return frame.nothing()


def _listed(organisation: str, query: MachineQuery) -> Any:
    with requests.reading() as work:
        page = service_accounts.listed(
            work,
            organisation,
            search=query.q,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([_present(each) for each in page.items], page.next)


def _created(organisation: str, body: NewMachine) -> Any:
    with requests.begin() as work:
        made = service_accounts.create(
            work, body.name, organisation=organisation, title=body.title, now=requests.now()
        )
        shown = _present(made)
    return frame.answer(shown, 201, f"{frame.PREFIX}/service-accounts/{shown.name}")


def _present(machine: Machine) -> MachineAnswer:
    user = machine.user
    return MachineAnswer(
        id=user.id,
        name=user.name,
        title=user.display_name,
        organisation=machine.organisation or None,
        state=user.state,
        suspended_by_administrator=user.suspended_by_administrator,
        tokens=machine.tokens,
        keys=machine.keys,
        created_at=user.created_at,
        last_used_at=machine.used_at,
    )
