"""`/import` and `/export`: bring a repository in, or take one out, with all its refs."""

from __future__ import annotations

from typing import Any

import flask
from pydantic import Field

from appliance.domain.permissions import Visibility
from appliance.services import exports, imports
from appliance.services.imports import Source
from appliance.services.repositories import NewRepository
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryAnswer, RepositoryPath, created

api = frame.area("imports", "Bring a repository in, or take one out, with all its refs.")


class ImportBody(frame.Body):
    """Where the repository is now. Credentials are sealed until the import is over."""

    url: str = Field("", max_length=2000, description="An https address")
    username: str = Field("", max_length=255)
    password: str = Field("", max_length=1024)
    local: str = Field(
        "", max_length=4096, description="A folder or bundle on the appliance; only at its console"
    )
    description: str = Field("", max_length=500)
    visibility: Visibility = Visibility.PRIVATE
    default_branch: str = Field("main", max_length=255)


@api.post(
    "/repos/<owner>/<name>/import",
    summary="Import a repository",
    responses={"202": RepositoryAnswer},
)
def bring_in(path: RepositoryPath, body: ImportBody) -> Any:
    """It is there at once, its content follows; the jobs say how far it has come."""
    wiring = requests.wiring()
    source = Source(body.url, body.username, body.password, body.local)
    with requests.reading() as work:
        imports.insist_on_permission(work)
    imports.check_source(source, rules=wiring.settings)
    wanted = NewRepository(body.visibility, body.description, body.default_branch)
    with requests.begin() as work:
        made = imports.request(
            work, path.path, source, wanted, sealer=wiring.sealer, now=requests.now()
        )
        return created(made, 202)


@api.get(
    "/repos/<owner>/<name>/export",
    summary="Export a repository as a bundle",
    responses={"200": {"description": "A git bundle", "content": {"application/octet-stream": {}}}},
)
def take_out(path: RepositoryPath) -> Any:
    """Any git can clone from the file."""
    with requests.begin() as work:
        folder = exports.start(work, path.path, repositories=requests.wiring().repositories)
    response = flask.Response(exports.chunks(folder), mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{path.name}.bundle"'
    return response
