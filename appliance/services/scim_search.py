"""Filters and orders of SCIM as questions to the database. RFC 7644, sections 3.4.2.2 and 3.4.2.3.

Everything that is compared stands as text in a JSON column, in small letters where case does not
count (`scim_messages.compared`); times and ids have columns of their own, and who is in which group
has rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from scim2_models import Resource, ScimFilter
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)
from sqlalchemy.orm import InstrumentedAttribute

from appliance.access.gate import open_to_everyone
from appliance.db.json_entries import by_code_points, entries
from appliance.db.scim import ScimGroup, ScimMember, ScimUser
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import scim
from appliance.domain.scim import ScimError, ScimType
from appliance.errors import sentence
from appliance.federation import scim_messages

Condition = sa.ColumnElement[bool]
Resources = type[ScimUser | ScimGroup]
Row = TypeVar("Row", ScimUser, ScimGroup)
Text = sa.ColumnElement[Any]
TRUTHS = {True: "true", False: "false"}
MOMENTS = {"created": "created_at", "last_modified": "changed_at"}
ROWS = frozenset({"groups", "members"})
"""Attributes that are kept as rows: who is in which group."""


WITH_INDEX: dict[Resources, dict[tuple[str, ...], InstrumentedAttribute[Any]]] = {
    ScimUser: {("username",): ScimUser.name_key, ("externalid",): ScimUser.external_id},
    ScimGroup: {("displayname",): ScimGroup.name_key, ("externalid",): ScimGroup.external_id},
}
"""What clients look for before each change, in columns that hold the same as the JSON."""


@dataclass(frozen=True)
class _Rows:
    """The other side of memberships, as a filter compares it."""

    join: sa.Select[Any]
    id: sa.SQLColumnExpression[UUID]
    name: Any
    """Its name as it is compared; nothing, where the other side is a user."""


@open_to_everyone(because="the caller has fetched the provider of its client")
def found(
    work: UnitOfWork,
    query: sa.Select[Row],
    table: type[Row],
    kind: type[Resource[Any]],
    asked: Any,
    *,
    skipped: int,
    count: int,
) -> tuple[int, Sequence[Row]]:
    """How many of a client's rows are found, and some of them in the order that was asked for.

    Errors:
        ScimError: it asks too much, or of something that cannot be asked.
    """
    if asked.filter is not None:
        query = query.where(condition(work, table, kind, asked.filter))
    total = work.session.scalar(query.with_only_columns(sa.func.count())) or 0
    order = ordered(
        work,
        table,
        asked.sort_binding(kind),
        is_descending=asked.sort_order == "descending",
    )
    return total, work.session.scalars(query.order_by(*order).offset(skipped).limit(count)).all()


@open_to_everyone(because="the caller has fetched the provider of its client")
def condition(
    work: UnitOfWork, table: Resources, kind: type[Resource[Any]], text: str
) -> Condition:
    """What a filter asks of a table's rows. Of what this kind has not, nothing is true.

    Errors:
        ScimError: it asks too much, or of something that cannot be asked.
    """
    with scim_messages.told():
        bound: ScimFilter[Any] = ScimFilter.__class_getitem__(kind)(str(text))
    if _count(bound.ast) > scim.MOST_CONDITIONS:
        raise ScimError(sentence("The filter asks too much at once."), ScimType.FILTER)
    with scim_messages.told():
        return _Asked(work, table, bound).visit(bound.ast)


@open_to_everyone(because="the caller has fetched the provider of its client")
def ordered(
    work: UnitOfWork,
    table: Resources,
    binding: AttributeBinding | None,
    *,
    is_descending: bool,
) -> list[sa.ColumnElement[Any]]:
    """By what the rows of a table are ordered: as asked, then by age. Who has no value comes last,
    and first where the order is turned round.
    """
    if binding is None:
        return [table.id.asc()]
    by = _sorted_by(work, table, binding)
    # True comes after false on both databases.
    if is_descending:
        return [by.is_(None).desc(), by.desc(), table.id.asc()]
    return [by.is_(None).asc(), by.asc(), table.id.asc()]


def _sorted_by(work: UnitOfWork, table: Resources, binding: AttributeBinding) -> Text:
    if binding.field_name == "meta":
        return cast("Text", _moment(table, binding))
    if binding.field_name in ROWS:
        raise ScimError(sentence("Nothing can be ordered by that."), ScimType.PATH)
    steps = _steps(binding)
    if binding.is_multivalued:
        # The first is the primary one: `compared` was written so.
        text = table.compared[(steps[0], 0, *steps[1:])].as_string()
    else:
        text = table.compared[steps].as_string()
    return by_code_points(work.session, text)


def _steps(binding: AttributeBinding) -> tuple[str, ...]:
    """Where a value stands in the JSON that is compared."""
    model: Any = binding.model
    names = [model._scim_name(binding.field_name).lower()]  # noqa: SLF001 - its only way to say it.
    if binding.sub_field_name is not None:
        inner: Any = binding.field_type
        names.append(inner._scim_name(binding.sub_field_name).lower())  # noqa: SLF001 - as above.
    schema = str(model.__schema__ or "")
    return (schema.lower(), *names) if "extension" in schema else tuple(names)


def _moment(table: Resources, binding: AttributeBinding) -> sa.ColumnElement[datetime]:
    name = MOMENTS.get(binding.sub_field_name or "")
    if name is None:
        raise ScimError(
            sentence("Of meta, created and lastModified can be asked."), ScimType.FILTER
        )
    return cast("sa.ColumnElement[datetime]", getattr(table, name))


class _Asking(FilterVisitor[Condition], ABC):
    """What every part of a filter has in common: and, or, not, and `ne`, which is not `eq`."""

    def visit_comparison(self, node: Comparison) -> Condition:
        """One comparison."""
        if node.op is CompareOperator.ne:
            equal = Comparison(node.attr_path, CompareOperator.eq, node.value)
            return sa.not_(self.compared(equal))
        return self.compared(node)

    def visit_not(self, node: Not) -> Condition:
        """The opposite."""
        return sa.not_(self.visit(node.expr))

    def visit_logical_expr(self, node: LogicalExpr) -> Condition:
        """All of some conditions, or any."""
        terms = [self.visit(each) for each in node.terms]
        return sa.and_(*terms) if node.op is LogicalOperator.and_ else sa.or_(*terms)

    @abstractmethod
    def compared(self, node: Comparison) -> Condition:
        """A comparison that is not `ne`."""


class _Asked(_Asking):
    """What a filter asks of rows. Its state: the filter, which knows what its names mean."""

    def __init__(self, work: UnitOfWork, table: Resources, text: ScimFilter[Any]) -> None:
        self.work, self.table, self.text = work, table, text

    def compared(self, node: Comparison) -> Condition:
        binding = self.text.resolve_comparison(node.attr_path, strict=False)
        if binding is None:
            return sa.false()
        if node.value is None:
            present = self.visit_present(Present(node.attr_path))
            return sa.not_(present) if node.op is CompareOperator.eq else sa.false()
        if binding.field_name == "meta":
            return _of_moment(_moment(self.table, binding), node)
        if binding.field_name in ROWS:
            return self._in_rows(node)
        return self._of_text(binding, node)

    def _of_text(self, binding: AttributeBinding, node: Comparison) -> Condition:
        if binding.field_name == "id" and node.op is CompareOperator.eq:
            return self.table.id == _uuid(str(node.value))
        wanted, steps = _operand(binding, node.value), _steps(binding)
        column = WITH_INDEX[self.table].get(steps)
        if column is not None and node.op is CompareOperator.eq:
            return sa.and_(column.is_not(None), column == wanted)  # Never unknown, so `not` works.
        compare = _comparing(self.work, node.op, wanted)
        if not binding.is_multivalued:
            return sa.func.coalesce(compare(self.table.compared[steps].as_string()), sa.false())
        return self._any_entry(steps[0], lambda value: compare(value[steps[1]].as_string()))

    def visit_present(self, node: Present) -> Condition:
        binding = self.text.resolve(node.attr_path, strict=False)
        if binding is None:
            return sa.false()
        if binding.field_name == "meta":
            return sa.true()
        if binding.field_name in ROWS:
            return _exists(_rows(self.table).join)
        steps = _steps(binding)
        if not binding.is_multivalued:
            return _is_said(self.table.compared[steps].as_string())
        if len(steps) == 1:
            return self._any_entry(steps[0], lambda _: sa.true())
        return self._any_entry(steps[0], lambda value: _is_said(value[steps[1]].as_string()))

    def visit_value_path(self, node: ValuePath) -> Condition:
        binding = self.text.resolve(node.attr_path, strict=False)
        if binding is None:
            return sa.false()
        if binding.field_name in ROWS:
            rows = _rows(self.table)
            return _exists(rows.join.where(_OfRows(self.work, rows).visit(node.val_filter)))
        inner = _OfEntry(self.work, binding)
        return self._any_entry(
            _steps(binding)[0], lambda value: inner.of(value).visit(node.val_filter)
        )

    def _any_entry(self, name: str, holds: Callable[[Any], Condition]) -> Condition:
        rows = entries(self.work.session, cast("Any", self.table.compared), name)
        return sa.select(sa.literal(1)).select_from(rows).where(holds(rows.c.value)).exists()

    def _in_rows(self, node: Comparison) -> Condition:
        rows = _rows(self.table)
        sub = AttrPath(node.attr_path.sub_attr or "value")
        inner = _OfRows(self.work, rows).visit(Comparison(sub, node.op, node.value))
        return _exists(rows.join.where(inner))


class _OfEntry(_Asking):
    """What is asked between brackets, of one entry of a list."""

    def __init__(self, work: UnitOfWork, binding: AttributeBinding, value: Any = None) -> None:
        self.work, self.binding, self.value = work, binding, value

    def of(self, value: Any) -> _OfEntry:
        return _OfEntry(self.work, self.binding, value)

    def compared(self, node: Comparison) -> Condition:
        text = self.value[node.attr_path.attr.lower()].as_string()
        if node.value is None:
            return sa.not_(_is_said(text)) if node.op is CompareOperator.eq else sa.false()
        compare = _comparing(self.work, node.op, _plain(node.value))
        return sa.func.coalesce(compare(text), sa.false())

    def visit_present(self, node: Present) -> Condition:
        return _is_said(self.value[node.attr_path.attr.lower()].as_string())


class _OfRows(_Asking):
    """What is asked of the other side of a membership: `value`, and a group's `display`."""

    def __init__(self, work: UnitOfWork, rows: _Rows) -> None:
        self.work, self.rows = work, rows

    def compared(self, node: Comparison) -> Condition:
        name = node.attr_path.attr.lower()
        if name == "value" and node.op is CompareOperator.eq:
            return self.rows.id == _uuid(str(node.value))
        if name == "display" and node.value is not None and self.rows.name is not None:
            return _comparing(self.work, node.op, _plain(node.value))(self.rows.name)
        if name == "type" and node.op is CompareOperator.eq:
            return sa.true() if str(node.value).lower() == "user" else sa.false()
        raise ScimError(sentence("Of members, value can be compared with eq."), ScimType.FILTER)

    def visit_present(self, node: Present) -> Condition:
        return sa.true() if node.attr_path.attr.lower() in {"value", "$ref"} else sa.false()


