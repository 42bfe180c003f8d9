"""What an idle appliance does not hold in memory: libraries that most never use."""

import subprocess
import sys

import pytest

from appliance.cli import everything
from tests.cli.test_processes import environment

RARE = (
    "alembic",
    "asyncssh",
    "botocore",
    "ldap3",
    "lxml",
    "mako",
    "numpy",
    "onelogin",
    "opentelemetry",
    "psycopg",
    "pyasn1",
    "pygments.lexers.python",
    "requests",
    "rfc3161_client",
    "rich",
    "scim2_models",
    "torch",
    "webauthn",
    "yaml",
)


PROGRAM = f"""
import sys
from appliance.cli import everything

everything.gather()
from appliance.web import routes

print(sorted(set({RARE}) & set(sys.modules)))
print(sum(len(area.paths) for area in routes.API))
"""


@pytest.fixture(scope="module")
def shared():
    """Which rare libraries all processes share, and how many endpoints are described in them."""
    words = [sys.executable, "-c", PROGRAM]
    finished = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert finished.stderr == ""
    return finished.stdout.splitlines()


def test_what_all_processes_share_holds_no_library_that_few_need(shared):
    assert shared[0] == "[]"


def test_the_api_is_not_described_before_somebody_asks(shared):
    assert shared[1] == "0"


def test_what_single_processes_import_is_compiled_with_what_they_share():
    assert set(everything.SHARED) < set(everything.COMPILED)


def test_help_reads_no_rooms():
    program = (
        "import sys; from appliance.cli.__main__ import main; main(['--help']);"
        "heavy = {'sqlalchemy', 'flask', 'redis', 'pygit2', 'asyncssh', 'gunicorn'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "serve" in finished.stdout
    assert finished.stderr == "[]\n"
