"""When a state of a log counts as witnessed: enough operators of witnesses have signed it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Quorum:
    """How many operators must have signed, and which witness's key is whose."""

    needed: int
    """0 where there are no witnesses: then nothing is ever witnessed."""
    operators: Mapping[str, str]
    """By the key of the witness, as its signatures name it."""

    @classmethod
    def of(cls, wanted: int, operators: Mapping[str, str]) -> Quorum:
        """`wanted` operators, or all where there are fewer; 0 stands for a majority."""
        there = len(set(operators.values()))
        return cls(min(wanted, there) if wanted else there // 2 + (there > 0), operators)

    def signers(self, keys: Collection[str]) -> list[str]:
        """The operators who hold some of these keys, each once."""
        return sorted({self.operators[key] for key in keys if key in self.operators})

    def is_met(self, keys: Collection[str]) -> bool:
        """Whether the signatures of these keys are enough."""
        return self.needed > 0 and len(self.signers(keys)) >= self.needed
