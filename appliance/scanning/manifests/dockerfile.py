"""The images that a Dockerfile builds on or copies from.

Source: Dockerfile reference, "FROM", "ARG", "COPY" and "Parser directives".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.refusal import LONGEST_TEXT, missing, not_understood
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import checked

_INSTRUCTIONS = frozenset(
    {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"}
    | {"MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)
_DIRECTIVE = re.compile(r"#\s*escape\s*=\s*(?P<mark>[\\`])\s*\Z", re.IGNORECASE)
_HEREDOC = re.compile(r"<<(?P<dash>-?)(?P<quote>[\"']?)(?P<word>\w+)(?P=quote)")
_FROM = re.compile(
    r"(?:--platform=\S+\s+)?(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?\Z", re.IGNORECASE
)
_FROM_OPTION = re.compile(r"(?:--from=|[,\s]from=)(?P<image>[^\s,]+)")
_VARIABLE = re.compile(
    r"\$(?:\{(?P<name>\w+)(?::?(?P<how>[-+])(?P<other>[^}$]*))?\}|(?P<bare>\w+))", re.ASCII
)
_IMAGE = re.compile(
    r"(?P<name>(?:[^\s/@]+/)*[^\s/:@]+)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>\w+:[0-9a-fA-F]+))?\Z",
    re.ASCII,
)


@dataclass
class _Build:
    """What was said so far: arguments, and the names of stages."""

    arguments: dict[str, str] = field(default_factory=dict)
    stages: set[str] = field(default_factory=set)
    has_from: bool = False


def read(source: Source) -> Iterator[Component]:
    """Images by name and tag, or digest where there is no tag."""
    build = _Build()
    for number, line in _instructions(source):
        word, _, rest = line.partition(" ")
        instruction, rest = word.upper(), rest.strip()
        if instruction not in _INSTRUCTIONS:
            raise not_understood(number)
        if instruction == "FROM":
            yield from _base(build, rest, number)
        elif not build.has_from and instruction == "ARG":
            name, _, value = rest.partition("=")
            build.arguments[name.strip()] = value.strip("\"' ")[:LONGEST_TEXT]
        elif not build.has_from:
            raise not_understood(number)
        elif instruction in {"COPY", "RUN"}:
            yield from _copied(build, rest, number)
    if not build.has_from:
        raise missing(1, "FROM")


def _base(build: _Build, rest: str, number: int) -> Iterator[Component]:
    found = _FROM.match(rest)
    if not found or len(rest) > LONGEST_TEXT:
        raise not_understood(number)
    build.has_from = True
    text = _filled_in(found["image"], build.arguments)
    if text.lower() not in build.stages and text != "scratch":
        yield image(text, number)
    if found["stage"]:
        build.stages.add(found["stage"].lower())


def _copied(build: _Build, rest: str, number: int) -> Iterator[Component]:
    """`--from` may name a stage by name or number, or an image."""
    options = re.match(r"(?:--\S+\s+)*", rest)
    for found in _FROM_OPTION.finditer(options[0] if options else ""):
        text = _filled_in(found["image"], build.arguments)
        if text.lower() not in build.stages and not text.isdigit() and "$" not in text:
            yield image(text, number, Scope.DEVELOPMENT)


def image(text: str, line: int, scope: Scope = Scope.RUNTIME) -> Component:
    """An image from its reference; what nobody can fill in stays as it is written."""
    said = checked(text, line, "image")
    if "$" in said:
        return Component(Ecosystem.DOCKER, said, "", line, scope, is_direct=True, wanted=said)
    found = _IMAGE.match(said)
    if not found:
        raise not_understood(line)
    name = found["name"].removeprefix("docker.io/").removeprefix("library/")
    return Component(
        ecosystem=Ecosystem.DOCKER,
        name=name,
        version=found["tag"] or found["digest"] or "",
        line=line,
        scope=scope,
        is_direct=True,
        wanted=found["digest"] or "",
    )


def _filled_in(text: str, arguments: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        known = arguments.get(found["name"] or found["bare"], "")
        if found["how"] == "-":
            return known or found["other"]
        if found["how"] == "+":
            return found["other"] if known else ""
        return known or found[0]

    for _ in range(5):  # An argument may be made of another one.
        put_in = _VARIABLE.sub(value, text)
        if put_in == text or len(put_in) > LONGEST_TEXT:
            break
        text = put_in
    return text


def _instructions(source: Source) -> Iterator[tuple[int, str]]:
    """Each with the line it starts at, its continuations joined, its heredocs left out."""
    mark, parts, start = "\\", list[str](), 1
    waiting: list[str] = []
    for number, line in source.lines():
        text = line.strip()
        if waiting:
            if text == waiting[0]:
                waiting.pop(0)
            continue
        if text.startswith("#") or not text:
            directive = _DIRECTIVE.match(text)
            mark = directive["mark"] if directive and not parts else mark
            continue
        start = start if parts else number
        if text.endswith(mark):
            parts.append(text[:-1].strip())
            continue
        whole = " ".join([*parts, text])
        parts = []
        if whole.split(" ", 1)[0].upper() in {"RUN", "COPY", "ADD"}:
            waiting = [found["word"] for found in _HEREDOC.finditer(whole)]
        yield start, re.sub(r"\s+", " ", whole)
    if parts:
        yield start, " ".join(parts)
