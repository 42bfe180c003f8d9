"""One actor of each kind, each with an organisation and a private repository of their own to try.

An actor is what the name says to `lab-N/notes` and to `lab-N`, and nothing to all others, so what
one of them deletes is missing to nobody else.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from appliance.domain.permissions import InstanceRole, OrganisationRole, Role

ACTORS = (
    "stranger",
    "nobody",
    "reader",
    "triager",
    "writer",
    "maintainer",
    "owner",
    "member",
    "officer",
    "auditor",
    "boss",
    "inspector",
    "administrator",
)
IN_THE_ORGANISATION = {
    "member": OrganisationRole.MEMBER,
    "officer": OrganisationRole.SECURITY_OFFICER,
    "auditor": OrganisationRole.AUDITOR,
    "boss": OrganisationRole.OWNER,
}
ON_THE_INSTANCE = {
    "inspector": InstanceRole.AUDITOR,
    "administrator": InstanceRole.ADMINISTRATOR,
}
SIGNS = {401: "?", 403: "-", 404: "."}
"""What an HTTP status says of permission in the tables; everything else got past it: `+`."""


def outcome(status):
    """The same in a word."""
    words = {"?": "told to sign in", "-": "refused", ".": "hidden", "+": "allowed"}
    return words[SIGNS.get(status, "+")]


def settle(world, content=None):
    """Put all of them there. `content` is a bare repository to fill theirs with."""
    for number, actor in enumerate(ACTORS):
        organisation = f"lab-{number}"
        world.organisation(organisation)
        world.user(f"target-{number}", member=OrganisationRole.OWNER, of=organisation)
        repository = world.repository(f"{organisation}/notes")
        world.team(f"{organisation}/research", f"target-{number}")
        if content is not None:
            shutil.copytree(content, world.folder(repository), dirs_exist_ok=True)
        if actor != "stranger":
            world.user(actor, instance=ON_THE_INSTANCE.get(actor, InstanceRole.USER))
        if actor in set(Role):
            world.grant(actor, Role(actor), f"{organisation}/notes")
        if actor in IN_THE_ORGANISATION:
            world.join(actor, organisation, IN_THE_ORGANISATION[actor])


def make_content(folder):
    """A bare repository's objects and refs: two branches, a tag, a file in a folder."""
    work = folder / "work"
    work.mkdir()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "GIT_AUTHOR_NAME": "writer",
        "GIT_AUTHOR_EMAIL": "writer@codara.test",
        "GIT_COMMITTER_NAME": "writer",
        "GIT_COMMITTER_EMAIL": "writer@codara.test",
        "GIT_CONFIG_NOSYSTEM": "1",
    }

    def git(*words: str):
        subprocess.run(["git", *words], cwd=work, env=environment, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    (work / "src").mkdir()
    (work / "src" / "one").write_text("1\n")
    git("add", ".")
    git("commit", "-q", "-m", "Begin")
    git("branch", "topic")
    git("tag", "topic-tag")
    bare = folder / "bare"
    bare.mkdir()
    for part in ("objects", "refs"):
        shutil.copytree(work / ".git" / part, bare / part)
    return bare
