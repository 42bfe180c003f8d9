"""Lists of branches and tags: their order, their files, and deleting several of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from appliance.errors import ConflictError, InvalidError, NotFoundError
from appliance.services import history, ref_updates
from appliance.services.history import BRANCHES, TAGS, Order
from appliance.web import links, present
from appliance.web import ref_updates as moves
from appliance.web.pages import lists
from appliance.web.pages.repository_frame import Frame, context_of, default, opened

if TYPE_CHECKING:
    from flask_babel.speaklater import LazyString

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.refs import Divergence, Ref, RefPage

QUESTION_SECONDS = 2.0
"""How long a question waits to learn how far what it asks about is from the default branch."""
ORDERS = {"name": Order.NAME, "updated": Order.NEWEST}
CONSEQUENCES: Mapping[bytes, LazyString] = {
    BRANCHES: lazy(
        "These branches are deleted. Commits that are in no other branch or tag can no "
        "longer be fetched. Note the IDs: until the next clean-up you can create a branch at "
        "its ID again."
    ),
    TAGS: lazy(
        "These tags are deleted. Commits that are in no other branch or tag can no longer be "
        "fetched. Note the IDs: until the next clean-up you can create a tag at its ID "
        "again, with its message."
    ),
}


@dataclass(frozen=True)
class Chosen:
    """A branch or tag that is to be deleted."""

    name: bytes
    oid: str
    """What it points at, and what brings it back."""
    divergence: Divergence | None
    is_default: bool
    is_protected: bool


def sorting() -> lists.Sorting:
    """How the address wants branches or tags sorted."""
    return lists.sorting(ORDERS, "-updated")


def part(
    listed: Callable[..., RefPage],
    frame: Frame,
    sorted_by: lists.Sorting,
    *,
    containing: bytes,
    offset: int,
    limit: int,
) -> RefPage:
    """Some branches or tags in that order; `listed` gives those of a kind."""
    order, is_turned = ordered(sorted_by)
    return listed(
        frame.repository,
        order=order,
        is_turned=is_turned,
        containing=containing,
        offset=offset,
        limit=limit,
    )


def ordered(sorted_by: lists.Sorting) -> tuple[Order, bool]:
    """The same for who asks git; and whether to begin at the end."""
    order = ORDERS[sorted_by.by]
    usually_down = order is Order.NEWEST
    return order, sorted_by.is_descending is not usually_down


def finder(
    listed: Callable[..., RefPage], frame: Frame, shown: Callable[[UnitOfWork, RefPage], list[Any]]
) -> lists.Find:
    """All branches or tags that the page's filter wants, for a file."""
    sorted_by, containing = sorting(), links.asked("q").strip()

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> lists.Part:
        first = int(after or 0)
        found = part(listed, frame, sorted_by, containing=containing, offset=first, limit=limit)
        last = first + limit
        return lists.Part(shown(work, found), str(last) if last < found.total else None)

    return find


def columns(ref: Callable[[Any], Ref]) -> dict[str, Callable[[Any], Any]]:
    """What files say of every branch and tag, which `ref` finds in an item."""
    return {
        "name": lambda each: present.name_text(ref(each).short),
        "target": lambda each: ref(each).target,
        "commit": lambda each: ref(each).commit,
        "updated_at": lambda each: ref(each).at,
        "author": lambda each: present.name_text(ref(each).author),
        "subject": lambda each: present.name_text(ref(each).subject),
    }


def apart(frame: Frame, oids: Sequence[str], seconds: float) -> dict[str, Divergence | None]:
    """How far commits are from the default branch; nothing where there is none yet."""
    try:
        base = default(frame).commit
    except NotFoundError:
        return {}
    known = list(dict.fromkeys(oids))
    far = history.divergence(frame.repository, base, known, seconds=seconds)
    return dict(zip(known, far, strict=True))


# --- deleting ---


def key(ref: Ref) -> str:
    """What the checkbox of a branch or tag says: where it is, and its name; see `_read`."""
    return f"{ref.target}:{present.path_url(ref.short)}"


def acts(frame: Frame, prefix: bytes) -> dict[str, lists.ActInSteps]:
    """What can be done with several branches or tags."""
    return {
        "delete": lists.ActInSteps(
            lazy("Delete"),
            lambda chosen: delete(frame, prefix, *_read(chosen)),
            CONSEQUENCES[prefix],
        )
    }


def delete_several(owner: str, name: str, prefix: bytes) -> ResponseReturnValue:
    """Delete the branches or tags that a list's form names, each if it is where the list showed it.

    Errors:
        HiddenError, RefusedError: the actor may not.
    """
    frame = opened(owner, name)
    moves.plan(frame.repository.path)

    def ask(*, called: Mapping[str, str], **context: Any) -> str:
        chosen = _looked_at(frame, prefix, list(called))
        return flask.render_template("branches/confirm.html", chosen=chosen, called=called,
                                     **context_of(frame), **context)  # fmt: skip

    back = frame.links.branches if prefix == BRANCHES else frame.links.tags
    return lists.act_on_several(acts(frame, prefix), back=back, names=_names, question=ask)


def delete(frame: Frame, prefix: bytes, name: bytes, expected: str | None) -> None:
    """A branch or tag less.

    Errors:
        ConflictError: it is the default branch. ProtectedError: a rule forbids it.
        NotFoundError, PreconditionError: it is not there, or elsewhere by now.
    """
    if prefix == BRANCHES and name == frame.repository.default_branch.encode():
        raise ConflictError(
            "The default branch cannot be deleted. Make another branch the default first."
        )
    draft = (
        ref_updates.draft_branch_deletion if prefix == BRANCHES else ref_updates.draft_tag_deletion
    )
    moves.do(frame.repository.path, lambda plan: draft(plan, name, expected=expected))


def _names(_work: UnitOfWork, chosen: list[str]) -> dict[str, str]:
    """What they are called afterwards: with the ids that bring them back."""
    return {each: _with_id(*_read(each)) for each in chosen}


def _with_id(name: bytes, oid: str) -> str:
    return f"{present.name_text(name)} ({present.short_oid(oid)})"


def _looked_at(frame: Frame, prefix: bytes, keys: list[str]) -> list[Chosen]:
    wanted = [_read(each) for each in keys]
    commits = {oid: _commit(frame, oid) for _name, oid in wanted}
    far = apart(frame, [commit for commit in commits.values() if commit], QUESTION_SECONDS)
    own = frame.repository.default_branch.encode()
    return [
        Chosen(
            name,
            oid,
            far.get(commits[oid] or ""),
            is_default=prefix == BRANCHES and name == own,
            is_protected=frame.repository.is_protected(prefix + name),
        )
        for name, oid in wanted
    ]


def _commit(frame: Frame, oid: str) -> str | None:
    """The commit that an object id means: of an annotated tag, too."""
    try:
        return history.resolve(frame.repository, oid.encode()).commit
    except (NotFoundError, InvalidError):
        return None


def _read(chosen: str) -> tuple[bytes, str]:
    """The name and the object id that a checkbox says.

    Errors:
        InvalidError: it says none.
    """
    oid, mark, name = chosen.partition(":")
    if not (mark and oid and name):
        raise InvalidError.of("chosen", "Select something in the list first.")
    return links.from_field(name), oid
