"""What holds at one project in the end: inheritance, merge, reset, conditions, dry runs, Google's defaults.

The rules, from Google's pages "Understanding hierarchy evaluation" and "Setting an organization policy with tags" and
the API's reference of `PolicySpec`:

* The nearest policy wins. With `inheritFromParent` (lists only) rules from above are added, up to the first policy
  that does not inherit; deny wins over allow.
* `reset`, and a policy that has no rule, mean the constraint's default; so does having no policy at all.
* A boolean's conditional rules come first, its unconditional rule is the fallback.
* A merged policy (`getEffectivePolicy`) counts as it is.
* A dry run is reported, and never blocks.

Whatever can't be decided says so in `undecided`: a policy is never taken for permission. Legacy constraints and their
managed twins stay separate: an organisation may set both, and both hold.
"""

from collections.abc import Iterable, Mapping, Sequence

from rayfence.catalog.constraints import Constraint
from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import CustomConstraint, EffectivePolicy, ListValues, OrgFacts
from rayfence.organization.conditions import NotACondition, TagBindings, tag_bindings
from rayfence.organization.levels import Levels, place_policies
from rayfence.organization.raw import RawPolicies, RawPolicy, capped
from rayfence.organization.rules import Undecided, boolean_outcome, list_outcome

GOOGLE_DEFAULT = "Google's default"
#: Places of an undecided policy that are named; a folder of exports may hold thousands.
MOST_PLACES = 5


def effective(
    raw: RawPolicies,
    project: str,
    ancestry: Sequence[str],
    tags: Mapping[str, str] | Sequence[str] | None,
    constraints: Sequence[Constraint],
    *,
    no_tags: bool = False,
) -> OrgFacts:
    """What the organisation demands of `projects/<project>`.

    `ancestry`: `folders/2`, `organizations/1`, nearest first, as far as known; `projects/<number>` may stand there too
    and names the project by number. `tags`: bindings, inherited ones too, as `123/env=prod` or `tagKeys/1=tagValues/2`;
    empty or None: unknown, unless `no_tags` says that there are none. `constraints`: the catalogue's
    (`load_known_constraints`), for kinds and defaults.
    """
    problems = list(raw.problems)
    bindings = _bindings(raw, tags, no_tags, problems)
    known = {row.id: row for row in constraints}
    levels = place_policies(raw, project, ancestry)
    problems += levels.problems
    defined = {constraint.name for constraint in raw.custom}
    evaluation = _Evaluation(levels, bindings, known, defined)
    named = {policy.constraint for policy in raw.policies}
    policies: dict[str, EffectivePolicy] = {}
    dry_run: dict[str, EffectivePolicy] = {}
    for name in sorted(named | {row.id for row in constraints if row.enforced_by_default}):
        live = evaluation.evaluate(name, dry_run=False)
        if live is not None:
            policies[name] = live
        if any(policy.dry_run for policy in levels.of(name)):
            would = evaluation.evaluate(name, dry_run=True)
            if would is not None:
                dry_run[name] = would
        if name not in known and not name.startswith("custom.") and levels.of(name):
            places = levels.of(name)[0].place
            problems.append(f"{places}: {name} is not in the catalogue: what it asks of a platform is not checked")
    problems += [
        f"{item.source}: {item.name} is defined, but no policy that was read enforces it"
        for item in raw.custom
        if item.name not in policies and item.name not in dry_run
    ]
    return OrgFacts(
        policies=policies,
        dry_run=dry_run,
        custom=_enforced(raw.custom, policies),
        dry_custom=_enforced(raw.custom, dry_run),
        firewall=raw.firewall,
        ancestry=_ancestry(raw, project, levels.chain),
        problems=capped(problems),
    )


def _bindings(
    raw: RawPolicies, tags: Mapping[str, str] | Sequence[str] | None, no_tags: bool, problems: list[str]
) -> TagBindings:
    given = [f"{key}={value}" for key, value in tags.items()] if isinstance(tags, Mapping) else list(tags or ())
    given += raw.tags or ()
    try:
        return tag_bindings(given if given or no_tags or raw.tags is not None else None)
    except NotACondition as error:
        problems.append(f"tags: {error}; conditions are not decided")
        return TagBindings()


