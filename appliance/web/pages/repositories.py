"""The home of a repository: its files, what introduces it, and how to clone or fill it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import flask
from flask.typing import ResponseReturnValue

from appliance.errors import HiddenError, TimeoutExceededError
from appliance.services import forks, history, jobs, languages, stars, watching
from appliance.web import links, present, requests
from appliance.web.pages import languages_bar, readme, tree_rows, words
from appliance.web.pages.notification_words import LEVELS
from appliance.web.pages.repository_frame import (
    Frame,
    Place,
    blueprint,
    default,
    opened,
    show,
    show_place,
)

pages = blueprint("repositories")
words.give_to_templates(pages)

COUNT_SECONDS = 0.1  # Longer counting is for nobody's good on a page; then no number is shown.
COUNT_PIECE_SECONDS = 4.0
LANGUAGES_SECONDS = 0.03  # Some thousand files; for more, a job has counted before most visits.
LANGUAGES_PIECE_SECONDS = 3.0


@pages.get("/<owner>/<name>")
def home(owner: str, name: str) -> ResponseReturnValue:
    """A repository."""
    frame = opened(owner, name)
    if frame.repository.content != "ready":
        return show("repositories/arriving.html", frame, **_arrival(frame))
    place = Place(frame, default(frame), b"")
    if tree_rows.is_piece():
        with suppress(TimeoutExceededError):  # There is time now, for the next page.
            history.count(frame.repository, place.commit, seconds=COUNT_PIECE_SECONDS)
        return tree_rows.piece(place)
    if flask.request.args.get("part") == "languages":
        found = _languages(place, LANGUAGES_PIECE_SECONDS)
        return show("repositories/languages.html", frame, languages=found)
    rows = tree_rows.listing(place, first=tree_rows.asked_first())
    return show_place(
        "repositories/show.html",
        place,
        listing=rows,
        readme=readme.of(place, rows.entries),
        is_unborn=history.head(frame.repository).oid is None,
        commits=history.count_if_quick(frame.repository, place.commit, seconds=COUNT_SECONDS),
        languages=_languages(place, LANGUAGES_SECONDS),
        languages_piece=links.with_query(part="languages"),
        **_social(frame),
    )


def _languages(place: Place, seconds: float) -> list[languages_bar.Part] | None:
    """The languages, if they are known or counted in time."""
    found = languages.of(place.frame.repository, place.commit, seconds=seconds)
    return languages_bar.parts(found) if found is not None else None


def _social(frame: Frame) -> dict[str, Any]:
    """Who else has to do with it, and how much the reader wants to be told."""
    path = frame.repository.path
    with requests.reading() as work:
        return {
            "fork_count": forks.count(work, path),
            "star_count": stars.count(work, path),
            "is_starred": stars.is_starred(work, path),
            "watcher_count": watching.count(work, path),
            "watch_level": watching.level(work, path),
            "levels": LEVELS,
        }


def _arrival(frame: Frame) -> dict[str, Any]:
    """The job that brings the content in; its page is for who asked for it."""
    with requests.reading() as work:
        job = jobs.of_repository(work, frame.repository.id)
        if job is None:
            return {"job": None}
        try:
            jobs.show(work, job.id)
        except HiddenError:
            return {"job": job, "is_own_job": False}
    share = present.share(job.progress_done, job.progress_total) if job.progress_total else 0
    return {"job": job, "is_own_job": True, "share_done": share}
