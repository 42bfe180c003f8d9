"""What an auditor needs in order to check a log, and nothing else: Python's standard library."""

VERSION = "1"
