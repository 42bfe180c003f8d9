"""A private nginx, and Git's own HTTP backend behind it: what we are compared with."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.server import find_program, free_port, running

CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr notice;
worker_processes 1;
{user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 0;
{server}
  }}
}}
"""

GIT_BACKEND = """
    location / {{
      fastcgi_pass unix:{socket};
      fastcgi_buffering off;
      fastcgi_request_buffering off;
      fastcgi_read_timeout 600s;
      fastcgi_param SCRIPT_FILENAME {backend};
      fastcgi_param GIT_PROJECT_ROOT {repositories};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_CONFIG_COUNT 2;
      fastcgi_param GIT_CONFIG_KEY_0 safe.directory;
      fastcgi_param GIT_CONFIG_VALUE_0 *;
      fastcgi_param GIT_CONFIG_KEY_1 http.receivepack;
      fastcgi_param GIT_CONFIG_VALUE_1 true;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param REMOTE_USER reference;
    }}
"""


@contextmanager
def start_nginx(folder: Path, server: str) -> Generator[str]:
    """Serve with these lines inside `server {}`; gives the address."""
    port = free_port()
    file = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    text = CONFIGURATION.format(folder=folder, port=port, server=server, user=user)
    file.write_text(text, "utf-8")
    command = [find_program("nginx"), "-e", "stderr", "-p", folder, "-c", file]
    with running(command, ready="start worker process"):
        yield f"http://127.0.0.1:{port}"


def git_http_backend() -> Path:
    """The program that comes with Git."""
    found = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True)
    return Path(found.stdout.strip()) / "git-http-backend"


@contextmanager
def start_git_http_backend(
    folder: Path, repositories: Path, *, backend: Path | None = None
) -> Generator[str]:
    """Serve a folder of bare repositories as Git's documentation says; gives the address.

    `backend` is a program to start in place of Git's own.
    """
    backend = backend or git_http_backend()
    place = folder / "fcgi.sock"
    server = GIT_BACKEND.format(socket=place, backend=backend, repositories=repositories)
    # The socket listens before fcgiwrap starts and is its standard input, as FastCGI has it; so
    # nobody can come too early, and the shell may say that it is ready.
    command = ["sh", "-c", 'echo ready; exec "$0" -c 4', find_program("fcgiwrap")]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen(64)
        with running(command, ready="ready", stdin=listening), start_nginx(folder, server) as url:
            yield url
