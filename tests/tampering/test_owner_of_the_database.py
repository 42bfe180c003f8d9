"""Whoever owns the database can change anything in it. An auditor, or the appliance, finds it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from appliance.errors import ApplianceError, DamagedError
from appliance.services.audit_log import check
from appliance.wiring_health import all_parts
from audit.verdict import Findings
from tests.auditor import Auditor, act, unheard
from tests.tampering.kinds import GOOD, KINDS, REFUSED, TAMPERED, rolled_back
from tests.tampering.owner import Owner
from tests.tampering.queue_kinds import KINDS as QUEUE_KINDS
from tests.tampering.queue_kinds import PERMISSIONS
from tests.world import World


def found(world: World, auditor: Auditor) -> tuple[int, str]:
    """What an auditor finds who kept the newest state."""
    try:
        export = auditor.export()
    except ApplianceError as error:
        return REFUSED, str(error)
    return auditor.verify(export, "--known", world.home / "newest")


def problems(report: str) -> str:
    return "\n".join(line for line in report.splitlines() if '"verdict": "good"' not in line)


def test_what_nobody_tampered_with_is_good(appliance, auditor):
    code, report = found(appliance, auditor)

    assert code == GOOD, report
    assert "the first 256 entries are gone" in report
    for words in ("values erased", "bodies pruned", "that you kept is in it"):
        assert words in report


ALL_KINDS = [*KINDS, *QUEUE_KINDS]


@pytest.mark.parametrize(
    ("tamper", "expected"), ALL_KINDS, ids=[each.__name__ for each, _ in ALL_KINDS]
)
def test_it_is_found(appliance, auditor, tamper, expected):
    tamper(Owner(appliance))

    code, report = found(appliance, auditor)

    assert code == expected, problems(report)


@pytest.mark.promise("P32")
@pytest.mark.parametrize("tamper", PERMISSIONS, ids=[each.__name__ for each in PERMISSIONS])
def test_a_permission_that_nobody_gave_has_its_place_and_allows_nothing(appliance, tamper):
    """The appliance itself says so: in its own check, and on its page about the log."""
    tamper(Owner(appliance))

    findings = checked_by_it(appliance)

    assert findings.verdict == TAMPERED
    assert [each.text for each in findings.problems if each.check == "permissions"]
    with pytest.raises(DamagedError, match="did not sign"):
        all_parts(appliance.wiring)["audit log"]()


TREE: list[str] = [
    "UPDATE audit_tiles SET hashes=(SELECT hashes FROM audit_tiles "  # noqa: ISC004 - one statement.
    "WHERE log_id=1 AND level=0 AND idx=2) WHERE log_id=1 AND level=0 AND idx=3",
    "DELETE FROM audit_tiles WHERE log_id=1 AND level=0 AND idx=4",
    "UPDATE audit_logs SET root=edge WHERE id=1",
    "UPDATE audit_logs SET edge=substr(edge, 33) WHERE id=1",
    "UPDATE audit_logs SET edge=root WHERE id=1",
]


def checked(world: World) -> int:
    """The verdict of the appliance itself."""
    return checked_by_it(world).verdict


def checked_by_it(world: World) -> Findings:
    """What the appliance finds that checks all logs where they are."""
    opens = partial(world.reading, world.actor("administrator"))
    with opens() as work:
        names = check.logs(work)
    tools, now = world.wiring.logs, datetime.now(UTC)
    return check.check(opens, names, tools=tools, now=now, progress=unheard)


def test_the_appliance_finds_nothing_where_nothing_is(appliance):
    assert checked(appliance) == GOOD


@pytest.mark.parametrize("statement", TREE)
def test_what_no_export_shows_is_found_by_the_appliance(appliance, statement):
    Owner(appliance).do(statement)

    assert checked(appliance) != GOOD


@pytest.mark.parametrize("tamper", [rolled_back])
def test_nothing_more_is_signed(appliance, tamper):
    tamper(Owner(appliance))
    act(appliance, appliance.actor("administrator"), 1)

    with pytest.raises(ApplianceError):
        appliance.keep_log()


@pytest.mark.parametrize("statement", TREE[2:])
def test_nothing_is_signed_that_contradicts_itself(appliance, statement):
    Owner(appliance).do(statement)
    act(appliance, appliance.actor("administrator"), 1)

    with pytest.raises(ApplianceError):
        appliance.keep_log()
