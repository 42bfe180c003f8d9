"""Access reviews: those of an organisation or the appliance, one with its rights, and deciding."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.access_reviews import (
    LONGEST_NAME,
    LONGEST_REASON,
    MOST_DAYS,
    AtDueDate,
    Decision,
    Plan,
    Reviewers,
    Right,
)
from appliance.errors import InvalidError
from appliance.services import access_reviews, organisations, review_decisions
from appliance.web import forms, requests
from appliance.web.pages import admin, days, lists, words
from appliance.web.pages.page_forms import (
    USUAL,
    Problems,
    after,
    asked,
    attempt,
    done,
    listed,
    page,
    signed_in,
)

pages = flask.Blueprint("access_reviews", __name__)
words.give_to_templates(pages)

USUAL_DAYS = 30
REVIEW_COLUMNS: lists.Columns = {
    "name": lambda each: each.name,
    "rights": lambda each: each.items,
    "opened_by": lambda each: each.opened_by_name,
    "created_at": lambda each: each.created_at,
    "due_at": lambda each: each.due_at,
    "closed_at": lambda each: each.closed_at,
    "digest": lambda each: each.digest,
}
COLUMNS: lists.Columns = {
    "number": lambda each: each.number,
    "who": lambda each: each.subject_name,
    "right": lambda each: each.kind,
    "where": lambda each: each.place_name,
    "role": lambda each: each.role,
    "source": lambda each: each.source,
    "directory": lambda each: each.provider_name,
    "since": lambda each: each.since,
    "until": lambda each: each.until,
    "credential": lambda each: each.credential,
    "mark": lambda each: each.mark,
    "may": lambda each: each.may,
    "reach": lambda each: each.reach,
    "last_used_at": lambda each: each.last_used_at,
    "last_active_at": lambda each: each.last_active_at,
    "last_push_at": lambda each: each.last_push_at,
    "decision": lambda each: each.decision,
    "by_due_date": lambda each: each.by_due_date,
    "decided_at": lambda each: each.decided_at,
    "decided_by": lambda each: each.decided_by_name,
    "reason": lambda each: each.reason,
    "outcome": lambda each: each.outcome,
    "gone_at": lambda each: each.gone_at,
}


class ReviewForm(forms.Form):
    """How a review is to be."""

    name: str = Field(max_length=LONGEST_NAME)
    rights: list[Right] = Field(default_factory=list)
    reviewers: Reviewers = Reviewers.OWNERS
    named: str = Field("", max_length=4000)
    due: str = Field(max_length=10)
    at_due: AtDueDate = AtDueDate.KEEP
    repeat_days: int | None = Field(None, ge=1, le=MOST_DAYS)


@pages.get("/inbox/reviews")
def mine() -> ResponseReturnValue:
    """The reviews in which one decides."""
    signed_in()
    with requests.reading() as work:
        found = access_reviews.to_decide(work, now=requests.now())
        waiting = {each.id: review_decisions.waiting_for(work, each) for each in found}
    return page("reviews/mine.html", found=found, waiting=waiting)


@pages.get("/<owner>/-/reviews")
def listing(owner: str) -> ResponseReturnValue:
    """Those of an organisation."""
    return _listing(owner)


@pages.get("/administration/reviews")
def listing_all() -> ResponseReturnValue:
    """All of them, and those of the whole appliance."""
    signed_in()
    return _listing("")


@pages.get("/<owner>/-/reviews/new")
def new(owner: str) -> ResponseReturnValue:
    """Say what is to be reviewed in an organisation."""
    return _new_page(owner, {})


@pages.post("/<owner>/-/reviews/new")
def start(owner: str) -> ResponseReturnValue:
    """Begin it."""
    return _start(owner)


@pages.get("/administration/reviews/new")
def new_of_all() -> ResponseReturnValue:
    """Say what is to be reviewed on the appliance."""
    signed_in()
    return _new_page("", {})


@pages.post("/administration/reviews/new")
def start_of_all() -> ResponseReturnValue:
    """Begin it."""
    return _start("")


@pages.get("/inbox/reviews/<uuid:review_id>")
def show(review_id: UUID) -> ResponseReturnValue:
    """One review: how far it is, and the rights in it."""
    signed_in()
    file = lists.export(f"review-{review_id}", _finder(review_id), COLUMNS)
    return file or _show_page(review_id, {})


@pages.post("/inbox/reviews/<uuid:review_id>")
def decide(review_id: UUID) -> ResponseReturnValue:
    """Decide about one or several rights."""
    back = flask.url_for(".show", review_id=review_id)
    return lists.act_on_several(_acts(review_id), back=back, names=_names(review_id))


@pages.post("/inbox/reviews/<uuid:review_id>/<any(close, repeat):verb>")
def act_on(review_id: UUID, verb: str) -> ResponseReturnValue:
    """End it, or begin another like it."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            if verb == "close":
                made = access_reviews.close(work, review_id, now=requests.now())
                said = _("The review has ended. Its result is kept.")
            else:
                made = access_reviews.repeat(work, review_id, now=requests.now())
                said = _("The review was started.")
        return done(said, ".show", review_id=made.id)

    return attempt(act, lambda problems: _show_page(review_id, problems))


