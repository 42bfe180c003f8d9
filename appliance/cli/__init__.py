"""The door of the command line: parse words, call one verb through the API, print the answer.

Start reading at `__main__.py`, which lists every command, and `context.py`, which they all share.
"""
