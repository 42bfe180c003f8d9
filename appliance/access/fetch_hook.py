"""A webhook of a repository or an organisation, or the place that is to have one, if allowed.

A place is written `OWNER/NAME` for a repository, and `ORG` for an organisation.
"""

from __future__ import annotations

from uuid import UUID

from appliance.access import fetch
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.webhooks import Webhook, WebhookDelivery
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, sentence

Place = Repository | Organisation


def place(work: UnitOfWork, name: str) -> Place:
    """The repository or organisation whose webhooks the actor manages.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor may see it, but not manage its webhooks.
    """
    if "/" in name:
        return fetch.repository(work, name, Permission.REPOSITORY_HOOKS)
    return fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)


def hook(work: UnitOfWork, name: str, hook_id: UUID) -> tuple[Place, Webhook]:
    """A webhook, and the place it belongs to; at the address of that place and at no other.

    Errors:
        HiddenError, RefusedError: as for `place`; or there is no such webhook there.
    """
    owner = place(work, name)
    found = work.session.get(Webhook, hook_id)
    if found is None or owner.id not in {found.repository_id, found.organisation_id}:
        raise HiddenError(sentence("There is no such webhook."))
    return owner, found


def delivery(work: UnitOfWork, hook: Webhook, number: int) -> WebhookDelivery:
    """A delivery of a webhook that was fetched.

    Errors:
        HiddenError: there is no such delivery.
    """
    found = work.session.get(WebhookDelivery, number)
    if found is None or found.hook_id != hook.id:
        raise HiddenError(sentence("There is no such delivery."))
    return found
