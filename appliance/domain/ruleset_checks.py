"""What each kind of rule refuses: a function of the rule and the facts, in `CHECKS`.

Each gives sentences, what is wrong first and then the way out; none where the rule is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from appliance.domain import freezes, policies, text_patterns
from appliance.domain.codeowners import any_fits
from appliance.domain.protection import Movement
from appliance.domain.ruleset_alerts import alerted
from appliance.domain.ruleset_facts import ChangeFacts, CommitFacts, Contents, FileFacts
from appliance.domain.ruleset_reviews import checked, queued, reviewed, sensitive
from appliance.domain.ruleset_words import TICKET, Rule, RuleKind, SubjectKind
from appliance.domain.sizes import size
from appliance.errors import sentence

NAMED = 5
"""Offenders that are named; who has one can find the others."""
SHORT = 10
MIB = 1024 * 1024
Reasons = tuple[str, ...]
Check = Callable[[Rule, ChangeFacts], Reasons]


def _name(facts: ChangeFacts) -> str:
    return facts.ref.decode("utf-8", "replace")


def _is_allowed(rule: Rule, facts: ChangeFacts) -> bool:
    return any(subject.includes(facts.actor) for subject in rule.allowed)


def _creation(rule: Rule, facts: ChangeFacts) -> Reasons:
    if facts.movement is not Movement.CREATE or _is_allowed(rule, facts):
        return ()
    return (
        sentence(
            "%(name)s is protected%(rule)s: you may not create it. Choose another name, or "
            "ask somebody listed in the rule.",
            name=_name(facts),
            rule=facts.named,
        ),
    )


def _update(rule: Rule, facts: ChangeFacts) -> Reasons:
    if _is_allowed(rule, facts):
        return ()
    roles = [each.role for each in rule.allowed if each.kind is SubjectKind.ROLE]
    if len(rule.allowed) == 1 and roles:
        return (
            sentence(
                "%(name)s is protected%(rule)s: only a %(push_role)s may push to it.",
                name=_name(facts),
                rule=facts.named,
                push_role=roles[0],
            ),
        )
    if not rule.allowed and facts.merge is None:
        return (
            sentence(
                "%(name)s is protected%(rule)s: nobody may push to it. Push to another branch "
                "and open a pull request.",
                name=_name(facts),
                rule=facts.named,
            ),
        )
    if not rule.allowed:
        return ()  # It is about pushes: what is merged is judged by the rules about that.
    return (
        sentence(
            "%(name)s is protected%(rule)s: only those listed in the rule may push to it. "
            "Push to another branch and open a pull request.",
            name=_name(facts),
            rule=facts.named,
        ),
    )


def _deletion(rule: Rule, facts: ChangeFacts) -> Reasons:
    if facts.movement is not Movement.DELETE or _is_allowed(rule, facts):
        return ()
    return (
        sentence(
            "%(name)s is protected%(rule)s: it may not be deleted.",
            name=_name(facts),
            rule=facts.named,
        ),
    )


def _no_force(_rule: Rule, facts: ChangeFacts) -> Reasons:
    if facts.movement is not Movement.FORCE:
        return ()
    return (
        sentence(
            "%(name)s is protected%(rule)s: its history may not be "
            "rewritten. Merge or rebase on it and push again.",
            name=_name(facts),
            rule=facts.named,
        ),
    )


def _ref_name(rule: Rule, facts: ChangeFacts) -> Reasons:
    short = _name(facts).removeprefix("refs/heads/").removeprefix("refs/tags/")
    is_named = any(fnmatchcase(short, pattern) for pattern in rule.patterns)
    if facts.movement is not Movement.CREATE or is_named is not rule.forbidden:
        return ()
    template = (
        sentence("The name %(name)s is not allowed.", name=_name(facts))
        if rule.forbidden
        else sentence(
            "%(name)s does not match %(patterns)s. Rename it and push again.",
            name=_name(facts),
            patterns=", ".join(rule.patterns),
        )
    )
    return (template,)


def _linear(_rule: Rule, facts: ChangeFacts) -> Reasons:
    merges = [commit.oid for commit in _commits(facts) if commit.parents > 1]
    if not merges:
        return _too_much(facts)
    return (
        sentence(
            "%(name)s requires a linear history: no merge commits, and %(commits)s is one. "
            "Rebase on it and push again, or merge by squash or rebase.",
            name=_name(facts),
            commits=_shorts(merges),
        ),
    )


def _signed_commits(_rule: Rule, facts: ChangeFacts) -> Reasons:
    return facts.lacking


def _signed_push(_rule: Rule, facts: ChangeFacts) -> Reasons:
    return facts.unsigned


def _message(rule: Rule, facts: ChangeFacts) -> Reasons:
    strange = [
        commit.oid
        for commit in _commits(facts)
        if text_patterns.any_found(rule.patterns, commit.message) is rule.forbidden
    ]
    if not strange:
        return _too_much(facts)
    said = {"commits": _shorts(strange), "patterns": " | ".join(rule.patterns)}
    what = (
        sentence("The message of %(commits)s matches a forbidden pattern: %(patterns)s.", **said)
        if rule.forbidden
        else sentence(
            "The message of %(commits)s does not match a required pattern: %(patterns)s.", **said
        )
    )
    return (what, sentence("Reword it and push again: git rebase --interactive BASE"))


def _author(rule: Rule, facts: ChangeFacts) -> Reasons:
    strange = [
        commit
        for commit in _commits(facts)
        if any(fnmatchcase(commit.author_address, pattern.lower()) for pattern in rule.patterns)
        is rule.forbidden
    ]
    if not strange:
        return _too_much(facts)
    return (
        sentence(
            "%(commits)s is by %(address)s, which the rule does not allow. Set git config "
            "user.email and commit again.",
            commits=_shorts(commit.oid for commit in strange),
            address=strange[0].author_address,
        ),
    )


def _verified_author(_rule: Rule, facts: ChangeFacts) -> Reasons:
    known = facts.actor.addresses
    if facts.merge is not None:
        known |= facts.merge.addresses
    strange = [commit for commit in _commits(facts) if commit.author_address not in known]
    if not strange:
        return _too_much(facts)
    return (
        sentence(
            "%(commits)s is by %(address)s, which is not one of your verified addresses. "
            "Push your own commits, or verify the address.",
            commits=_shorts(commit.oid for commit in strange),
            address=strange[0].author_address or "?",
        ),
    )


def _ticket(rule: Rule, facts: ChangeFacts) -> Reasons:
    patterns = rule.patterns or TICKET
    merge = facts.merge
    if merge is not None and (
        text_patterns.any_found(patterns, merge.title)
        or text_patterns.any_found(patterns, merge.description)
    ):
        return ()
    lacking = [
        commit.oid
        for commit in _commits(facts)
        if not text_patterns.any_found(patterns, commit.message)
    ]
    if not lacking:
        return _too_much(facts)
    return (
        sentence(
            "%(commits)s mentions no ticket. Mention one in each message, or in the title or "
            "the description of the pull request, as in #12 or AB-12.",
            commits=_shorts(lacking),
        ),
    )


def _paths(rule: Rule, facts: ChangeFacts) -> Reasons:
    found = any_fits(rule.patterns, {each.path for each in _files(facts)})
    return _named_files(
        facts,
        found,
        lambda paths: sentence(
            "%(paths)s may not be changed here. Leave it out of the commits and push again.",
            paths=paths,
        ),
    )


def _extensions(rule: Rule, facts: ChangeFacts) -> Reasons:
    ends = tuple("." + each.lower().lstrip("*.") for each in rule.patterns)
    kept = {each.path for each in _files(facts) if each.size_bytes is not None}
    found = [path for path in kept if path.decode("utf-8", "replace").lower().endswith(ends)]
    return _named_files(
        facts,
        found,
        lambda paths: sentence(
            "%(paths)s has a file extension that is not allowed here. Leave it out of the "
            "commits and push again.",
            paths=paths,
        ),
    )


def _size(rule: Rule, facts: ChangeFacts) -> Reasons:
    found = {each.path for each in _files(facts) if (each.size_bytes or 0) > rule.most_bytes}
    return _named_files(
        facts,
        found,
        lambda paths: sentence(
            "%(paths)s is larger than %(most)s, the limit for files here. Store it with "
            "Git LFS, or leave it out of the commits.",
            paths=paths,
            most=size(rule.most_bytes),
        ),
    )


def _policies(rule: Rule, facts: ChangeFacts) -> Reasons:
    if facts.moment not in (rule.moments or policies.BEFORE):
        return ()
    findings = (facts.contents or Contents()).findings
    found = policies.counting(findings, rule.policies, rule.exempt)
    said = [policies.said(each) for each in found]
    if not said:
        return _too_much(facts)
    more = [f"+{len(said) - NAMED}"] if len(said) > NAMED else []
    return (*said[:NAMED], *more)


def _freeze(rule: Rule, facts: ChangeFacts) -> Reasons:
    until = freezes.end_of(rule.windows, facts.at)
    if until is None:
        return ()
    return (
        sentence(
            "%(name)s is frozen until %(until)s UTC. Wait, or ask somebody who can bypass "
            "the freeze.",
            name=_name(facts),
            until=f"{until:%Y-%m-%d %H:%M}",
        ),
    )


def _named_files(facts: ChangeFacts, paths: Iterable[bytes], say: Callable[[str], str]) -> Reasons:
    found = sorted(paths)
    if not found:
        return _too_much(facts)
    shown = [path.decode("utf-8", "replace")[:200] for path in found[:NAMED]]
    more = [f"+{len(found) - NAMED}"] if len(found) > NAMED else []
    return (say(", ".join([*shown, *more])),)


def _commits(facts: ChangeFacts) -> tuple[CommitFacts, ...]:
    return (facts.contents or Contents()).commits


def _files(facts: ChangeFacts) -> tuple[FileFacts, ...]:
    return (facts.contents or Contents()).files


def _too_much(facts: ChangeFacts) -> Reasons:
    if facts.contents is None or not facts.contents.is_too_much:
        return ()
    return (
        sentence(
            "This push to %(name)s is too large to check. Push it in parts.",
            name=_name(facts),
        ),
    )


def _shorts(oids: Iterable[str]) -> str:
    found = list(oids)
    more = [f"+{len(found) - NAMED}"] if len(found) > NAMED else []
    return ", ".join([*(oid[:SHORT] for oid in found[:NAMED]), *more])


CHECKS: dict[RuleKind, Check] = {
    RuleKind.CREATION: _creation,
    RuleKind.UPDATE: _update,
    RuleKind.DELETION: _deletion,
    RuleKind.NON_FAST_FORWARD: _no_force,
    RuleKind.REF_NAME: _ref_name,
    RuleKind.LINEAR_HISTORY: _linear,
    RuleKind.SIGNED_COMMITS: _signed_commits,
    RuleKind.SIGNED_PUSH: _signed_push,
    RuleKind.PULL_REQUEST: reviewed,
    RuleKind.SENSITIVE_FILES: sensitive,
    RuleKind.REQUIRED_CHECKS: checked,
    RuleKind.MERGE_QUEUE: queued,
    RuleKind.COMMIT_MESSAGE: _message,
    RuleKind.AUTHOR_ADDRESS: _author,
    RuleKind.VERIFIED_AUTHOR: _verified_author,
    RuleKind.TICKET_REFERENCE: _ticket,
    RuleKind.FILE_PATHS: _paths,
    RuleKind.FILE_EXTENSIONS: _extensions,
    RuleKind.FILE_SIZE: _size,
    RuleKind.POLICIES: _policies,
    RuleKind.FREEZE: _freeze,
    RuleKind.ALERTS: alerted,
}
