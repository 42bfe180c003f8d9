"""`/users` and `/user`: who there is, and who one is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from pydantic import Field

from appliance.domain.permissions import InstanceRole
from appliance.services import passwords, users
from appliance.services.users import Profile, UserChanges
from appliance.web import paging, requests
from appliance.web.api import frame

api = frame.area("users", "People: who there is, and what they may do on the instance.")


PLAIN = ("display_name", "about", "location", "website", "email")
"""What is changed by saying it."""


class UserAnswer(frame.Answer):
    """A user. The e-mail address is there for the user and for administrators."""

    id: UUID
    name: str
    display_name: str
    about: str
    location: str
    website: str
    email: str | None
    role: InstanceRole
    state: str
    is_machine: bool = Field(description="Whether it is a service account")
    created_at: datetime


class UserPage(frame.Answer):
    """Some users."""

    items: list[UserAnswer]
    next: str | None


class UserPath(frame.Body):
    """Which user."""

    name: str = Field(max_length=39)


class UserQuery(frame.PageQuery):
    """Which users."""

    q: str = Field("", max_length=100, description="Part of a name")


class NewUser(frame.Body):
    """A user to create. Without a password they get in by a one-time link."""

    name: str = Field(max_length=39)
    email: str = Field("", max_length=255)
    display_name: str = Field("", max_length=100)
    password: str | None = Field(None, max_length=1024)
    role: InstanceRole = InstanceRole.USER
    must_change_password: bool = True


class ChangedUser(frame.Body):
    """What to change of a user; what is left out stays."""

    name: str | None = Field(None, max_length=39)
    email: str | None = Field(None, max_length=255)
    display_name: str | None = Field(None, max_length=100)
    about: str | None = Field(None, max_length=300, description="A few words")
    location: str | None = Field(None, max_length=100)
    website: str | None = Field(None, max_length=200, description="An https or http address")
    role: InstanceRole | None = None
    suspended: bool | None = None
    reason: str = Field("", max_length=500, description="Why the user is suspended")


class ResetLinkAnswer(frame.Answer):
    """A one-time link, shown this once."""

    url: str
    expires_at: datetime


@api.get("/user", summary="Show yourself", responses={"200": UserAnswer})
def show_self() -> Any:
    """The user whose credential this is."""
    with requests.reading() as work:
        return frame.answer(_present(users.show_self(work)))


@api.get("/users", summary="List users", responses={"200": UserPage})
def list_users(query: UserQuery) -> Any:
    """Everybody who may enter; administrators see the suspended too."""
    with requests.reading() as work:
        page = users.list_users(
            work, search=query.q, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_present(profile) for profile in page.items], page.next)


@api.post("/users", summary="Create a user", responses={"201": UserAnswer})
def create(body: NewUser) -> Any:
    """For administrators."""
    chosen = None
    if body.password is not None:
        with requests.reading() as work:
            chosen = passwords.choose_for_new_user(
                work,
                name=body.name,
                email=body.email,
                password=body.password,
                tools=requests.wiring().sign_in,
            )
    with requests.begin() as work:
        user = users.create(
            work,
            name=body.name,
            email=body.email,
            display_name=body.display_name,
            password=chosen,
            instance_role=body.role,
            must_change_password=body.must_change_password,
            now=requests.now(),
        )
        made = _present(users.show(work, user.name))
    return frame.answer(made, 201, f"{frame.PREFIX}/users/{made.name}")


@api.get("/users/<name>", summary="Show a user", responses={"200": UserAnswer})
def show(path: UserPath) -> Any:
    """A user by name."""
    with requests.reading() as work:
        return frame.answer(_present(users.show(work, path.name)))


@api.patch("/users/<name>", summary="Change a user", responses={"200": UserAnswer})
def change(path: UserPath, body: ChangedUser) -> Any:
    """One's own address and what others read of one; everything for administrators."""
    name = path.name
    with requests.begin() as work:
        said = {each: value for each in PLAIN if (value := getattr(body, each)) is not None}
        changes = cast("UserChanges", said)
        if changes:
            users.change(work, name, changes)
        if body.role is not None:
            users.change_role(work, name, body.role)
        if body.suspended is True:
            users.suspend(work, name, reason=body.reason, now=requests.now())
        elif body.suspended is False:
            users.reinstate(work, name)
        if body.name is not None and body.name != name:
            name = users.rename(work, name, body.name).name
        work.session.flush()
        return frame.answer(_present(users.show(work, name)))


@api.delete("/users/<name>", summary="Delete a user", responses={"204": None})
def delete(path: UserPath) -> Any:
    """For good. The user must own no repositories."""
    with requests.begin() as work:
        users.delete(work, path.name, now=requests.now())
    return frame.nothing()


@api.post(
    "/users/<name>/password-reset",
    summary="Create a one-time link to set a password",
    responses={"201": ResetLinkAnswer},
)
def reset_link(path: UserPath) -> Any:
    """For administrators; earlier links of the user stop working."""
    wiring = requests.wiring()
    with requests.begin() as work:
        link = passwords.issue_reset_link(work, path.name, tools=wiring.sign_in, now=requests.now())
    url = f"{wiring.settings.server.url}/reset/{link.secret}"
    return frame.answer(ResetLinkAnswer(url=url, expires_at=link.expires_at), 201)


def _present(profile: Profile) -> UserAnswer:
    user = profile.user
    return UserAnswer(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        about=user.about,
        location=user.location,
        website=user.website,
        email=profile.email or None,
        role=user.instance_role,
        state=user.state,
        is_machine=user.is_machine,
        created_at=user.created_at,
    )
