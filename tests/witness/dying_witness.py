"""A witness that is killed at the worst moment: it has remembered a state, and not yet said so."""

import os
import signal
import sys

from appliance.cli.__main__ import main
from witness import server


def die(_handler, _answer):
    os.kill(os.getpid(), signal.SIGKILL)


server.Handler.reply = die
sys.exit(main(["witness", "serve", *sys.argv[1:]]))
