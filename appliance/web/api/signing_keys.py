"""`/user/gpg-keys`: OpenPGP keys, by which one signs commits, tags and pushes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.services import openpgp_keys
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.session import OwnerQuery, TokenPath

if TYPE_CHECKING:
    from appliance.db.signing_keys import OpenPgpKey

api = frame.area("signing keys", "OpenPGP keys: by them work is signed. SSH keys may sign too.")


class SigningKeyAnswer(frame.Answer):
    """An OpenPGP key."""

    id: UUID
    fingerprint: str
    algorithm: str
    user_ids: list[str]
    made_at: datetime
    expires_at: datetime | None
    revoked: bool
    created_at: datetime = Field(description="When it was added here")


class SigningKeyPage(frame.Answer):
    """Some keys."""

    items: list[SigningKeyAnswer]
    next: str | None


class NewSigningKeyBody(frame.Body):
    """A public key, as `gpg --armor --export` writes it."""

    key: str = Field(max_length=openpgp_keys.LONGEST_TEXT)
    user: str | None = Field(None, max_length=39, description="For administrators: whose")


@api.get("/user/gpg-keys", summary="List OpenPGP keys", responses={"200": SigningKeyPage})
def list_signing_keys(query: OwnerQuery) -> Any:
    """One's own."""
    with requests.reading() as work:
        page = openpgp_keys.list_keys(
            work, user=query.user, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_present(each) for each in page.items], page.next)


@api.post(
    "/user/gpg-keys",
    summary="Add an OpenPGP key",
    responses={"200": SigningKeyAnswer, "201": SigningKeyAnswer},
)
def add_signing_key(body: NewSigningKeyBody) -> Any:
    """One that is here already is brought up to date, a revocation included."""
    with requests.begin() as work:
        key, is_new = openpgp_keys.add(work, text=body.key, user=body.user, now=requests.now())
        return frame.answer(_present(key), 201 if is_new else 200)


@api.delete("/user/gpg-keys/<uuid:id>", summary="Remove an OpenPGP key", responses={"204": None})
def remove_signing_key(path: TokenPath) -> Any:
    """What it has signed counts as unverified from then on."""
    with requests.begin() as work:
        openpgp_keys.remove(work, path.id)
    return frame.nothing()


def _present(key: OpenPgpKey) -> SigningKeyAnswer:
    return SigningKeyAnswer(
        id=key.id,
        fingerprint=key.fingerprint,
        algorithm=key.algorithm,
        user_ids=key.user_ids,
        made_at=key.made_at,
        expires_at=key.expires_at,
        revoked=key.is_revoked,
        created_at=key.created_at,
    )
