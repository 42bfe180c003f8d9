"""`codara check`: how every part is, one line each."""

from __future__ import annotations

from typing import Any

from appliance.cli.client import LocalSocket
from appliance.cli.context import Context, table
from appliance.errors import ApplianceError, RefusedError

FAILED = "failed"
COLUMNS = {"name": "PART", "condition": "CONDITION", "since": "SINCE", "detail": "DETAIL"}


def check(context: Context) -> int:
    """Show it; gives the exit status."""
    parts = [*_web(context), *_others(context)]
    context.show(parts, lambda: [*table(parts, COLUMNS), *_cures(parts)])
    return int(any(part["condition"] == FAILED for part in parts))


def _web(context: Context) -> list[dict[str, Any]]:
    if context.is_elsewhere:
        return []
    if LocalSocket(context.home_folder / "run" / "web.sock").is_open():
        return [_part("web", "well", "answers")]
    return [_part("web", FAILED, "not running", "Start it with `codara serve --all`.")]


def _others(context: Context) -> list[dict[str, Any]]:
    """What the appliance says of itself; less of it when it does not even know who is asking."""
    try:
        items: list[dict[str, Any]] = context.api.call("GET", "/health")["items"]
    except ApplianceError as error:
        if error.exit_code == RefusedError.exit_code:
            raise  # Not a part that is ill: somebody who may not ask.
        return [_part("appliance", FAILED, str(error))]
    return items


def _cures(parts: list[dict[str, Any]]) -> list[str]:
    """What to do about each part that is not well."""
    return [f"{part['name']}: {part['cure']}" for part in parts if part["cure"]]


def _part(name: str, condition: str, detail: str, cure: str = "") -> dict[str, Any]:
    """A part that this command looked at itself, in the shape of what the appliance says."""
    return {
        "name": name,
        "condition": condition,
        "detail": detail,
        "since": None,
        "known": "unknown",
        "cure": cure,
    }
