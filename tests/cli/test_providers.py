"""`codara provider`, a user's identities, and the last way in, by the command line."""

import json

import pytest

from tests import certificates

SECRET = "a secret of the client"


@pytest.fixture
def corp(here, fresh):
    """A provider, and its name."""
    name = fresh("corp")
    added = here(
        *("provider", "add", name, "--kind", "oidc", "--label", "Corp"),
        *("--setting", "issuer_url=https://id.example", "--setting", "client_id=codara"),
        *("--setting", "scopes=openid", "--setting", "scopes=email"),
        *("--secret-stdin", "client_secret", "--creates-users", "--json"),
        stdin=f"{SECRET}\n",
    )
    assert added.code == 0, added.said
    yield name
    here("provider", "disable", name)
    here("provider", "delete", name, "--yes")


def test_a_provider_is_added_shown_changed_switched_and_deleted(here, corp):
    shown = here("provider", "show", corp, "--json").json
    assert shown["settings"]["scopes"] == ["openid", "email"]
    assert (shown["secrets"], shown["policy"]["creates_users"]) == (["client_secret"], True)
    assert SECRET not in here("provider", "show", corp).out

    changed = here("provider", "change", corp, "--domain", "id.example", "--label", "X", "--json")
    assert (changed.json["domains"], changed.json["label"]) == (["id.example"], "X")
    assert here("provider", "change", corp, "--domain", "-", "--json").json["domains"] == []
    assert here("provider", "change", corp).code == 2
    assert here("provider", "enable", corp, "--json").json["is_enabled"]
    assert here("provider", "disable", corp, "--json").json["is_enabled"] is False
    listed = here("provider", "order", corp, "--json").json
    assert listed[0]["name"] == corp
    would = here("provider", "delete", corp, "--dry-run")
    assert "no other way in" in would.said
    assert here("provider", "show", corp).code == 0


def test_a_setting_comes_from_a_file_and_an_unknown_one_is_wrong_usage(here, corp, tmp_path):
    file = tmp_path / "authority.pem"
    text = certificates.root().pem.decode().strip()
    file.write_text(text)
    changed = here("provider", "change", corp, "--setting-file", f"authority={file}", "--json")

    assert changed.json["settings"]["authority"] == text
    file.write_text("a certificate")
    assert here("provider", "change", corp, "--setting-file", f"authority={file}").code != 0
    refused = here("provider", "change", corp, "--setting", "colour=red")
    assert (refused.code, "issuer_url" in refused.said) == (2, True)
    assert here("provider", "change", corp, "--setting-file", "authority=/nowhere").code == 2
    assert here("provider", "change", corp, "--secret-stdin", "client_secret", stdin="").code == 2


def test_rules_are_added_listed_and_removed(here, corp, lab):
    made = here(
        *("provider", "rule", "add", corp, "engineers", "--org", lab, "--role", "member"), "--json"
    ).json

    assert (made["gives"], made["target"], made["role"]) == ("organisation", lab, "member")
    assert here("provider", "rule", "list", corp, "--json").json == [made]
    assert here("provider", "rule", "add", corp, "engineers", "--org", lab).code == 2
    assert here("provider", "rule", "remove", corp, made["id"], "--yes").code == 0


def test_a_user_is_linked_and_unlinked(here, corp, person):
    made = here("user", "link", person, corp, "s-1", "--json").json

    assert made["subject"] == "s-1"
    assert here("user", "identities", person, "--json").json[0]["provider"] == corp
    assert here("user", "unlink", made["id"], "--yes").code == 0
    assert here("user", "identities", person, "--json").json == []


def test_the_glass_is_broken_at_the_console_alone_and_for_administrators(here, person):
    opened = here("user", "break-glass", "admin", "--reason", "the directory is down")

    assert (opened.code, "may sign in by password until" in opened.out) == (0, True)
    assert here("user", "break-glass", person, "--reason", "r").code == 5
    assert here("user", "break-glass", "admin", "--reason", " ").code == 2


def test_from_elsewhere_no_glass_is_broken(appliance, say, monkeypatch):
    monkeypatch.setenv("CODARA_URL", appliance.url)
    monkeypatch.setenv("CODARA_TOKEN", appliance.token)

    assert say("user", "break-glass", "admin", "--reason", "r").code == 3


