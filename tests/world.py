"""Builds users, organisations and repositories in a few words, on a real database and real folders.

Rows are written directly, so that a test of one verb does not depend on another.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flask
import sqlalchemy as sa
from flask.testing import FlaskClient

from appliance import wiring as wiring_module
from appliance.db.base import Table
from appliance.db.credentials import (
    AccessToken,
    BrowserSession,
    SessionActivity,
    TokenRepository,
)
from appliance.db.engine import sqlite_url
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.repositories import Grant, ProtectionRule, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import EmailAddress, Owner, OwnerKind, User
from appliance.domain.identity import Actor, ActorKind, Method, Origin
from appliance.domain.ids import new_id
from appliance.domain.names import fold
from appliance.domain.permissions import (
    InstanceRole,
    OrganisationRole,
    Role,
    Scope,
    Visibility,
)
from appliance.git import hooks
from appliance.jobs import sequencing
from appliance.security import tokens
from appliance.settings import Settings, load
from appliance.web.app import create_app
from appliance.web.requests import SESSION_COOKIE
from tests.compiled import COMPILED
from tests.recorded import Event, Mark, actions_since, mark, recorded

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PASSWORD = "a long enough sentence"

CHEAP = {
    # A password hash of a millisecond; how strong a real one is has its own test.
    "CODARA_SIGN_IN__ARGON2_MEMORY_KIB": "32",
    "CODARA_SIGN_IN__ARGON2_PASSES": "1",
    "CODARA_SERVER__WEB_PROCESSES": "1",
    "CODARA_SSH__PORT": "0",
    # Most tests have no sequencer that one could wait for.
    "CODARA_AUDIT__WAIT_SECONDS": "0",
    "CODARA_SERVER__PORT": "0",
    # Most tests have no scanner that one could ask.
    "CODARA_SCANNING__SECRETS": "false",
}


def copy_sqlite(template: Path, home: Path) -> str:
    """A copy of the migrated file in a home folder; gives its address."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / "codara.db"
    shutil.copyfile(template, file)
    return sqlite_url(file)


