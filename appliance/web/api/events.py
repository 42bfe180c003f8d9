"""`/events` of a repository: what happens in it, as it happens, as Server-Sent Events."""

from __future__ import annotations

from typing import Any

import flask

from appliance.domain.identity import appliance
from appliance.errors import UnavailableError, sentence
from appliance.services import listening
from appliance.web import event_stream, requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

api = frame.area("events", "What happens in a repository, as it happens.")

STREAM = {"description": "Server-Sent Events", "content": {event_stream.MEDIA_TYPE: {}}}


@api.get(
    "/repos/<owner>/<name>/events",
    summary="Stream the events of a repository",
    responses={"200": STREAM},
)
def listen(path: RepositoryPath) -> Any:
    """From now on, or after the event that `Last-Event-ID` names.

    Where nobody serves listeners, the answer is what happened since, and the client comes again.
    """
    wiring = requests.wiring()
    last = flask.request.headers.get("Last-Event-ID", "")[: listening.LONGEST_POSITION]
    with requests.reading() as work:
        listener = listening.start(work, path.path, last, sealer=wiring.sealer)
    answer = event_stream.give(flask.request.environ, listener, wiring.home.events_socket)
    if answer == event_stream.FULL:
        raise UnavailableError(sentence("Too many listen at this moment. Try again later."))
    if answer == event_stream.TAKEN:
        return flask.Response(mimetype=event_stream.MEDIA_TYPE)
    return flask.Response(_once(listener), mimetype=event_stream.MEDIA_TYPE)


def _once(listener: listening.Listener) -> bytes:
    wiring = requests.wiring()
    url = wiring.settings.server.url.rstrip("/")
    with wiring.database.reading(appliance()) as work:
        found, _ = listening.after(
            work,
            listener.place - 1,
            sealer=wiring.sealer,
            url=url,
            repository_id=listener.repository_id,
        )
    place, part, sealer = listener.place, listener.part, wiring.sealer
    position = listening.position(listener.repository_id, place, part, sealer=sealer)
    frames = [
        event_stream.written(each)
        for each in found.get(listener.repository_id, [])
        if (each.place, each.part) > (place, part) and listener.may_hear(each)
    ]
    return event_stream.beginning(position) + b"".join(frames)
