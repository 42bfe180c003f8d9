"""The world of the tables: every actor with things of their own to try, put back when spoilt."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask.testing import FlaskClient

from appliance.db.conversations import Comment, Conversation
from appliance.db.credentials import AccessToken, BrowserSession, SshKey
from appliance.db.labels import Label, Milestone
from appliance.db.outbox import JobRecord
from appliance.db.pulls import PatchSet, PullRequest
from appliance.db.repositories import ProtectionRule, Repository
from appliance.db.reviews import ReviewRequest
from appliance.db.ssh_authorities import SshAuthority
from appliance.db.users import User, UserState
from appliance.domain.conversations import ConversationKind, ConversationState
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import OrganisationRole, Role
from appliance.domain.pull_requests import Shift
from appliance.security import tokens
from appliance.web.requests import SESSION_COOKIE
from tests import wikis
from tests.permissions import wiki_doors
from tests.permissions.actors import ACTORS, IN_THE_ORGANISATION, settle
from tests.permissions.folders import KeptFolder
from tests.world import NOON, PASSWORD, World

STRANGER = "stranger"


class Stage:
    """All actors in one world. Its state is what they know, and a copy to begin again from."""

    def __init__(self, world: World, content: Path, copy_of_database: Callable[[], None]) -> None:
        self.world = world
        self._copy_of_database = copy_of_database
        self.ids: dict[tuple[str, str], str] = {}
        """By noun and user: `("key", "target-3")`."""
        settle(world, content)
        with world.wiring.database._writing() as session, session.begin():
            for user in session.scalars(sa.select(User)):
                user.password_hash = world.wiring.sign_in.hasher.hash(PASSWORD)
        for number, actor in enumerate(ACTORS):
            self._furnish(number)
            for user in {actor, f"target-{number}"} - {STRANGER}:
                self._equip(user)
        self.tokens = {actor: world.token(actor) for actor in ACTORS if actor != STRANGER}
        self._sessions = {
            actor: world.browser(actor, elevated=True).get_cookie(SESSION_COOKIE).value
            for actor in ACTORS
            if actor != STRANGER
        }
        self._heads = [_head(world, number) for number in range(len(ACTORS))]
        spare = world.home.parent / f"{world.home.name}-spare"
        self._repositories = KeptFolder(world.home / "repositories", spare)

    def reset(self) -> None:
        """Everything as it was in the beginning."""
        self.world.wiring.database.engine.dispose()
        self._copy_of_database()
        # What is remembered beside the database would say that it was put back.
        self.world.wiring.home.heads.unlink(missing_ok=True)
        self._repositories.put_back()

    def head(self, number: int) -> str:
        """The commit at the tip of an actor's repository in the beginning."""
        return self._heads[number]

    def client(self, actor: str) -> FlaskClient:
        """A program of this actor's, with a token for everything they may."""
        client = self.world.app.test_client()
        if actor != STRANGER:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.tokens[actor]}"
        return client

    def browser(self, actor: str) -> FlaskClient:
        """A browser in which they have signed in, and confirmed that it is them."""
        self.world.app.config["WTF_CSRF_ENABLED"] = False
        client = self.world.app.test_client()
        if actor != STRANGER:
            client.set_cookie(SESSION_COOKIE, self._sessions[actor])
        return client

    def _furnish(self, number: int) -> None:
        """What the rows of a table change or remove must be there."""
        world, actor = self.world, ACTORS[number]
        notes = world._repository(f"lab-{number}/notes")
        world.grant(f"target-{number}", Role.READER, f"lab-{number}/notes")
        world.user(f"out-{number}", member=OrganisationRole.MEMBER, of=f"lab-{number}")
        world.organisation(f"empty-{number}")
        world.repository(f"lab-{number}/old", deleted_at=NOON)
        world.repository(f"lab-{number}/shelf", archived_at=NOON)
        if actor in set(Role):
            world.grant(actor, Role(actor), f"lab-{number}/old")
            world.grant(actor, Role(actor), f"lab-{number}/shelf")
        if actor in IN_THE_ORGANISATION:
            world.join(actor, f"empty-{number}", IN_THE_ORGANISATION[actor])
        world.add(
            ProtectionRule(repository_id=notes.id, pattern="refs/heads/main", created_at=NOON)
        )
        deploy_key = _key(repository_id=notes.id)
        world.add(deploy_key)
        with world.wiring.database._writing() as session, session.begin():
            out = session.scalars(sa.select(User).where(User.name == f"out-{number}")).one()
            out.state = UserState.SUSPENDED
        self.ids["key", f"lab-{number}"] = str(deploy_key.id)
        authority = _authority()
        world.add(authority)
        self.ids["authority", f"lab-{number}"] = str(authority.id)
        self._discuss(number, notes)
        wikis.give(world, f"lab-{number}/notes", {"Home": wiki_doors.TEXT})

    def _discuss(self, number: int, notes: Repository) -> None:
        """An open issue, a closed one, a comment, a label and a milestone, by the target."""
        target = self.world._user(f"target-{number}").id
        said = {"author_id": target, "created_at": NOON, "body": "As it is."}
        issues = [
            Conversation(
                id=new_id(),
                repository_id=notes.id,
                number=place,
                kind=ConversationKind.ISSUE,
                title=f"Issue {place}",
                state=state,
                updated_at=NOON,
                comment_count=1,
                **said,
            )
            for place, state in ((1, ConversationState.OPEN), (2, ConversationState.CLOSED))
        ]
        comment = Comment(id=new_id(), conversation_id=issues[0].id, **said)
        kept = {"repository_id": notes.id}
        milestone = Milestone(number=1, title="First", title_key="first", created_at=NOON, **kept)
        label = Label(name="bug", name_key="bug", colour="b4232a", **kept)
        asked = Conversation(
            id=new_id(),
            repository_id=notes.id,
            number=3,
            kind=ConversationKind.PULL_REQUEST,
            title="Pull request",
            updated_at=NOON,
            **said,
        )
        self.world.add(*issues, comment, milestone, label, asked)
        self._ask(number, notes, asked)
        self.ids["comment", f"lab-{number}"] = str(comment.id)
        with self.world.wiring.database._writing() as session, session.begin():
            counted = session.get_one(Repository, notes.id)
            counted.conversations_numbered, counted.milestones_numbered = len(issues) + 1, 1

    def _ask(self, number: int, notes: Repository, asked: Conversation) -> None:
        """That `topic` be merged into `main`."""
        head = {"head_oid": _head(self.world, number)}
        reviewer = self.world._user("administrator").id
        pull = PullRequest(
            id=asked.id,
            repository_id=notes.id,
            target_branch=b"main",
            source_repository_id=notes.id,
            source_branch=b"topic",
            patch_sets_numbered=1,
            **head,
        )
        first = PatchSet(
            pull_id=asked.id,
            number=1,
            base_oid=pull.head_oid,
            target_oid=pull.head_oid,
            shift=Shift.FIRST,
            created_at=NOON,
            **head,
        )
        wanted = ReviewRequest(pull_id=asked.id, user_id=reviewer, requested_at=NOON)
        self.world.add(pull, first, wanted)

    def _equip(self, user: str) -> None:
        """A key, a token, another session, and jobs that wait, failed and are done."""
        user_id = self.world._user(user).id
        rows = {
            "key": _key(user_id=user_id),
            "token": AccessToken(
                id=new_id(),
                user_id=user_id,
                name="spare",
                secret_hash=new_id().hex,
                shown_prefix="cod_xxxx",
                scopes=["user"],
                created_at=NOON,
            ),
            "session": BrowserSession(
                id=new_id(),
                user_id=user_id,
                secret_hash=tokens.new_session_id()[:64],
                address="127.0.0.1",
                user_agent="test",
                created_at=NOON,
                ends_at=datetime.now(UTC) + timedelta(days=1),
            ),
            "queued": _job(user_id, JobState.QUEUED),
            "dead": _job(user_id, JobState.DEAD),
            "done": _job(user_id, JobState.DONE),
        }
        self.world.add(*rows.values())
        self.ids |= {(noun, user): str(row.id) for noun, row in rows.items()}


def _head(world: World, number: int) -> str:
    folder = world.folder(world._repository(f"lab-{number}/notes"))
    return (folder / "refs/heads/main").read_text().strip()


def _authority() -> SshAuthority:
    key = _key()
    return SshAuthority(
        id=new_id(),
        title="spare",
        key_type=key.key_type,
        public_key=key.public_key,
        fingerprint=key.fingerprint,
        created_at=NOON,
    )


def _key(**holder: object) -> SshKey:
    blob = new_id().bytes
    print_ = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return SshKey(
        id=new_id(),
        title="spare",
        key_type="ssh-ed25519",
        public_key=blob,
        fingerprint=f"SHA256:{print_}",
        created_at=NOON,
        **holder,
    )


def _job(user_id: object, state: JobState) -> JobRecord:
    return JobRecord(
        id=new_id(),
        job=Job.CHECK_REPOSITORY,
        arguments={},
        promised_by=user_id,
        state=state,
        attempts_left=1,
        created_at=NOON,
    )
