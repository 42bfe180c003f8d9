"""Installs what the tests need from the distribution's packages, or says what is missing.

The product itself needs none of this: tests drive real databases, clients, servers and a browser.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LOG = Path(__file__).resolve().parent.parent / ".cache" / "apt.log"

# Tests start servers of their own. A policy that answers 101 keeps the packages from starting
# theirs, where the administrator has no policy (invoke-rc.d(8)).
APT = """
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
"""


@dataclass(frozen=True)
class Need:
    """One thing the tests need; any of `files` shows that it is there."""

    purpose: str
    files: tuple[str, ...]
    packages: tuple[str, ...]
    """Names it has in Debian and Ubuntu; the first that exists is taken."""


NEEDS = (
    Need("PostgreSQL", ("/usr/lib/postgresql/*/bin/initdb", "initdb"), ("postgresql",)),
    Need("Redis", ("redis-server",), ("redis-server",)),
    Need("the OpenSSH server", ("/usr/sbin/sshd", "sshd"), ("openssh-server",)),
    Need("the OpenSSH client", ("ssh",), ("openssh-client",)),
    Need("GnuPG", ("gpg",), ("gnupg",)),
    Need("GnuPG for X.509", ("gpgsm",), ("gpgsm",)),
    Need("OpenSSL", ("openssl",), ("openssl",)),
    Need("Git LFS", ("git-lfs",), ("git-lfs",)),
    Need("OpenLDAP", ("/usr/sbin/slapd", "slapd"), ("slapd",)),
    Need("the clients of OpenLDAP", ("ldapmodify",), ("ldap-utils",)),
    Need("nginx", ("/usr/sbin/nginx", "nginx"), ("nginx-light", "nginx")),
    Need("fcgiwrap", ("/usr/sbin/fcgiwrap", "fcgiwrap"), ("fcgiwrap",)),
    Need(
        "Chromium",
        ("chromium", "chromium-browser", "google-chrome"),
        ("chromium", "chromium-browser"),
    ),
    Need("PHP with XML", ("/usr/lib/php/*/xml.so",), ("php-xml",)),
    Need("PHP's multibyte strings", ("/usr/lib/php/*/mbstring.so",), ("php-mbstring",)),
    # It asks for a web server. With these two, that is not Apache.
    Need("PHP for web servers", ("php-cgi",), ("php-cgi",)),
    Need("a small web server", ("/usr/sbin/micro-httpd",), ("micro-httpd",)),
    Need("PHP", ("php",), ("php-cli",)),
    Need("SimpleSAMLphp", ("/usr/share/simplesamlphp/www/index.php",), ("simplesamlphp",)),
    Need("a font", ("/usr/share/fonts/truetype/*/*.ttf",), ("fonts-dejavu-core",)),
    Need("Node.js", ("node",), ("nodejs",)),
    Need("npm", ("npm",), ("npm",)),
    Need("TypeScript", ("tsc",), ("node-typescript",)),
    Need("ShellCheck", ("shellcheck",), ("shellcheck",)),
)


def is_here(need: Need) -> bool:
    """Whether one of the files that show it exists, on the PATH or at its place."""
    return any(
        any(Path("/").glob(file.removeprefix("/"))) if "/" in file else shutil.which(file)
        for file in need.files
    )


def main() -> int:
    """Install what is missing in one go; fail with a list when nobody here may."""
    missing = [need for need in NEEDS if not is_here(need)]
    if not missing:
        return 0
    rights = privileges()
    if shutil.which("apt-get") is None or rights is None:
        return give_up(missing, because="this account may not install packages here")
    wanted = ", ".join(need.purpose for need in missing)
    print(f"Installing for the tests: {wanted}.", file=sys.stderr, flush=True)
    apt(rights, "update")
    names = [name for need in missing if (name := first_available(need)) is not None]
    apt(rights, "install", "--no-install-recommends", *names)
    missing = [need for need in missing if not is_here(need)]
    return give_up(missing, because=f"apt-get did not bring it, see {LOG}") if missing else 0


def privileges() -> list[str] | None:
    """The words to put before a command that only root may run; None if there are none."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    may_ask = [] if sys.stdin.isatty() else ["--non-interactive"]
    allowed = subprocess.run(["sudo", *may_ask, "true"], capture_output=bool(may_ask), check=False)
    return ["sudo", *may_ask] if allowed.returncode == 0 else None


def apt(rights: list[str], *words: str) -> None:
    """Run apt-get without questions; what it says goes to the log."""
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("a") as log:
        subprocess.run(
            [*rights, "sh", "-c", APT, "sh", *words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )


def first_available(need: Need) -> str | None:
    """The first of the package's names that this distribution has."""
    for name in need.packages:
        policy = subprocess.run(["apt-cache", "show", name], capture_output=True, check=False)
        if policy.returncode == 0:
            return name
    return None


def give_up(missing: list[Need], *, because: str) -> int:
    """Say what is missing and how somebody else can bring it."""
    print(f"The tests cannot run: {because}.", file=sys.stderr)
    for need in missing:
        print(f"  missing: {need.purpose} (package {need.packages[0]})", file=sys.stderr)
    names = " ".join(need.packages[0] for need in missing)
    print(f"Let an administrator run: apt-get install {names}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
