"""Weaknesses in code: rules that are data, semgrep or OpenGrep that looks, and what it says.

`rules` reads the rules, `files` lays out what is looked at, `program` runs, `results` reads.
"""
