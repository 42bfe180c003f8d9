"""`/matrix`: several branches, each compared with each."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from appliance.services import branch_matrix
from appliance.services.branch_matrix import MOST, Side
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, text
from appliance.web.api.history import opened
from appliance.web.api.repositories import RepositoryPath

api = frame.area("branch matrix", "How far several branches are from each other.")


class MatrixQuery(frame.Body):
    """Which branches, tags or commits."""

    ref: list[Annotated[str, Field(min_length=1, max_length=1024)]] = Field(
        min_length=2, max_length=MOST, description="Said once for each"
    )


class SideAnswer(frame.Answer):
    """One of those that are compared."""

    ref: str
    ref_base64: str | None
    commit: str


class DistanceAnswer(frame.Answer):
    """How far one is from another."""

    ref: str
    base: str
    ahead: int | None = Field(description="Commits that the base has not; none: not measured")
    behind: int | None = Field(description="Commits that only the base has")


class MatrixAnswer(frame.Answer):
    """Each compared with each."""

    sides: list[SideAnswer]
    distances: list[DistanceAnswer]
    is_complete: bool = Field(description="Whether all could be measured in time")


@api.get(
    "/repos/<owner>/<name>/matrix", summary="Compare branches", responses={"200": MatrixAnswer}
)
def compare(path: RepositoryPath, query: MatrixQuery) -> Any:
    """Each of up to ten with each: how many commits ahead, and how many behind."""
    found = branch_matrix.compare(opened(path), [each.encode() for each in query.ref])
    distances = [
        DistanceAnswer(
            ref=text(cell.side.name),
            base=text(cell.base.name),
            ahead=cell.divergence.ahead if cell.divergence else None,
            behind=cell.divergence.behind if cell.divergence else None,
        )
        for cell in found.cells
    ]
    sides = [_side(each) for each in found.sides]
    answer = MatrixAnswer(sides=sides, distances=distances, is_complete=found.is_complete)
    return frame.answer(answer)


def _side(side: Side) -> SideAnswer:
    return SideAnswer(ref=text(side.name), ref_base64=exact(side.name), commit=side.commit)
