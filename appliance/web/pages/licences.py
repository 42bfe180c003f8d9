"""What is under which licence: of a repository, and of an organisation; and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.licences import LicenceDecision, LicencePolicy, decided
from appliance.services import alert_lists, licence_policies, licences, organisations
from appliance.web import forms, requests
from appliance.web.pages import lists, words
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import attempt, done, page
from appliance.web.pages.repository_frame import blueprint, opened, show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.component_licences import Judged
    from appliance.services.licence_policies import Trial
    from appliance.services.licences import LicenceReport
    from appliance.web.pages.page_forms import Found, Problems

pages = blueprint("licences")
across = flask.Blueprint("licences_across", __name__)
words.give_to_templates(across)
PLACE = "/<owner>/<name>/security/licences"
POLICY = "/<owner>/-/settings/licences"
LONGEST_LIST = 100_000
DECISIONS = {
    LicenceDecision.ALLOW: (lazy("Allowed"), "good", "check"),
    LicenceDecision.REVIEW: (lazy("To be looked at"), "hold", "unknown"),
    LicenceDecision.DENY: (lazy("Denied"), "bad", "alert"),
}
DUTIES = {
    "copyright_notice": lazy("its text and copyright notices go along"),
    "notice_file": lazy("its NOTICE file goes along"),
    "state_changes": lazy("changed files say so"),
    "source_of_files": lazy("the source of its own files is given"),
    "source_of_library": lazy("the source of the library is given, and it can be replaced"),
    "source_of_all": lazy("the source of all that it is part of is given, under the same licence"),
    "source_over_network": lazy("also to those who use it over a network"),
    "no_endorsement": lazy("the authors' names do not advertise"),
}
COLUMNS: lists.Columns = {
    "licence": lambda each: each.licence or "unknown",
    "decision": lambda each: each.decision,
    "purl": lambda each: each.purl,
    "written": lambda each: each.written,
    "reason": lambda each: each.reason,
}


class LicencePolicyForm(forms.Form):
    """What an organisation says: a licence on each line; a package with licence and reason."""

    allowed: str = Field("", max_length=LONGEST_LIST)
    denied: str = Field("", max_length=LONGEST_LIST)
    decided: str = Field("", max_length=2 * LONGEST_LIST)
    alerts_for_review: str = ""
    act: str = ""


@pages.get(PLACE)
def of_repository(owner: str, name: str) -> ResponseReturnValue:
    """Licences of the components of the default branch."""
    path, now = f"{owner}/{name}", requests.now()
    with requests.reading() as work:
        alert_lists.expect(work, path)
        found = licences.of_repository(work, path, now=now)
    frame = opened(owner, name)
    if file := _export(f"{name}-licences", found):
        return file
    return show("security/licences.html", frame, tab_name="security", report=found, **_tools())


@pages.get(f"{PLACE}/notice")
def notice(owner: str, name: str) -> ResponseReturnValue:
    """The NOTICE file."""
    with requests.reading() as work:
        text = licences.notice(work, f"{owner}/{name}", now=requests.now())
    response = flask.Response(text, content_type="text/plain; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename="NOTICE.txt")
    return response


@across.get("/<owner>/-/security/licences")
def of_organisation(owner: str) -> ResponseReturnValue:
    """Licences in all repositories whose alerts one may see."""
    with requests.reading() as work:
        organisation = organisations.show(work, owner)
        allowed = organisations.allowed(work, owner)
        found = licences.of_organisation(work, owner, now=requests.now())
    if file := _export(f"{owner}-licences", found):
        return file
    return page(
        "alerts/licences.html",
        owner=owner,
        organisation=organisation,
        allowed=allowed,
        tab_name="security",
        part="licences",
        report=found,
        **_tools(),
    )


@across.get(POLICY)
def policy(owner: str) -> ResponseReturnValue:
    """What an organisation allows."""
    return _policy_page(owner, {}, None)


@across.post(POLICY)
def change_policy(owner: str) -> ResponseReturnValue:
    """Try it, set it anew, or remove it."""

    def act() -> ResponseReturnValue:
        form = LicencePolicyForm.parse(flask.request.form)
        if form.act == "remove":
            with requests.begin() as work:
                licence_policies.set_policy(work, owner, None)
            return done(_("The policy is removed."), ".policy", owner=owner)
        wanted = LicencePolicy(
            tuple(_lines(form.allowed)),
            tuple(_lines(form.denied)),
            tuple(map(decided, _lines(form.decided))),
            bool(form.alerts_for_review),
        )
        if form.act == "try":
            with requests.reading() as work:
                tried = licence_policies.trial(work, owner, wanted, now=requests.now())
            return _policy_page(owner, {}, tried)
        with requests.begin() as work:
            licence_policies.set_policy(work, owner, wanted)
        return done(_("Saved. The alerts follow in a moment."), ".policy", owner=owner)

    return attempt(act, lambda problems: _policy_page(owner, problems, None))


def _policy_page(owner: str, problems: Problems, tried: Trial | None) -> str:
    with requests.reading() as work:
        context = settings_frame(work, owner)
        found = licence_policies.show(work, owner)
    return page(
        "organisations/licence_policy.html",
        problems,
        section="licences",
        policy=found,
        written=_written(found or LicencePolicy()),
        tried=tried,
        decisions=DECISIONS,
        **context,
    )


def _written(policy: LicencePolicy) -> dict[str, str]:
    """The same as the form has it."""
    return {
        "allowed": "\n".join(policy.allowed),
        "denied": "\n".join(policy.denied),
        "decided": "\n".join(map(str, policy.decided)),
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _export(name: str, found: LicenceReport) -> flask.Response | None:
    """Each package with its licence."""
    every = [each for use in found.uses for each in use.packages]

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Judged]:
        del work
        start = int(after or 0)
        following = str(start + limit) if start + limit < len(every) else None
        return lists.Part(every[start : start + limit], following)

    return lists.export(name, find, COLUMNS)


def _tools() -> dict[str, Any]:
    return {"decisions": DECISIONS, "duties": DUTIES, **lists.tools()}
