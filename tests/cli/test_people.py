"""Users, organisations, teams, tokens and keys by the command line, here and elsewhere."""

import os
import subprocess
import sys

import pytest

PASSWORD = "a long enough sentence"


def test_a_user_is_created_with_a_password_from_the_input(codara, fresh):
    name = fresh("writer")

    made = codara(
        *("user", "create", name, "--email", "writer@lab.example", "--administrator"),
        *("--password-stdin", "--json"),
        stdin=f"{PASSWORD}\n",
    ).json

    assert (made["name"], made["email"]) == (name, "writer@lab.example")
    assert made["role"] == "administrator"
    assert codara("user", "delete", name, "--yes").code == 0


def test_without_a_password_there_is_a_link_to_set_one(codara, appliance, fresh):
    made = codara("user", "create", fresh("user"), "--json").json

    assert made["password_link"].startswith(f"{appliance.url}/reset/")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--password-stdin",), "no password in the first line"),
        (("--must-change-password",), "--password-stdin"),
        (("--administrator", "--auditor"), "not both"),
    ],
)
def test_a_user_that_makes_no_sense_is_wrong_usage(here, fresh, words, complaint):
    refused = here("user", "create", fresh("user"), *words)

    assert (refused.code, refused.out) == (2, "")
    assert complaint in refused.said


def test_a_bad_password_says_what_a_good_one_is(here, fresh):
    refused = here("user", "create", fresh("user"), "--password-stdin", stdin="short\n")

    assert refused.code == 2
    assert "12" in refused.said


def test_users_are_shown_listed_changed_and_renamed(codara, person, fresh):
    assert codara("user", "list", "--search", person).out.splitlines()[1].startswith(person)
    assert codara("user", "list", "--limit", "1", "--json").json[1:] == []
    changed = codara("user", "change", person, "--display-name", "Wanda 漢字", "--json").json
    assert changed["display_name"] == "Wanda 漢字"

    renamed = codara("user", "rename", person, fresh("renamed"), "--json").json

    assert codara("user", "show", renamed["name"], "--json").json == renamed
    assert codara("user", "show", person, "--json").json == renamed
    kept = codara("user", "delete", person, "--yes")
    assert (kept.code, renamed["name"] in kept.said) == (4, True)


def test_a_list_is_read_to_its_end_unless_limited(here, lab, fresh):
    teams = sorted(fresh("team") for _ in range(105))
    for team in teams:
        assert here("team", "create", f"{lab}/{team}").code == 0

    assert sorted(each["name"] for each in here("team", "list", lab, "--json").json) == teams
    assert len(here("team", "list", lab, "--limit", "102", "--json").json) == 102


def test_changing_nothing_is_wrong_usage(here):
    assert here("user", "change", "admin").code == 2
    assert here("org", "change", "lab").code == 2
    assert here("team", "change", "lab/writers").code == 2


def test_a_suspended_user_is_kept_out_until_reinstated(codara, person):
    assert codara("user", "suspend", person, "--reason", "left", "--json").json["state"] == (
        "suspended"
    )
    assert codara("user", "suspend", person).code == 5
    assert codara("user", "reinstate", person, "--json").json["state"] == "active"


def test_a_reset_link_alone_is_on_the_output(codara, person, appliance):
    made = codara("user", "reset-password", person)

    assert made.out.startswith(f"{appliance.url}/reset/")
    assert made.out.count("\n") == 1
    assert person in made.said


def test_where_nobody_answers_nothing_is_done(codara, person):
    refused = codara("user", "delete", person)

    assert refused.code == 1
    assert "--yes goes on without asking" in refused.said
    assert codara("user", "show", person).code == 0


@pytest.mark.parametrize("words", [("token", "delete"), ("key", "show"), ("job", "show")])
def test_what_is_no_id_is_wrong_usage(here, words):
    refused = here(*words, "nonsense")

    assert refused.code == 2
    assert "is no id" in refused.said


def test_deleting_asks_first(codara, person):
    assert codara("user", "delete", person, "--dry-run").out == f"Would delete {person}.\n"
    kept = codara("user", "delete", person, stdin="n\n")
    assert kept.code == 1
    assert kept.said.endswith("Nothing was done.\n")
    assert codara("user", "delete", person).code == 1
    assert codara("user", "show", person).code == 0

    assert codara("user", "delete", person, "--yes", "--json").json == {"deleted": person}
    assert codara("user", "show", person).code == 4


@pytest.mark.parametrize("words", [(), ("--dry-run",), ("--yes",)])
def test_who_owns_repositories_is_not_deleted(codara, person, words):
    assert codara("repo", "create", f"{person}/notes").code == 0

    refused = codara("user", "delete", person, *words)

    assert refused.code == 5
    assert f"{person}/notes" in refused.said


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("user", "show", "admim"), "Did you mean admin?"),
        (("usr",), "Did you mean 'user'?"),
        (("user", "lst"), "Did you mean 'list'?"),
    ],
)
def test_a_mistake_names_what_was_meant(codara, words, meant):
    refused = codara(*words)

    assert refused.code in {2, 4}
    assert meant in refused.said
    assert refused.out == ""


def test_organisations_have_members_with_roles(codara, lab, person):
    added = codara("org", "member", "add", lab, person, "--role", "owner", "--json").json
    assert (added["name"], added["role"]) == (person, "owner")
    members = codara("org", "member", "list", lab, "--json").json
    assert {each["name"] for each in members} == {"admin", person}

    assert codara("org", "member", "remove", lab, person, "--yes").out == (
        f"Removed {person} from {lab}.\n"
    )
    assert len(codara("org", "member", "list", lab, "--json").json) == 1


