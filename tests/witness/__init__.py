"""Tests of the witness."""

from pathlib import Path


def dying_witness_file() -> Path:
    """The program that is killed at the worst moment."""
    return Path(__file__).parent / "dying_witness.py"
