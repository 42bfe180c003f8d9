"""Runs scim2-tester against a server; a program of its own, as a client is.

python -m tests.web.scim_tester URL < TOKEN
"""

from __future__ import annotations

import json
import sys

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

GOOD = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}


def main() -> None:
    """Say how many checks there were, and what was wrong."""
    headers = {"Authorization": f"Bearer {sys.stdin.read().strip()}"}
    with httpx2.Client(base_url=sys.argv[1], headers=headers, timeout=60) as connection:
        results = check_server(SyncSCIMClient(connection))
    wrong = [f"{each.title}: {each.reason}" for each in results if each.status not in GOOD]
    sys.stdout.write(json.dumps({"checks": len(results), "wrong": wrong}))


if __name__ == "__main__":
    main()
