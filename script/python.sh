# shellcheck shell=sh
# Sets $python to a Python that is new enough: the environment's own, else the machine's; and gives
# `set_up app` and `set_up dev`, which make .venv fit. Sourced by the other scripts, which set $root.
for python in "$root/.venv/bin/python" python3 python3.14 python3.13 python3.12 python3.11 none; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    break
  fi
done
if [ "$python" = none ]; then
  echo "Codara needs Python 3.11 or newer, and none is on the PATH. Install the package python3." >&2
  exit 1
fi
set_up() {
  (cd "$root" && exec "$python" -m script.environment "$1")
}
