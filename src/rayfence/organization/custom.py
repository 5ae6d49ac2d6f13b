"""Custom constraints of an organisation, evaluated against the Google Cloud objects a plan holds.

1. Leave out constraints that a plan can't touch: other methods than CREATE and UPDATE, kinds that are not there.
2. Check each object against the API's types, and put the server's defaults underneath.
3. Run the condition on each object of its kinds. DENY refuses what it is true of, ALLOW everything else.
4. Say one outcome per constraint: violated by one object is violated; else unknown for one object is unknown.

Never a pass: a condition that can't be read or run, a kind or field we don't know, a body that does not fit, and kinds
that Google's controllers make objects of beside the plan. What `resource` is for a constraint (a typed message with the
server's defaults) is inferred from the published constraints; Google does not document it.
Pure. Source: Organization Policy v2, `CustomConstraint`.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rayfence.catalog.api_messages import ApiMessages, load_api_messages
from rayfence.catalog.server_defaults import ImpliedKind, ServerModel, load_server_model
from rayfence.errors import cut
from rayfence.model.cloud import CloudResource
from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import CustomConstraint, OrgFacts
from rayfence.model.outcome import ConstraintOutcome, Outcome
from rayfence.organization.messages import Message, completed, mirrored, misfits

if TYPE_CHECKING:
    from rayfence.organization.cel.engine import Condition, Meter

#: Steps for one condition on one object; a usual one takes fewer than a hundred. For all together: so many, and so
#: many more for each object. A hundred thousand take about a second.
STEPS: Final = 50_000
ALL_STEPS: Final = 100_000
STEPS_PER_OBJECT: Final = 2_000
#: What parsing costs beside running, in steps per character.
PARSING: Final = 1
#: Objects and fields that are named in one outcome.
NAMED: Final = 20
_METHODS: Final = frozenset({"CREATE", "UPDATE"})


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a condition says of one object. `violated` None: unknown, for `reason`. `reads`: paths with values."""

    name: str
    violated: bool | None
    reason: str = ""
    reads: Mapping[str, object] = field(default_factory=dict)
    chosen: tuple[str, ...] = ()  # of these, what the plan itself sets


@dataclass(frozen=True, slots=True)
class _Planned:
    """An object ready for conditions. `body` is completed; empty with a `problem`.

    `other`: how it looks if the server fills `older` fields from newer ones, which is not known.
    """

    resource: CloudResource
    body: Mapping[str, object]
    problem: str
    other: Mapping[str, object] = field(default_factory=dict)
    older: tuple[str, ...] = ()


def evaluate(
    constraints: Sequence[CustomConstraint],
    resources: Sequence[CloudResource],
    *,
    ruled_out: AbstractSet[str] = frozenset(),
    samples: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
) -> tuple[ConstraintOutcome, ...]:
    """One outcome per constraint, in their order.

    `ruled_out`: kinds of which the caller knows that no controller will make an object for this platform. `samples`: by
    kind, how all those look that controllers will make.
    """
    if not constraints:
        return ()
    # The engine takes 0.1 s to load: a plan without custom constraints does without it.
    from rayfence.organization.cel.engine import Meter  # noqa: PLC0415

    types, model = load_api_messages(), load_server_model()
    planned: dict[str, tuple[_Planned, ...]] = {}
    for kind in sorted({kind for constraint in constraints for kind in constraint.kinds}):
        planned[kind] = tuple(_ready(types, model, item) for item in _of_kind(kind, resources, model))
    implied = {
        kind: replace(entry, sample=samples.get(kind, entry.sample))
        for kind, entry in model.implied.items()
        if kind not in ruled_out and _comes(entry, resources)
    }
    meter = Meter(ALL_STEPS + STEPS_PER_OBJECT * len(resources))
    return tuple(_outcome(constraint, planned, implied, types, model, meter) for constraint in constraints)


def _of_kind(kind: str, resources: Sequence[CloudResource], model: ServerModel) -> Iterator[CloudResource]:
    """Objects of a kind: those of their own, and those created inside others."""
    part = model.parts.get(kind)
    for resource in resources:
        if resource.kind == kind:
            yield resource
        items = resource.body.get(part.name) if part is not None and resource.kind == part.whole else None
        for number, body in enumerate(items if isinstance(items, list | tuple) else ()):
            name = f"{resource.name} {part.name if part else ''}[{number}]"
            yield CloudResource(kind, name, "", "", "", body if isinstance(body, Mapping) else {"": body}, {})


