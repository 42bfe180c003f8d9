"""Everything that touches a repository: pygit2 and the git program live in this room only.

Every function takes the bare repository's folder first. Paths inside a tree, ref names and file
contents are bytes; object ids are lower-case hex text. Where to look:

- `process` starts the git program; `limits` holds the ceilings; `handles` opens pygit2.
- `refs` branches, tags, what a client's ref text means; `ref_changes` creates, moves, deletes them.
- `read` commits; `tree` folders and their last commits; `blobs` files; `blame`.
- `history` pages of commits; `rename_history` one path through its renames; `archive` downloads.
- `diff` what changed between two commits; `diff_parse` and `diff_words` turn it into data.
- `search` content, file names, commits; `write` a change to files becomes a commit.
"""
