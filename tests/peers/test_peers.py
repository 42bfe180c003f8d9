"""The peers that other tests are tried against really start, serve and end."""

import os
import select
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from tests.peers.nginx import start_git_http_backend
from tests.peers.server import PeerError, running
from tests.peers.sshd import start_sshd

ROOT = Path(__file__).resolve().parent.parent.parent


def test_postgresql_copies_a_template(postgresql):
    postgresql.create("peers_template")
    address = f"host={postgresql.socket_folder} user=codara dbname="
    with psycopg.connect(address + "peers_template") as connection:
        connection.execute("CREATE TABLE things (name text)")

    postgresql.create("peers_copy", template="peers_template")

    with psycopg.connect(address + "peers_copy") as connection:
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (0,)
    postgresql.drop("peers_copy")
    postgresql.drop("peers_template")


def test_redis_answers(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()


def test_sshd_refuses_a_stranger(tmp_path):
    with start_sshd(tmp_path) as server:
        known_hosts = tmp_path / "known_hosts"
        known_hosts.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n", "utf-8")
        options = ["-F", "none", "-o", f"UserKnownHostsFile={known_hosts}", "-o", "BatchMode=yes"]
        answer = subprocess.run(
            ["ssh", *options, "-p", str(server.port), "127.0.0.1", "true"],
            capture_output=True,
            text=True,
            check=False,
        )

    assert answer.returncode == 255
    assert "Permission denied (publickey)" in answer.stderr


def test_gits_own_http_backend_is_cloned_from(tmp_path, git_home):
    repositories, folder = tmp_path / "repositories", tmp_path / "nginx"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", "--bare", repositories / "lab.git"], check=True)

    with start_git_http_backend(folder, repositories) as address:
        answer = subprocess.run(
            ["git", "clone", "-q", f"{address}/lab.git", tmp_path / "clone"],
            capture_output=True,
            text=True,
            check=False,
        )

    assert answer.returncode == 0, answer.stderr
    assert "empty repository" in answer.stderr


@pytest.mark.browser
def test_chromium_shows_a_page(chromium):
    with chromium.new_context() as context:
        page = context.new_page()
        page.set_content("<h1>Codara</h1>")
        assert page.inner_text("h1") == "Codara"


def test_a_server_that_fails_says_why():
    with (
        pytest.raises(PeerError, match="no such luck"),
        running(["sh", "-c", "echo no such luck; exit 1"], ready="never"),
    ):
        pass


def test_a_server_ends_with_the_block():
    with running(["sh", "-c", "echo up; exec sleep 600"], ready="up") as process:
        assert process.poll() is None

    assert process.returncode is not None
    assert not Path(f"/proc/{process.pid}").exists()


def test_a_server_ends_when_the_tests_are_killed():
    program = (
        "from tests.peers.server import running\n"
        "with running(['sh', '-c', 'echo up; exec sleep 600'], ready='up') as process:\n"
        "    print(process.pid, flush=True)\n"
        "    input()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, text=True, **pipes) as tests:
        server = os.pidfd_open(int(tests.stdout.readline()))
        tests.kill()

        ended, _, _ = select.select([server], [], [], 10)

    os.close(server)
    assert ended == [server]