def test_a_directory_is_tried_step_by_step_and_nothing_else_is(here, fresh, corp, slapd):
    name, person = fresh("directory"), fresh("person")
    dn = slapd.person(person)
    told = slapd.settings(authority=slapd.root.strip())
    secret = told.pop("bind_password")
    told["servers"] = told["servers"][0]
    settings = [word for each in told.items() for word in ("--setting", "=".join(each))]
    words = (*settings, "--secret-stdin", "bind_password")
    added = here("provider", "add", name, "--kind", "ldap", *words, stdin=f"{secret}\n")
    assert added.code == 0, added.said

    tried = here("provider", "test", name, "--user", person, "--json")
    names = [each["name"] for each in tried.json]
    assert names == ["connect", "bind", "search", "account", "groups"]
    assert tried.json[3]["lines"] == ["active"]
    assert f"dn: {dn}" in tried.json[2]["lines"]
    assert secret not in tried.out
    slapd.change(dn, "add: pwdAccountLockedTime", "pwdAccountLockedTime: 000001010000Z")
    locked = here("provider", "test", name, "--user", person, "--json")
    account = next(each for each in json.loads(locked.out) if each["name"] == "account")
    assert (locked.code, account["lines"], account["is_good"]) == (5, ["disabled"], False)
    assert here("provider", "test", name, "--user", "nobody").code == 5
    assert here("provider", "test", corp).code == 5
    here("provider", "delete", name, "--yes")


def test_the_keys_for_saml_are_changed_step_by_step(here):
    prepared = here("provider", "saml-key", "prepare", "--json").json
    assert [each["use"] for each in prepared] == ["signs", "next"]
    switched = here("provider", "saml-key", "switch", "--json").json
    assert [each["use"] for each in switched] == ["signs", "earlier"]
    assert switched[0]["fingerprint"] == prepared[1]["fingerprint"]
    retired = here("provider", "saml-key", "retire", "--json").json
    assert here("provider", "saml-key", "list", "--json").json == retired == switched[:1]
    assert here("provider", "saml-key", "retire").code == 5


@pytest.fixture
def directory(here, fresh):
    """A directory that nobody answers for, and its name."""
    name = fresh("corp")
    added = here(
        *("provider", "add", name, "--kind", "ldap", "--setting", "servers=ldaps://127.0.0.1:1"),
        *("--setting", "bind_name=cn=reader", "--setting", "user_base=dc=lab", "--keeps-out"),
        *("--secret-stdin", "bind_password", "--json"),
        stdin=f"{SECRET}\n",
    )
    assert added.code == 0, added.said
    assert added.json["policy"]["lets_in_again"] is False
    yield name
    here("provider", "delete", name, "--yes")


def test_a_run_is_asked_for_and_its_report_listed_shown_and_not_confirmed(here, directory):
    assert here("provider", "sync", directory, "--no-wait").code == 5  # It is switched off.
    asked = here("provider", "sync", directory, "--dry-run", "--no-wait", "--json")
    assert (asked.code, asked.json["state"], asked.json["changes"]) == (0, "waiting", [])

    report = asked.json["id"]

    listed = here("provider", "reports", directory, "--json").json
    assert [each["id"] for each in listed] == [report]
    assert report in here("provider", "reports", directory).out
    shown = here("provider", "report", directory, report)
    assert (shown.code, report in shown.out) == (0, True)
    assert here("provider", "confirm", directory, report, "--yes").code == 5


def test_tokens_of_a_scim_client_are_made_listed_and_deleted(here, fresh):
    name = fresh("entra")
    assert here("provider", "add", name, "--kind", "scim", "--creates-users").code == 0
    made = here("provider", "token", "create", name, "2026", "--expires-in", "30d")
    listed = here("provider", "token", "list", name, "--json").json

    assert made.out.startswith("cod_")
    assert [each["name"] for each in listed] == ["2026"]
    assert "0 people, 0 groups" in here("provider", "provisioned", name).said
    words = ("provider", "token", "create", name, "2027", "--expires-in", "30d")
    only = here(*words, "--network", "192.0.2.7/24", "--json").json
    assert only["networks"] == ["192.0.2.0/24"]
    assert here("provider", "token", "delete", name, only["id"], "--yes").code == 0
    gone = here("provider", "token", "delete", name, listed[0]["id"], "--yes")
    assert gone.code == 0
    assert here("provider", "token", "list", name, "--json").json == []
    assert here("provider", "delete", name, "--yes").code == 0
