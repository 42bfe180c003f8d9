"""Every kind of rule at once, for tests of doors: what one push breaks, and another keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.domain.checks import StatusState
from appliance.domain.permissions import OrganisationRole, Role
from appliance.domain.ruleset_words import Enforcement, RuleKind, SubjectKind
from appliance.domain.rulesets import ALL, Target
from appliance.services import checks, rulesets, users
from appliance.services.checks import NewStatus
from appliance.services.ruleset_drafts import Draft, SaidSubject
from appliance.services.rulesets import Place
from tests.world import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.signing import Signer
    from tests.world import World

PATH = "lab/notes"
OWNERS, WRITERS = ([SaidSubject(SubjectKind.ROLE, role=each)] for each in (Role.OWNER, Role.WRITER))
BROKEN: dict[str, dict[str, Any]] = {
    "creation": {"allowed": OWNERS},
    "update": {"allowed": OWNERS},
    "deletion": {"allowed": OWNERS},
    "non_fast_forward": {},
    "ref_name": {"patterns": ["topic/*"]},
    "linear_history": {},
    "signed_commits": {"signed_by": ["ssh"]},
    "signed_push": {},
    "pull_request": {},
    "sensitive_files": {},
    "required_checks": {"checks": ["build"]},
    "merge_queue": {},
    "commit_message": {"patterns": ["^fix: "]},
    "author_address": {"patterns": ["*@codara.test"]},
    "verified_author": {},
    "ticket_reference": {},
    "file_paths": {"patterns": ["/vendor/"]},
    "file_extensions": {"patterns": ["exe"]},
    "file_size": {"most_bytes": 1024},
    "policies": {"policies": ["valid_syntax"]},
    "freeze": {"windows": ["2000-01-01/2999-01-01"]},
}
KEPT = BROKEN | {
    **{kind: {"allowed": WRITERS} for kind in ("creation", "update", "deletion")},
    "ref_name": {"patterns": ["topic/*", "main"]},
    "freeze": {"windows": ["2000-01-01/2001-01-01"]},
}
del KEPT["pull_request"], KEPT["merge_queue"]  # No push keeps them.
assert set(BROKEN) == set(RuleKind) - {RuleKind.ALERTS}  # It is asked at merges only.


def people(world: World) -> None:
    """The repository with an owner of its organisation, and a writer whose address is verified."""
    world.organisation("lab")
    world.repository(PATH)
    world.administrator()
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("writer", role=Role.WRITER, on=PATH)
    with world.begin(world.actor("administrator")) as work:
        users.change(work, "writer", {"email": "writer@codara.test"})


def set_rules(
    world: World, rules: dict[str, dict[str, Any]], *, name: str = "Trunk", refs: str = ALL
) -> Callable[[], None]:
    """Let these rules hold; gives what ends them."""
    said = tuple({"kind": kind, **each} for kind, each in rules.items())
    draft = Draft(name, Enforcement.ACTIVE, Target((refs,)), said)
    place = Place(repository=PATH)
    with world.begin(world.actor("owner")) as work:
        made = rulesets.create(work, place, draft, now=NOON).row.id

    def end() -> None:
        with world.begin(world.actor("owner")) as work:
            rulesets.remove(work, place, made)

    return end


def first(signer: Signer) -> None:
    """A first commit that keeps all rules, and a branch of it."""
    signer.git("checkout", "-q", "-B", "main", at=signer.copy)
    write(signer, "a.txt", "a", "-m", "fix: start, see #1")


def breaking(signer: Signer) -> list[str]:
    """What to push so that every rule is broken."""
    git, copy = signer.git, signer.copy
    git("checkout", "-q", "--orphan", "side", at=copy)
    write(signer, "vendor/a.exe", "x" * 2000, "-m", "wrong", "--author=E <e@else.test>")
    git("checkout", "-q", "--orphan", "new", at=copy)
    write(signer, "CODEOWNERS", "* @writer\n", "-m", "another")
    write(signer, "a.json", "{", "-m", "more")
    words = ["--allow-unrelated-histories", "-X", "ours", "-m", "wrong too"]
    git("merge", "-q", "--no-gpg-sign", *words, "side", at=copy)
    git("checkout", "-q", "main", at=copy)
    return ["+new:main", "new:refs/heads/else", ":old"]


def keeping(world: World, signer: Signer) -> list[str]:
    """What to push, signed, so that every rule is kept."""
    pass_check(world, write(signer, "b.json", "{}", "-S", "-m", "fix: it, see #2"))
    return ["main", "main~1:refs/heads/topic/copy", ":old"]


def pass_check(world: World, commit: str) -> None:
    """Let a commit have been built."""
    with world.begin(world.actor("writer")) as work:
        checks.report(work, PATH, commit, NewStatus(StatusState.SUCCESS, "build"), now=NOON)


def write(signer: Signer, path: str, content: str, *words: str) -> str:
    """A commit; gives its id."""
    file: Path = signer.copy / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    signer.git("add", "-f", ".", at=signer.copy)
    signer.git("commit", "-q", *words, at=signer.copy)
    return signer.git("rev-parse", "HEAD", at=signer.copy).strip()


def not_told(said: str) -> list[str]:
    """The kinds of rules of which somebody who pushed was not told."""
    plain = " ".join(said.replace("\nremote:", " ").split())
    return [
        kind
        for kind in BROKEN
        if f"The rule {kind} comes from this repository's ruleset “Trunk”." not in plain
    ]
