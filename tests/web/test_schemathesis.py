"""The API keeps what its own document says, for every operation and for hostile input.

Examples are generated from the document: some as it asks, some as it forbids. Where a path names
a thing, half of them name one that is there, so that they get past its door.
"""

from __future__ import annotations

import shutil

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import openapi
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from appliance.domain.permissions import OrganisationRole, Role
from tests.permissions.actors import make_content

EXAMPLES = 6
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
ORDER = ("get", "put", "post", "patch", "delete")  # What removes things comes last.
THERE = {
    "owner": "lab",
    "org": "lab",
    "team": "research",
    "user": "target",
    "grantee": "target",
    "ref": "topic",
    "tail": "src/one",
}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return make_content(tmp_path_factory.mktemp("content"))


@pytest.fixture
def stage(world, content):
    """A repository with something in it, and two who may do much."""
    unlimited = str(10**9)
    world.configure(CODARA_LIMITS__API_REQUESTS_PER_MINUTE=unlimited)
    world.user("target")
    world.user("writer")
    world.administrator()
    world.organisation("lab")
    for name in ("target", "writer"):
        world.join(name, "lab", OrganisationRole.OWNER)
    world.team("lab/research", "target")
    shutil.copytree(content, world.folder(world.repository("lab/notes")), dirs_exist_ok=True)
    world.grant("writer", Role.WRITER, "lab/notes")
    return world


def operations(app):
    """Every operation of the document, what only reads first."""
    schema = openapi.from_wsgi("/api/v1/openapi.json", app)
    found = list(schema.get_all_operations())
    wrong = [str(each.err()) for each in found if hasattr(each, "err")]
    assert not wrong, "\n".join(wrong)
    found = [each.ok() for each in found]
    return sorted(found, key=lambda each: (ORDER.index(each.method.lower()), each.path))


def there(operation):
    """The parts of a path that name things which are there."""
    named = [each for each in THERE if f"{{{each}}}" in operation.path]
    values = {each: THERE[each] for each in named}
    if "{name}" in operation.path:
        values["name"] = "notes" if "{owner}" in operation.path else "target"
    return values


def cases(operation):
    """Requests as the document asks for and as it forbids, to things that are and are not there."""
    known = {each.name for each in operation.path_parameters}
    named = {name: value for name, value in there(operation).items() if name in known}
    ways = [
        operation.as_strategy(mode, path_parameters=parts)
        for mode in GenerationMode
        for parts in ([named, None] if named else [None])
    ]
    return st.one_of(ways)


@pytest.mark.promise("P24")
@pytest.mark.parametrize(
    ("database_url", "actor"),
    # Who may do less gets past fewer doors, and what the databases refuse lies behind those.
    [("sqlite", "writer"), ("sqlite", "administrator"), ("postgresql", "administrator")],
    indirect=["database_url"],
)
def test_every_operation_keeps_its_description(stage, actor):
    headers = {"Authorization": f"Bearer {stage.token(actor)}"}
    failures = {}
    for operation in operations(stage.app):

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases(operation))
        def try_it(case):
            answer = case.call_and_validate(headers=headers, checks=CHECKS)
            is_patient = answer.status_code == 503 and "retry-after" in answer.headers
            assert answer.status_code < 500 or is_patient, answer.text

        try:
            try_it()
        except (AssertionError, FailureGroup, ExceptionGroup) as failure:
            failures[operation.label] = describe(failure)
    assert not failures, "\n\n".join(f"{each}\n{why}" for each, why in failures.items())


def describe(failure):
    """What was wrong, and the request that shows it."""
    inner = getattr(failure, "exceptions", [])
    return "\n".join([str(failure), *(describe(each) for each in inner)])