def _rows(table: Resources) -> _Rows:
    one = sa.select(sa.literal(1))
    if table is ScimUser:
        join = one.select_from(ScimMember).join(ScimGroup, ScimGroup.id == ScimMember.group_id)
        return _Rows(
            join.where(ScimMember.user_id == ScimUser.id), ScimGroup.id, ScimGroup.name_key
        )
    join = one.select_from(ScimMember).where(ScimMember.group_id == ScimGroup.id)
    return _Rows(join, ScimMember.user_id, None)


def _exists(query: sa.Select[Any]) -> Condition:
    return query.exists()


def _is_said(text: Text) -> Condition:
    return sa.func.coalesce(text, "") != ""


def _comparing(work: UnitOfWork, op: CompareOperator, wanted: str) -> Callable[[Text], Condition]:
    """How a text is compared. Never by LIKE: of that, the databases have two opinions."""
    last = sa.func.length
    return {
        CompareOperator.eq: lambda text: text == wanted,
        CompareOperator.co: lambda text: sa.func.replace(text, wanted, "") != text,
        CompareOperator.sw: lambda text: sa.func.substr(text, 1, len(wanted)) == wanted,
        CompareOperator.ew: lambda text: sa.and_(
            last(text) >= len(wanted),
            sa.func.substr(text, last(text) - len(wanted) + 1) == wanted,
        ),
        CompareOperator.gt: lambda text: by_code_points(work.session, text) > wanted,
        CompareOperator.ge: lambda text: by_code_points(work.session, text) >= wanted,
        CompareOperator.lt: lambda text: by_code_points(work.session, text) < wanted,
        CompareOperator.le: lambda text: by_code_points(work.session, text) <= wanted,
    }[op]