def _comes(entry: ImpliedKind, resources: Sequence[CloudResource]) -> bool:
    """Whether controllers will make objects of this kind for these resources."""
    causes = [resource.body for resource in resources if resource.kind == entry.after]
    if not entry.when:
        return bool(causes)
    return any(_stands(body, ".".join(path), true=True) for body in causes for path in entry.when)


def undecided(facts: OrgFacts) -> tuple[ConstraintOutcome, ...]:
    """Custom constraints of which it is not known whether they are enforced: unknown, never ignored."""
    return tuple(
        ConstraintOutcome(name, Outcome.UNKNOWN, policy.undecided, (), policy.source)
        for name, policy in facts.policies.items()
        if name.startswith("custom.") and policy.undecided
    )


def _ready(types: ApiMessages, model: ServerModel, resource: CloudResource) -> _Planned:
    message = types.kinds.get(resource.kind)
    if message is None:
        return _Planned(resource, {}, f"rayfence does not know the fields of {resource.kind}")
    wrong = next(misfits(types, message, resource.body), "")
    if wrong:
        return _Planned(resource, {}, f"the planned body is not what the API takes: {cut(wrong, 160)}")
    body = completed(types, model.defaults, message, resource.body)
    other, used = mirrored(model.mirrors, message, body)
    return _Planned(resource, body, "", other, tuple(".".join(mirror.path) for mirror in used))


def _outcome(
    constraint: CustomConstraint,
    planned: Mapping[str, tuple[_Planned, ...]],
    implied: Mapping[str, ImpliedKind],
    types: ApiMessages,
    model: ServerModel,
    meter: "Meter",
) -> ConstraintOutcome:
    """The outcome of one constraint; `meter` bounds all constraints together."""
    beside = [implied[kind] for kind in constraint.kinds if kind in implied]
    objects = [item for kind in constraint.kinds for item in planned[kind]]
    if not _METHODS & {method.upper() for method in constraint.methods}:
        return _said(constraint, Outcome.NOT_RELEVANT, f"checks {_listed(constraint.methods)} only; a plan does not")
    if not objects and not beside:
        return _said(constraint, Outcome.NOT_RELEVANT, f"the platform has no {_listed(constraint.kinds)}")

    from rayfence.organization.cel.engine import Condition, Undecided  # noqa: PLC0415 - see `evaluate`
    from rayfence.organization.cel.source import BadCondition  # noqa: PLC0415

    try:
        meter.charge(PARSING * len(constraint.condition))
        condition = Condition(constraint.condition)
    except BadCondition as error:
        return _said(constraint, Outcome.UNKNOWN, f"the condition can't be evaluated: {error}")
    except Undecided as error:
        return _said(constraint, Outcome.UNKNOWN, f"not evaluated: with the constraints before it {error}")
    verdicts = [_verdict(constraint, condition, item, types, meter) for item in objects]
    worst = _combined(constraint, verdicts)
    if worst is not None:
        return worst
    for entry in beside:
        doubt = _beside(constraint, condition, entry, types, model, meter)
        if doubt:
            return _said(constraint, Outcome.UNKNOWN, doubt)
    chosen = tuple(f"{verdict.name}: {path}" for verdict in verdicts for path in verdict.chosen)
    how = Outcome.SATISFIED_BY if chosen else Outcome.SATISFIED
    return _said(constraint, how, f"holds for {_named(verdicts)}", _bounded(chosen))


def _verdict(
    constraint: CustomConstraint, condition: "Condition", item: _Planned, types: ApiMessages, meter: "Meter"
) -> _Verdict:
    """What it says of the object; unknown where that hangs on what the server does with older fields."""
    found = _seen(constraint, condition, item, types, meter)
    if not item.older or found.violated is None:
        return found
    again = _seen(constraint, condition, replace(item, body=item.other), types, meter)
    if again.violated is found.violated:
        return found
    reason = again.reason or (
        f"whether Google fills {' and '.join(item.older)} from newer fields before it checks is not documented, and "
        "the outcome hangs on it: try the constraint in dry run"
    )
    return replace(found, violated=None, reason=reason)


