"""What all pages of a repository share: opening it, its refs, its tabs, and its own error page.

A handler opens the repository (`opened`), finds where it is (`located`), asks a service, and shows
the answer (`show`). From then on an error is shown inside the repository's frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter

from appliance.domain.names import home_of_wiki
from appliance.domain.permissions import Permission
from appliance.errors import (
    ApplianceError,
    DamagedError,
    MovedError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
    sentence,
)
from appliance.services import files, history, wikis
from appliance.services.history import RefNames
from appliance.web import errors, links, present, requests
from appliance.web.links import Links
from appliance.web.pages.words import give_to_templates

if TYPE_CHECKING:
    from appliance.git.refs import Resolved

SELECTABLE = 100  # Refs of each kind in the selector; the page of all refs has the others.
CARRIED_BYTES = 300  # Longest path that the selector takes along to other refs.
EMPTY = sentence("This repository is empty: nothing has been pushed yet.")
NO_NAMES = RefNames((), ())


class EmptyRepositoryError(NotFoundError):
    """Nothing was pushed yet; every page says how to, instead of what it would show."""


class TailConverter(BaseConverter):
    """The rest of an address, whatever bytes it has; `requests.raw_tail` reads them."""

    regex = r"[\s\S]*"
    part_isolating = False
    weight = 300


@dataclass(frozen=True)
class Frame:
    """A repository as its pages show it."""

    repository: files.OpenRepository
    links: Links

    @cached_property
    def names(self) -> RefNames:
        """Its branches and tags; none where they cannot be read."""
        try:
            return history.ref_names(self.repository)
        except ApplianceError:  # The page says what is wrong; its frame must not.
            return NO_NAMES

    @property
    def https_url(self) -> str:
        """Where to clone from over HTTPS."""
        return requests.wiring().addresses.https(self.repository.path)

    @property
    def ssh_url(self) -> str:
        """Where to clone from over SSH."""
        return requests.wiring().addresses.ssh(self.repository.path)

    @property
    def may_see_alerts(self) -> bool:
        """Whether what scans found is for this actor."""
        return self.repository.may(Permission.ALERT_READ)

    @property
    def may_maintain(self) -> bool:
        """Whether the settings are for this actor."""
        return self.repository.may(Permission.REPOSITORY_MAINTAIN)

    @property
    def may_write(self) -> bool:
        """Whether this actor may push, and the repository takes pushes."""
        return self.repository.may(Permission.REPOSITORY_WRITE) and not self.repository.archived_at


@dataclass(frozen=True)
class Place:
    """Where in a repository a page is: a commit, what it was called, and a path."""

    frame: Frame
    found: Resolved
    path: bytes

    @property
    def commit(self) -> str:
        """The commit's object id."""
        return self.found.commit

    @property
    def ref(self) -> bytes:
        """What to call the commit in addresses."""
        return links.address_of(self.found, self.frame.names)

    @property
    def shown(self) -> bytes:
        """What to call it for people."""
        if self.found.kind is history.RefKind.COMMIT:
            return self.found.commit[:10].encode()
        return self.found.short

    @property
    def permanent(self) -> bytes:
        """What to call it in addresses that stay true."""
        return self.found.commit.encode()

    @property
    def name(self) -> bytes:
        """The last part of the path; nothing at the top."""
        return self.path.rpartition(b"/")[2]

    def steps(self, view: str = "tree") -> list[tuple[bytes, str]]:
        """Each folder on the way to the path, with its page, and the path itself at the end."""
        parts = self.path.split(b"/") if self.path else []
        sofar = [b"/".join(parts[: at + 1]) for at in range(len(parts))]
        return [
            (part, self.frame.links.at(view if path == self.path else "tree", self.ref, path))
            for part, path in zip(parts, sofar, strict=True)
        ]


def blueprint(name: str) -> flask.Blueprint:
    """A blueprint for pages of a repository: with `<tail:…>`, and errors in its frame."""
    made = flask.Blueprint(name, __name__)

    @made.record_once
    def _know_tails(state: Any) -> None:
        state.app.url_map.converters["tail"] = TailConverter

    made.register_error_handler(ApplianceError, _in_frame)
    give_to_templates(made)
    return made


