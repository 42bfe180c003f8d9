"""What workflows and actions use of others: `uses:`, and the images they run in.

Source: GitHub documentation, "Workflow syntax" and "Metadata syntax for actions".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.dockerfile import image
from appliance.scanning.manifests.refusal import missing, not_understood
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Tree

_USES = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:/[^@\s]*)?@(?P<ref>\S+)\Z", re.ASCII)
_DOCKER = "docker://"


def read(source: Source) -> Iterator[Component]:
    """Each action once for each place that uses it."""
    file = source.yaml()
    if "jobs" not in file and "runs" not in file:
        raise missing(1, "jobs")
    for _, job in file.tree("jobs").trees():
        yield from _used(job)
        yield from _images(job)
        yield from _steps(job)
    runs = file.tree("runs")
    yield from _steps(runs)
    if runs.maybe("image").startswith(_DOCKER):
        yield image(runs.text("image").removeprefix(_DOCKER), runs.line_of("image"))


def _steps(holder: Tree) -> Iterator[Component]:
    for step in holder.rows("steps").trees("steps"):
        yield from _used(step)


def _used(step: Tree) -> Iterator[Component]:
    text, line = step.maybe("uses"), step.line_of("uses")
    if not text or text.startswith(("./", "../")):
        return
    if text.startswith(_DOCKER):
        yield image(text.removeprefix(_DOCKER), line, Scope.DEVELOPMENT)
        return
    found = _USES.match(text)
    if not found:
        raise not_understood(line)
    yield Component(
        ecosystem=Ecosystem.GITHUB_ACTIONS,
        name=found["name"],
        version=found["ref"],
        line=line,
        scope=Scope.DEVELOPMENT,
        is_direct=True,
    )


def _images(job: Tree) -> Iterator[Component]:
    """The container of a job and those of its services."""
    places = [(job, "container"), *((job.tree("services"), key) for key in job.tree("services"))]
    for holder, key in places:
        value = holder.get(key)
        text = value.maybe("image") if isinstance(value, Tree) else holder.maybe(key)
        line = value.line_of("image") if isinstance(value, Tree) else holder.line_of(key)
        if text and "${{" not in text:
            yield image(text, line, Scope.DEVELOPMENT)
