"""Creating, showing, listing, changing, moving and deleting repositories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.permissions import OrganisationRole, Role, Visibility
from appliance.errors import (
    ConflictError,
    HiddenError,
    InvalidError,
    MovedError,
    QuotaError,
    RefusedError,
)
from appliance.git.refs import head
from appliance.services import (
    repositories,
    repository_bin,
    repository_moves,
)
from appliance.services.repositories import Changes, Filter, NewRepository, Order
from tests.world import NOON


def create(world, actor, path, **wanted: Any):
    with world.begin(actor) as work:
        return repositories.create(
            work, path, NewRepository(**wanted), repositories=world.wiring.repositories, now=NOON
        )


def paths(page):
    return [each.path for each in page.items]


def test_a_user_creates_a_repository_with_a_folder(world):
    writer = world.user("writer")

    made = create(world, writer, "writer/notes", default_branch="trunk", description=" My notes ")

    assert made.path == "writer/notes"
    assert made.description == "My notes"
    assert made.organisation_id is None
    assert head(world.folder(made)).name == b"refs/heads/trunk"
    assert world.events() == ["repo.created"]


def test_members_create_where_their_organisation_lets_them(world):
    world.organisation("lab")
    member = world.user("member", member=OrganisationRole.MEMBER, of="lab")
    outsider = world.user("outsider")

    made = create(world, member, "lab/notes")

    assert made.organisation_id == made.owner_id
    with pytest.raises(HiddenError):
        create(world, outsider, "lab/other")
    with pytest.raises(RefusedError):
        create(world, outsider, "member/other")


def test_an_administrator_creates_for_anybody(world):
    world.user("writer")

    assert create(world, world.administrator(), "writer/notes").path == "writer/notes"


def test_names_are_checked_and_taken_once(world):
    writer = world.user("writer")
    create(world, writer, "writer/notes")

    with pytest.raises(ConflictError):
        create(world, writer, "writer/Notes")
    with pytest.raises(InvalidError):
        create(world, writer, "writer/.hidden")
    with pytest.raises(InvalidError):
        create(world, writer, "writer/other", default_branch="a..b")


def test_public_repositories_need_an_instance_that_has_them(world):
    writer = world.user("writer")

    with pytest.raises(InvalidError, match="no public"):
        create(world, writer, "writer/notes", visibility=Visibility.PUBLIC)
    world.configure(CODARA_ACCESS__PUBLIC_REPOSITORIES="true")
    create(world, writer, "writer/notes", visibility=Visibility.PUBLIC)


def test_a_list_holds_what_one_may_read_page_by_page(world):
    for name in ("c", "a", "b"):
        world.repository(f"lab/{name}", description=f"about {name}")
    world.repository("other/secret")
    reader = world.user("reader", member=OrganisationRole.OWNER, of="lab")

    with world.reading(reader) as work:
        by_name = Filter(order=Order.NAME)
        first = repositories.listed(work, by_name, limit=2)
        second = repositories.listed(work, by_name, limit=2, after=first.next)
        newest = repositories.listed(work)
        found = repositories.listed(work, Filter(words="ABOUT lab/ b"))
        found_again = repositories.listed(work, Filter(words="about B"))

    assert paths(first) + paths(second) == ["lab/a", "lab/b", "lab/c"]
    assert paths(newest) == ["lab/b", "lab/a", "lab/c"]
    assert paths(found) == []
    assert "lab/b" in paths(found_again)


def test_a_change_is_recorded_once_and_only_if_there_is_one(world):
    repository = world.repository("lab/notes")
    maintainer = world.user("maintainer", role=Role.MAINTAINER, on="lab/notes")
    wanted = Changes(description="New", default_branch="trunk", is_template=True)

    for _ in range(2):
        with world.begin(maintainer) as work:
            repositories.change(work, "lab/notes", wanted, repositories=world.wiring.repositories)

    assert head(world.folder(repository)).name == b"refs/heads/trunk"
    assert world.events() == ["repo.changed"]


def test_only_administrators_set_a_quota(world):
    world.repository("lab/notes")
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")

    with pytest.raises(RefusedError), world.begin(owner) as work:
        repositories.set_quota(work, "lab/notes", quota_bytes=10)
    with world.begin(world.administrator()) as work:
        assert repositories.set_quota(work, "lab/notes", quota_bytes=10).quota_bytes == 10


def test_an_old_name_redirects_until_it_is_taken(world):
    world.organisation("lab")
    owner = world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.repository("lab/notes")

    with world.begin(owner) as work:
        repository_moves.rename(work, "lab/notes", "Papers")
    with pytest.raises(MovedError) as moved, world.reading(owner) as work:
        repositories.show(work, "lab/notes")
    assert moved.value.path == "lab/Papers"

    create(world, owner, "lab/notes")
    with world.reading(owner) as work:
        assert repositories.show(work, "lab/notes").path == "lab/notes"
        assert repositories.show(work, "lab/papers").path == "lab/Papers"


def test_a_repository_can_be_renamed_there_and_back_and_in_case_only(world):
    world.repository("lab/notes")
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")

    for before, after in (("notes", "papers"), ("papers", "notes"), ("notes", "Notes")):
        with world.begin(owner) as work:
            repository_moves.rename(work, f"lab/{before}", after)

    with world.reading(owner) as work:
        assert repositories.show(work, "lab/notes").path == "lab/Notes"


def test_a_transfer_leaves_a_redirect_and_ends_team_roles(world):
    world.repository("lab/notes")
    world.organisation("works")
    owner = world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.join("owner", "works", OrganisationRole.MEMBER)
    world.user("friend")
    world.team("lab/core", "friend")
    world.grant("lab/core", Role.WRITER, "lab/notes")

    with world.begin(owner) as work:
        moved = repository_moves.transfer(work, "lab/notes", to="works")

    assert moved.path == "works/notes"
    assert world.events() == ["repo.role_withdrawn", "repo.transferred"]
    with pytest.raises(HiddenError), world.reading(world.actor("friend")) as work:
        repositories.show(work, "works/notes")


def test_a_transfer_needs_room_at_the_new_owner(world):
    world.repository("lab/notes", size_bytes=2000)
    world.organisation("works")
    world.configure(CODARA_LIMITS__ORGANISATION_QUOTA_BYTES="1000")

    with pytest.raises(QuotaError), world.begin(world.administrator()) as work:
        repository_moves.transfer(work, "lab/notes", to="works")


def test_archiving_is_for_owners_and_can_be_undone(world):
    world.repository("lab/notes")
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")
    maintainer = world.user("maintainer", role=Role.MAINTAINER, on="lab/notes")

    with pytest.raises(RefusedError), world.begin(maintainer) as work:
        repository_moves.archive(work, "lab/notes", now=NOON)
    with world.begin(owner) as work:
        repository_moves.archive(work, "lab/notes", now=NOON)
    with pytest.raises(ConflictError), world.begin(owner) as work:
        repository_moves.archive(work, "lab/notes", now=NOON)
    with world.begin(owner) as work:
        assert repository_moves.unarchive(work, "lab/notes").archived_at is None


def test_what_is_deleted_can_be_brought_back(world):
    repository = world.repository("lab/notes")
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")
    lab_owner = world.user("boss", member=OrganisationRole.OWNER, of="lab")

    with world.begin(owner) as work:
        repository_bin.delete(work, "lab/notes", now=NOON)
    with pytest.raises(HiddenError), world.reading(owner) as work:
        repositories.show(work, "lab/notes")
    with world.reading(lab_owner) as work:
        assert paths(repository_bin.listed(work)) == ["lab/notes"]
    with world.begin(lab_owner) as work:
        repository_bin.restore(work, "lab/notes")
    with world.reading(owner) as work:
        assert repositories.show(work, "lab/notes").id == repository.id


def test_a_taken_name_is_no_reason_to_lose_what_is_in_the_bin(world):
    world.repository("lab/notes")
    boss = world.user("boss", member=OrganisationRole.OWNER, of="lab")
    with world.begin(boss) as work:
        repository_bin.delete(work, "lab/notes", now=NOON)
    create(world, boss, "lab/notes")

    with pytest.raises(ConflictError, match="under another name"), world.begin(boss) as work:
        repository_bin.restore(work, "lab/notes")
    with world.begin(boss) as work:
        assert repository_bin.restore(work, "lab/notes", name="older").path == "lab/older"


def test_the_bin_is_emptied_when_its_time_is_over(world):
    repository = world.repository("lab/notes")
    administrator = world.administrator()
    with world.begin(administrator) as work:
        repository_bin.delete(work, "lab/notes", now=NOON)
    job = world.one(sa.select(JobRecord))
    assert (job.job, job.not_before) == (Job.PURGE_REPOSITORY, NOON + timedelta(days=30))

    with world.begin(administrator) as work:
        early = repository_bin.purge(work, repository.id, now=NOON + timedelta(days=29))
    for _ in range(2):
        with world.begin(administrator) as work:
            assert repository_bin.purge(work, repository.id, now=NOON + timedelta(days=30))
        repository_bin.remove_folder(repository.id, repositories=world.wiring.repositories)

    assert not early
    assert not world.folder(repository).exists()
    assert world.events() == ["repo.deleted", "repo.purged"]


def test_a_size_is_remembered_without_an_event(world):
    repository = world.repository("lab/notes")
    administrator = world.administrator()
    size = repositories.size_on_disk(repository.id, repositories=world.wiring.repositories)

    with world.begin(administrator) as work:
        repositories.note_size(work, repository.id, size_bytes=size, now=NOON)

    with world.reading(administrator) as work:
        described = repositories.describe(work, "lab/notes")
    assert described.repository.size_bytes == size > 0
    assert described.health.measured_at == NOON
    assert world.events() == []


def test_folders_that_no_row_claims_are_found(world):
    kept = world.repository("lab/notes")
    left = new_id()
    store = world.wiring.repositories
    store.create(left)
    now = datetime.now(UTC)

    young = repository_bin.old_folders(repositories=store, now=now)
    old = repository_bin.old_folders(repositories=store, now=now + timedelta(days=2))
    with world.reading(world.administrator()) as work:
        unclaimed = repository_bin.unclaimed(work, old)
    for repository_id in unclaimed:
        repository_bin.remove_folder(repository_id, repositories=store)

    assert (young, set(old), unclaimed) == ([], {kept.id, left}, [left])
    assert world.folder(kept).is_dir()
    assert not store.folder(left).exists()