def test_organisations_are_changed_renamed_and_deleted(codara, lab, fresh):
    words = ("--base-role", "reader", "--only-owners-create-repositories", "--json")
    changed = codara("org", "change", lab, *words).json
    assert (changed["base_role"], changed["members_create_repositories"]) == ("reader", False)
    assert codara("org", "change", lab, "--base-role", "none", "--json").json["base_role"] is None
    renamed = codara("org", "rename", lab, fresh("papers"), "--json").json["name"]
    assert renamed in codara("org", "list").out

    assert codara("org", "delete", renamed, "--yes").code == 0
    assert codara("org", "show", renamed).code == 4


def test_the_name_of_another_is_a_conflict(codara, lab):
    assert codara("org", "create", lab).code == 5


def test_teams_are_inside_each_other_and_have_members(codara, lab, person):
    assert codara("team", "create", f"{lab}/writers").code == 0
    inner = codara("team", "create", f"{lab}/juniors", "--inside", "writers", "--json").json
    assert inner["parent"] == "writers"
    assert codara("org", "member", "add", lab, person).code == 0
    assert codara("team", "member", "add", f"{lab}/writers", person).code == 0
    assert person in codara("team", "member", "list", f"{lab}/writers").out
    assert codara("team", "show", f"{lab}/writers", "--json").json["members"] == 1

    outer = codara("team", "change", f"{lab}/juniors", "--outside", "--json").json
    assert outer["parent"] is None
    assert codara("team", "rename", f"{lab}/juniors", "seniors").code == 0
    assert codara("team", "member", "remove", f"{lab}/writers", person, "--yes").code == 0
    assert codara("team", "delete", f"{lab}/seniors", "--yes").code == 0
    assert [each["name"] for each in codara("team", "list", lab, "--json").json] == ["writers"]


def test_a_team_without_its_organisation_is_wrong_usage(here):
    refused = here("team", "create", "writers")

    assert refused.code == 2
    assert "ORG/TEAM, as in lab/writers" in refused.said


def test_a_token_is_made_for_somebody_and_taken_back(codara, person):
    assert codara("repo", "create", f"{person}/notes").code == 0
    made = codara(
        *("token", "create", "--user", person, "--scope", "repo:read,repo:write"),
        *("--scope", "user", "--repo", f"{person}/notes", "--expires-in", "30d", "--json"),
    ).json
    assert made["token"].startswith("cod_")
    assert sorted(made["scopes"]) == ["repo:read", "repo:write", "user"]
    assert made["repositories"] == [f"{person}/notes"]
    assert made["token"] not in codara("token", "list", "--user", person).out
    assert codara("token", "show", made["id"], "--user", person).code == 0
    assert codara("token", "show", made["id"]).code == 4

    revoked = codara("token", "delete", made["id"], "--yes", "--json").json

    assert revoked == {"revoked": made["id"]}
    assert codara("token", "delete", made["id"], "--yes").code == 5


def test_only_the_token_is_on_the_output(codara, person):
    words = ("--user", person, "--scope", "repo:read", "--expires-in", "12h")
    made = codara("token", "create", *words)

    assert made.out.startswith("cod_")
    assert len(made.out.split()) == 1
    assert "shown only now" in made.said


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--scope", "everything", "--expires-in", "30d"), "'everything' is none of repo:read"),
        (("--scope", "user", "--expires-in", "soon"), "12h, 30d, 4w, 1y or never"),
        (("--scope", "user", "--expires-in", "0d"), "12h, 30d, 4w, 1y or never"),
        (("--scope", "user"), "--expires-in"),
        (("--scope", "user", "--expires-in", "1d", "--repo", "notes"), "OWNER/NAME"),
    ],
)
def test_a_token_that_makes_no_sense_is_wrong_usage(here, words, complaint):
    refused = here("token", "create", *words)

    assert refused.code == 2
    assert complaint in refused.said


def test_a_key_is_added_for_somebody_and_removed(codara, person, public_key):
    added = codara("key", "add", "--user", person, public_key, "--json").json
    assert (added["title"], added["type"]) == ("laptop", "ssh-ed25519")
    assert added["fingerprint"] in codara("key", "list", "--user", person).out
    assert codara("key", "add", "--user", person, public_key).code == 5

    assert codara("key", "delete", added["id"], "--yes").code == 0
    assert codara("key", "list", "--user", person, "--json").json == []


def test_a_private_key_does_not_leave_the_machine(codara, person, public_key):
    refused = codara("key", "add", "--user", person, public_key.with_suffix(""))

    assert refused.code == 2
    assert "private half" in refused.said


def test_the_console_acts_as_whom_it_names(here, fresh):
    name = fresh("user")
    here("user", "create", name)

    assert here("whoami", "--as", name, "--json").json["name"] == name
    assert here("user", "create", fresh("user"), "--as", name).code == 3


def test_a_real_process_answers_the_same(appliance, fresh):
    name = fresh("piped")
    command = [sys.executable, "-m", "appliance.cli", "user", "create", name, "--password-stdin"]
    environment = {"CODARA_HOME": str(appliance.home), "PATH": os.environ["PATH"]}

    made = subprocess.run(
        [*command, "--json"],
        input=f"{PASSWORD}\n",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (made.returncode, made.stderr) == (0, "")
    assert f'"name": "{name}"' in made.stdout
    assert "\x1b" not in made.stdout
