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


def test_an_organisation_has_authorities_and_rules_of_its_own(here, lab, root):
    words = ("--org", lab, "--json")
    made = here("x509-authority", "trust", str(root / "root.pem"), *words).json
    brought = here("x509-authority", "revoke", made["id"], str(root / "list.crl"), *words).json
    rule = here("org", "signing-rule", "set", lab, "main", "--signed-by", "any", "--json").json
    path = f"{lab}/ruled"
    here("repo", "create", path, "--readme")

    assert brought["revoked"] == 0
    assert "CN=Company" in here("x509-authority", "list", "--org", lab).out
    assert "CN=Company" not in here("x509-authority", "list").out
    assert rule["signed_by"] == ["appliance", "openpgp", "ssh", "x509"]
    assert "refs/heads/main" in here("org", "signing-rule", "list", lab).out
    assert "refs/heads/main" in here("repo", "signing-rules", path).out
    assert here("org", "signing-rule", "remove", lab, "main", "--yes").code == 0
    assert here("x509-authority", "delete", made["id"], "--org", lab, "--yes").code == 0


def test_a_certificate_is_registered_by_what_it_has_signed(here, root, tmp_path):
    above = certificates.root("Cards")
    (tmp_path / "cards.pem").write_bytes(above.pem)
    trusted = here("x509-authority", "trust", str(tmp_path / "cards.pem"), "--json").json
    text = here("x509-certificate", "challenge").out
    (tmp_path / "text").write_text(text)
    (tmp_path / "text.sig").write_text(certificates.signed_text(above.issue("Card"), text))

    words = (str(tmp_path / "text"), str(tmp_path / "text.sig"))
    made = here("x509-certificate", "add", *words, "--json").json

    assert made["subject"] == "CN=Card"
    assert "CN=Card" in here("x509-certificate", "list").out
    assert here("x509-certificate", "delete", made["id"], "--yes").code == 0
    assert here("x509-certificate", "delete", made["id"], "--yes").code == 4
    assert here("x509-certificate", "add", words[0], str(tmp_path / "cards.pem")).code != 0
    here("x509-authority", "delete", trusted["id"], "--yes")
