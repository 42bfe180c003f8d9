"""What the scanner says of a push that is still in quarantine: no transaction is open meanwhile.

Git and the scanner work while we inspect; that nobody looked is an answer of its own, and never
“nothing found”. What becomes of the push is the business of `push_protection`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from appliance.access.gate import open_to_everyone
from appliance.errors import DamagedError, TimeoutExceededError, UnavailableError, sentence
from appliance.git import pushed_objects
from appliance.scanning.resident.door import NOT_THERE, ScannerDownError
from appliance.scanning.resident.wire import BLOCK, Question

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.domain.protection import RefUpdate
    from appliance.git.inspect import Quarantine
    from appliance.git.pushed_objects import Speech
    from appliance.scanning.resident.door import Asked
    from appliance.scanning.resident.tools import ScannerTools
    from appliance.scanning.resident.wire import Answer, Hit
    from appliance.settings import Settings

PART = sentence("The secret scanner did not look at all of it.")
FAILURES = (ScannerDownError, DamagedError, TimeoutExceededError, UnavailableError)


class ScanState(StrEnum):
    """Whether a push was looked at."""

    NOT_WANTED = "not_wanted"
    SCANNED = "scanned"
    UNSCANNED = "unscanned"


@dataclass(frozen=True)
class FoundSecret:
    """A secret that may stop a push, and where it is."""

    hit: Hit
    path: str
    commit: str


@dataclass(frozen=True)
class PushScan:
    """What came of looking at a push."""

    state: ScanState = ScanState.NOT_WANTED
    found: tuple[FoundSecret, ...] = ()
    why: str = ""
    """Why it was not looked at, or not all of it."""
    tools: ScannerTools | None = None
    """With which the secrets are told apart."""


UNASKED = PushScan()


@dataclass
class Look:
    """A push that is being looked at. Its state is the question that was asked."""

    folder: Path
    quarantine: Quarantine | None
    updates: Sequence[RefUpdate]
    tools: ScannerTools
    seconds: float
    speech: Speech | None = None
    asked: Asked | None = None
    result: PushScan | None = None

    def begin(self, speech: Speech | None) -> None:
        """Let git speak to the scanner."""
        if speech is None:
            self.result = PushScan(ScanState.SCANNED)
            return
        self.speech = speech
        try:
            self.asked = self.tools.door.ask(self._question(), speech.objects, seconds=self.seconds)
        except ScannerDownError as error:
            self.result = PushScan(ScanState.UNSCANNED, why=str(error))

    def outcome(self) -> PushScan:
        """What came of it."""
        if self.result is None:
            try:
                self.result = self._said(self._heard())
            except FAILURES as error:
                self.result = PushScan(ScanState.UNSCANNED, why=str(error))
        return self.result

    def close(self) -> None:
        """Nobody wants to know any more."""
        if self.asked is not None:
            self.asked.forget()

    def _said(self, answer: Answer) -> PushScan:
        found = self._found(answer)
        if answer.is_complete:
            return PushScan(ScanState.SCANNED, found, tools=self.tools)
        if not found:
            raise ScannerDownError(PART)
        return PushScan(ScanState.SCANNED, found, PART, self.tools)

    def _heard(self) -> Answer:
        if self.asked is None or self.speech is None:
            raise ScannerDownError(NOT_THERE)
        answer = self.asked.answer()
        self.speech.insist_on_all(seconds=self.seconds)
        return answer

    def _question(self, **more: Any) -> Question:
        key = self.tools.fingerprint_key.hex()
        question = Question(key=key, lane=BLOCK, cpu_seconds=self.seconds, own=self.tools.own)
        return replace(question, **more)

    def _found(self, answer: Answer) -> tuple[FoundSecret, ...]:
        """Each secret once: where it is decides, too, how sure it is."""
        hits = [each for each in answer.hits if each.lane == BLOCK]
        if not hits:
            return ()
        named = [each for each in hits if each.kind == "tree"]
        inside = [each for each in hits if each.kind != "tree"]
        found: dict[tuple[str, str], FoundSecret] = {}
        for each in (*self._in_objects(inside, _masks(named)), *self._in_names(named)):
            found.setdefault((each.hit.rule, each.hit.fingerprint), each)
        return tuple(found.values())

    def _in_objects(self, hits: Sequence[Hit], masks: Mapping[str, str]) -> list[FoundSecret]:
        oids = {each.oid for each in hits}
        here = self.folder, self.quarantine, self.updates
        paths = pushed_objects.paths_of(*here, oids) if oids else {}
        if not paths:
            return []
        with pushed_objects.some(self.folder, self.quarantine, paths) as speech:
            files = {each.oid for each in hits if each.kind == "blob"}
            question = self._question(paths={oid: paths[oid] for oid in files & paths.keys()})
            asked = self.tools.door.ask(question, speech.objects, seconds=self.seconds)
            answer = asked.answer()
            speech.insist_on_all(seconds=self.seconds)
        sure = [each for each in answer.hits if each.lane == BLOCK]
        if not sure and not answer.is_complete:
            raise ScannerDownError(PART)
        files = {each.oid for each in sure if each.kind == "blob"}
        commits = pushed_objects.commits_of(*here, files) if files else {}
        return [
            FoundSecret(
                each,
                masked_path(paths[each.oid], masks) if each.kind == "blob" else each.path,
                commits.get(each.oid, "") if each.kind == "blob" else each.oid,
            )
            for each in sure
        ]

    def _in_names(self, hits: Sequence[Hit]) -> list[FoundSecret]:
        if not hits:
            return []
        added = pushed_objects.added_paths(self.folder, self.quarantine, self.updates)
        found, masks = [], _masks(hits)
        for path, commit in added.items():
            said = path.decode("utf-8", "replace")
            parts, shown = said.split("/"), masked_path(said, masks)
            found += [FoundSecret(each, shown, commit) for each in hits if each.name in parts]
        return found


@contextmanager
@open_to_everyone(because="it only reads; `pushes.accept` decides")
def looking(  # All that a push is, and with what it is looked at.
    folder: Path,
    quarantine: Quarantine | None,
    updates: Sequence[RefUpdate],
    *,
    tools: ScannerTools,
    rules: Settings,
) -> Generator[Look]:
    """Let a push be looked at while the block runs."""
    scanning = rules.scanning
    look = Look(folder, quarantine, updates, tools, scanning.push_seconds)
    if not (scanning.secrets and scanning.push_protection):
        look.result = PushScan()
        yield look
        return
    with pushed_objects.pushed(folder, quarantine, updates) as speech:
        look.begin(speech)
        try:
            yield look
        finally:
            look.close()


@open_to_everyone(because="it only spells a path otherwise")
def masked_path(path: str, masks: Mapping[str, str]) -> str:
    """A path in which no name is a secret; `masks` says how such names are shown."""
    return "/".join(masks.get(each, each) for each in path.split("/")) if masks else path


def _masks(named: Sequence[Hit]) -> dict[str, str]:
    return {each.name: each.path for each in named}
