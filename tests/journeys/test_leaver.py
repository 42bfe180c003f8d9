"""Somebody leaves, and only the directory says so: how long until every door is closed to them.

A whole appliance with its own scheduler and worker, a real directory, and every way in at once: a
browser, the API, Git over HTTPS and SSH, large files, and two clones under way.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journeys.running import Whole, give_key, until, whole
from tests.peers.slapd import PASSWORD, SERVICE_PASSWORD, Directory
from tests.ssh.test_watch import SIZE, ask_for_all
from tests.web.git_client import GitClient

MOST_SECONDS = 30
"""From the directory's word, through a whole run asked for at once, to the last door."""
NAME = "leaver"
LOCKED = ("add: pwdAccountLockedTime", "pwdAccountLockedTime: 000001010000Z")
WANTED = {"operation": "download", "objects": [{"oid": "0" * 64, "size": 1}]}
LFS = "application/vnd.git-lfs+json"
KINDS = {"git-upload-pack": "application/x-git-upload-pack-request"}


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory, slapd: Directory) -> Iterator[Whole]:
    """A running appliance that follows the directory."""
    folder = tmp_path_factory.mktemp("leaver")
    (folder / "root.pem").write_text(slapd.root)
    with whole(folder / "home") as running:
        settings = {
            **{each: value for each, value in slapd.settings().items() if isinstance(value, str)},
            "servers": slapd.encrypted,
            "user_filter": f"(uid={NAME}*)",
            "group_base": "",
            "sync_brings": "everybody",
            "sync_minutes": "0",
        }
        del settings["authority"], settings["bind_password"]
        words = [f"--setting={name}={value}" for name, value in settings.items()]
        words += ["--setting-file", f"authority={folder / 'root.pem'}"]
        words += ["--secret-stdin", "bind_password", "--creates-users"]
        running.codara(
            *("provider", "add", "corp", "--kind", "ldap", *words), said=f"{SERVICE_PASSWORD}\n"
        )
        running.codara("provider", "enable", "corp")
        yield running


class Leaver:
    """Who is to leave, with everything that lets them in."""

    def __init__(self, appliance: Whole, folder: Path) -> None:
        self.appliance = appliance
        self.token = appliance.token(NAME, "repo:admin,user")
        self.ssh = give_key(appliance, NAME, folder / "keys")
        self.browser = self._signed_in()
        made = appliance.api(self.token, "POST", "/repos", {"name": "notes"})
        assert made.status_code == 201, made.text
        git = GitClient(folder / "person")
        copy = git.working_copy(folder / "copy")
        (copy / "large").write_bytes(os.urandom(SIZE))
        git("add", ".", at=copy)
        git("commit", "-q", "-m", "Large", at=copy)
        git("push", "-q", appliance.https(f"{NAME}/notes", self.token), "main", at=copy)
        self.oid = git("rev-parse", "HEAD", at=copy).strip()

    def doors(self) -> dict[str, Callable[[], bool]]:
        """Every way in, and whether it is closed to them now."""
        here, path = self.appliance, f"{NAME}/notes"
        return {
            "web": lambda: self._page().status_code != 200,
            "api": lambda: here.api(self.token, "GET", "/user").status_code == 401,
            "git over https": lambda: not self._lists(here.https(path, self.token)),
            "git over ssh": lambda: not self._lists(here.ssh(path)),
            "lfs": lambda: self._asked("info/lfs/objects/batch", json=WANTED).status_code == 401,
            "clones under way": lambda: sending(here) == 0,
        }

    def begin_over_https(self) -> requests.Response:
        """A clone by hand, of which nothing is read yet."""
        line = f"want {self.oid} side-band-64k ofs-delta\n"
        body = f"{len(line) + 4:04x}{line}00000009done\n"
        return self._asked("git-upload-pack", data=body, stream=True)

    def begin_over_ssh(self) -> subprocess.Popen[bytes]:
        """The same over SSH."""
        words = [*self.ssh.split(), "-p", str(self.appliance.ssh_port), "git@127.0.0.1"]
        words += [f"git-upload-pack '{NAME}/notes.git'"]
        running = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ask_for_all(running)
        return running

    def _signed_in(self) -> requests.Session:
        """A browser in which they have shown the directory's password."""
        browser, door = requests.Session(), f"{self.appliance.url}/auth/ldap/corp/login"
        found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(door, timeout=60).text)
        assert found is not None
        data = {"csrf_token": found[1], "name": NAME, "password": PASSWORD}
        browser.post(door, data=data, headers={"Referer": door}, timeout=60)
        return browser

    def _page(self) -> requests.Response:
        address = f"{self.appliance.url}/settings"
        return self.browser.get(address, timeout=60, allow_redirects=False)

    def _lists(self, address: str) -> bool:
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": self.ssh}
        words = ["git", "ls-remote", address]
        done = subprocess.run(words, env=environment, capture_output=True, check=False)
        return done.returncode == 0

    def _asked(self, what: str, **more: Any) -> requests.Response:
        kind = {"Content-Type": KINDS.get(what, LFS), "Accept": KINDS.get(what, LFS)}
        address = f"{self.appliance.url}/{NAME}/notes.git/{what}"
        return requests.post(address, headers=kind, auth=("git", self.token), timeout=120, **more)


def sending(appliance: Whole) -> int:
    """How many of this appliance's git processes send somebody a repository."""
    found = 0
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
            is_git = b"upload-pack" in words
            found += is_git and str(appliance.home) in str((process / "cwd").readlink())
        except OSError:
            continue
    return found


def closed_after(doors: dict[str, Callable[[], bool]]) -> dict[str, float]:
    """Try every door again and again until it is closed; gives after how many seconds each was."""
    began, found = time.monotonic(), {}

    def all_closed() -> bool:
        for name, is_closed in doors.items():
            if name not in found and is_closed():
                found[name] = round(time.monotonic() - began, 2)
        return len(found) == len(doors)

    until(all_closed, "a door is still open")
    return found


def rest_of(answer: requests.Response) -> int:
    """How many bytes still come, whether the connection ends well or not."""
    count = 0
    try:
        for chunk in answer.iter_content(64 * 1024):
            count += len(chunk)
    except requests.exceptions.RequestException:
        return count
    return count


@pytest.mark.promise("P44")
def test_who_leaves_the_directory_is_kept_out_of_every_door(
    appliance: Whole, slapd: Directory, tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    dn = slapd.person(NAME)
    assert appliance.codara("provider", "sync", "corp")["counts"] == {"created.done": 1}
    leaver = Leaver(appliance, tmp_path)
    doors = leaver.doors()
    clone, other = leaver.begin_over_https(), leaver.begin_over_ssh()
    start = len(next(clone.iter_content(1024)))
    assert {name for name, is_closed in doors.items() if is_closed()} == set()
    assert sending(appliance) == 2

    slapd.change(dn, *LOCKED)
    left = time.monotonic()
    report = appliance.codara("provider", "sync", "corp")
    synchronised = round(time.monotonic() - left, 2)
    seconds = closed_after(doors)

    assert time.monotonic() - left < MOST_SECONDS
    record_property("seconds", {"synchronised": synchronised, **seconds})
    assert report["counts"] == {"disabled.done": 1}
    with other:
        assert other.stdout is not None
        assert len(other.stdout.read()) < SIZE
    assert start + rest_of(clone) < SIZE

    slapd.change(dn, "delete: pwdAccountLockedTime")
    assert appliance.codara("provider", "sync", "corp")["counts"] == {"returned.done": 1}
    assert {name for name, is_closed in doors.items() if is_closed()} == {"web", "clones under way"}
