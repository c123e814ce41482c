"""How far a site may be relied on: what may be taken out, what may fail, and how long pods lack what they need.

Both answers are for documents: one table of each, whose figures are the same wherever they are printed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from prefab.availability import SubsystemAvailability
from prefab.errors import InputError
from prefab.plan import Plan
from prefab.reliability import WHOLE, make_reliability
from prefab.resilience import ResilienceClass, SubsystemResilience, class_of, make_resilience

_SHARE = "availability.common_cause_frac"
_FIRST = ("power", "cooling", "control")
"""Subsystems in the order of a report; the others follow by name, `whole` is last."""


@dataclass(frozen=True)
class WorstPod:
    """One subsystem at the pod of the site that has it worst."""

    found: SubsystemAvailability
    downtime_low_h: float
    """Hours a year with the common-cause share at the low end of its band; equal to the base where it has none."""
    downtime_high_h: float


@dataclass(frozen=True)
class Dependability:
    """The answers of `resilience` and of `reliability` for one plan."""

    resilience: tuple[SubsystemResilience, ...]
    reached: ResilienceClass
    availability: tuple[WorstPod, ...]
    """One for each subsystem that pods need, everything together last; empty where it is left out."""
    left_out: str
    """Why there is no availability; else empty."""

    def of(self, subsystem: str) -> WorstPod | None:
        """The availability of one subsystem, if it is worked out."""
        return next((w for w in self.availability if w.found.subsystem == subsystem), None)

    @property
    def whole(self) -> WorstPod | None:
        """Everything that a pod needs."""
        return self.of(WHOLE)


def make_dependability(plan: Plan) -> Dependability:
    """Both answers; the availability is left out, with the reason, where the plan's basis does not allow it.

    Raises:
        InputError: the plan has no connections.
    """
    resilience = make_resilience(plan)
    try:
        availability, left_out = _availability(plan), ""
    except InputError as error:
        availability, left_out = (), str(error)
    return Dependability(resilience, class_of(resilience), availability, left_out)


def _availability(plan: Plan) -> tuple[WorstPod, ...]:
    base = _worst(make_reliability(plan))
    band = plan.basis.source_of(_SHARE)
    stated = band.of == _SHARE and band.low is not None and band.high is not None
    low, high = (
        _worst(make_reliability(_sharing(plan, s))) if stated and s is not None else base for s in (band.low, band.high)
    )
    order = sorted(base, key=lambda s: (s == WHOLE, _FIRST.index(s) if s in _FIRST else len(_FIRST), s))
    return tuple(WorstPod(base[s], low[s].downtime_h, high[s].downtime_h) for s in order)


def _worst(found: Iterable[SubsystemAvailability]) -> dict[str, SubsystemAvailability]:
    """Of each subsystem the pod of the whole site that has it worst; of equal ones the first."""
    worst: dict[str, SubsystemAvailability] = {}
    for each in found:
        if each.subsystem not in worst or each.availability_frac < worst[each.subsystem].availability_frac:
            worst[each.subsystem] = each
    return worst


def _sharing(plan: Plan, common_cause_frac: float) -> Plan:
    """The plan with another common-cause share."""
    assert plan.basis.availability is not None
    stated = plan.basis.availability.model_copy(update={"common_cause_frac": common_cause_frac})
    return plan.model_copy(update={"basis": plan.basis.model_copy(update={"availability": stated})})
