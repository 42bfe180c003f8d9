"""Manifests and lock files: which components a project says it is made of.

`reading.read` is the face of all: a path and its bytes become components. A format is one file, or
shares one with its kin, and has a row in `reading.FORMATS`. What is not understood is an error with
its line, never an empty answer.
"""
