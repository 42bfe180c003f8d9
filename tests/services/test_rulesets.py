"""Rulesets as verbs: who sets them, what can be meant, what is recorded, where they count."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from uuid import uuid4

import pytest

from appliance.domain.permissions import OrganisationRole, Role
from appliance.domain.ruleset_words import Enforcement, Layer, SubjectKind
from appliance.domain.rulesets import Target
from appliance.errors import ConflictError, HiddenError, InvalidError, NotFoundError, RefusedError
from appliance.services import protections, repository_properties, rulesets
from appliance.services.ruleset_drafts import Draft, SaidSubject
from appliance.services.rulesets import Place
from tests.world import NOON

PATH = "lab/notes"
REPOSITORY, ORGANISATION, INSTANCE = Place(repository=PATH), Place("lab"), Place()
PLACES = {"repository": REPOSITORY, "organisation": ORGANISATION, "instance": INSTANCE}
DRAFT = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), ({"kind": "linear_history"},))


@pytest.fixture
def lab(world):
    world.organisation("lab")
    world.repository(PATH)
    world.administrator()
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    for role in (Role.READER, Role.WRITER, Role.MAINTAINER):
        world.user(role.value, role=role, on=PATH)
    world.user("outsider")
    return world


def create(world, by="owner", place=REPOSITORY, draft=DRAFT):
    with world.begin(world.actor(by)) as work:
        return rulesets.create(work, place, draft, now=NOON).row.id


@pytest.mark.parametrize(
    ("by", "place", "refusal"),
    [
        ("maintainer", "repository", None),
        ("owner", "repository", None),
        ("writer", "repository", RefusedError),
        ("reader", "repository", RefusedError),
        ("outsider", "repository", HiddenError),
        ("owner", "organisation", None),
        ("maintainer", "organisation", RefusedError),
        ("administrator", "organisation", None),
        ("outsider", "organisation", HiddenError),
        ("administrator", "instance", None),
        ("owner", "instance", RefusedError),
    ],
)
def test_who_sets_rules_where(lab, by, place, refusal):
    before = lab.events_so_far()

    with pytest.raises(refusal) if refusal else nullcontext():
        create(lab, by, PLACES[place])

    recorded = "access.refused" if refusal else "branch_rule.ruleset_changed"
    assert lab.events_since(before) == [recorded]


def test_a_ruleset_is_shown_changed_and_removed(lab):
    ruleset_id = create(lab, "owner", ORGANISATION)
    team = lab.team("lab/release", "writer")
    draft = replace(
        DRAFT,
        enforcement=Enforcement.DRY_RUN,
        rules=(
            {"kind": "update", "allowed": [SaidSubject(SubjectKind.TEAM, "lab/release")]},
            {"kind": "pull_request", "approvals": 2, "code_owners": True},
        ),
        bypass=(SaidSubject(SubjectKind.USER, "writer", reason="Runs the releases."),),
    )
    before = lab.events_so_far()
    with lab.begin(lab.actor("owner")) as work:
        rulesets.change(work, ORGANISATION, ruleset_id, draft, now=NOON)
        rulesets.change(work, ORGANISATION, ruleset_id, draft, now=NOON)
    with lab.reading(lab.actor("owner")) as work:
        (shown,) = rulesets.listed(work, ORGANISATION)
        one = rulesets.one(work, ORGANISATION, ruleset_id)

    assert shown == one
    assert shown.row.enforcement is Enforcement.DRY_RUN
    assert shown.row.includes == ["refs/heads/main"]
    assert shown.rules == (
        {"kind": "update", "allowed": [{"kind": "team", "name": "lab/release"}]},
        {"kind": "pull_request", "approvals": 2, "code_owners": True},
    )
    assert shown.bypass == ({"kind": "user", "name": "writer", "reason": "Runs the releases."},)
    assert lab.events_since(before) == ["branch_rule.ruleset_changed", "branch_rule.exempted"]
    body = lab.recorded("branch_rule.ruleset_changed")[-1].body
    assert body["changed"]["rules"][0]["allowed"] == [{"kind": "team", "id": str(team.id)}]
    assert "releases" not in str(body)

    with lab.begin(lab.actor("owner")) as work:
        rulesets.remove(work, ORGANISATION, ruleset_id)
    with pytest.raises(NotFoundError), lab.reading(lab.actor("owner")) as work:
        rulesets.one(work, ORGANISATION, ruleset_id)
    assert lab.events()[-1] == "branch_rule.ruleset_removed"


def test_a_ruleset_of_one_place_is_none_of_another(lab):
    ruleset_id = create(lab, "administrator", INSTANCE)
    for place in (ORGANISATION, REPOSITORY):
        with pytest.raises(NotFoundError), lab.begin(lab.actor("owner")) as work:
            rulesets.change(work, place, ruleset_id, DRAFT, now=NOON)
    with pytest.raises(NotFoundError), lab.begin(lab.actor("owner")) as work:
        rulesets.remove(work, REPOSITORY, uuid4())


def test_a_name_is_taken_once_in_each_place(lab):
    create(lab)
    create(lab, place=ORGANISATION)
    with pytest.raises(ConflictError):
        create(lab, draft=replace(DRAFT, name=" trunk "))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"rules": ()}, "rules"),
        ({"target": Target(())}, "includes"),
        ({"target": Target(("refs/notes/x",))}, "pattern"),
        ({"rules": ({"kind": "file_size"},)}, "rules"),
        ({"rules": ({"kind": "file_size", "most_bytes": -1},)}, "rules"),
        ({"rules": ({"kind": "linear_history", "approvals": 1},)}, "rules"),
        ({"rules": ({"kind": "pull_request", "approvals": 11},)}, "rules"),
        ({"rules": ({"kind": "commit_message", "patterns": ["("]},)}, "rules"),
        ({"rules": ({"kind": "commit_message", "patterns": [r"(a)\1"]},)}, "rules"),
        ({"rules": ({"kind": "commit_message", "patterns": ["a" * 501]},)}, "rules"),
        ({"rules": ({"kind": "file_paths", "patterns": [""]},)}, "rules"),
        ({"rules": ({"kind": "freeze", "windows": ["always"]},)}, "rules"),
        ({"rules": ({"kind": "file_paths", "patterns": ["a"] * 51},)}, "rules"),
        (
            {"rules": ({"kind": "update", "allowed": [SaidSubject(SubjectKind.USER, "no")]},)},
            "rules",
        ),
        ({"rules": ({"kind": "update", "allowed": [SaidSubject(SubjectKind.ROLE)]},)}, "rules"),
        (
            {"rules": ({"kind": "freeze", "allowed": [SaidSubject(SubjectKind.USER, "writer")]},)},
            "rules",
        ),
        ({"bypass": (SaidSubject(SubjectKind.USER, "writer"),)}, "bypass"),
        ({"bypass": (SaidSubject(SubjectKind.PERMITTED, reason="x"),)}, "bypass"),
    ],
)
def test_what_cannot_be_meant(lab, change, field):
    with pytest.raises(InvalidError) as caught:
        create(lab, draft=replace(DRAFT, **change))
    assert [each.field for each in caught.value.fields] == [field]


def test_all_that_stands_over_a_repository_for_who_may_read_it(lab):
    create(lab)
    create(lab, place=ORGANISATION, draft=replace(DRAFT, target=Target(("~ALL",))))
    create(lab, "administrator", INSTANCE, replace(DRAFT, target=Target(("release/*",))))
    create(lab, "owner", REPOSITORY, replace(DRAFT, name="Off", enforcement=Enforcement.OFF))
    with lab.begin(lab.actor("owner")) as work:
        protections.protect(work, PATH, protections.Rule("main"), now=NOON)

    with lab.reading(lab.actor("reader")) as work:
        every = rulesets.over(work, PATH)
        of_main = rulesets.over(work, PATH, ref="main")

    assert sorted((each.layer, each.name) for each in every) == [
        (Layer.INSTANCE, "Trunk"),
        (Layer.ORGANISATION, "Trunk"),
        (Layer.REPOSITORY, "Trunk"),
        (Layer.REPOSITORY, "refs/heads/main"),
    ]
    assert Layer.INSTANCE not in {each.layer for each in of_main}
    assert len(of_main) == 3


def test_properties_choose_repositories_and_are_not_its_own_to_change(lab):
    chosen = replace(DRAFT, target=Target(("main",), properties={"tier": "1"}))
    create(lab, place=ORGANISATION, draft=chosen)

    def standing():
        with lab.reading(lab.actor("reader")) as work:
            return len(rulesets.over(work, PATH))

    assert standing() == 0
    with pytest.raises(RefusedError), lab.begin(lab.actor("maintainer")) as work:
        repository_properties.set_properties(work, PATH, {"tier": "1"})
    with lab.begin(lab.actor("owner")) as work:
        assert repository_properties.set_properties(work, PATH, {"Tier": " 1 "}) == {"tier": "1"}
    assert standing() == 1
    assert lab.events()[-1] == "repo.properties_changed"
    for strange in ({"": "1"}, {"a b": "1"}, {"a": ""}, {"a": "*"}):
        with pytest.raises(InvalidError), lab.begin(lab.actor("owner")) as work:
            repository_properties.set_properties(work, PATH, strange)
