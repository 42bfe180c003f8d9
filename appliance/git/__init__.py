"""Everything that touches a repository: pygit2 and the git program live in this room only.

Every function takes the bare repository's folder first. Paths inside a tree, ref names and file
contents are bytes; object ids are lower-case hex text. Where to look:

- `process` starts the git program, `failures` explains how it ended, `limits` holds the ceilings,
  `handles` opens pygit2.
- `refs` branches, tags, and what a client's ref text means; `ref_names` what they may be called;
  `ref_changes` creates, moves and deletes them.
- `commits` what a commit says; `history` pages of them, `commit_counts` how many;
  `renames` where a file was before.
- `tree` folders; `last_commits` who last touched each entry; `blobs` files; `blame` their lines;
  `archive` all of them as a download.
- `diff` what changed between two commits; `diff_parse` and `diff_words` make data of it.
- `search` in contents and file names; `write` makes a commit of a change to files.
- `storage` where repositories are; `transport`, `hooks`, `inspect` how pushes and clones pass;
  `maintenance` keeps them healthy; `lfs` the large files beside them.
"""
