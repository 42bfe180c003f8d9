"""Ceilings for everything that git is asked to do; an operator's own come as arguments.

The numbers here are defaults of the room's functions, so that no call is ever without one.
"""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

PAGE_SECONDS = 20.0
"""Longest a git program may work for one page."""

OUTPUT_BYTES = 64 * MIB
"""Most a git program may say where the caller keeps all of it in memory."""

COMPLAINT_BYTES = 8 * KIB
"""Most of git's error output that is kept, for our log and never for a client."""

PIPE_BYTES = MIB
"""Room asked for in a pipe to git: what Linux lets an ordinary user have (fs.pipe-max-size)."""

BLOB_BYTES = 16 * MIB
"""Largest file that is read into memory in one piece; larger ones are streamed."""

DIFFED_BLOB_BYTES = 8 * MIB
"""Largest file compared line by line; larger ones are told apart but not shown."""

MEASURED_BLOB_BYTES = 4 * MIB
"""Largest picture of a diff that is loaded to learn how wide and high it is."""

SNIFF_BYTES = 8000
"""How far a file is searched for a NUL byte to call it binary. Source: git's xdiff-interface.c."""

SYMLINK_BYTES = 4 * KIB
"""Longest target of a symbolic link that is shown (PATH_MAX of Linux)."""

CONFIGURATION_BYTES = 256 * KIB
"""Largest .gitmodules that is read."""

MESSAGE_BYTES = 256 * KIB
"""Most of a commit message or signature that is given to a page."""

BROUGHT_BYTES = 4096 * MIB
"""Most that commits of another repository on this machine may weigh to come along."""

TREE_ENTRIES = 20_000
"""Most entries of one folder that are listed."""

TREE_PATHS = 200_000
"""Most paths the file finder is given."""

LAST_COMMIT_SECONDS = 2.0
"""How long a page waits for the last commit of each entry of a folder; the rest come later."""

REFS = 100_000
"""Most refs that are listed."""

CONTAINING_SECONDS = 2.0
"""How long is spent to learn which branches and tags contain a commit."""

DIVERGENCE_SECONDS = 2.0
"""How long is spent to learn how far branches are ahead of and behind the default branch."""

LINE_COMMITS = 200_000
"""How far back the line of the default branch is followed to learn what it was merged from."""

COMMITS_PER_PAGE = 100
"""Most commits on one page of history."""

BLAME_LINES = 100_000
"""Longest file that is blamed, in lines."""

DIFF_FILES = 3000
"""Most files of one diff that are listed."""

DIFF_LINES = 100_000
"""Most lines of one diff that are given."""

DIFF_FILE_LINES = 20_000
"""Most lines of one file's diff that are given."""

SERIES_COMMITS = 500
"""Most commits of each of two series that are paired; the time grows with the square of them."""

SERIES_LINES = 1000
"""Most lines that are given of how one commit of a series differs from its pair."""

RENAME_CANDIDATES = 1000
"""Most files on either side between which renames are looked for. Source: git's own default."""

WORD_LINE_BYTES = 2000
"""Longest line in which changed words are marked."""

WORD_PAIRS = 2000
"""Most pairs of changed lines per diff in which changed words are marked."""

SEARCH_RESULTS = 1000
"""Most results of one search."""

SEARCH_LINE_BYTES = 1000
"""Most of a matching line that is given."""

PATTERN_BYTES = 1000
"""Longest pattern that is searched for."""

PATTERN_STEPS = 5000
"""Largest expression that is searched for, as RE2 counts it: (a{1,100}){1,9} has some 1,800."""

PATTERN_MEMORY_BYTES = 4 * MIB
"""Most memory of one expression; RE2's own default is 8 MiB."""

GREP_FILE_BYTES = 4 * MIB
"""Largest file that is searched by an expression; larger ones are counted as passed over."""

GREP_BYTES = 512 * MIB
"""Most bytes of all files together that one search by an expression reads."""

GREP_PIECE_BYTES = 64 * KIB
"""How much is searched between two looks at the clock; longer lines are cut there."""

GREP_MATCHES_PER_FILE = 50
"""Most lines of one file that are given."""

GREP_AROUND = 10
"""Most lines that are given before and after each match."""

GREP_GLOBS = 20
"""Most globs of one search."""

PATH_BYTES = 4096
"""Longest path inside a tree that is written. Source: PATH_MAX of Linux."""

REF_BYTES = 1024
"""Longest ref name that is created. Longer ones break file systems that hold loose refs."""

MERGE_SECONDS = 60.0
"""Longest that one merge, rebase, cherry-pick or revert may take."""

MERGE_COMMITS = 1000
"""Most commits that are made again by one rebase, or picked or reverted at once."""

MERGE_PATHS = 50_000
"""Most files that may differ on both sides, or be renamed, in one merge."""

MERGED_BLOB_BYTES = 16 * MIB
"""Largest file that is merged line by line; of larger ones a side must be chosen."""

MERGED_LINES = 100_000
"""Most lines of such a file. Comparing costs up to the square of them, and cannot be stopped."""

MERGE_LINES = 1_000_000
"""Most lines of all files together that both sides have changed."""

MERGE_BYTES = 512 * MIB
"""Most bytes of all files together that one merge reads."""

MERGE_BASES = 32
"""Most common ancestors, and ancestors of those, that are merged into one to merge from."""
