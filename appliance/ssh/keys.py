"""Started by `keys.sh` as `python -I -S -E keys.py SOCKET FINGERPRINT TYPE BLOB`.

What it does is in authorized_keys.py.

So short because Python translates the file that it is started with anew each time.
"""

import posix  # Not os, which costs as much again as all that is done here.
import sys

if __name__ == "__main__":
    # Behind the standard library, so that nothing of ours or beside us can take its place.
    sys.path.append(__file__.rsplit("/", 3)[0])

    from appliance.ssh.authorized_keys import main

    posix._exit(main(*sys.argv[1:]))  # noqa: SLF001 — nothing is left to tidy up, and tidying takes a while.