def opened(owner: str, name: str) -> Frame:
    """The repository that an address names, for somebody who may read it.

    Errors:
        HiddenError: there is none, or none for this actor.
        MovedError: it is elsewhere now, or git's name of a wiki, which has its pages elsewhere.
    """
    path, store = f"{owner}/{name}", requests.wiring().repositories
    home = home_of_wiki(path)
    with requests.reading() as work:
        if home is not None:
            wiki = wikis.opened(work, home, repositories=store)
            raise MovedError(was=path, path=f"{wiki.path}/wiki")
        repository = files.opened(work, path, repositories=store)
    frame = Frame(repository, Links(f"/{repository.path}"))
    flask.g.frame = frame
    return frame


def located(frame: Frame, *, segments: int = 3) -> Place:
    """What the end of this request's address names; the default branch where it has no end.

    Errors:
        NotFoundError: it names no branch, tag or commit.
    """
    return place_of(frame, requests.raw_tail(segments))


def place_of(frame: Frame, tail: bytes) -> Place:
    """What some bytes name: a ref and perhaps a path after it."""
    if not tail.strip(b"/"):
        return Place(frame, default(frame), b"")
    found, path = history.split(frame.repository, tail)
    return Place(frame, found, path.strip(b"/"))


def named(frame: Frame, ref: bytes) -> Place:
    """What a query calls a ref; nothing means the default branch.

    A form can only send text, so it names a ref of odd bytes as an address would.
    """
    if not ref:
        return Place(frame, default(frame), b"")
    try:
        return Place(frame, history.resolve(frame.repository, ref), b"")
    except NotFoundError:
        spelled = links.from_field(words(ref))
        if spelled == ref:
            raise
        return Place(frame, history.resolve(frame.repository, spelled), b"")


def for_field(ref: bytes) -> str:
    """A ref for a field of a form: its name, or where that is no plain text, as in an address."""
    text = words(ref)
    return text if text.isprintable() and "%" not in text else present.path_url(ref)


def default(frame: Frame) -> Resolved:
    """The default branch, or where it has no commit yet, the first branch that has one.

    Errors:
        NotFoundError: the repository is empty.
    """
    head = history.head(frame.repository)
    if head.oid is not None:
        return history.resolve(frame.repository, b"")
    if frame.names.branches:
        return history.resolve(frame.repository, history.BRANCHES + frame.names.branches[0])
    raise EmptyRepositoryError(EMPTY)


def show(template: str, frame: Frame, /, **context: Any) -> str:
    """A page of a repository."""
    return flask.render_template(template, **context_of(frame), **context)


def show_place(template: str, place: Place, /, **context: Any) -> str:
    """A page about a ref or a path; with what the ref selector needs."""
    return show(template, place.frame, place=place, **selector(place), **context)


def context_of(frame: Frame) -> dict[str, Any]:
    """What `repositories/_frame.html` needs."""
    return {
        "frame": frame,
        "repository": frame.repository,
        "links": frame.links,
        "for_field": for_field,
    }


def selector(place: Place, view: str = "tree") -> dict[str, Any]:
    """What the ref selector needs: the same view of the same path, at other refs."""
    names, to = place.frame.names, place.frame.links
    # A path of thousands of bytes, once for each ref, would be most of the page.
    path = place.path if len(place.path) <= CARRIED_BYTES else b""
    view = view if path else "tree"
    return {
        "selectable_branches": [
            (name, to.at(view, name, path)) for name in names.branches[:SELECTABLE]
        ],
        "selectable_tags": [
            (name, to.at(view, links.tag_address(name, names), path))
            for name in reversed(names.tags[-SELECTABLE:])
        ],
    }


def words(name: bytes) -> str:
    """A name from git as text that keeps its odd bytes; templates make it readable."""
    return name.decode("utf-8", "surrogateescape")


def _in_frame(error: ApplianceError) -> ResponseReturnValue:
    """The error as a page of the repository, where one was opened and a page was asked for."""
    frame: Frame | None = flask.g.get("frame")
    elsewhere = isinstance(error, UnauthenticatedError | MovedError | RefusedError)
    if frame is None or elsewhere or errors.wants_json():
        return errors.answer(error)
    if isinstance(error, EmptyRepositoryError):
        branch = history.head(frame.repository).short
        return show("repositories/empty.html", frame, branch=branch)
    if error.http_status >= 500:  # noqa: PLR2004 - server errors, RFC 9110.
        errors.log.warning("request.failed", code=error.code, message=str(error), exc_info=error)
    page = show(
        "repositories/error.html",
        frame,
        title=error.title,
        explanation=str(error),
        is_damaged=isinstance(error, DamagedError),
        reference=requests.request_id(),
    )
    return page, error.http_status
