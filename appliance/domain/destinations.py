"""Where a request of ours goes: an address that was looked up and judged. `security/outgoing.py`
makes these; whoever connects goes to the addresses in them, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Destination:
    """Where a request may go: the URL in its plainest spelling, and the addresses found good."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    authorities_file: str = ""
    """Certificates (PEM) of authorities that are believed there beside those of the system."""

    @property
    def path(self) -> str:
        """What the host is asked for: path and query."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: who gets to see the credentials."""
        return self.scheme, self.host, self.port

    @property
    def curl_resolve(self) -> str:
        """The pin for git's http.curloptResolve, which is curl's --resolve.

        Empty where the host is itself an address: there is no name to look up again.
        """
        if self.addresses == (self.host,):
            return ""
        spelled = (f"[{text}]" if ":" in text else text for text in self.addresses)
        return f"{self.host}:{self.port}:{','.join(spelled)}"
