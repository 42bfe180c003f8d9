"""`/labels`, `/milestones`: by what the issues of a repository are sorted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from appliance.services import labels, milestones
from appliance.services.labels import Counted
from appliance.services.milestones import Plan, Progress
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.issues import Number, Text
from appliance.web.api.repositories import RepositoryPath

api = frame.area("labels", "Labels and milestones: by what issues are sorted.")

LABELS = "/repos/<owner>/<name>/labels"
MILESTONES = "/repos/<owner>/<name>/milestones"


class LabelPath(RepositoryPath):
    """Which label."""

    label: str = Field(max_length=200)


class MilestonePath(RepositoryPath):
    """Which milestone."""

    number: Number


class LabelAnswer(frame.Answer):
    """A label."""

    name: str
    colour: str
    description: str
    open: int = Field(description="How many open issues have it")


class LabelList(frame.Answer):
    """All labels of a repository."""

    items: list[LabelAnswer]


class NewLabel(frame.Body):
    """A label to add."""

    name: str = Field(max_length=200)
    colour: str = Field(max_length=7, description="Six hexadecimal digits")
    description: str = Field("", max_length=400)


class ChangedLabel(frame.Body):
    """What to change; what is left out stays."""

    name: str | None = Field(None, max_length=200)
    colour: str | None = Field(None, max_length=7)
    description: str | None = Field(None, max_length=400)


class MilestoneAnswer(frame.Answer):
    """Work to be done by a date, and how far it is."""

    number: int
    title: str
    description: str
    due_on: date | None
    is_open: bool
    open: int
    closed: int
    percent: int
    created_at: datetime
    closed_at: datetime | None


class MilestoneList(frame.Answer):
    """The milestones of a repository."""

    items: list[MilestoneAnswer]


class MilestoneQuery(frame.PageQuery):
    """Which milestones."""

    closed: bool | None = None


class NewMilestone(frame.Body):
    """A milestone to add."""

    title: str = Field(max_length=400)
    description: Text = ""
    due_on: date | None = None


class ChangedMilestone(frame.Body):
    """What to change; what is left out stays."""

    title: str | None = Field(None, max_length=400)
    description: Text | None = None
    due_on: date | None = Field(None, description="null: no day")
    closed: bool | None = None


@api.get(LABELS, summary="List labels", responses={"200": LabelList})
def list_labels(path: RepositoryPath) -> Any:
    """All of them, by name."""
    with requests.reading() as work:
        found = labels.listed(work, path.path)
        return frame.answer(LabelList(items=[_label(each) for each in found]))


@api.post(LABELS, summary="Add a label", responses={"201": LabelAnswer})
def create_label(path: RepositoryPath, body: NewLabel) -> Any:
    """For triagers."""
    with requests.begin() as work:
        made = labels.create(
            work, path.path, body.name, colour=body.colour, description=body.description
        )
        return frame.answer(_label(Counted(made, 0)), 201)


@api.patch(f"{LABELS}/<path:label>", summary="Change a label", responses={"200": LabelAnswer})
def change_label(path: LabelPath, body: ChangedLabel) -> Any:
    """For triagers."""
    with requests.begin() as work:
        made = labels.change(
            work,
            path.path,
            path.label,
            new_name=body.name,
            colour=body.colour,
            description=body.description,
        )
        work.session.flush()
        counts = {each.label.id: each for each in labels.listed(work, path.path)}
        return frame.answer(_label(counts[made.id]))


@api.delete(f"{LABELS}/<path:label>", summary="Delete a label", responses={"204": None})
def delete_label(path: LabelPath) -> Any:
    """For triagers; whatever has it loses it."""
    with requests.begin() as work:
        labels.delete(work, path.path, path.label)
    return frame.nothing()


@api.get(MILESTONES, summary="List milestones", responses={"200": MilestoneList})
def list_milestones(path: RepositoryPath, query: MilestoneQuery) -> Any:
    """All of them; what is due first comes first."""
    with requests.reading() as work:
        found = milestones.listed(work, path.path, closed=query.closed)
        return frame.answer(MilestoneList(items=[_milestone(each) for each in found]))


@api.post(MILESTONES, summary="Add a milestone", responses={"201": MilestoneAnswer})
def create_milestone(path: RepositoryPath, body: NewMilestone) -> Any:
    """For triagers."""
    plan = Plan(body.title, body.description, body.due_on)
    with requests.begin() as work:
        made = milestones.create(work, path.path, plan, now=requests.now())
        shown = _milestone(Progress(made, 0, 0))
    where = f"{frame.PREFIX}/repos/{path.path}/milestones/{shown.number}"
    return frame.answer(shown, 201, where)


@api.get(
    f"{MILESTONES}/<int:number>", summary="Show a milestone", responses={"200": MilestoneAnswer}
)
def show_milestone(path: MilestonePath) -> Any:
    """A milestone by its number."""
    with requests.reading() as work:
        return frame.answer(_milestone(milestones.show(work, path.path, path.number)))


@api.patch(
    f"{MILESTONES}/<int:number>", summary="Change a milestone", responses={"200": MilestoneAnswer}
)
def change_milestone(path: MilestonePath, body: ChangedMilestone) -> Any:
    """For triagers. With If-Match, only if it is as it was."""
    has_no_date = "due_on" in body.model_fields_set and body.due_on is None
    plan = Plan(body.title, body.description, body.due_on, has_no_date, body.closed)
    with requests.begin() as work:
        frame.insist_on_match(_milestone(milestones.show(work, path.path, path.number)))
        milestones.change(work, path.path, path.number, plan, now=requests.now())
        return frame.answer(_milestone(milestones.show(work, path.path, path.number)))


@api.delete(f"{MILESTONES}/<int:number>", summary="Delete a milestone", responses={"204": None})
def delete_milestone(path: MilestonePath) -> Any:
    """For triagers; what was planned for it belongs to none."""
    with requests.begin() as work:
        milestones.delete(work, path.path, path.number)
    return frame.nothing()


def _label(found: Counted) -> LabelAnswer:
    label = found.label
    return LabelAnswer(
        name=label.name, colour=label.colour, description=label.description, open=found.open
    )


def _milestone(found: Progress) -> MilestoneAnswer:
    one = found.milestone
    return MilestoneAnswer(
        number=one.number,
        title=one.title,
        description=one.description,
        due_on=one.due_on,
        is_open=one.is_open,
        open=found.open,
        closed=found.closed,
        percent=found.percent,
        created_at=one.created_at,
        closed_at=one.closed_at,
    )
