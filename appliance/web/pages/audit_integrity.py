"""Whether an audit log is what was signed: its states and keys, and what an auditor takes along."""

from __future__ import annotations

import base64
import json

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.permissions import Permission
from appliance.services.audit_log import (
    state,
)
from appliance.services.audit_log import (
    trees as audit_trees,
)
from appliance.services.audit_log import (
    trust as audit_trust,
)
from appliance.services.audit_log import (
    verifier as audit_verifier,
)
from appliance.web import requests
from appliance.web.pages import words
from appliance.web.pages.audit_frame import frame, log_of, routes
from appliance.web.pages.page_forms import page, signed_in

pages = flask.Blueprint("audit_integrity", __name__)
words.give_to_templates(pages)


@routes(pages, "/integrity", methods=["GET"])
def show(owner: str) -> ResponseReturnValue:
    """The states of a log as they were signed, by which keys, and how to check them."""
    with requests.begin() as work:
        context = frame(work, owner, "integrity")
        trees = state.trees(work, log_of(owner))
        check = state.last_check(work, log_of(owner))
        state.note_look(work, log_of(owner))
    return page(
        "audit/integrity.html",
        trees=trees,
        check=check,
        root=_base64,
        verifier=audit_verifier.verifier(),
        verifier_name=audit_verifier.NAME,
        may_take_trust=not owner and Permission.AUDIT_READ in context["room"].allowed,
        host=requests.wiring().settings.server.url,
        **context,
    )


@routes(pages, "/checkpoint", methods=["GET"])
def checkpoint(owner: str) -> ResponseReturnValue:
    """The newest signed state, as a file."""
    with requests.begin() as work:
        tree = audit_trees.newest(work, log_of(owner))
        state.note_look(work, log_of(owner))
    return _download(tree.note.encode(), f"{owner or 'appliance'}-{tree.size}.checkpoint")


@pages.get("/administration/audit/trust.json")
def trust() -> ResponseReturnValue:
    """The key file by which exports are verified; that it was given away is recorded."""
    with requests.begin() as work:
        found = audit_trust.key_file(work, signer=requests.wiring().logs.signer)
    return _download(json.dumps(found, indent=1).encode() + b"\n", "codara-audit-trust.json")


@pages.get("/audit/codara-audit.pyz")
def verifier() -> ResponseReturnValue:
    """The verifier of this release, as one file."""
    signed_in()
    return _download(audit_verifier.verifier().content, audit_verifier.NAME)


def _base64(root: bytes) -> str:
    return base64.b64encode(root).decode("ascii")


def _download(content: bytes, name: str) -> flask.Response:
    response = flask.Response(content, mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
