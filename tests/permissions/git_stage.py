"""A served appliance with repositories of every kind, and people with git, tokens and SSH keys."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from appliance.db.credentials import AccessToken, SshKey
from appliance.db.users import User, UserState
from appliance.domain.ids import new_id
from appliance.domain.permissions import OrganisationRole, Role, Scope, Visibility
from tests.peers.appliance import Served, serve
from tests.peers.server import free_port, running
from tests.permissions.actors import IN_THE_ORGANISATION, ON_THE_INSTANCE, make_content
from tests.web.git_client import Done, GitClient
from tests.world import NOON, World, copy_sqlite

ROOT = Path(__file__).parents[2]
PEOPLE = (
    *("nobody", *Role, *IN_THE_ORGANISATION, *ON_THE_INSTANCE),
    "suspended",
)
TOKENS = {
    "token to read": {"scopes": (Scope.REPOSITORY_READ,)},
    "token to write": {"scopes": (Scope.REPOSITORY_WRITE,)},
    "token for oneself": {"scopes": (Scope.USER,)},
    "token for another repository": {"repositories": ["works/other"]},
    "revoked token": {},
    "expired token": {"expires_at": NOON - timedelta(days=400)},
}
DEPLOY_KEYS = {
    "deploy key to read": {"on": "lab/private", "may_write": False},
    "deploy key to write": {"on": "lab/private", "may_write": True},
    "deploy key of another repository": {"on": "works/other", "may_write": False},
    "deploy key that expired": {"on": "lab/private", "expires_at": NOON - timedelta(days=400)},
}


class GitStage:
    """Everybody of the table. Its state is where the appliance answers and what they hold."""

    def __init__(self, served: Served, ssh_port: int, folder: Path) -> None:
        self.world, self._served, self._ssh_port = served.world, served, ssh_port
        self._folder = folder
        self.git = GitClient(folder / "home")
        content = make_content(folder)
        self.copy = folder / "work"
        self.base = self.git("rev-parse", "main", at=self.copy).strip()
        self._people()
        for path in ("private", "internal", "public", "shelf", "binned"):
            self._repository(f"lab/{path}", content)
        self._repository("works/other", content)
        self.child = self.git.commit(self.copy, "two", "2\n")
        self.git("checkout", "-q", "--orphan", "other", at=self.copy)
        self.unrelated = self.git.commit(self.copy, "three", "3\n")
        self.tokens = self._tokens()
        for who in (*PEOPLE, *DEPLOY_KEYS, "stranger"):
            self._key(who)

    def https(self, who: str, path: str) -> str:
        """The address of a repository over HTTPS, with what somebody shows."""
        return self._served.remote(path, self.tokens.get(who, ""))

    def newcomer(self, name: str) -> None:
        """Somebody more, with a key, who owns lab/private too."""
        self.world.user(name, role=Role.OWNER, on="lab/private")
        self._key(name)

    def over_ssh(self, who: str, path: str, *words: str | Path, options: str = "") -> Done:
        """How a git command ends that is given an address over SSH as `REMOTE`."""
        key = self._folder / f"{who.replace(' ', '-')}"
        usual = "-o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no"
        quiet = "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        environment = {"GIT_SSH_COMMAND": f"ssh -F none -i {key} {usual} {quiet} {options}"}
        client = GitClient(self._folder / "home", environment)
        remote = f"ssh://git@127.0.0.1:{self._ssh_port}/{path}.git"
        return client.try_(*(str(word).replace("REMOTE", remote) for word in words), at=self.copy)

    def _people(self) -> None:
        world = self.world
        world.organisation("lab")
        world.organisation("works")
        for who in PEOPLE:
            world.user(who, instance=ON_THE_INSTANCE.get(who, "user"))
            if who in IN_THE_ORGANISATION:
                world.join(who, "lab", IN_THE_ORGANISATION[who])
        world.join("suspended", "lab", OrganisationRole.OWNER)
        with world.wiring.database._writing() as session, session.begin():
            session.execute(
                sa.update(User).where(User.name == "suspended").values(state=UserState.SUSPENDED)
            )

    def _repository(self, path: str, content: Path) -> None:
        kinds = {"lab/internal": Visibility.INTERNAL, "lab/public": Visibility.PUBLIC}
        more = {"lab/shelf": {"archived_at": NOON}, "lab/binned": {"deleted_at": NOON}}
        visibility = kinds.get(path, Visibility.PRIVATE)
        made = self.world.repository(path, visibility=visibility, **more.get(path, {}))
        folder = self.world.folder(made)
        shutil.copytree(content, folder, dirs_exist_ok=True)
        (folder / "refs/heads/release").mkdir()
        for who in (*PEOPLE, *TOKENS, *DEPLOY_KEYS, "stranger"):
            for door in ("https", "ssh"):
                branch = folder / "refs/heads/release" / f"{who.replace(' ', '-')}-{door}"
                branch.write_text(f"{self.base}\n")
        if path.startswith("lab/"):
            for role in Role:
                self.world.grant(role, role, path)
            self.world.protect(path, "refs/heads/release/*", push_role=Role.MAINTAINER)

    def _tokens(self) -> dict[str, str]:
        world = self.world
        made = {who: world.token(who) for who in PEOPLE}
        for name, terms in TOKENS.items():
            scopes = terms.pop("scopes", ()) if (terms := dict(terms)) else ()
            made[name] = world.token("owner", *scopes, **terms)
        with world.wiring.database._writing() as session, session.begin():
            rows = session.scalars(sa.select(AccessToken).order_by(AccessToken.id.desc())).all()
            rows[list(reversed(TOKENS)).index("revoked token")].revoked_at = datetime.now(UTC)
        return made

    def _key(self, who: str) -> None:
        file = self._folder / who.replace(" ", "-")
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)]
        subprocess.run(words, check=True)
        if who == "stranger":
            return  # Nobody has told the appliance of it.
        blob = base64.b64decode(file.with_name(f"{file.name}.pub").read_text().split()[1])
        print_ = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        terms = dict(DEPLOY_KEYS.get(who, {}))
        place = terms.pop("on", None)
        holder = (
            {"repository_id": self.world._repository(place).id}
            if place
            else {"user_id": self.world._user(who).id}
        )
        self.world.add(
            SshKey(
                id=new_id(),
                title=who,
                key_type="ssh-ed25519",
                public_key=blob,
                fingerprint=f"SHA256:{print_}",
                created_at=NOON,
                **holder,
                **terms,
            )
        )


@contextmanager
def git_stage(world: World, folder: Path) -> Generator[GitStage]:
    """All of it, for the length of a block."""
    port = free_port()
    words = [str(port), world.home / "keys", world.home / "run" / "web.sock", "12"]
    embedded = [sys.executable, "-u", "-m", "tests.ssh.embedded", *words]
    world.configure(CODARA_ACCESS__PUBLIC_REPOSITORIES="true")
    with serve(world) as served, running(embedded, ready="listening", folder=ROOT):
        yield GitStage(served, port, folder)


def git_stage_of_its_own(folder, migrated_sqlite):
    """A stage on a fresh appliance, for the tests of one file."""
    home = folder / "home-of-it"
    world = World(home, copy_sqlite(migrated_sqlite, home))
    with git_stage(world, folder) as stage:
        yield stage
    world.close()
