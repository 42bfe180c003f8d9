"""A person who signs with git: keys made by ssh-keygen and gpg, and a working copy to sign in."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.web.git_client import GitClient

SPAN = "20260101T000000"
"""When keys with a limited life are made."""


@dataclass
class Signer:
    """A person with a home folder, a working copy and keys. Its state is these on the disk."""

    home: Path
    address: str = "writer@codara.test"

    def __post_init__(self) -> None:
        # As short as can be: the agent's socket lies in it, and its path has a limit.
        self.rings = self.home / "g"
        self.git = GitClient(self.home)
        self.rings.mkdir(mode=0o700)
        self.git.environment["GNUPGHOME"] = str(self.rings)
        self.copy = self.home / "copy"
        self.copy.mkdir()
        self.git("init", "-q", at=self.copy)
        self.git("config", "user.email", self.address, at=self.copy)

    def close(self) -> None:
        """End the agent that gpg has started."""
        self._run("gpgconf", "--kill", "all")

    def ssh_key(self, name: str = "key", kind: str = "ed25519", *words: str) -> str:
        """A new key to sign with from now on; gives the line of its public half."""
        path = self.home / name
        self._run("ssh-keygen", "-q", "-t", kind, *words, "-N", "", "-C", name, "-f", str(path))
        self.sign_by_ssh(name)
        return path.with_suffix(".pub").read_text().strip()

    def sign_by_ssh(self, name: str) -> None:
        """Sign with that key from now on."""
        self._configure("ssh", str(self.home / name))

    def pgp_key(self, kind: str = "ed25519", *, at: str = "", life: str = "never") -> str:
        """A new key to sign with from now on; gives its public half in armour."""
        who = f"Writer <{self.address}>"
        self.gpg("--quick-gen-key", who, kind, "sign,cert", life, at=at)
        self._configure("openpgp", self.fingerprint)
        return self.public()

    def pgp_subkey(self) -> None:
        """Another subkey of it, to sign with from now on."""
        self.gpg("--quick-add-key", self.fingerprint, "ed25519", "sign", "never")

    def revoke(self) -> str:
        """The public half of the key with its revocation."""
        certificate = self.rings / "openpgp-revocs.d" / f"{self.fingerprint}.rev"
        certificate.write_text(certificate.read_text().replace(":-----BEGIN", "-----BEGIN"))
        self.gpg("--import", str(certificate))
        return self.public()

    @property
    def fingerprint(self) -> str:
        """Of the OpenPGP key."""
        listed = self.gpg("--list-keys", "--with-colons")
        lines = [line.split(":") for line in listed.splitlines()]
        return next(fields[9] for fields in lines if fields[0] == "fpr")

    def public(self) -> str:
        """The public half of the OpenPGP key, in armour."""
        return self.gpg("--armor", "--export", self.fingerprint)

    def gpg(self, *words: str, at: str = "") -> str:
        """What gpg says."""
        when = ["--faked-system-time", f"{at}!"] if at else []
        quiet = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
        return self._run("gpg", *quiet, *when, *words)

    def commit(self, name: str = "notes.txt", *words: str, at: str = "") -> str:
        """A signed commit, made at `at` where that is said; gives its id."""
        (self.copy / name).write_text(name)
        self.git("add", ".", at=self.copy)
        environment = self.git.environment
        if at:
            environment |= {"GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at}
        self.git("commit", "-q", "-S", "--allow-empty", "-m", f"Write {name}", *words, at=self.copy)
        for key in ("GIT_COMMITTER_DATE", "GIT_AUTHOR_DATE"):
            environment.pop(key, None)
        return self.git("rev-parse", "HEAD", at=self.copy).strip()

    def tag(self, name: str) -> str:
        """A signed tag; gives the id of its object."""
        self.git("tag", "-s", "-m", f"Version {name}", name, at=self.copy)
        return self.git("rev-parse", name, at=self.copy).strip()

    def rewrite(self, oid: str, old: bytes, new: bytes) -> str:
        """The same commit with other bytes in it, signature and all; gives the forgery's id."""
        raw = subprocess.run(
            ["git", "cat-file", "commit", oid], cwd=self.copy, capture_output=True, check=True
        ).stdout
        assert old in raw
        words = ["git", "hash-object", "-t", "commit", "-w", "--stdin"]
        done = subprocess.run(
            words, cwd=self.copy, input=raw.replace(old, new), capture_output=True, check=True
        )
        forged = done.stdout.decode().strip()
        self.git("update-ref", "HEAD", forged, at=self.copy)
        return forged

    def put_into(self, folder: Path) -> None:
        """Bring branches and tags into a repository of the appliance, past its doors."""
        words = ["-c", "core.hooksPath=/dev/null", "fetch", "-q", "--force", str(self.copy)]
        self.git(*words, "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*", at=folder)

    def _configure(self, form: str, key: str) -> None:
        self.git("config", "gpg.format", form, at=self.copy)
        self.git("config", "user.signingKey", key, at=self.copy)

    def _run(self, *words: str) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C"}
        environment["GNUPGHOME"] = str(self.rings)
        done = subprocess.run(words, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()