def _enforced(
    custom: Iterable[CustomConstraint], policies: Mapping[str, EffectivePolicy]
) -> tuple[CustomConstraint, ...]:
    """Custom constraints that a policy enforces. A definition alone does nothing, and an undecided one is unknown."""
    found = ((item, policies.get(item.name)) for item in custom)
    return tuple(item for item, policy in found if policy is not None and policy.enforced and not policy.undecided)


def _ancestry(raw: RawPolicies, project: str, chain: Sequence[str]) -> dict[str, tuple[str, ...]]:
    known = {node: above for node, above in raw.ancestry.items() if node.startswith("projects/")}
    if chain:
        known[f"projects/{project}"] = tuple(chain)
    return dict(sorted(known.items()))


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """One constraint after the other, on the same hierarchy and tags."""

    levels: Levels
    tags: TagBindings
    known: Mapping[str, Constraint]
    defined: set[str]

    def evaluate(self, name: str, *, dry_run: bool) -> EffectivePolicy | None:
        """The policy of one constraint; None: nothing is set and nothing is enforced by default."""
        row = self.known.get(name)
        try:
            chain = self.levels.reaching(name, dry_run=dry_run)
            if not chain:
                return _default(name, row, GOOGLE_DEFAULT) if row is not None and row.enforced_by_default else None
            return self._decide(name, row, chain)
        except Undecided as error:
            places = list(dict.fromkeys(_source(policy) for policy in self.levels.of(name)))
            more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
            return EffectivePolicy(name, ", ".join(places[:MOST_PLACES]) + more, undecided=str(error))

    def _decide(self, name: str, row: Constraint | None, chain: tuple[RawPolicy, ...]) -> EffectivePolicy:
        source = "; ".join(_source(policy) for policy in chain)
        for policy in chain:
            if policy.problem:
                raise Undecided(f"{policy.place}: {policy.problem}")
            if policy.effective and any(rule.condition for rule in policy.rules):
                raise Undecided(f"{policy.place}: a merged policy has no conditions; this one has")
        if not any(policy.rules for policy in chain):
            return _default(name, row, source)
        booleans = [policy for policy in chain if any(rule.enforce is not None for rule in policy.rules)]
        if booleans and len(chain) > 1:
            raise Undecided(f"{chain[0].place}: inheritFromParent is for list constraints only")
        if row is not None and (row.kind == "list") == bool(booleans):
            raise Undecided(f"{chain[0].place}: {name} is a {row.kind} constraint, its policy is not")
        if row is None and name.startswith("custom.") and not booleans:
            raise Undecided(f"{chain[0].place}: a custom constraint is enforced or not, and has no values")
        if not booleans:
            return EffectivePolicy(name, source, values=list_outcome(chain, self.tags))
        enforced, parameters = boolean_outcome(chain[0], self.tags)
        if enforced and name.startswith("custom.") and name not in self.defined:
            raise Undecided(f"{chain[0].place}: enforces {name}, whose definition was not read")
        return EffectivePolicy(name, source, enforced=enforced, parameters=parameters)


def _default(name: str, row: Constraint | None, source: str) -> EffectivePolicy:
    """The constraint's default, whoever returned to it. Raises Undecided: the catalogue does not know it."""
    if row is None and not name.startswith("custom."):
        raise Undecided(f"{source}: returns to the default of {name}, which the catalogue does not know")
    if row is None:
        return EffectivePolicy(name, source, enforced=False)  # custom constraints do nothing by themselves
    said = source if source == GOOGLE_DEFAULT else f"{source}: {GOOGLE_DEFAULT}"
    if row.kind == "list":
        denied = row.enforced_by_default
        return EffectivePolicy(name, said, values=ListValues(allow_all=not denied, deny_all=denied))
    return EffectivePolicy(name, said, enforced=row.enforced_by_default)


def _source(policy: RawPolicy) -> str:
    return f"{policy.place} ({policy.node})" if policy.node else policy.place