class World:
    """One appliance: its wiring, and the people and things a test has put into it."""

    def __init__(self, home: Path, database_url: str, **environment: str) -> None:
        self.environment = {**CHEAP, "CODARA_DATABASE__URL": database_url, **environment}
        self.home = home
        self._app: flask.Flask | None = None
        self._earlier: list[wiring_module.Wiring] = []
        self.wiring = self._build()
        hooks.install(home)

    def configure(self, **environment: str) -> None:
        """Change settings: `configure(CODARA_ACCESS__PUBLIC_REPOSITORIES="true")`."""
        self.environment |= environment
        self.wiring.database.engine.dispose()
        self._earlier.append(self.wiring)  # A client made before still asks this one.
        self.wiring = self._build()
        self._app = None

    def close(self) -> None:
        """Let go of connections."""
        for wiring in (*self._earlier, self.wiring):
            wiring.database.engine.dispose()
            wiring.redis.close()

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.wiring.settings

    def begin(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        """A unit of work."""
        return self.wiring.database.begin(actor)

    def reading(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        """A reading transaction."""
        return self.wiring.database.reading(actor)

    def user(  # Everything a test might want to say of a user, in one line.
        self,
        name: str | None = None,
        *,
        role: Role | None = None,
        on: str | None = None,
        member: OrganisationRole | None = None,
        of: str | None = None,
        instance: InstanceRole = InstanceRole.USER,
        password: str | None = None,
    ) -> Actor:
        """A new user, perhaps with a role on a repository or in an organisation."""
        identifier = new_id()
        name = name or f"user-{identifier.hex[-8:]}"
        user = User(
            id=identifier,
            name=name,
            instance_role=instance,
            password_hash=self.wiring.sign_in.hasher.hash(password) if password else None,
            created_at=NOON,
        )
        email = EmailAddress(
            user_id=identifier, address=f"{name}@codara.test", address_key=f"{name}@codara.test"
        )
        self.add(_owner(identifier, OwnerKind.USER, name), user, email)
        if role and on:
            self.grant(name, role, on)
        if member and of:
            self.join(name, of, member)
        return self.actor(name)

    def administrator(self, name: str = "administrator") -> Actor:
        """A user who administers the instance."""
        return self.user(name, instance=InstanceRole.ADMINISTRATOR)

    def organisation(self, name: str = "lab", *, base_role: Role | None = None) -> Organisation:
        """A new organisation without members."""
        identifier = new_id()
        organisation = Organisation(id=identifier, name=name, base_role=base_role, created_at=NOON)
        self.add(_owner(identifier, OwnerKind.ORGANISATION, name), organisation)
        return organisation

    def team(self, path: str, *members: str, parent: str | None = None) -> Team:
        """A new team `ORG/TEAM`."""
        organisation_name, name = path.split("/")
        organisation = self._organisation(organisation_name)
        team = Team(
            organisation_id=organisation.id,
            parent_id=self._team(f"{organisation_name}/{parent}").id if parent else None,
            name=name,
            name_key=fold(name),
            created_at=NOON,
        )
        self.add(team)
        for member in members:
            membership = TeamMembership(
                team_id=team.id, user_id=self._user(member).id, created_at=NOON
            )
            self.add(membership)
        return team

    def repository(
        self,
        path: str = "lab/notes",
        *,
        visibility: Visibility = Visibility.PRIVATE,
        **fields: Any,
    ) -> Repository:
        """A new, empty repository; its owner is made too if there is none."""
        owner_name, name = path.split("/")
        owner = self.one(sa.select(Owner).where(Owner.name_key == fold(owner_name)))
        if owner is None:
            owner = self._owner_of(self.organisation(owner_name))
        is_organisation = owner.kind is OwnerKind.ORGANISATION
        repository = Repository(
            id=new_id(),
            owner_id=owner.id,
            organisation_id=owner.id if is_organisation else None,
            owner_name=owner.name,
            name=name,
            name_key=fold(name),
            visibility=visibility,
            created_at=NOON,
            **fields,
        )
        self.add(repository)
        self.wiring.repositories.create(repository.id)
        return repository

    def folder(self, repository: Repository) -> Path:
        """Where a repository's bytes are."""
        return self.wiring.repositories.folder(repository.id)

    def grant(self, name: str, role: Role, on: str) -> None:
        """Give a user, or a team `ORG/TEAM`, a role on a repository."""
        repository = self._repository(on)
        team_id = self._team(name).id if "/" in name else None
        user_id = None if team_id else self._user(name).id
        grant = Grant(
            repository_id=repository.id,
            user_id=user_id,
            team_id=team_id,
            role=role,
            created_at=NOON,
        )
        self.add(grant)

    def protect(self, on: str, pattern: str, *, push_role: Role = Role.WRITER) -> None:
        """Protect the refs of a repository that match a full pattern."""
        rule = ProtectionRule(
            repository_id=self._repository(on).id,
            pattern=pattern,
            push_role=push_role,
            created_at=NOON,
        )
        self.add(rule)

    def join(
        self, name: str, organisation: str, role: OrganisationRole = OrganisationRole.MEMBER
    ) -> None:
        """Make a user a member of an organisation."""
        membership = Membership(
            organisation_id=self._organisation(organisation).id,
            user_id=self._user(name).id,
            role=role,
            created_at=NOON,
        )
        self.add(membership)

    def actor(self, name: str, *, method: Method = Method.CONSOLE, **fields: Any) -> Actor:
        """The actor that a user is."""
        user = self._user(name)
        return Actor(
            kind=ActorKind.USER,
            label=user.name,
            pseudonym=user.pseudonym,
            id=user.id,
            instance_role=user.instance_role,
            origin=Origin(address="127.0.0.1", method=method),
            **fields,
        )

    def token(
        self,
        name: str,
        *scopes: Scope,
        repositories: Sequence[str] | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """An access token of a user, for everything unless scopes or repositories are named."""
        secret = tokens.mint()
        row = AccessToken(
            id=new_id(),
            user_id=self._user(name).id,
            name="test",
            secret_hash=tokens.fingerprint(secret, key=self.wiring.sign_in.fingerprint_key),
            shown_prefix=tokens.shown_part(secret),
            scopes=[str(scope) for scope in scopes or Scope],
            all_repositories=repositories is None,
            created_at=NOON,
            expires_at=expires_at,
        )
        self.add(row)
        for path in repositories or ():
            self.add(TokenRepository(token_id=row.id, repository_id=self._repository(path).id))
        return secret

    @property
    def app(self) -> flask.Flask:
        """The web application of this appliance, made when it is first asked for."""
        if self._app is None:
            self._app = create_app(self.wiring)
            self._app.testing = True
            self._app.jinja_env.bytecode_cache = COMPILED
        return self._app

    def client(self, name: str | None = None, *scopes: Scope) -> FlaskClient:
        """An HTTP client: a stranger's, or a user's with a token."""
        client = self.app.test_client()
        if name is not None:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.token(name, *scopes)}"
        return client

    def browser(self, name: str, *, elevated: bool = False) -> FlaskClient:
        """A browser in which a user has signed in; its forms need no token in tests."""
        secret = tokens.new_session_id()
        session = BrowserSession(
            id=new_id(),
            user_id=self._user(name).id,
            secret_hash=tokens.fingerprint(secret, key=self.wiring.sign_in.fingerprint_key),
            address="127.0.0.1",
            user_agent="test",
            created_at=datetime.now(UTC),
            ends_at=datetime.now(UTC) + timedelta(days=1),
        )
        activity = SessionActivity(
            id=session.id,
            seen_at=datetime.now(UTC),
            elevated_until=datetime.now(UTC) + timedelta(hours=1) if elevated else None,
        )
        self.add(session, activity)
        self.app.config["WTF_CSRF_ENABLED"] = False
        client = self.app.test_client()
        client.set_cookie(SESSION_COOKIE, secret)
        return client

    def events(self) -> list[str]:
        """The kinds of all events so far, oldest first."""
        return [each.action for each in self.recorded()]

    def recorded(self, action: str | None = None) -> list[Event]:
        """All events so far, oldest first; or those of one action."""
        return recorded(self.wiring.database.engine, action)

    def events_so_far(self) -> Mark:
        """How far the record is; `events_since` tells what came later."""
        return mark(self.wiring.database.engine)

    def events_since(self, before: Mark) -> list[str]:
        """The kinds of all events since then, oldest first; only the queue may have moved."""
        return actions_since(self.wiring.database.engine, before)

    def keep_log(self) -> None:
        """Do what the sequencer does: all that was recorded enters its log and can be found."""
        database, logs = self.wiring.database, self.wiring.logs
        sequencing.keep(database, logs)

    def add(self, *rows: Table) -> None:
        """Write rows as they are, owners before what refers to them."""
        with self.wiring.database._writing() as session, session.begin():
            for row in rows:
                session.add(row)
                session.flush()

    def one(self, query: sa.Select[Any]) -> Any:
        """The one row of a query, or nothing."""
        with self.wiring.database._reading() as session:
            return session.scalar(query)

    def _build(self) -> wiring_module.Wiring:
        settings = load(file=None, environment=self.environment)
        return wiring_module.build(self.home, settings)

    def _user(self, name: str) -> User:
        found = self.one(sa.select(User).where(User.name == name))
        assert found is not None, f"no user {name}"
        return found

    def _organisation(self, name: str) -> Organisation:
        found = self.one(sa.select(Organisation).where(Organisation.name == name))
        assert found is not None, f"no organisation {name}"
        return found

    def _team(self, path: str) -> Team:
        organisation_name, name = path.split("/")
        query = sa.select(Team).where(
            Team.organisation_id == self._organisation(organisation_name).id, Team.name == name
        )
        found = self.one(query)
        assert found is not None, f"no team {path}"
        return found

    def _repository(self, path: str) -> Repository:
        owner_name, name = path.split("/")
        query = sa.select(Repository).where(
            Repository.owner_name == owner_name,
            Repository.name == name,
            Repository.wiki_of_id.is_(None),
        )
        found = self.one(query)
        assert found is not None, f"no repository {path}"
        return found

    def _owner_of(self, organisation: Organisation) -> Owner:
        found = self.one(sa.select(Owner).where(Owner.id == organisation.id))
        assert found is not None
        return found


def _owner(identifier: Any, kind: OwnerKind, name: str) -> Owner:
    return Owner(id=identifier, kind=kind, name=name, name_key=fold(name))
