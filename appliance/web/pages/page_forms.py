"""What pages with forms and lists share: showing a form again, and walking through a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import flask
from flask.typing import ResponseReturnValue

from appliance.errors import (
    ApplianceError,
    ElevationRequiredError,
    InvalidError,
    MovedError,
    QuotaError,
    RefusedError,
    SecondPersonNeededError,
    UnauthenticatedError,
    UnavailableError,
)
from appliance.services.impersonation import NOT_AS_ANOTHER
from appliance.web import forms, links, paging, requests

Item = TypeVar("Item")
Problems = dict[str, str]
"""What is wrong with each field; what is about no field stands under the empty name."""

SERVER_ERROR = 500
USUAL = 50
"""Rows on one page of a list."""
FIXABLE = (QuotaError, UnavailableError)  # By another try, or by other values in the form.


class Found(Protocol[Item]):
    """A page as a service gives it."""

    @property
    def items(self) -> list[Item]:
        """Some items."""

    @property
    def next(self) -> str | None:
        """Where the rest begins."""


@dataclass(frozen=True)
class Listed:
    """Some items of a list, and the addresses of its other pages."""

    items: list[Any]
    older: str | None = None
    first: str | None = None


def page(template: str, problems: Problems | None = None, **context: Any) -> str:
    """A page with a form: `filled` is what somebody sent, empty where nobody has yet, or what the
    context says that it is.
    """
    context = {"filled": flask.request.form, **context}
    return flask.render_template(template, problems=problems or {}, **context)


def attempt(
    act: Callable[[], ResponseReturnValue], again: Callable[[Problems], str], *, at: str = ""
) -> ResponseReturnValue:
    """Do it; where that is not possible, show the page again and say why.

    `at` is the field that a problem without one belongs to.
    """
    try:
        return act()
    except (ElevationRequiredError, UnauthenticatedError, MovedError, SecondPersonNeededError):
        raise
    except ApplianceError as error:
        if error.http_status >= SERVER_ERROR and not isinstance(error, FIXABLE):
            raise
        problems = forms.problems(error)
        if at and "" in problems:
            problems = {at: problems[""]}
        return again(problems), error.http_status


def done(words: str, endpoint: str, **values: Any) -> ResponseReturnValue:
    """Say that it is done, on another page."""
    flask.flash(words, "good")
    return flask.redirect(flask.url_for(endpoint, **values), 303)


def confirmed_first() -> None:
    """Ask for the password before a form is filled in; the verb behind it insists anyway.

    Errors:
        UnauthenticatedError: nobody has signed in.
        RefusedError: they act as somebody else, in whose name nothing is confirmed.
        ElevationRequiredError: the person has not confirmed lately that it is them.
    """
    signed_in()
    if requests.actor().impersonator is not None:
        raise RefusedError(NOT_AS_ANOTHER)
    if requests.uses_session() and not requests.actor().is_elevated:
        raise ElevationRequiredError("Confirm your password to continue.")


def signed_in() -> None:
    """Lead strangers to the sign-in page before they fill in a form.

    Errors:
        UnauthenticatedError: nobody has signed in.
    """
    if not requests.actor().is_signed_in:
        raise UnauthenticatedError("Sign in first.")


def after(name: str = "cursor") -> str | None:
    """Where in a list this page begins, as its address says."""
    place: str | None = paging.after(flask.request.args.get(name))
    return place


def listed(found: Found[Any], name: str = "cursor") -> Listed:
    """A list with the addresses of its other pages."""
    older = links.with_query(**{name: paging.cursor(found.next)}) if found.next else None
    first = links.with_query(**{name: None}) if flask.request.args.get(name) else None
    return Listed(found.items, older, first)


def asked(name: str) -> str:
    """A word of this page's address, such as a filter; empty where it has none."""
    return flask.request.args.get(name, "").strip()


def is_confirmed(typed: str) -> bool:
    """Whether the name was typed that an act without undo asks for."""
    return flask.request.form.get("confirm", "").strip() == typed


def insist(condition: bool, field: str, words: str) -> None:  # noqa: FBT001 - reads as a sentence.
    """Go on only if a form is right in a way that its fields alone cannot say.

    Errors:
        InvalidError: it is not, and why.
    """
    if not condition:
        raise InvalidError.of(field, words)
