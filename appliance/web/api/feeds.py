"""`/scan/feeds`: feeds of advisories, and whose signatures count."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import Field

from appliance.domain.feeds import FeedState, FeedStep
from appliance.domain.ids import new_id
from appliance.services import archive_imports, feed_reading, feeds
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.git_http import arriving_body, take_slot

if TYPE_CHECKING:
    from appliance.db.feeds import Feed
    from appliance.services.feeds import Keys

api = frame.area("feeds", "What is known of vulnerabilities. For administrators.")


class FeedSource(frame.Answer):
    """A file of a feed."""

    path: str
    kind: str
    size_bytes: int
    licence: str
    attribution: str


class FeedChange(frame.Answer):
    """One part of a difference."""

    number: int
    names: list[str] = Field(description="The first of them")


class FeedDifference(frame.Answer):
    """What a feed changes beside the one that was current."""

    new: FeedChange
    changed: FeedChange
    withdrawn: FeedChange


class FeedAnswer(frame.Answer):
    """A feed that somebody brought."""

    number: int
    serial: int
    step: FeedStep
    file_name: str
    size_bytes: int
    sha256: str = Field(description="Of its manifest as it was signed")
    is_sample: bool
    made_at: datetime | None
    expires_at: datetime | None
    brought_at: datetime
    current_since: datetime | None
    counts: dict[str, Any]
    difference: FeedDifference | None
    files: list[FeedSource]
    error: str


class FeedPage(frame.Answer):
    """The newest feeds."""

    items: list[FeedAnswer]
    next: str | None


class FeedStanding(frame.Answer):
    """How far what is known of vulnerabilities can be trusted."""

    state: FeedState
    is_known: bool = Field(description="Whether nothing found means that there is nothing")
    serial: int | None
    made_at: datetime | None
    expires_at: datetime | None
    advisories: int
    is_sample: bool


class FeedKeys(frame.Answer):
    """Whose signatures count; `number` 0: nobody's."""

    number: int
    threshold: int
    keys: list[str]
    expires_at: datetime | None
    since: datetime | None = Field(description="Empty: the settings name them")


class FeedPath(frame.Body):
    """Which feed."""

    number: int


class FeedName(frame.Body):
    """What the file is called."""

    name: str = Field("", max_length=255)


class RootBody(frame.Body):
    """A root of keys, signed by enough of its own."""

    root: str = Field(max_length=feeds.LARGEST_ROOT)


@api.get("/scan/feed", summary="How far advisories are known", responses={"200": FeedStanding})
def show_standing() -> Any:
    """For everybody who is signed in: an empty, stale or expired feed is `unknown`, never clean."""
    with requests.reading() as work:
        now = feeds.standing(work, now=requests.now())
        feed = now.feed
        return frame.answer(
            FeedStanding(
                state=now.state,
                is_known=now.state.is_known,
                serial=feed.serial if feed else None,
                made_at=feed.made_at if feed else None,
                expires_at=feed.expires_at if feed else None,
                advisories=int(feed.counts.get("advisories", 0)) if feed else 0,
                is_sample=feed.is_sample if feed else False,
            )
        )


@api.get("/scan/feeds", summary="List feeds", responses={"200": FeedPage})
def list_feeds() -> Any:
    """The newest first."""
    with requests.reading() as work:
        return frame.page([_present(each) for each in feeds.listed(work)], None)


@api.put(
    "/scan/feeds",
    summary="Bring a feed",
    openapi_extensions={"requestBody": frame.FILE_BODY},
    responses={"202": FeedAnswer},
)
def bring_feed(query: FeedName) -> Any:
    """The body is the bundle as it is. A job checks and reads it: show it until it is `ready`."""
    wiring, feed_id = requests.wiring(), new_id()
    with requests.reading() as work:
        feeds.expect(work)
    slot = take_slot()
    try:
        folder = feed_reading.folder_of(wiring.home.root, feed_id)
        size = archive_imports.keep(arriving_body(), folder, wiring.settings.feeds.bundle_bytes)
    finally:
        slot.release()
    with requests.begin() as work:
        feed = _present(feeds.arrived(work, feed_id, size, query.name, now=requests.now()))
    return frame.answer(feed, HTTPStatus.ACCEPTED, f"{frame.PREFIX}/scan/feeds/{feed.number}")


@api.get("/scan/feeds/<int:number>", summary="Show a feed", responses={"200": FeedAnswer})
def show_feed(path: FeedPath) -> Any:
    """How far it is, what is in it, and what it changes."""
    with requests.reading() as work:
        return frame.answer(_present(feeds.show(work, path.number)))


@api.post("/scan/feeds/<int:number>/use", summary="Use a feed", responses={"200": FeedAnswer})
def use_feed(path: FeedPath) -> Any:
    """It becomes the current one, and all repositories are matched anew."""
    with requests.begin() as work:
        return frame.answer(_present(feeds.use(work, path.number, now=requests.now())))


@api.post(
    "/scan/feeds/<int:number>/discard", summary="Discard a feed", responses={"200": FeedAnswer}
)
def discard_feed(path: FeedPath) -> Any:
    """Nothing of it is used."""
    with requests.begin() as work:
        return frame.answer(_present(feeds.discard(work, path.number)))


@api.post("/scan/feeds/restore", summary="Go back one feed", responses={"200": FeedAnswer})
def restore_feed() -> Any:
    """The one before becomes the current one again, and all repositories are matched anew."""
    with requests.begin() as work:
        return frame.answer(_present(feeds.restore(work, now=requests.now())))


@api.get("/scan/feed-keys", summary="Show the keys of feeds", responses={"200": FeedKeys})
def show_keys() -> Any:
    """Whose signatures count, and how many."""
    with requests.reading() as work:
        return frame.answer(_of_keys(feeds.keys(work)))


@api.put("/scan/feed-keys", summary="Trust keys of feeds", responses={"200": FeedKeys})
def trust_keys(body: RootBody) -> Any:
    """From now on only feeds count that enough keys of this root have signed."""
    with requests.begin() as work:
        found = feeds.trust(work, body.root.encode(), now=requests.now())
        return frame.answer(_of_keys(found))


def _of_keys(keys: Keys | None) -> FeedKeys:
    if keys is None:
        return FeedKeys(number=0, threshold=0, keys=[], expires_at=None, since=None)
    root = keys.root
    return FeedKeys(
        number=root.number,
        threshold=root.threshold,
        keys=keys.ids,
        expires_at=root.expires_at,
        since=keys.since,
    )


def _present(feed: Feed) -> FeedAnswer:
    return FeedAnswer(
        number=feed.number,
        serial=feed.serial or 0,
        step=feed.step,
        file_name=feed.file_name or "",
        size_bytes=feed.size_bytes or 0,
        sha256=feed.sha256 or "",
        is_sample=bool(feed.is_sample),
        made_at=feed.made_at,
        expires_at=feed.expires_at,
        brought_at=feed.brought_at,
        current_since=feed.current_since,
        counts=feed.counts or {},
        difference=FeedDifference.model_validate(feed.difference) if feed.difference else None,
        files=[FeedSource(**each) for each in feed.files],
        error=feed.error or "",
    )
