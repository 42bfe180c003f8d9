"""How much of an organisation's repositories has owners."""

from __future__ import annotations

from appliance.services import code_owner_reports
from appliance.web import requests
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import page
from appliance.web.pages.repository_frame import blueprint

pages = blueprint("code_owners")


@pages.get("/<owner>/-/settings/codeowners")
def show(owner: str) -> str:
    """Each repository's default branch, by its CODEOWNERS file."""
    with requests.reading() as work:
        frame = settings_frame(work, owner)
        places = code_owner_reports.asked(work, owner, repositories=requests.wiring().repositories)
    found = code_owner_reports.read(places)
    return page(
        "organisations/code_owners.html",
        found=found,
        is_cut=len(places) >= code_owner_reports.MOST,
        **{**frame, "section": "codeowners"},
    )