def _seen(
    constraint: CustomConstraint, condition: "Condition", item: _Planned, types: ApiMessages, meter: "Meter"
) -> _Verdict:
    from rayfence.organization.cel.engine import Meter, Undecided  # noqa: PLC0415 - see `evaluate`

    name = item.resource.name
    if item.problem:
        return _Verdict(name, None, item.problem)
    reads: dict[str, object] = {}
    granted = max(0, min(STEPS, meter.left))
    allowance = Meter(granted)
    try:
        true = condition.holds(Message(types, types.kinds[item.resource.kind], item.body, "", reads), allowance)
    except Undecided as error:
        return _Verdict(name, None, str(error), reads)
    finally:
        meter.left -= granted - max(0, allowance.left)
    chosen = tuple(path for path in reads if _stands(item.resource.body, path))
    return _Verdict(name, true == constraint.denies, "", reads, chosen)


def _combined(constraint: CustomConstraint, verdicts: Sequence[_Verdict]) -> ConstraintOutcome | None:
    """The outcome if an object violates the constraint or can't be decided; None if all are well."""
    violating = [verdict for verdict in verdicts if verdict.violated]
    if violating:
        first = violating[0]
        read = "; ".join(_shown(path, value) for path, value in list(first.reads.items())[:6])
        title = f" ({cut(constraint.title, 80)})" if constraint.title else ""
        reason = f"{_named(violating)} would be refused{title}" + (
            f": {read}" if read else ": the condition is constant"
        )
        paths = [f"{verdict.name}: {path}" for verdict in violating for path in verdict.reads or ("",)]
        return _said(constraint, Outcome.VIOLATED, reason, _bounded(tuple(path.removesuffix(": ") for path in paths)))
    undecided = [verdict for verdict in verdicts if verdict.violated is None]
    if undecided:
        first = undecided[0]
        return _said(constraint, Outcome.UNKNOWN, f"{_named(undecided)}: {first.reason}")
    return None


def _beside(
    constraint: CustomConstraint,
    condition: "Condition",
    entry: ImpliedKind,
    types: ApiMessages,
    model: ServerModel,
    meter: "Meter",
) -> str:
    """Why objects that controllers make may break the constraint; empty if the model of one satisfies it."""
    what = f"{entry.kind} is also made by {entry.by}, outside the plan"
    if not entry.sample:
        return f"{what}: try the constraint in dry run"
    sample = CloudResource(entry.kind, str(entry.sample.get("name", "")), "", "", "", entry.sample, {})
    verdict = _verdict(constraint, condition, _ready(types, model, sample), types, meter)
    if verdict.violated is False:
        return ""
    return f"{what}, and would be refused as rayfence models it ({verdict.name}): try the constraint in dry run"


def _said(
    constraint: CustomConstraint, outcome: Outcome, reason: str, fields: tuple[str, ...] = ()
) -> ConstraintOutcome:
    return ConstraintOutcome(constraint.name, outcome, reason, fields, constraint.source)


def _stands(body: Mapping[str, object], path: str, *, true: bool = False) -> bool:
    """Whether a path (`a.b[0].c`) leads to a value in a body as planned, before the server completes it.

    `true`: to one that is not false, zero or empty.
    """
    value: object = body
    for step in path.replace("[", ".[").split("."):
        if step.startswith("[") and step[1:-1].isdecimal() and len(step) < 12:
            number = int(step[1:-1])
            value = value[number] if isinstance(value, list | tuple) and number < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return bool(value) if true else value is not None


def _shown(path: str, value: object) -> str:
    if value is None:
        return f"{path} is not set"
    if isinstance(value, bool):
        return f"{path} is {str(value).lower()}"
    return f"{path} is {cut(repr(value), 80)}"


def _named(verdicts: Sequence[_Verdict]) -> str:
    names = [cut(verdict.name, 80) for verdict in verdicts]
    return _listed(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(cut(name, 80) for name in names) or "nothing"


def _bounded(paths: tuple[str, ...]) -> tuple[str, ...]:
    return paths if len(paths) <= NAMED else (*paths[:NAMED], f"and {len(paths) - NAMED} more")
