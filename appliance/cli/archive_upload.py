"""`codara repo import-archive --upload`: a job of the appliance brings the archive in."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from appliance.cli.context import Context
from appliance.errors import ApplianceError, InvalidError

AT_WORK = frozenset({"reading", "running"})
LOOK_SECONDS = 0.5
CAME = (
    "brought",
    "comments",
    "reviews",
    "line_comments",
    "unplaced",
    "as_issues",
    "lost",
    "unknown",
    "lfs_missing",
)


class NotBroughtError(ApplianceError):
    """The archive did not come in, or not all of it."""


def bring(
    context: Context, archive: Path, target: str, there: str, people: Mapping[str, str]
) -> None:
    """Send an archive to the appliance, start the job, and say what came of it.

    Errors:
        NotBroughtError: it did not come in, or not all of it.
    """
    if not archive.is_file():
        raise click.UsageError(f"{archive} is no file. Pack the folder as a tar or zip file first.")
    api, (owner, _, name) = context.api, target.partition("/")
    place = f"/imports/{api.call('POST', '/imports', {'owner': owner})['id']}"
    context.say(f"It goes on without us, too. How far it is: GET /api/v1{place}")
    with archive.open("rb") as content:
        api.call("PUT", f"{place}/archive", content=content)
    ready = _ended(context, place)
    if ready["state"] != "ready":
        raise NotBroughtError(f"The archive cannot be read. {ready['error']}".strip())
    chosen = list(_chosen(ready["repositories"], there, name))
    body: dict[str, Any] = {"repositories": chosen, "people": dict(people)}
    api.call("PATCH", place, {key: value for key, value in body.items() if value})
    api.call("POST", f"{place}/start")
    came = _ended(context, place)
    context.show(came, lambda: _lines(came["repositories"]))
    if came["state"] != "done":
        raise NotBroughtError(f"Not all of it came in. {came['error']}".strip())


def _ended(context: Context, place: str) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = context.api.call("GET", place)
        if found["state"] not in AT_WORK or not context.is_served:
            return found
        time.sleep(LOOK_SECONDS)


def _chosen(
    repositories: Sequence[Mapping[str, Any]], there: str, name: str
) -> Iterator[dict[str, Any]]:
    wanted = [each for each in repositories if there.lower() in {"", each["there"].lower()}]
    if not wanted:
        raise InvalidError(f"It has no {there}.")
    if name and len(wanted) > 1:
        raise InvalidError("It holds several repositories. Say --repository, or OWNER alone.")
    for each in repositories:
        is_wanted = each in wanted
        called = name if name and is_wanted else each["name"]
        yield {"position": each["position"], "name": called, "is_wanted": is_wanted}


def _lines(repositories: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in repositories:
        if not each["is_wanted"]:
            continue
        yield f"{each['there']} as {each['name']}: {each['error'] or each['state']}"
        for key in CAME:
            value = each["report"].get(key)
            if value:
                said = ", ".join(map(str, value)) if isinstance(value, list) else value
                yield f"  {key.replace('_', ' ')}: {said}"
