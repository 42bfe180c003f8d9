"""`codara x509-authority`, rules that demand signatures, and `codara repo pushes`."""

from __future__ import annotations

import pytest

from tests import certificates


@pytest.fixture
def root(tmp_path):
    made = certificates.root("Company")
    (tmp_path / "root.pem").write_bytes(made.pem)
    (tmp_path / "list.crl").write_bytes(made.revocations())
    return tmp_path


def test_an_authority_is_trusted_gets_a_list_and_is_removed(here, root):
    made = here("x509-authority", "trust", str(root / "root.pem"), "--json").json
    brought = here("x509-authority", "revoke", made["id"], str(root / "list.crl"), "--json").json

    assert (made["subject"], brought["revoked"]) == ("CN=Company", 0)
    assert "CN=Company" in here("x509-authority", "list").out
    assert here("x509-authority", "delete", made["id"], "--yes").code == 0
    assert made["id"] not in here("x509-authority", "list").out


def test_pushes_are_listed_and_shown_and_rules_demand_signatures(here, lab):
    path = f"{lab}/signed"
    here("repo", "create", path, "--readme")
    words = ("--signed-by", "ssh", "--signed-by", "appliance", "--signed-push", "--json")
    rule = here("repo", "protect", path, "main", *words).json

    listed = here("repo", "pushes", path, "--signed", "unsigned", "--json")

    assert (rule["signed_by"], rule["signed_push"]) == (["appliance", "ssh"], True)
    assert listed.json == []
    missing = "01a22b84-8c65-7000-8000-000000000000"
    assert here("repo", "push", path, missing).code == 4
    assert here("repo", "push-certificate", path, missing).code == 4
