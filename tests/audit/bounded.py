"""The verifier as an auditor starts it, with a bound on its processor time: for tests only."""

import subprocess
import sys
from pathlib import Path

import audit

MOST_CPU_SECONDS = 30
MEASURE = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({MOST_CPU_SECONDS}, {MOST_CPU_SECONDS}))
from audit.__main__ import main
code = main(sys.argv[1:])
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(status["VmHWM"].split()[0], file=sys.stderr)
sys.exit(code)
"""


def measured(*words: object):
    """Exit code, output, and the most memory that was used, in MiB.

    Whoever needs more processor time than is allowed is ended by the system.
    """
    ended = subprocess.run(
        [sys.executable, "-S", "-E", "-c", MEASURE, *map(str, words)],
        cwd=Path(audit.__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    *rest, memory = ended.stderr.splitlines() or ["0"]
    assert not rest, rest
    return ended.returncode, ended.stdout, int(memory) // 1024
