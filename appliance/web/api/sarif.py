"""Reports of other tools, in and out: SARIF, at our address and at those that GitHub has."""

from __future__ import annotations

import json
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

import flask
from pydantic import Field, ValidationError

from appliance import version
from appliance.errors import InvalidError
from appliance.services import alert_reports, sarif_uploads, secret_reports
from appliance.services.sarif_uploads import KeptAnalysis, UploadPlan
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.alert_answers import AlertListQuery
from appliance.web.api.repositories import RepositoryPath
from appliance.web.git_http import take_slot

api = frame.area("reports of other tools", "Hand reports in as SARIF, and take alerts out as one.")

REPORT = "/repos/<owner>/<name>/sarif"
ELSEWHERE = "/repos/<owner>/<name>/code-scanning/sarifs"
SARIF_TYPE = "application/sarif+json"
BASE64_BYTES = sarif_uploads.LARGEST_PACKED_BYTES * 4 // 3 + 64 * 1024


class SarifQuery(frame.Body):
    """Of which commit a report speaks; usually the newest of the default branch."""

    ref: str = Field("", max_length=255, description="As refs/heads/main")
    commit: str = Field("", pattern=r"^([0-9a-f]{40})?$")
    format: Literal["sarif", "trufflehog3"] = Field(
        "sarif", description="trufflehog3: its JSON, whose issues become alerts of secrets"
    )


class SarifRunAnswer(frame.Answer):
    """What became of one run of a report."""

    tool: str
    category: str
    results: int
    new: int
    reopened: int
    fixed: int
    skipped: int = Field(description="Results without a place here, and those over the limit")
    complete: bool


class SarifUploadAnswer(frame.Answer):
    """What became of a report."""

    id: UUID | None
    commit: str
    ref: str
    runs: list[SarifRunAnswer]


class CodeScanningUpload(frame.Body):
    """A report as GitHub's address takes it. The last four are not looked at."""

    commit_sha: str = Field(pattern=r"^[0-9a-f]{40}$")
    ref: str = Field(min_length=1, max_length=255)
    sarif: str = Field(min_length=1, description="Packed with gzip, then base64")
    checkout_uri: str = ""
    started_at: str = ""
    tool_name: str = ""
    validate_: bool = Field(default=False, alias="validate")


class CodeScanningReceipt(frame.Answer):
    """Where to look what became of a report."""

    id: UUID | None
    url: str


class CodeScanningStatus(frame.Answer):
    """What became of a report."""

    processing_status: str
    analyses_url: str | None
    errors: list[str]
    created_at: datetime


class CodeScanningPath(RepositoryPath):
    """Which upload."""

    id: UUID


@api.post(
    REPORT,
    summary="Hand a report in",
    openapi_extensions={"requestBody": frame.FILE_BODY},
    responses={"201": SarifUploadAnswer},
)
def upload(path: RepositoryPath, query: SarifQuery) -> Any:
    """The body is the SARIF 2.1.0 file, as it is or packed with gzip. Its results become alerts of
    code; those of the same tool and category that it does not name any more are fixed, if it
    speaks of the default branch. With `format=trufflehog3` it is JSON of trufflehog3.
    """
    plan = _plan(path, query.ref, query.commit)
    flask.request.max_content_length = sarif_uploads.LARGEST_REPORT_BYTES
    kept = _kept(path, plan, flask.request.get_data(cache=False), query.format)
    answer = SarifUploadAnswer(
        id=_id(kept),
        commit=plan.commit,
        ref=plan.ref,
        runs=[
            SarifRunAnswer(
                tool=each.scan.tool,
                category=each.scan.category,
                results=each.scan.found,
                new=each.new,
                reopened=each.reopened,
                fixed=each.fixed,
                skipped=each.scan.skipped_count,
                complete=each.scan.is_complete,
            )
            for each in kept
        ],
    )
    return frame.answer(answer, HTTPStatus.CREATED)


@api.post(
    ELSEWHERE,
    summary="Hand a report in, as to GitHub",
    openapi_extensions={"requestBody": frame.FILE_BODY},
    responses={"202": CodeScanningReceipt},
)
def upload_as_elsewhere(path: RepositoryPath) -> Any:
    """The body is JSON with `commit_sha`, `ref` and `sarif` (gzip, then base64)."""
    _plan(path, "", "")
    flask.request.max_content_length = BASE64_BYTES
    try:
        body = CodeScanningUpload.model_validate_json(flask.request.get_data(cache=False))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "body"
        raise InvalidError.of(field, str(first["msg"])) from error
    plan = _plan(path, body.ref, body.commit_sha)
    kept = _kept(path, plan, body.sarif)
    receipt = CodeScanningReceipt(id=_id(kept), url=_url(path, _id(kept)))
    return frame.answer(receipt, HTTPStatus.ACCEPTED)


@api.get(
    f"{ELSEWHERE}/<uuid:id>",
    summary="Show what became of a report",
    responses={"200": CodeScanningStatus},
)
def show_upload(path: CodeScanningPath) -> Any:
    """Reports are dealt with at once: one that is here is `complete`."""
    with requests.reading() as work:
        scans = sarif_uploads.show(work, path.path, path.id)
    skipped = sum(each.skipped_count for each in scans)
    status = CodeScanningStatus(
        processing_status="complete",
        analyses_url=f"{frame.PREFIX}/repos/{path.path}/alerts?kind=code",
        errors=[f"{skipped} results were not taken in."] if skipped else [],
        created_at=scans[0].started_at,
    )
    return frame.answer(status)


@api.get(
    REPORT,
    summary="Take alerts out as a report",
    responses={"200": {"description": "SARIF 2.1.0", "content": {SARIF_TYPE: {}}}},
)
def download(path: RepositoryPath, query: AlertListQuery) -> Any:
    """All that the query chooses, at most 25,000, one run for each kind. No secret is in it."""
    with requests.reading() as work:
        found = alert_reports.report(
            work, path.path, query.wanted, version=version.RELEASE, now=requests.now()
        )
    return flask.Response(json.dumps(found), content_type=SARIF_TYPE)


def _plan(path: RepositoryPath, ref: str, commit: str) -> UploadPlan:
    with requests.reading() as work:
        return sarif_uploads.expect(
            work, path.path, ref, commit, repositories=requests.wiring().repositories
        )


def _kept(
    path: RepositoryPath, plan: UploadPlan, data: bytes | str, form: str = "sarif"
) -> list[KeptAnalysis]:
    slot = take_slot()  # One report takes much memory: not all clients at once.
    try:
        if form == "trufflehog3" and isinstance(data, bytes):
            tools = requests.wiring().git.scanner
            found = secret_reports.look(plan, data, tools=tools)
        else:
            found = sarif_uploads.look(plan, data)
        with requests.begin() as work:
            return sarif_uploads.keep(
                *(work, path.path, plan, found),
                digest=sarif_uploads.digest_of(data),
                now=requests.now(),
            )
    finally:
        slot.release()


def _id(kept: list[KeptAnalysis]) -> UUID | None:
    """A report without runs says nothing, so nothing is kept of it."""
    return kept[0].scan.id if kept else None


def _url(path: RepositoryPath, upload_id: UUID | None) -> str:
    return f"{frame.PREFIX}/repos/{path.path}/code-scanning/sarifs/{upload_id or ''}"
