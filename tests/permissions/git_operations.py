"""The table of git: what each may do with a repository, over HTTPS, over SSH and with git-lfs.

A row is somebody with one credential; a column is an operation, in the order of `HTTPS`, `SSH` and
`LFS`. `+` allowed, `-` refused, `.` hidden: told the same as of a repository that never was;
`?` not let in at all.
"""

from __future__ import annotations

HTTPS = ("ls-remote", "clone", "push", "push protected", "force protected", "delete protected")
SSH = ("ls-remote", "push", "push protected", "archive")
LFS = ("download", "upload", "list locks", "lock", "verify locks")
# Each address and each command over SSH: the operation that uses it, or the tests it has elsewhere.
TRIED = {
    "git_http.advertise": "ls-remote",
    "git_http.upload_pack": "clone",
    "git_http.receive_pack": "push",
    "lfs_http.batch": "download",
    "lfs_http.locks": "list locks",
    "lfs_http.lock": "lock",
    "lfs_http.verify_locks": "verify locks",
    "lfs_http.unlock": "web/test_lfs_http.py",
    "lfs_http.download": "web/test_lfs_http.py",
    "lfs_http.upload": "web/test_lfs_http.py",
    "lfs_http.progress": "web/test_lfs_http.py",
    "lfs_http.verify": "web/test_lfs_http.py",
    "git-upload-pack": "ls-remote",
    "git-receive-pack": "push",
    "git-upload-archive": "archive",
}

# On lab/private, whose branches release/* take pushes of maintainers, forward only.
PRIVATE = {
    "stranger": ("??????", "????", "?????"),
    "nobody": ("......", "....", "....."),
    "reader": ("++----", "+--+", "+-+-+"),
    "triager": ("++----", "+--+", "+-+-+"),
    "writer": ("+++---", "++-+", "+++++"),
    "maintainer": ("++++--", "++++", "+++++"),
    "owner": ("++++--", "++++", "+++++"),
    "member": ("......", "....", "....."),
    "officer": ("++----", "+--+", "+-+-+"),
    "auditor": ("++----", "+--+", "+-+-+"),
    "boss": ("++++--", "++++", "+++++"),
    "inspector": ("++----", "+--+", "+-+-+"),
    "administrator": ("++++--", "++++", "+++++"),
    # An owner of the repository who was shut out.
    "suspended": ("??????", "????", "?????"),
    # Tokens of the owner that were given for less.
    "token to read": ("++----", "", "+-+-+"),
    "token to write": ("++++--", "", "+++++"),
    "token for oneself": ("......", "", "....."),
    "token for another repository": ("......", "", "....."),
    "revoked token": ("??????", "", "?????"),
    "expired token": ("??????", "", "?????"),
    # Keys of a repository.
    "deploy key to read": ("", "+--+", ""),
    "deploy key to write": ("", "++-+", ""),
    "deploy key of another repository": ("", "....", ""),
    "deploy key that expired": ("", "????", ""),
}
# Elsewhere, as far as it differs: ls-remote and push over HTTPS, the same over SSH.
OTHERS = {
    ("lab/internal", "stranger"): ("??", "??"),
    ("lab/internal", "nobody"): ("+-", "+-"),
    ("lab/internal", "member"): ("+-", "+-"),
    ("lab/internal", "suspended"): ("??", "??"),
    ("lab/internal", "token for another repository"): ("..", ""),
    ("lab/internal", "deploy key of another repository"): ("", ".."),
    ("lab/public", "stranger"): ("+?", "??"),
    ("lab/public", "nobody"): ("+-", "+-"),
    # Git shows its token only where it must: reading was a stranger's.
    ("lab/public", "token for another repository"): ("+.", ""),
    ("lab/public", "deploy key of another repository"): ("", ".."),
    ("lab/shelf", "nobody"): ("..", ".."),
    ("lab/shelf", "owner"): ("+-", "+-"),
    ("lab/shelf", "administrator"): ("+-", "+-"),
    ("lab/binned", "nobody"): ("..", ".."),
    ("lab/binned", "owner"): ("..", ".."),
    ("lab/binned", "administrator"): ("..", ".."),
    ("works/other", "owner"): ("..", ".."),
    ("works/other", "token for another repository"): ("..", ""),
    ("works/other", "deploy key of another repository"): ("", "+-"),
}
