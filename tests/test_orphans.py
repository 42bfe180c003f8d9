"""What a killed process had started is ended by the ancestor that looks after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

PARENT = """
import os, signal, subprocess, sys
from appliance import orphans

def start(code):
    words = [sys.executable, "-c", code]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

orphans.adopt()
sleeper = "import signal; print(signal.SIGTERM, flush=True); signal.pause()"
killed = start(f'''
import signal, subprocess, sys
words = [sys.executable, "-c", {sleeper!r}]
below = subprocess.Popen(words, stdout=subprocess.PIPE, process_group=0)
below.stdout.readline()
print(below.pid, flush=True)
signal.pause()
''')
orphan = int(killed.stdout.readline())
ours = start(sleeper)
ours.stdout.readline()
os.setpgid(0, 0)
killed.kill()
killed.wait()
orphans.end({ours.pid})
print(os.waitstatus_to_exitcode(os.waitpid(orphan, 0)[1]), ours.poll())
ours.kill()
ours.wait()
"""


def test_orphans_are_ended_and_our_own_children_are_not():
    done = subprocess.run(
        [sys.executable, "-c", PARENT],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == f"{-signal.SIGTERM} None\n", done.stderr
