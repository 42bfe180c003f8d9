"""Signing in to an appliance elsewhere, and which appliance is meant."""

import json
import stat
import subprocess

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError, PasswordSetError

from appliance.cli import logins
from tests.peers.nginx import start_nginx
from tests.peers.server import free_port

TLS = """
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    location / {{ proxy_pass {url}; proxy_set_header Host {host}; }}
"""


class KeyRing(KeyringBackend):
    """A key ring that works, as those of desktops do. Its state are the passwords."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {}

    def get_password(self, service, username):
        return self.passwords.get((service, username))

    def set_password(self, service, username, password):
        self.passwords[service, username] = password

    def delete_password(self, service, username):
        if self.passwords.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


class LockedKeyRing(KeyRing):
    """One whose owner does not unlock it."""

    def set_password(self, service, username, password):
        del service, password
        raise PasswordSetError(f"{username}: locked")


@pytest.fixture
def keyring_is():
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def no_keyring(keyring_is):
    """Whatever key ring this machine has, the tests use none of it."""
    keyring_is(keyring.backends.fail.Keyring())


@pytest.fixture
def signed_in(say, appliance):
    """Somebody who has signed in to the appliance as elsewhere."""
    assert say("login", appliance.url, "--token-stdin", stdin=f"{appliance.token}\n").code == 0
    return say


@pytest.fixture
def over_tls(tmp_path, appliance):
    """The appliance behind a proxy with a certificate of its own authority; gives the address."""
    folder = tmp_path / "tls"
    folder.mkdir()
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    files = ("-keyout", folder / "key.pem", "-out", folder / "certificate.pem")
    kind = ("-x509", "-newkey", "ed25519", "-nodes", "-days", "2")
    subprocess.run(["openssl", "req", *kind, *name, *files], check=True, capture_output=True)
    port = free_port()
    host = appliance.url.partition("://")[2]
    server = TLS.format(port=port, folder=folder, url=appliance.url, host=host)
    with start_nginx(folder, server):
        yield f"https://localhost:{port}", folder / "certificate.pem"


def test_after_login_commands_go_there(signed_in, appliance):
    assert signed_in("whoami", "--json").json["appliance"] == appliance.url
    assert "admin" in signed_in("user", "list").out


def test_here_and_elsewhere_answer_the_same(signed_in, appliance):
    for words in (("user", "list"), ("user", "show", "admin", "--json"), ("org", "list", "--json")):
        elsewhere = signed_in(*words)
        here = signed_in(*words, "--home", appliance.home)
        assert (here.code, here.out) == (elsewhere.code, elsewhere.out)


def test_the_token_is_in_a_file_that_only_its_owner_reads(signed_in, appliance):
    file = logins.file()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert json.loads(file.read_text())["appliances"][appliance.url]["token"] == appliance.token


def test_a_file_that_others_may_read_is_not_used(signed_in):
    logins.file().chmod(0o644)

    refused = signed_in("whoami")

    assert refused.code == 2
    assert "chmod 600" in refused.said


def test_a_key_ring_that_works_keeps_the_token(say, appliance, keyring_is):
    ring = KeyRing()
    keyring_is(ring)

    told = say("login", appliance.url, "--token-stdin", stdin=appliance.token)

    assert "key ring" in told.said
    assert appliance.token not in logins.file().read_text()
    assert say("whoami").code == 0
    assert say("logout").code == 0
    assert ring.passwords == {}


def test_a_locked_key_ring_leaves_it_to_the_file(say, appliance, keyring_is):
    keyring_is(LockedKeyRing())

    assert say("login", appliance.url, "--token-stdin", stdin=appliance.token).code == 0
    assert appliance.token in logins.file().read_text()


def test_a_token_that_does_not_say_whose_it_is_is_kept(say, signed_in, appliance):
    made = signed_in("token", "create", "--scope", "repo:read", "--expires-in", "1d", "--json")

    told = say("login", appliance.url, "--token-stdin", stdin=made.json["token"])

    assert told.code == 0
    assert "does not say whose it is" in told.said
    assert "scope user" in told.said
    assert say("repo", "list").code == 0
    assert say("whoami", "--json").json == {"appliance": appliance.url}


def test_a_token_that_is_not_good_is_not_kept(say, appliance):
    refused = say("login", appliance.url, "--token-stdin", stdin="cod_wrong\n")

    assert refused.code == 3
    assert not logins.file().exists()


@pytest.mark.parametrize("token", ["", "\n", "two words\x07\n", "schlüssel\n"])
def test_what_is_no_token_is_wrong_usage(say, appliance, token):
    assert say("login", appliance.url, "--token-stdin", stdin=token).code == 2


def test_the_token_may_be_in_the_environment(say, appliance, monkeypatch):
    monkeypatch.setenv("CODARA_TOKEN", appliance.token)

    assert say("login", appliance.url).code == 0


@pytest.mark.parametrize(
    "url",
    [
        "codara.example",
        "ftp://codara.example",
        "https://",
        "https://writer:secret@codara.example",
        "https://codara.example?q=1",
        "https://codara.example:port",
        "http://codara.example",
        "http://10.0.0.1:8080",
        "http://127.0.0.1.codara.example",
    ],
)
def test_addresses_that_are_none_or_would_give_the_token_away(say, url):
    refused = say("login", url, "--token-stdin", stdin="cod_x\n")

    assert (refused.code, refused.out) == (2, "")
    assert not logins.file().exists()


def test_an_insecure_address_in_the_environment_is_refused_too(say, monkeypatch):
    monkeypatch.setenv("CODARA_URL", "http://codara.example")
    monkeypatch.setenv("CODARA_TOKEN", "cod_x")

    refused = say("whoami")

    assert refused.code == 2
    assert "for all to read" in refused.said


def test_unless_somebody_said_it_loudly():
    assert logins.address("http://CODARA.example:8080/", insecure_http=True) == (
        "http://codara.example:8080"
    )


def test_a_certificate_of_nobody_known_is_refused(say, appliance, over_tls):
    url, authority = over_tls

    refused = say("login", url, "--token-stdin", stdin=appliance.token)
    assert refused.code == 1
    assert "--ca FILE" in refused.said

    told = say("login", url, "--token-stdin", "--ca", authority, stdin=appliance.token)
    assert told.code == 0, told.said
    assert say("whoami", "--json").json["appliance"] == url


def test_an_authority_that_went_away_is_said(say, appliance, over_tls):
    url, authority = over_tls
    say("login", url, "--token-stdin", "--ca", authority, stdin=appliance.token)
    authority.unlink()

    refused = say("whoami")

    assert refused.code == 1
    assert "certificate.pem" in refused.said


def test_a_named_home_goes_before_what_was_remembered(signed_in, appliance, monkeypatch):
    assert signed_in("whoami", "--home", appliance.home, "--json").json["appliance"] == str(
        appliance.home
    )
    monkeypatch.setenv("CODARA_HOME", str(appliance.home))
    assert signed_in("whoami", "--json").json["appliance"] == str(appliance.home)
    assert signed_in("whoami", "--url", appliance.url, "--json").json["appliance"] == appliance.url


def test_an_appliance_in_this_folder_goes_before_what_was_remembered(
    signed_in, appliance, tmp_path
):
    (tmp_path / "var").symlink_to(appliance.home)

    assert signed_in("whoami", "--json").json["appliance"] == str(appliance.home)


def test_an_address_without_a_token_says_how_to_get_one(say):
    refused = say("whoami", "--url", "https://codara.example")

    assert refused.code == 3
    assert "codara login https://codara.example" in refused.said


def test_after_logout_nothing_is_left(signed_in, appliance):
    assert signed_in("logout", "--json").json == {"forgotten": appliance.url}

    assert appliance.token not in logins.file().read_text()
    assert signed_in("whoami").code == 1
    assert signed_in("logout").code == 2


def test_nobody_there_is_one_sentence(say, monkeypatch):
    monkeypatch.setenv("CODARA_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("CODARA_TOKEN", "cod_x")

    refused = say("user", "list", "--json")

    assert (refused.code, refused.out) == (1, "")
    assert refused.said.count("\n") == 1


def test_something_else_there_is_one_sentence_too(say, tmp_path, monkeypatch):
    page = "location / { return 200 'hello'; }"
    with start_nginx(tmp_path, page) as url:
        monkeypatch.setenv("CODARA_URL", url)
        monkeypatch.setenv("CODARA_TOKEN", "cod_x")
        refused = say("user", "list")

    assert refused.code == 1
    assert "no Codara Appliance" in refused.said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_taught(say, shell):
    assert "_CODARA_COMPLETE" in say("completion", shell).out


def test_names_are_completed(here, appliance, monkeypatch):
    monkeypatch.setenv("_CODARA_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "codara user show adm")
    monkeypatch.setenv("COMP_CWORD", "3")

    assert "admin" in here().out


def test_scopes_are_completed_one_after_the_other(here, monkeypatch):
    monkeypatch.setenv("_CODARA_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "codara token create --scope repo:read,repo:")
    monkeypatch.setenv("COMP_CWORD", "4")

    words = [line.rpartition(",repo:")[::2] for line in here().out.splitlines()]

    assert words == [("plain,repo:read", "write"), ("plain,repo:read", "admin")]


def test_who_may_not_ask_how_it_is_is_not_told_that_it_fails(say, appliance, monkeypatch):
    words = ("--scope", "user", "--expires-in", "1d", "--home", appliance.home)
    narrow = say("token", "create", *words, "--json").json["token"]
    monkeypatch.setenv("CODARA_URL", appliance.url)
    monkeypatch.setenv("CODARA_TOKEN", narrow)

    refused = say("check")

    assert (refused.code, refused.out) == (3, "")
    assert "instance.health" in refused.said


def test_an_empty_folder_is_no_appliance(say, tmp_path):
    (tmp_path / "var").mkdir()

    refused = say("repo", "list")

    assert refused.code == 1
    assert "codara serve --all" in refused.said
    assert list((tmp_path / "var").iterdir()) == []