@pages.get("/inbox/reviews/<uuid:review_id>/result.jsonl")
def result(review_id: UUID) -> ResponseReturnValue:
    """What was decided, as the event that ended it fixes by its digest."""
    signed_in()
    with requests.reading() as work:
        lines = review_decisions.result(work, review_id)
    response = flask.Response("".join(f"{each}\n" for each in lines), mimetype="application/jsonl")
    name = f"review-{review_id}.jsonl"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _listing(owner: str) -> ResponseReturnValue:
    sorting = lists.sorting(access_reviews.ORDERS, "-created")
    find = lists.finder(access_reviews.listed, sorting, owner)
    if file := lists.export(f"{owner or 'all'}-reviews", find, REVIEW_COLUMNS):
        return file
    with requests.reading() as work:
        found = listed(find(work, after=after(), limit=USUAL))
        context = _frame(work, owner)
    return page("reviews/list.html", found=found, query=asked("q"), now=requests.now(),
                **context, **lists.tools(sorting))  # fmt: skip


def _start(owner: str) -> ResponseReturnValue:
    def act() -> ResponseReturnValue:
        form = ReviewForm.parse(flask.request.form)
        due_at = days.end_of("due", form.due)
        if due_at is None:
            raise InvalidError.of("due", _("That is not a day."))
        plan = Plan(
            name=form.name,
            organisation=owner,
            rights=tuple(form.rights),
            reviewers=form.reviewers,
            named=tuple(form.named.split()),
            due_at=due_at,
            at_due=form.at_due,
            repeat_days=form.repeat_days,
        )
        with requests.begin() as work:
            made = access_reviews.start(work, plan, now=requests.now())
        return done(_("The review was started."), ".show", review_id=made.id)

    return attempt(act, lambda problems: _new_page(owner, problems), at="name")


def _new_page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        access_reviews.insist_on_starting(work, owner)
        context = _frame(work, owner)
    usual = requests.now() + timedelta(days=USUAL_DAYS)
    offered = [each for each in Right if not owner or each is not Right.INSTANCE]
    return page("reviews/new.html", problems, offered=offered, longest=LONGEST_NAME,
                usual_due=usual.date().isoformat(), **context)  # fmt: skip


def _show_page(review_id: UUID, problems: Problems) -> str:
    with requests.reading() as work:
        summary = access_reviews.show(work, review_id)
        found = listed(_finder(review_id)(work, after=after(), limit=USUAL))
        progress = access_reviews.progress(work, review_id) if summary.reads_all else []
    review = summary.review
    is_open = review.closed_at is None and review.due_at > requests.now()
    return page("reviews/show.html", problems, summary=summary, review=review, found=found,
                progress=progress, is_open=is_open, query=asked("q"), state=asked("state"),
                acts=_acts(review_id), longest=LONGEST_REASON, now=requests.now(),
                **lists.tools(_sorting()))  # fmt: skip


def _finder(review_id: UUID) -> lists.Find:
    search, state, order = asked("q"), asked("state"), _sorting().order

    def find(work: Any, /, *, after: str | None, limit: int) -> Any:
        return review_decisions.listed(
            work, review_id, search=search, state=state, order=order, after=after, limit=limit
        )

    return find


def _sorting() -> lists.Sorting:
    return lists.sorting(review_decisions.ORDERS, "number")


def _acts(review_id: UUID) -> dict[str, lists.Act]:
    def act(decision: Decision) -> Any:
        def decide(work: Any, key: str) -> object:
            reason = flask.request.form.get("reason", "")
            return review_decisions.decide(
                work, review_id, lists.id_of(key), decision, reason, now=requests.now()
            )

        return decide

    return {
        "keep": lists.Act(lazy("Keep"), act(Decision.KEEP)),
        "revoke": lists.Act(
            lazy("Remove"),
            act(Decision.REVOKE),
            lazy(
                "They lose these permissions immediately. What a directory grants is noted "
                "and must be removed there. Permissions can be granted again. Tokens and "
                "keys are revoked for good; in an organisation, personal ones lose access to "
                "it. A service account is suspended."
            ),
            asks_for_password=False,
        ),
    }


def _names(review_id: UUID) -> lists.Names:
    def names(work: Any, keys: list[str]) -> dict[str, str]:
        del keys
        found = review_decisions.listed(work, review_id, limit=lists.MOST_NAMED)
        return {str(each.id): _named(each) for each in found.items}

    return names


def _named(each: Any) -> str:
    what = each.credential or each.place_name or str(words.RIGHTS[each.kind])
    return f"{each.subject_name}: {what}"


def _frame(work: Any, owner: str) -> dict[str, Any]:
    if not owner:
        return {"around": "admin/_frame.html", "owner": "", **admin.frame(work, "reviews")}
    return {
        "around": "owners/_organisation_frame.html",
        "owner": owner,
        "organisation": organisations.show(work, owner),
        "allowed": organisations.allowed(work, owner),
        "tab_name": "reviews",
    }
