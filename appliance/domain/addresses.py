"""Under which addresses people and their git reach a repository."""

from __future__ import annotations

from dataclasses import dataclass

SSH_PORT = 22


@dataclass(frozen=True)
class Addresses:
    """The appliance's own addresses. `base_url` has no slash at its end."""

    base_url: str
    ssh_host: str
    ssh_port: int

    def web(self, path: str) -> str:
        """The page of a repository `OWNER/NAME`."""
        return f"{self.base_url}/{path}"

    def https(self, path: str) -> str:
        """What one gives to `git clone` over HTTP."""
        return f"{self.base_url}/{path}.git"

    def ssh(self, path: str) -> str:
        """What one gives to `git clone` over SSH; the short form where the port is the usual."""
        host = f"[{self.ssh_host}]" if ":" in self.ssh_host else self.ssh_host
        if self.ssh_port == SSH_PORT:
            return f"git@{host}:{path}.git"
        return f"ssh://git@{host}:{self.ssh_port}/{path}.git"
