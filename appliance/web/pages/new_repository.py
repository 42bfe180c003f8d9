"""A new repository: empty, brought in from elsewhere, or a fork of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.permissions import Permission, Visibility
from appliance.errors import InvalidError, MovedError, NotFoundError
from appliance.services import (
    forks,
    imports,
    jobs,
    organisations,
    repositories,
    starter_texts,
    starters,
)
from appliance.services.imports import Source
from appliance.services.repositories import NewRepository
from appliance.services.starters import Beginning
from appliance.web import forms, requests
from appliance.web.pages import words
from appliance.web.pages.page_forms import Problems, asked, attempt, done, page, signed_in

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.db.repositories import Repository
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("new_repository", __name__)
words.give_to_templates(pages)

ORGANISATIONS_OFFERED = 200


class NewForm(forms.Form):
    """A repository that is to be."""

    owner: str = Field(max_length=39)
    name: str = Field(max_length=100)
    description: str = Field("", max_length=500)
    visibility: Visibility = Visibility.PRIVATE

    @property
    def path(self) -> str:
        """`OWNER/NAME`."""
        return f"{self.owner}/{self.name}"


class EmptyForm(NewForm):
    """The same, with nothing in it or with what it is to begin with."""

    default_branch: str = Field("main", max_length=255)
    template: str = ""
    readme: str = ""
    licence: str = Field("", max_length=40)
    ignore: str = Field("", max_length=40)
    from_template: str = Field("", max_length=140)

    @property
    def beginning(self) -> Beginning:
        """What it begins with."""
        return Beginning(bool(self.readme), self.licence, self.ignore, self.from_template.strip())


class ImportForm(NewForm):
    """The same, with what another place has."""

    url: str = Field(max_length=2000)
    username: str = Field("", max_length=255)
    password: str = Field("", max_length=1024)


@pages.get("/new")
def show() -> ResponseReturnValue:
    """Describe a new repository."""
    signed_in()
    return _empty_page({})


@pages.post("/new")
def create() -> ResponseReturnValue:
    """Make it."""

    def act() -> ResponseReturnValue:
        form = EmptyForm.parse(flask.request.form)
        store = requests.wiring().repositories
        wanted = NewRepository(form.visibility, form.description, form.default_branch)
        with requests.begin() as work:
            made = starters.create(
                work,
                form.path,
                wanted,
                form.beginning,
                repositories=store,
                now=requests.now(),
                signer=requests.wiring().git.signer,
            )
            if form.template:
                work.session.flush()
                marked = repositories.Changes(is_template=True)
                repositories.change(work, made.path, marked, repositories=store)
        return flask.redirect(f"/{made.path}", 303)

    return attempt(act, _empty_page, at="name")


@pages.get("/new/import")
def show_import() -> ResponseReturnValue:
    """Say where a repository comes from."""
    signed_in()
    return _import_page({})


@pages.post("/new/import")
def bring() -> ResponseReturnValue:
    """Promise to bring it in, and show how far that is."""

    def act() -> ResponseReturnValue:
        form = ImportForm.parse(flask.request.form)
        source = Source(url=form.url, username=form.username, password=form.password)
        wiring = requests.wiring()
        with requests.reading() as work:
            imports.insist_on_permission(work)
        imports.check_source(source, rules=wiring.settings)
        wanted = NewRepository(form.visibility, form.description)
        with requests.begin() as work:
            made = imports.request(
                work, form.path, source, wanted, sealer=wiring.sealer, now=requests.now()
            )
        return _to_job(made.id, made.path)

    return attempt(act, _import_page, at="name")


@pages.get("/<owner>/<name>/fork")
def show_fork(owner: str, name: str) -> ResponseReturnValue:
    """Say where a fork goes."""
    signed_in()
    return _fork_page(f"{owner}/{name}", {})


@pages.post("/<owner>/<name>/fork")
def fork(owner: str, name: str) -> ResponseReturnValue:
    """Make it: a small one at once, a large one by a job."""
    path = f"{owner}/{name}"

    def act() -> ResponseReturnValue:
        form = NewForm.parse(flask.request.form)
        with requests.begin() as work:
            made = forks.fork(
                work,
                path,
                into=form.path,
                visibility=form.visibility,
                repositories=requests.wiring().repositories,
                now=requests.now(),
            )
        if made.content == "ready":
            return flask.redirect(f"/{made.path}", 303)
        return _to_job(made.id, made.path)

    return attempt(act, lambda problems: _fork_page(path, problems), at="name")


def _to_job(repository_id: UUID, path: str) -> ResponseReturnValue:
    """The page that shows how far the repository has come."""
    with requests.reading() as work:
        job = jobs.of_repository(work, repository_id)
    if job is None:
        return flask.redirect(f"/{path}", 303)
    return done(_("%(path)s is being imported.", path=path), "jobs.show", job_id=job.id)


def _empty_page(problems: Problems) -> str:
    with requests.reading() as work:
        context = _choices(work)
        template = _template(work, flask.request.values.get("from_template", "").strip())
    return page(
        "new_repository/empty.html",
        problems,
        licences=starter_texts.licences(),
        ignores=starter_texts.ignores(),
        from_template=template,
        **context,
    )


def _template(work: UnitOfWork, path: str) -> Repository | None:
    """The template that a new repository is to begin with, if it is one and can be read."""
    try:
        found = repositories.show(work, path) if path else None
    except (NotFoundError, MovedError, InvalidError):
        return None
    return found if found is not None and found.is_template else None


def _import_page(problems: Problems) -> str:
    with requests.reading() as work:
        context = _choices(work)
    return page("new_repository/import.html", problems, **context)


def _fork_page(path: str, problems: Problems) -> str:
    with requests.reading() as work:
        source = repositories.show(work, path)
        context = _choices(work)
    return page("new_repository/fork.html", problems, source=source, **context)


def homes(
    work: UnitOfWork, needed: Permission = Permission.ORGANISATION_CREATE_REPOSITORY
) -> list[str]:
    """Under which names this person may put a repository: their own, and of organisations."""
    own = requests.actor().label
    owners = [own]
    found = organisations.list_of_user(work, own, limit=ORGANISATIONS_OFFERED).items
    for organisation in found:
        allowed = organisations.allowed(work, organisation.name)
        if needed in allowed:
            owners.append(organisation.name)
    return owners


def _choices(work: UnitOfWork) -> dict[str, Any]:
    """Under which names this person may put a repository, and who may see it."""
    owners = homes(work)
    wanted = asked("owner")
    if wanted and wanted not in owners:
        owners.append(wanted)
    is_open = work.rules.access.public_repositories
    visibilities = [each for each in Visibility if is_open or each is not Visibility.PUBLIC]
    return {"owners": owners, "owner": wanted or owners[0], "visibilities": visibilities}
