"""`/audit/exports`: the audit log as a file, made in the background and downloaded when ready."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import flask
from pydantic import Field

from appliance.domain.audit_terms import between
from appliance.services.audit_log import export_jobs
from appliance.services.audit_log.export import Form, Wanted
from appliance.services.audit_log.export_jobs import ENDINGS, Shown, State
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.of_log import OfLogs

api = frame.area("audit exports", "The audit log as a file: to verify, or for programs.")

TYPES = {
    Form.BUNDLE: "application/zip",
    Form.JSONL: "application/gzip",
    Form.CSV: "text/csv; charset=utf-8",
}
MOST_SIZES = 100
DAY = "A day or a time: 2026-10-31, or 2026-10-31T09:30Z"


class ExportBody(OfLogs):
    """What is to be in it."""

    format: Form = Field(Form.BUNDLE, description="A bundle can be verified; others can be read")
    query: str = Field("", max_length=2000, description="As in `GET /audit/events`")
    since: str = Field("", max_length=40, alias="from", description=DAY)
    until: str = Field("", max_length=40, alias="to", description=f"{DAY}, included")
    known_sizes: list[int] = Field(
        default_factory=list,
        max_length=MOST_SIZES,
        description="Sizes of the log from which a proof is to lead to the newest state",
    )


class ExportAnswer(frame.Answer):
    """An export."""

    id: UUID
    format: Form
    log: str
    query: str
    since: datetime | None = Field(description="Not before")
    until: datetime | None = Field(description="Before: the moment after the last one")
    state: State
    progress_done: int
    progress_total: int
    entries: int = Field(description="Looked at")
    matched: int = Field(description="Of these, what was asked for")
    bodies: int
    values: int
    size_bytes: int
    sha256: str = Field(description="Of a bundle's manifest; else of the file")
    error: str
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


class ExportPage(frame.Answer):
    """Some exports."""

    items: list[ExportAnswer]
    next: str | None


class ExportPath(frame.Body):
    """Which export."""

    id: UUID


@api.post("/audit/exports", summary="Request an export", responses={"202": ExportAnswer})
def ask(body: ExportBody) -> Any:
    """It is made in the background; ask for it by its id until it is ready."""
    asked = between(body.since, body.until)
    wanted = Wanted(
        log=body.log,
        query=body.query,
        since=asked.since,
        until=asked.until,
        known_sizes=tuple(body.known_sizes),
    )
    with requests.begin() as work:
        export_id = export_jobs.request(work, wanted, body.format, now=requests.now())
        work.session.flush()
        shown = _present(export_jobs.show(work, export_id, now=requests.now()))
    place = f"{frame.PREFIX}/audit/exports/{export_id}"
    return frame.answer(shown, HTTPStatus.ACCEPTED, place)


@api.get("/audit/exports", summary="List exports", responses={"200": ExportPage})
def list_exports(query: frame.PageQuery) -> Any:
    """One's own, or everybody's for who may read all logs; newest first."""
    with requests.reading() as work:
        page = export_jobs.listed(
            work, now=requests.now(), after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_present(each) for each in page.items], page.next)


@api.get("/audit/exports/<uuid:id>", summary="Show an export", responses={"200": ExportAnswer})
def show(path: ExportPath) -> Any:
    """How far it is, or what is in it."""
    with requests.reading() as work:
        return frame.answer(_present(export_jobs.show(work, path.id, now=requests.now())))


@api.get(
    "/audit/exports/<uuid:id>/download",
    summary="Download an export",
    responses={"200": {"description": "The file", "content": {"application/octet-stream": {}}}},
)
def download(path: ExportPath) -> Any:
    """One that was interrupted goes on by `Range`. That it was taken is recorded."""
    folder = requests.wiring().home.exports
    with requests.begin() as work:
        shown, file = export_jobs.take(work, path.id, folder=folder, now=requests.now())
        form, made_at = Form(shown.row.format), shown.row.created_at
    response = flask.send_file(
        file,
        mimetype=TYPES[form],
        as_attachment=True,
        download_name=f"audit-{made_at:%Y-%m-%d}-{path.id.hex[-8:]}.{ENDINGS[form]}",
        conditional=True,
        etag=f"{path.id.hex}-{shown.row.size_bytes}",
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _present(shown: Shown) -> ExportAnswer:
    row = shown.row
    apart = {"state", "progress_done", "progress_total", "values"}
    fields = {name: getattr(row, name) for name in ExportAnswer.model_fields.keys() - apart}
    return ExportAnswer(
        state=shown.state,
        progress_done=shown.done,
        progress_total=shown.total,
        values=row.personal_values,
        **fields,
    )
