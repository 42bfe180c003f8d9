"""`/user/tokens`, `/user/keys`, `/auth/token`: what one shows to be let in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from appliance.domain.credentials import Standing
from appliance.domain.permissions import Scope
from appliance.domain.signatures import KeyUse
from appliance.services import credentials, ssh_keys
from appliance.web import paging, requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.services.credentials import ListedToken
    from appliance.services.ssh_keys import ListedKey

api = frame.area("session", "Tokens and SSH keys: what one shows to be let in.")

NetworkText = Annotated[str, Field(max_length=60, description="192.0.2.0/24")]
RepositoryName = Annotated[str, Field(max_length=140, description="OWNER/NAME")]


class StandingAnswer(frame.Answer):
    """What a token is to an organisation that has a rule."""

    organisation: str
    state: Standing = Field(validation_alias="standing")
    answer: str
    most_days: int | None


class TokenAnswer(frame.Answer):
    """An access token, without its secret."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    repositories: list[str] | None = Field(description="Only these; null: all")
    networks: list[str] = Field(description="Only from these; empty: from anywhere")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str
    organisations: list[StandingAnswer] = Field(
        description="Those that have a rule for tokens, and that it reaches or would reach"
    )


class TokenPage(frame.Answer):
    """Some tokens."""

    items: list[TokenAnswer]
    next: str | None


class NewTokenBody(frame.Body):
    """A token to make."""

    name: str = Field(max_length=100)
    scopes: list[Scope] = Field(min_length=1)
    repositories: list[RepositoryName] | None = Field(None, max_length=100)
    expires_in_days: int | None = Field(None, ge=1, le=3650)
    expires_at: AwareDatetime | None = None
    networks: list[NetworkText] = Field(
        default_factory=list, max_length=200, description="From where it may be used; else anywhere"
    )
    reason: str = Field(
        "", max_length=500, description="For organisations whose owners approve tokens"
    )
    user: str | None = Field(None, max_length=39, description="For administrators: whose")


class NewTokenAnswer(TokenAnswer):
    """A new token. Its secret is shown this once."""

    token: str


class TokenPath(frame.Body):
    """Which token or key."""

    id: UUID


class OwnerQuery(frame.PageQuery):
    """Whose."""

    user: str | None = Field(None, max_length=39, description="For administrators: whose")


class KeyAnswer(frame.Answer):
    """An SSH key."""

    id: UUID
    title: str
    type: str
    fingerprint: str
    usage: KeyUse
    may_write: bool
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str
    kept_out: list[str] = Field(description="Organisations that do not let it in")


class KeyPage(frame.Answer):
    """Some keys."""

    items: list[KeyAnswer]
    next: str | None


class NewKeyBody(frame.Body):
    """A public key, as in a .pub file."""

    key: str = Field(max_length=16_384)
    title: str = Field("", max_length=100)
    usage: KeyUse = Field(KeyUse.BOTH, description="For signing in, signing work, or both")
    expires_at: AwareDatetime | None = None
    user: str | None = Field(None, max_length=39, description="For administrators: whose")


class BearerAnswer(frame.Answer):
    """A short-lived token."""

    token: str
    token_type: str
    expires_at: datetime


@api.get("/user/tokens", summary="List access tokens", responses={"200": TokenPage})
def list_tokens(query: OwnerQuery) -> Any:
    """Those that work and those that were revoked; never their secrets."""
    with requests.reading() as work:
        page = credentials.list_tokens(
            work, user=query.user, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_present_token(each) for each in page.items], page.next)


@api.post("/user/tokens", summary="Create an access token", responses={"201": NewTokenAnswer})
def create_token(body: NewTokenBody) -> Any:
    """The answer holds the secret, this once."""
    expires_at = body.expires_at
    if expires_at is None and body.expires_in_days is not None:
        expires_at = requests.now() + timedelta(days=body.expires_in_days)
    with requests.begin() as work:
        made = credentials.create_token(
            work,
            name=body.name,
            scopes=body.scopes,
            repositories=body.repositories,
            expires_at=expires_at,
            networks=body.networks,
            reason=body.reason,
            user=body.user,
            tools=requests.wiring().sign_in,
            now=requests.now(),
        )
        shown = credentials.ListedToken(made.token, tuple(body.repositories or ()), None, "")
        answer = NewTokenAnswer(**dict(_present_token(shown)), token=made.secret)
    response = frame.answer(answer, 201)
    response.headers["Cache-Control"] = "no-store"
    return response


@api.delete("/user/tokens/<uuid:id>", summary="Revoke an access token", responses={"204": None})
def revoke_token(path: TokenPath) -> Any:
    """It stops working at once, and every short-lived token made with it."""
    with requests.begin() as work:
        credentials.revoke_token(work, path.id, now=requests.now())
    return frame.nothing()


@api.post("/auth/token", summary="Get a short-lived token", responses={"200": BearerAnswer})
def issue_bearer() -> Any:
    """A JWT of minutes for the access token with which this is asked."""
    with requests.begin() as work:
        issued = credentials.issue_jwt(work, tools=requests.wiring().sign_in, now=requests.now())
    response = frame.answer(
        BearerAnswer(token=issued.text, token_type="Bearer", expires_at=issued.expires_at)  # noqa: S106 - RFC 6750's word.
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@api.get("/user/keys", summary="List SSH keys", responses={"200": KeyPage})
def list_keys(query: OwnerQuery) -> Any:
    """One's own."""
    with requests.reading() as work:
        page = ssh_keys.list_keys(
            work, user=query.user, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([present_key(each) for each in page.items], page.next)


@api.post("/user/keys", summary="Add an SSH key", responses={"201": KeyAnswer})
def add_key(body: NewKeyBody) -> Any:
    """Weak kinds are refused, and say why."""
    with requests.begin() as work:
        key = ssh_keys.add(
            work,
            text=body.key,
            title=body.title,
            usage=body.usage,
            expires_at=body.expires_at,
            user=body.user,
            now=requests.now(),
        )
        return frame.answer(present_key(ssh_keys.ListedKey(key, None, "")), 201)


@api.delete("/user/keys/<uuid:id>", summary="Remove an SSH key", responses={"204": None})
def remove_key(path: TokenPath) -> Any:
    """It stops working at once."""
    with requests.begin() as work:
        ssh_keys.remove(work, path.id)
    return frame.nothing()


def present_key(listed: ListedKey) -> KeyAnswer:
    """A key as the API shows it."""
    key = listed.key
    return KeyAnswer(
        id=key.id,
        title=key.title,
        type=key.key_type,
        fingerprint=key.fingerprint,
        usage=key.usage,
        may_write=key.may_write,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=listed.used_at,
        last_used_from=listed.used_from,
        kept_out=list(listed.kept_out),
    )


def _present_token(listed: ListedToken) -> TokenAnswer:
    token = listed.token
    return TokenAnswer(
        id=token.id,
        name=token.name,
        prefix=token.shown_prefix,
        scopes=[Scope(scope) for scope in token.scopes],
        repositories=None if token.all_repositories else list(listed.repositories),
        networks=token.networks,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        last_used_at=listed.used_at,
        last_used_from=listed.used_from,
        organisations=[StandingAnswer.model_validate(each) for each in listed.organisations],
    )
