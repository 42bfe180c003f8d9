"""Several branches beside each other: how far each is from each."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue

from appliance.services import branch_matrix
from appliance.services.branch_matrix import MOST
from appliance.web import links
from appliance.web.pages import checks
from appliance.web.pages.repository_frame import SELECTABLE, blueprint, opened, show

pages = blueprint("branch_matrix")

SECONDS = 5.0
FEWEST = 2


@pages.get("/<owner>/<name>/branches/matrix")
def show_matrix(owner: str, name: str) -> ResponseReturnValue:
    """Compare branches."""
    frame = opened(owner, name)
    chosen = [links.from_field(each) for each in flask.request.args.getlist("ref") if each]
    found = None
    if len(set(chosen)) >= FEWEST:
        found = branch_matrix.compare(frame.repository, chosen, seconds=SECONDS)
    return show(
        "branches/matrix.html",
        frame,
        tab_name="branches",
        found=found,
        chosen=set(chosen),
        branches=frame.names.branches[:SELECTABLE],
        rolled=checks.rollups(frame, [each.commit for each in found.sides]) if found else {},
        most=MOST,
    )
