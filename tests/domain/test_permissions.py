"""The table of roles: each may more than the one before it, and scopes only ever narrow."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.permissions import (
    APPLIANCE_PERMISSIONS,
    INSTANCE_PERMISSIONS_OF,
    INSTANCE_REPOSITORY_ROLE_OF,
    OFFICE_OF,
    ORGANISATION_PERMISSIONS_OF,
    PERMISSIONS_OF,
    PERMISSIONS_OF_SCOPE,
    REPOSITORY_ROLE_OF,
    ROLE_ORDER,
    SENSITIVE,
    InstanceRole,
    OrganisationRole,
    Permission,
    Role,
    Scope,
    highest,
    permissions_of_scopes,
    roles_with,
)

P = Permission


@pytest.mark.parametrize(
    ("permission", "lowest"),
    [
        (P.REPOSITORY_READ, Role.READER),
        (P.REPOSITORY_EXPORT, Role.READER),
        (P.REPOSITORY_TRIAGE, Role.TRIAGER),
        (P.REPOSITORY_WRITE, Role.WRITER),
        (P.REPOSITORY_LOCK_FILES, Role.WRITER),
        (P.REPOSITORY_MAINTAIN, Role.MAINTAINER),
        (P.REPOSITORY_PROTECT, Role.MAINTAINER),
        (P.REPOSITORY_SEE_ACCESS, Role.MAINTAINER),
        (P.REPOSITORY_BYPASS_PROTECTION, Role.OWNER),
        (P.REPOSITORY_GRANT, Role.OWNER),
        (P.REPOSITORY_KEYS, Role.OWNER),
        (P.REPOSITORY_HOOKS, Role.OWNER),
        (P.REPOSITORY_RENAME, Role.OWNER),
        (P.REPOSITORY_ARCHIVE, Role.OWNER),
        (P.REPOSITORY_TRANSFER, Role.OWNER),
        (P.REPOSITORY_CHANGE_VISIBILITY, Role.OWNER),
        (P.REPOSITORY_DELETE, Role.OWNER),
        (P.ALERT_READ, Role.WRITER),
        (P.ALERT_REPORT, Role.WRITER),
        (P.ALERT_TRIAGE, Role.WRITER),
        (P.ALERT_DISMISS, Role.MAINTAINER),
        (P.ALERT_SETTLE, Role.OWNER),
    ],
)
def test_from_which_role_on_one_may_do_this_to_a_repository(permission, lowest):
    assert roles_with(permission) == ROLE_ORDER[ROLE_ORDER.index(lowest) :]


def test_alerts_are_for_who_may_deal_with_them_and_for_credentials_given_for_that():
    alerts = {each for each in Permission if each.startswith("alert.")}
    assert OFFICE_OF[OrganisationRole.SECURITY_OFFICER] == alerts
    assert set(OFFICE_OF) == set(OrganisationRole)
    with_alerts = {scope for scope in Scope if PERMISSIONS_OF_SCOPE[scope] & alerts}
    assert with_alerts == {Scope.SCAN_READ, Scope.SCAN_WRITE, Scope.ADMINISTRATION}
    assert alerts & APPLIANCE_PERMISSIONS == {P.ALERT_REPORT}


@pytest.mark.promise("P11")
def test_the_table_of_repository_roles_is_whole():
    about_repositories = {each for each in Permission if each.startswith(("repo.", "alert."))}
    assert PERMISSIONS_OF[Role.OWNER] == about_repositories - {P.REPOSITORY_CREATE}
    for lower, higher in pairwise(ROLE_ORDER):
        assert PERMISSIONS_OF[lower] < PERMISSIONS_OF[higher]


def test_every_role_and_scope_has_its_line():
    assert set(PERMISSIONS_OF) == set(Role)
    assert set(ORGANISATION_PERMISSIONS_OF) == set(REPOSITORY_ROLE_OF) == set(OrganisationRole)
    assert set(INSTANCE_PERMISSIONS_OF) == set(INSTANCE_REPOSITORY_ROLE_OF) == set(InstanceRole)
    assert set(PERMISSIONS_OF_SCOPE) == set(Scope)


def test_who_watches_changes_nothing():
    reads = {
        *(P.REPOSITORY_READ, P.REPOSITORY_EXPORT, P.ORGANISATION_READ, P.AUDIT_READ),
        *(P.USERS_READ, P.INSTANCE_SEE_ALL, P.INSTANCE_HEALTH, P.REVIEW_READ),
        P.ACTIVITY_READ,
    }
    own = INSTANCE_PERMISSIONS_OF[InstanceRole.USER]
    assert INSTANCE_PERMISSIONS_OF[InstanceRole.AUDITOR] - own <= reads
    assert ORGANISATION_PERMISSIONS_OF[OrganisationRole.AUDITOR] <= reads
    # A security officer sends what they read to where it is watched, and has owners review rights.
    officer = ORGANISATION_PERMISSIONS_OF[OrganisationRole.SECURITY_OFFICER]
    assert officer - {P.AUDIT_STREAM, P.REVIEW_OPEN, P.ACTIVITY_DECIDE} <= reads
    for role in (OrganisationRole.AUDITOR, OrganisationRole.SECURITY_OFFICER):
        assert REPOSITORY_ROLE_OF[role] is Role.READER


def test_the_appliance_cannot_do_everything():
    assert frozenset(Permission) > APPLIANCE_PERMISSIONS
    assert not APPLIANCE_PERMISSIONS & {P.REPOSITORY_GRANT, P.REPOSITORY_KEYS, P.OWN_ACCOUNT}


def test_what_is_sensitive_is_more_than_reading():
    assert P.REPOSITORY_DELETE in SENSITIVE
    assert not SENSITIVE & PERMISSIONS_OF[Role.MAINTAINER]


@given(st.frozensets(st.sampled_from(Scope)), st.frozensets(st.sampled_from(Scope)))
def test_more_scopes_never_allow_less(some, others):
    assert permissions_of_scopes(some) <= permissions_of_scopes(some | others)


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope.endswith(":read")])
def test_a_scope_to_read_only_reads(scope):
    assert all(each.endswith((".read", ".export")) for each in PERMISSIONS_OF_SCOPE[scope])


@given(st.lists(st.sampled_from(Role)))
def test_the_highest_role_is_the_one_that_allows_most(roles):
    found = highest(roles)
    if not roles:
        assert found is None
        return
    assert found in roles
    assert all(PERMISSIONS_OF[role] <= PERMISSIONS_OF[found] for role in roles)
