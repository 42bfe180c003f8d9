"""Conflicts of a merge for programs: in the answer of a dry run, in the problem of a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from appliance.web.api.bytes_text import exact, text

if TYPE_CHECKING:
    from appliance.git.conflicts import Conflict
    from appliance.git.written_tree import Leaf


def fields(conflict: Conflict) -> dict[str, Any]:
    """A conflict as JSON holds it: its path, why it is one, and the three versions."""
    return {
        "path": text(conflict.path),
        "path_base64": exact(conflict.path),
        "kind": conflict.kind.value,
        "commit": conflict.commit,
        "base": _version(conflict.base),
        "ours": _version(conflict.ours),
        "theirs": _version(conflict.theirs),
    }


def _version(leaf: Leaf | None) -> dict[str, str] | None:
    return None if leaf is None else {"mode": f"{leaf.mode:06o}", "oid": leaf.oid}
