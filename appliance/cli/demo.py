"""`codara serve --all --demo`: people in every role, and the repository of this very checkout.

All of it comes through the front door: the API, and a `git push` over HTTP. Safe to repeat: what is
there already stays as it is.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import appliance
from appliance import settings as settings_module
from appliance.cli import programs, terminal
from appliance.cli.client import Client, ProblemError, repository, segment
from appliance.cli.connection import connect
from appliance.cli.groundwork import one_time_password

ORGANISATION = "lab"
TEAM = "writers"
REPOSITORY = f"{ORGANISATION}/codara"
CHECKOUT = Path(appliance.__file__).resolve().parents[1]
NOT_FOUND = 404


@dataclass(frozen=True)
class Person:
    """Somebody to try a role with: on the instance, in the organisation, on the repository."""

    name: str
    display_name: str
    instance: str = "user"
    member: str | None = None
    role: str | None = None

    @property
    def standing(self) -> str:
        """Their role, in a few words."""
        if self.instance != "user":
            return f"{self.instance} of the instance"
        if self.role is not None:
            return f"{self.role} of {REPOSITORY}"
        return f"{self.member} of {ORGANISATION}".replace("_", " ") if self.member else "stranger"


PEOPLE = (
    Person("reader", "Reader", role="reader"),
    Person("triager", "Triager", role="triager"),
    Person("writer", "Writer", member="member", role="writer"),
    Person("maintainer", "Maintainer", role="maintainer"),
    Person("owner-of-codara", "Owner", role="owner"),
    Person("member", "Member", member="member"),
    Person("owner-of-lab", "Owner of the organisation", member="owner"),
    Person("officer", "Security officer", member="security_officer"),
    Person("auditor", "Auditor", member="auditor"),
    Person("inspector", "Auditor of the instance", instance="auditor"),
    Person("newcomer", "Newcomer"),
)
PUSHER = "owner-of-codara"


def fill(home: Path) -> None:
    """Put the demonstration into the running appliance of a home folder.

    Errors:
        ApplianceError: a part of it was refused; what was done until then stays.
    """
    terminal.tell("Filling the demonstration ...")
    api = connect(home, "")
    passwords = {person: _add_person(api, person) for person in PEOPLE}
    _say_passwords({person: word for person, word in passwords.items() if word is not None})
    _add_organisation(api)
    _add_repository(api)
    _push(api, home)
    url = settings_module.from_process(home).server.url
    terminal.tell(f"The demonstration is at {url}/{REPOSITORY}")


def _add_person(api: Client, person: Person) -> str | None:
    """Create a user; gives their password, or None if they are there already."""
    if _is_there(api, f"/users/{person.name}"):
        return None
    password = one_time_password()
    wanted = {
        "name": person.name,
        "display_name": person.display_name,
        "email": f"{person.name}@lab.example",
        "password": password,
        "role": person.instance,
        "must_change_password": False,
    }
    api.call("POST", "/users", wanted)
    return password


def _add_organisation(api: Client) -> None:
    place = f"/orgs/{ORGANISATION}"
    if not _is_there(api, place):
        about = {"display_name": "The Laboratory", "description": "Where everything is tried out."}
        api.call("POST", "/orgs", {"name": ORGANISATION, **about})
    for person in PEOPLE:
        if person.member is not None:
            api.call("PUT", f"{place}/members/{person.name}", {"role": person.member})
    if not _is_there(api, f"{place}/teams/{TEAM}"):
        api.call("POST", f"{place}/teams", {"name": TEAM, "description": "Who may write."})
    present = {member["name"] for member in api.each(f"{place}/teams/{TEAM}/members")}
    for person in PEOPLE:
        if _is_by_team(person) and person.name not in present:
            api.call("PUT", f"{place}/teams/{TEAM}/members/{person.name}")


def _add_repository(api: Client) -> None:
    place = repository(REPOSITORY)
    if not _is_there(api, place):
        owner, _, name = REPOSITORY.partition("/")
        about = "The appliance itself, from the checkout it runs from."
        api.call("POST", "/repos", {"owner": owner, "name": name, "description": about})
    api.call("PUT", f"{place}/grants/{ORGANISATION}/{TEAM}", {"role": "writer"})
    for person in PEOPLE:
        if person.role is not None and not _is_by_team(person):
            api.call("PUT", f"{place}/grants/{person.name}", {"role": person.role})


def _is_by_team(person: Person) -> bool:
    """Writers come by a team, so that one can see how that looks."""
    return person.role == "writer"


def _push(api: Client, home: Path) -> None:
    if not (CHECKOUT / ".git").exists():
        terminal.tell(f"{CHECKOUT} is no checkout, so {REPOSITORY} stays empty.")
        return
    wanted = {"name": "demonstration", "scopes": ["repo:write"], "expires_in_days": 1}
    token = api.call("POST", "/user/tokens", {**wanted, "user": PUSHER})
    server = settings_module.from_process(home).server
    address = f"http://{server.host}:{server.port}/{REPOSITORY}.git"
    words = ("git", "push", "--quiet", address, "HEAD:refs/heads/main")
    try:
        said = programs.complaint_of(words, at=CHECKOUT, environment=_for_git(token["token"]))
    finally:
        api.call("DELETE", f"/user/tokens/{segment(token['id'])}", query={"user": PUSHER})
    if said:
        terminal.tell(f"The push of {CHECKOUT} did not succeed:\n{said}")


def _for_git(token: str) -> Mapping[str, str]:
    """Git without anybody's configuration; the token is in no command line that others can read."""
    proof = base64.b64encode(f"{PUSHER}:{token}".encode()).decode()
    configuration = {"http.extraHeader": f"Authorization: Basic {proof}", "safe.directory": "*"}
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(configuration)),
    }
    for number, (key, value) in enumerate(configuration.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _is_there(api: Client, path: str) -> bool:
    try:
        api.call("GET", path)
    except ProblemError as error:
        if error.http_status != NOT_FOUND:
            raise
        return False
    return True


def _say_passwords(passwords: Mapping[Person, str]) -> None:
    if not passwords:
        return
    terminal.tell("")
    terminal.tell("  People to sign in as; these passwords are shown only now:")
    terminal.tell("")
    for person, password in passwords.items():
        terminal.tell(f"      {person.name:<15} {password}   {person.standing}")
    terminal.tell("")
