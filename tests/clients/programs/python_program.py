"""A program of somebody's own: opens an issue, finds it again, and hears of a push."""

import json
import sys

from codara_client import ProblemError
from codara_client.api import connect, shapes


def main(url: str, token: str, name: str) -> None:
    """Say what was found, as JSON."""
    api = connect(url, token)
    opened = api.issues.open_issue("admin", name, title="The roof leaks", labels=[])
    written = api.file_changes.write("admin", name, "notes/a b.txt", content="one\n")
    found: list[shapes.IssueSummary] = list(api.issues.list_issues("admin", name, q="is:open"))
    try:
        api.issues.show("admin", name, 99)
    except ProblemError as problem:
        code = problem.code
    heard = next(
        each
        for each in api.client.watch_events("admin", name, after=sys.argv[4])
        if each.name == "push"
    )
    answer = {
        "number": opened["number"],
        "titles": [each["title"] for each in found],
        "written": written["commit"],
        "code": code,
        "heard": heard.payload["data"]["refs"][0]["after"],
    }
    print(json.dumps(answer))


main(*sys.argv[1:4])
