"""Labels of a repository: what there is, and changing it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from appliance.access import fetch, fetch_conversations
from appliance.access.gate import open_to_everyone
from appliance.db.conversations import Conversation
from appliance.db.labels import Label, LabelLink
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import (
    LONGEST_ABOUT,
    LONGEST_LABEL,
    MOST_LABELS_OF_REPOSITORY,
    ConversationState,
    check_colour,
    check_name,
    name_key,
)
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence

USUAL = (
    ("bug", "b4232a", "Something does not work as it should"),
    ("documentation", "2c62b8", "Texts that explain"),
    ("enhancement", "1c7a66", "Something new, or something better"),
    ("good first issue", "6b46b8", "Right for newcomers"),
    ("help wanted", "1f7a3d", "More hands are welcome"),
    ("question", "8a3d8f", "Somebody asks for more"),
    ("duplicate", "6b7280", "It is there already"),
    ("wontfix", "6b7280", "It stays as it is"),
    ("security", "9c2f5c", "Closes a hole, or could open one"),
    ("performance", "a15c00", "Makes something quicker or slower"),
    ("refactor", "4a5fa8", "Another shape, the same behaviour"),
    ("hotfix", "c0392b", "Mended in a hurry"),
)
"""What a repository without labels is offered."""


@dataclass(frozen=True)
class Counted:
    """A label, and how many open conversations have it."""

    label: Label
    open: int


def listed(work: UnitOfWork, path: str) -> list[Counted]:
    """The labels of a repository, by name.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    counts = (
        sa.select(LabelLink.label_id, sa.func.count().label("number"))
        .join(Conversation, Conversation.id == LabelLink.conversation_id)
        .where(
            Conversation.repository_id == repository.id,
            Conversation.state == ConversationState.OPEN,
        )
        .group_by(LabelLink.label_id)
        .subquery()
    )
    rows = work.session.execute(
        sa.select(Label, counts.c.number)
        .outerjoin(counts, counts.c.label_id == Label.id)
        .where(Label.repository_id == repository.id)
        .order_by(Label.name_key)
    )
    return [Counted(label, number or 0) for label, number in rows]


def choices(work: UnitOfWork, path: str) -> list[Label]:
    """The same labels, to choose from; nothing is counted.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = sa.select(Label).where(Label.repository_id == repository.id)
    return list(work.session.scalars(query.order_by(Label.name_key)))


def create(work: UnitOfWork, path: str, name: str, *, colour: str, description: str = "") -> Label:
    """Give a repository one more label.

    Errors:
        HiddenError, RefusedError: the actor is no triager there.
        InvalidError: nothing can be called so, or there are too many.
        ConflictError: there is one of that name, or the repository is archived.
    """
    repository = fetch_conversations.to_sort(work, path)
    _insist_on_room(work, repository)
    made = Label(
        repository_id=repository.id,
        name=_free(work, repository, name),
        name_key=name_key(_checked(name)),
        colour=check_colour(colour),
        description=_about(description),
    )
    work.session.add(made)
    work.session.flush()  # The event names its id.
    work.record(
        events.LabelCreated(
            about=repository.id,
            organisation_id=repository.organisation_id,
            label_id=str(made.id),
            name=made.name,
        )
    )
    return made


def create_usual(work: UnitOfWork, path: str) -> list[Label]:
    """Give a repository those of the usual labels that it has not.

    Errors: as for `create`.
    """
    repository = fetch_conversations.to_sort(work, path)
    query = sa.select(Label.name_key).where(Label.repository_id == repository.id)
    has = set(work.session.scalars(query))
    return [
        create(work, path, name, colour=colour, description=about)
        for name, colour, about in USUAL
        if name_key(name) not in has
    ]


def change(
    work: UnitOfWork,
    path: str,
    name: str,
    *,
    new_name: str | None = None,
    colour: str | None = None,
    description: str | None = None,
) -> Label:
    """Give a label another name, colour or description; what is None stays.

    Errors:
        HiddenError, RefusedError: the actor is no triager there.
        NotFoundError: there is no such label.
        InvalidError: nothing can be called so.
        ConflictError: another has that name, or the repository is archived.
    """
    repository = fetch_conversations.to_sort(work, path)
    found = _label(work, repository, name)
    changed = []
    if new_name is not None and _checked(new_name) != found.name:
        found.name = _free(work, repository, new_name, but=found)
        found.name_key = name_key(found.name)
        changed.append("name")
    if colour is not None and check_colour(colour) != found.colour:
        found.colour = check_colour(colour)
        changed.append("colour")
    if description is not None and _about(description) != found.description:
        found.description = _about(description)
        changed.append("description")
    if changed:
        work.record(
            events.LabelChanged(
                about=repository.id,
                organisation_id=repository.organisation_id,
                label_id=str(found.id),
                changed=changed,
                name=found.name,
            )
        )
    return found


def delete(work: UnitOfWork, path: str, name: str) -> int:
    """Delete a label, and take it from whatever has it; gives from how many.

    Errors:
        HiddenError, RefusedError, NotFoundError, ConflictError: as for `change`.
    """
    repository = fetch_conversations.to_sort(work, path)
    found = _label(work, repository, name)
    query = sa.select(sa.func.count()).where(LabelLink.label_id == found.id)
    count = work.session.scalar(query) or 0
    work.session.delete(found)
    work.record(
        events.LabelDeleted(
            about=repository.id,
            organisation_id=repository.organisation_id,
            label_id=str(found.id),
            conversations=count,
            name=found.name,
        )
    )
    return count


@open_to_everyone(because="whoever has a repository before them was asked whether they may read it")
def names(work: UnitOfWork, repository: Repository) -> list[str]:
    """What the labels of a repository are called."""
    query = sa.select(Label.name).where(Label.repository_id == repository.id)
    return list(work.session.scalars(query.order_by(Label.name_key)))


def _label(work: UnitOfWork, repository: Repository, name: str) -> Label:
    query = sa.select(Label).where(
        Label.repository_id == repository.id, Label.name_key == name_key(name)
    )
    found = work.session.scalar(query)
    if found is None:
        raise NotFoundError(sentence("There is no label %(name)s here.", name=name))
    return found


def _checked(name: str) -> str:
    found = check_name(name, longest=LONGEST_LABEL)
    if "," in found:
        raise InvalidError.of("name", sentence("A label's name has no commas."))
    return found


def _free(work: UnitOfWork, repository: Repository, name: str, but: Label | None = None) -> str:
    found = _checked(name)
    query = sa.select(Label.id).where(
        Label.repository_id == repository.id, Label.name_key == name_key(found)
    )
    taken = work.session.scalar(query)
    if taken is not None and (but is None or taken != but.id):
        raise ConflictError(sentence("The label %(name)s already exists.", name=found))
    return found


def _about(description: str) -> str:
    found = " ".join(description.split())
    if len(found) > LONGEST_ABOUT or "\x00" in found:
        raise InvalidError.of(
            "description",
            sentence("A description has at most %(most)s characters.", most=LONGEST_ABOUT),
        )
    return found


def _insist_on_room(work: UnitOfWork, repository: Repository) -> None:
    query = sa.select(sa.func.count()).where(Label.repository_id == repository.id)
    if (work.session.scalar(query) or 0) >= MOST_LABELS_OF_REPOSITORY:
        raise ConflictError(
            sentence("A repository has at most %(most)s labels.", most=MOST_LABELS_OF_REPOSITORY)
        )
