"""A file with all that is spelled otherwise in it: UTF-16, base64, escapes, seams, archives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from appliance.scanning.secrets import archives, layers
from appliance.scanning.secrets.archives import Allowance, Ceilings
from appliance.scanning.secrets.layers import Layer, Spellings
from appliance.scanning.secrets.reasons import Note
from appliance.scanning.secrets.scanner import (
    BINARY_LOOKED_AT_BYTES,
    Finding,
    Rejection,
    Scanned,
    SecretScanner,
)

DEPTH = 2
LAYERS_TO_FILE = 4
LEAST_LAYERS_BYTES = 1 << 20
TOO_MUCH_SPELLED = "too-much-decoded"


class DeepScanner:
    """Looks for secrets in every spelling. Keeps what is compiled, and no state of a scan."""

    def __init__(self, scanner: SecretScanner, spellings: Spellings | None = None) -> None:
        self._scanner = scanner
        self._spellings = spellings or Spellings()

    def scan(self, data: bytes, path: str = "", *, ceilings: Ceilings | None = None) -> Scanned:
        """Everything in a file, as it is and in every spelling that is undone here."""
        if not archives.is_archive(data):
            return self._file(data, path)
        allowance = Allowance(ceilings or Ceilings())
        found = [self._scanner.scan(data, path)]
        for member in archives.members(data, path, allowance):
            inside = self._file(member.data, member.path)
            named = _within(inside.findings, f"archive {member.path}")
            found.append(replace(inside, findings=named))
        return _together([*found, Scanned(skipped=tuple(allowance.skipped))])

    def _file(self, data: bytes, path: str) -> Scanned:
        text = layers.unicode_text(data)
        if text is not None:
            plain = self._text(text.data, path)
            return replace(plain, findings=_within(plain.findings, text.name))
        if b"\0" in data[:BINARY_LOOKED_AT_BYTES]:
            return self._scanner.scan(data, path)
        return self._text(data, path)

    def _text(self, data: bytes, path: str) -> Scanned:
        found = [self._scanner.scan(data, path)]
        left = LEAST_LAYERS_BYTES + LAYERS_TO_FILE * len(data)
        for names, layer in self._layers(data, DEPTH):
            left -= len(layer.data)
            if left < 0:
                found.append(Scanned(skipped=(TOO_MUCH_SPELLED,)))
                break
            inside = self._scanner.scan(layer.data, path)
            if inside.findings or inside.skipped:
                found.append(_placed(inside, layer, names))
        return _together(found)

    def _layers(self, data: bytes, depth: int) -> Iterator[tuple[tuple[str, ...], Layer]]:
        """Every layer, and the layers within it, with their names from the outside in."""
        for layer in self._spellings.inner(data):
            yield (layer.name,), layer
            if depth > 1 and layer.name == "base64":
                for names, deeper in self._layers(layer.data, depth - 1):
                    yield (layer.name, *names), replace(deeper, start=layer.start)


def _placed(inside: Scanned, layer: Layer, names: tuple[str, ...]) -> Scanned:
    """What a layer holds, said to be where the layer comes from."""
    findings = inside.findings
    for name in reversed(names):
        findings = _within(findings, name)
    if layer.start:
        end = layer.start + len(layer.data)
        findings = tuple(replace(each, start=layer.start, end=end) for each in findings)
    return Scanned(findings, (), inside.skipped)


def _within(findings: tuple[Finding, ...], name: str) -> tuple[Finding, ...]:
    return tuple(
        replace(each, layers=(name, *each.layers), notes=_noted(each.notes)) for each in findings
    )


def _noted(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    return notes if Note.DECODED in notes else (*notes, Note.DECODED)


def _together(parts: list[Scanned]) -> Scanned:
    """One answer; a secret that was found already is not told again for each spelling."""
    findings: list[Finding] = []
    rejections: list[Rejection] = []
    skipped: list[str] = []
    seen: set[str] = set()
    for part in parts:
        new = [each for each in part.findings if not each.layers or each.secret not in seen]
        seen |= {each.secret for each in new}
        findings += new
        rejections += part.rejections
        skipped += part.skipped
    return Scanned(tuple(findings), tuple(rejections), tuple(dict.fromkeys(skipped)))
