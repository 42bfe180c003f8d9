"""What a reviewer does with files of a pull request: mark them as viewed, apply suggestions."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from appliance.errors import InvalidError
from appliance.services import viewed_files
from appliance.services.viewed_files import Viewed
from appliance.web import links, requests
from appliance.web import pulls as doors
from appliance.web.pages import issue_frame, pull_conversation, pull_frame
from appliance.web.pages.page_forms import attempt, signed_in
from appliance.web.pages.pull_frame import ONE, Opened
from appliance.web.pages.pull_talk import Mark
from appliance.web.pages.repository_frame import blueprint, show

pages = blueprint("pull_changes")

OID_DIGITS = 64


@pages.post(f"{ONE}/viewed")
def mark(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Mark a file as viewed as it is, or not any more."""
    signed_in()
    pull = pull_frame.read(owner, name, number)
    spelled, is_viewed = issue_frame.said("path"), issue_frame.said("viewed") == "yes"
    seen = Viewed(_oid("old"), _oid("new"))
    with requests.begin() as work:
        path = links.from_field(spelled)
        viewed_files.mark(work, pull.which, path, seen if is_viewed else None, now=requests.now())
    back = issue_frame.said("back")
    if flask.request.form.get("part") == "mark":
        made = Mark(spelled, seen.old_blob, seen.new_blob, back, is_viewed)
        return show("pulls/mark.html", pull.frame, **pull_frame.context_of(pull), mark=made)
    return flask.redirect(back if _is_here(pull, back) else f"{pull.here}/files", 303)


@pages.post(f"{ONE}/suggestions")
def apply(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Apply suggestions as one commit on the source branch."""
    signed_in()
    pull = pull_frame.read(owner, name, number)

    def do() -> ResponseReturnValue:
        wanted = [_id(each) for each in flask.request.form.getlist("chosen")]
        doors.apply_suggestions(pull.which, wanted)
        told = ngettext(
            "%(num)s suggestion is applied.", "%(num)s suggestions are applied.", len(wanted)
        )
        flask.flash(told, "good")
        return flask.redirect(f"{pull.here}/files", 303)

    def again(problems: dict[str, str]) -> str:
        told = {"": " ".join(problems.values())}
        return pull_conversation.page(pull.frame, number, told)

    return attempt(do, again)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidError.of("chosen", _("Select comments with suggestions.")) from error


def _oid(field: str) -> str:
    text = issue_frame.said(field)
    is_oid = len(text) <= OID_DIGITS and all(each in "0123456789abcdef" for each in text)
    if not is_oid:
        raise InvalidError.of(field, _("That is no object id."))
    return text


def _is_here(pull: Opened, address: str) -> bool:
    """Whether an address is one of this pull request, so that nobody is led elsewhere."""
    return address.startswith(f"{pull.here}/files") and "\\" not in address
