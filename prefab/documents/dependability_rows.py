"""What the proposal and the workbook both say of resilience and availability: equal texts from equal figures."""

from typing import NamedTuple

from prefab.availability import text_of
from prefab.brief import SiteBrief
from prefab.dependability import Dependability, WorstPod
from prefab.physics.reliability import downtime_h
from prefab.plan import Plan
from prefab.proposal import Proposal
from prefab.reliability import WHOLE
from prefab.resilience import CRITICAL, MECHANICAL, STATEMENT, SubsystemResilience
from prefab.units import number

MAINTAINABLE = (
    "Maintainable while it runs: any module, bus, header, feed or ring is taken out, one at a time, and every pod runs "
    "with nothing overloaded."
)
TOLERANT = (
    "Tolerant of one fault: the same, also when everything of one side is lost at once or the utility is away. Standby "
    "power is judged with the utility away in both."
)
_EVERYTHING = "all that a pod needs"


class ResilienceRow(NamedTuple):
    """One subsystem: what is asked, the two answers, and the first single point."""

    subsystem: str
    asked: str
    maintainable: str
    tolerant: str
    held_back_by: str


class AvailabilityRow(NamedTuple):
    """One subsystem at its worst pod; hours of a year without it."""

    subsystem: str
    pod: str
    available_frac: float
    downtime_h: float
    downtime_low_h: float
    downtime_high_h: float
    greatest: str
    """The group that contributes most; empty where nothing is needed."""
    greatest_h: float
    ordered_h: float
    """Of the greatest contributor, if every failed module had to be ordered anew."""


def resilience_rows(proposal: Proposal) -> tuple[ResilienceRow, ...]:
    """In the order of the report."""
    brief = proposal.plan.brief
    return tuple(
        ResilienceRow(
            s.subsystem,
            _asked(brief, s.subsystem),
            _said(s.concurrently_maintainable),
            _said(s.fault_tolerant),
            _held_back_by(s),
        )
        for s in proposal.dependability.resilience
    )


def _asked(brief: SiteBrief, subsystem: str) -> str:
    """The brief's redundancy for a subsystem."""
    wish = brief.redundancy
    if subsystem in (CRITICAL, MECHANICAL):
        return wish.of("power", critical=subsystem == CRITICAL)
    if subsystem == "intake" and brief.grid.at_high_voltage:
        return f"{wish.intake}, transformers {wish.main_transformers}"
    if subsystem == "standby" and not brief.autonomy.generator_h:
        return "none"
    if subsystem == "standby" and (apart := brief.it.said_of_backup()):
        return f"{wish.standby}; {apart}"
    own = [carrier.replace("_", " ") for carrier in wish.scope.of_pods if subsystem == "cooling"]
    return wish.of(subsystem, critical=False) + (f"; {' and '.join(own)} of each pod" if own else "")


def _said(answer: bool) -> str:
    return "yes" if answer else "no"


def _held_back_by(found: SubsystemResilience) -> str:
    """The single point; two where maintenance and a fault differ in it."""
    maintained, tolerated = (t.replace("_", " ") for t in (found.not_maintainable, found.not_tolerant))
    if maintained and maintained != tolerated:
        return f"Maintenance: {maintained}. Fault: {tolerated}"
    return tolerated


def statement_text() -> str:
    """What the class is worth, as a sentence of its own."""
    return f"{STATEMENT[:1].upper()}{STATEMENT[1:]}"


def class_text(dependability: Dependability) -> str:
    """The class reached and what keeps the site from the next."""
    reached = dependability.reached
    held = f", held there by {', '.join(reached.held_by)}" if reached.held_by else ""
    return f"{reached}{held}."


def availability_rows(proposal: Proposal) -> tuple[AvailabilityRow, ...]:
    """In the order of the report; none where availability is left out."""
    return tuple(map(_availability_row, proposal.dependability.availability))


def _availability_row(worst: WorstPod) -> AvailabilityRow:
    found, greatest = worst.found, worst.found.greatest
    return AvailabilityRow(
        subsystem_title(found.subsystem),
        found.pod,
        found.availability_frac,
        found.downtime_h,
        worst.downtime_low_h,
        worst.downtime_high_h,
        text_of(greatest).rpartition(": ")[0].replace("_", " ") if greatest else "",
        greatest.downtime_h if greatest else 0.0,
        downtime_h(greatest.ordered_frac) if greatest else 0.0,
    )


def subsystem_title(subsystem: str) -> str:
    """A subsystem of the availability for reading."""
    return _EVERYTHING if subsystem == WHOLE else subsystem


def hours_text(hours: float) -> str:
    """Hours of a year: whole ones from a hundred on, two digits below a tenth."""
    if hours >= 99.95:
        return number(hours)
    return number(hours, 2) if hours >= 0.1 else f"{hours:.2g}"


def available_text(frac: float) -> str:
    """Availability with the digits that its hours have."""
    return f"{frac:.4%}"


def summary_text(dependability: Dependability) -> str:
    """The hours of the worst pod, or why there are none."""
    whole = dependability.whole
    if whole is None:
        return f"availability left out: {dependability.left_out}"
    return f"{hours_text(whole.found.downtime_h)} h a year without all it needs at the worst pod, {whole.found.pod}"


def method_notes(proposal: Proposal) -> tuple[str, ...]:
    """How the availability is worked out, and what it leaves out."""
    plan, worst = proposal.plan, proposal.dependability.whole
    if worst is None or plan.basis.availability is None:
        return ()
    stated = plan.basis.availability
    unrated = sorted({sku for w in proposal.dependability.availability for sku in w.found.unrated})
    return (
        "Worked out on the plan's own feeds at full build and at the worst pod of the site: k of n, in series and in "
        "parallel, from the mean times of each module; what a subsystem needs upstream is counted in it.",
        f"Common cause: {stated.common_cause_frac * 100:g}% of the downtime of redundant modules strikes all of them "
        f"at once{_share_band(plan)} ({_basis(plan, 'common_cause_frac')}).",
        f"Utility: {number(stated.utility_mtbf_h)} h between failures, {stated.utility_mttr_h:g} h to repair "
        f"({_basis(plan, 'utility_mtbf_h')}).",
        "Groups fail independently of each other. No planned maintenance, no human error, no failure of a transfer "
        "beyond the common cause; runs, the pods themselves and services that may wait for hours are left out.",
        "“If ordered”: the hours of the greatest contributor if every failed module had to be ordered anew and its "
        "repair took its lead time. It is the worst case, without any spare in store.",
        *([f"Counted as always up, for want of mean times: {', '.join(unrated)}."] if unrated else []),
    )


def _share_band(plan: Plan) -> str:
    band = plan.basis.source_of("availability.common_cause_frac")
    if band.of == "*" or band.low is None or band.high is None:
        return ""
    return f"; the range is that of {band.low * 100:g}% to {band.high * 100:g}%"


def _basis(plan: Plan, figure: str) -> str:
    """Basis and source of a figure of the availability."""
    found = plan.basis.source_of(f"availability.{figure}")
    title = next((s.title for s in plan.sources if s.key == found.source), found.source)
    return f"{found.basis}; {title}"
