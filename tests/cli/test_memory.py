"""What an idle appliance does not hold in memory: libraries that most never use."""

import subprocess
import sys

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
    "opentelemetry.exporter",
    "psycopg",
    "pyasn1",
    "pygments.lexers.python",
    "rfc3161_client",
    "scim2_models",
    "torch",
    "webauthn",
    "yaml",
)


def test_what_all_processes_share_holds_no_library_that_few_need():
    program = (
        "import importlib, sys;"
        f"[importlib.import_module(name) for name in {everything.SHARED}];"
        f"print(sorted(set({RARE}) & set(sys.modules)))"
    )
    words = [sys.executable, "-c", program]
    finished = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)

    assert (finished.stdout, finished.stderr) == ("[]\n", "")