def _of_moment(column: sa.ColumnElement[datetime], node: Comparison) -> Condition:
    try:
        wanted = datetime.fromisoformat(str(node.value))
    except ValueError:
        wanted = None
    if wanted is None or wanted.tzinfo is None:
        raise ScimError(sentence("A time is written 2026-01-31T12:00:00Z."), ScimType.FILTER)
    compare: dict[CompareOperator, Condition] = {
        CompareOperator.eq: column == wanted,
        CompareOperator.gt: column > wanted,
        CompareOperator.ge: column >= wanted,
        CompareOperator.lt: column < wanted,
        CompareOperator.le: column <= wanted,
    }
    if node.op not in compare:
        raise ScimError(sentence("Times are compared by eq, gt, ge, lt, le."), ScimType.FILTER)
    return compare[node.op]


def _operand(binding: AttributeBinding, value: Any) -> str:
    if isinstance(value, str) and binding.case_exact:
        return value
    return _plain(value)


def _plain(value: Any) -> str:
    return TRUTHS[value] if isinstance(value, bool) else scim_messages.key(str(value))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _count(node: FilterNode) -> int:
    """How many conditions a filter has."""
    if isinstance(node, LogicalExpr):
        return sum(_count(each) for each in node.terms)
    if isinstance(node, Not):
        return _count(node.expr)
    return _count(node.val_filter) if isinstance(node, ValuePath) else 1


@open_to_everyone(because="the caller has fetched the group for its client")
def members_chosen(work: UnitOfWork, group_id: UUID, asked: FilterNode) -> sa.Select[UUID]:
    """The members of a group of whom something is true.

    Errors:
        ScimError: it cannot be asked of members.
    """
    rows = _Rows(sa.select(sa.literal(1)), ScimMember.user_id, None)
    holds = _OfRows(work, rows).visit(asked)
    return sa.select(ScimMember.user_id).where(ScimMember.group_id == group_id, holds)
