"""Whose word counts for the address of a client, its scheme and its host."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from appliance.settings_sections import Server


class BehindProxies:
    """Believes what is forwarded by those who connect from where the proxies are, and nobody else.

    Keeps nothing between requests.
    """

    def __init__(self, app: WSGIApplication, server: Server) -> None:
        hops = server.trusted_proxies
        self._direct = app
        self._forwarded = ProxyFix(app, x_for=hops, x_proto=hops, x_host=hops)
        self._networks = server.proxy_addresses

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as who connects may ask for it."""
        app = self._forwarded if self._is_proxy(environ.get("REMOTE_ADDR", "")) else self._direct
        return app(environ, start_response)

    def _is_proxy(self, address: str) -> bool:
        if not address:
            return True  # Over the socket in the home folder, which our own account alone may use.
        found = ip_address(address)
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._networks)
