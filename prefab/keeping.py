"""What storage is kept for, written out from the counts that the sizing chose: no more than each duty takes."""

from collections.abc import Iterator, Mapping, Sequence

from prefab.plant_options import PlantOption
from prefab.problem import BlockChoice, Problem
from prefab.shares import Share
from prefab.units import WATTS


def shares_of(problem: Problem, values: Mapping[str, int], kinds: Mapping[str, BlockChoice]) -> tuple[Share, ...]:
    """The shares of a site, whose kinds of block go by name."""
    if not problem.storage.varies:
        return ()
    last = problem.phases[-1]
    duties = [(name, kind.column.duty) for name, kind in kinds.items()]
    found = [own.model_copy(update={"kind": name}) for name, duty in duties if duty for own in duty.own]
    battery = next((o for o in problem.options("mv_storage") if values[problem.plant_count(o, last)]), None)
    for phase in problem.phases:
        lent = tuple(_lent(problem, values, kinds, phase))
        found += lent
        if battery is not None:
            asked_w = sum(c.duty.step_w * values[problem.count(c, phase)] for c in kinds.values())
            lent_w = values[problem.storage.lent(phase)] if lent else 0
            sure_w = [
                sum(c.duty.sure_w * values[problem.count(c, phase)] for c in kinds.values() if c.column.demand == n)
                for n in range(len(problem.it_kw))
            ]
            kept = _by_batteries(problem, values, battery, phase, (asked_w - lent_w) / WATTS, sure_w)
            found += [share for share in kept if share.power_kw > 0]
    return tuple(found)


def _lent(problem: Problem, values: Mapping[str, int], kinds: Mapping[str, BlockChoice], phase: int) -> Iterator[Share]:
    """Ramps that the blocks' own UPS carry: of each as much as it offers, until there is enough."""
    ask, left_w = problem.storage, values.get(problem.storage.lent(phase), 0)
    for name, kind in kinds.items():
        blocks = values[problem.count(kind, phase)]
        for held in kind.column.duty.offers if kind.column.duty and blocks else ():
            each_kw = min(left_w / blocks, problem.rounding.had(ask.lasting_kw(held), WATTS)) / WATTS
            left_w -= round(each_kw * blocks * WATTS)
            if each_kw > 0:
                yield Share(
                    duty="ramp", carrier=held.carrier, sku=held.sku, kind=name, phase=phase,
                    power_kw=each_kw * ask.ramp_frac, energy_kwh=each_kw * ask.ramp_h,
                )  # fmt: skip


def _by_batteries(
    problem: Problem,
    values: Mapping[str, int],
    battery: PlantOption,
    phase: int,
    step_kw: float,
    sure_w: Sequence[int],
) -> Iterator[Share]:
    ask, reserve = problem.storage, problem.brief.storage
    nothing = Share(duty="ramp", carrier=battery.carrier, sku=battery.name, phase=phase, power_kw=0, energy_kwh=0)
    if phase == problem.phases[-1]:
        kw = reserve.power_mw * 1000
        yield nothing.model_copy(update={"duty": "reserve", "power_kw": kw, "energy_kwh": kw * reserve.duration_h})
    for number, swing in enumerate(ask.swings):
        if swing is not None:
            kw = values[problem.storage.taken(number, phase)] / WATTS
            yield nothing.model_copy(
                update={
                    "duty": "swing",
                    "demand": number,
                    "power_kw": kw * swing.power_parts / ask.parts,
                    "energy_kwh": kw * swing.energy_parts / ask.parts,
                    "swing_kw": kw,
                    "relief_kw": min(kw, sure_w[number] / WATTS) * swing.relief_parts / ask.parts,
                }
            )
    yield nothing.model_copy(update={"power_kw": step_kw * ask.ramp_frac, "energy_kwh": step_kw * ask.ramp_h})
    if ask.shaving is not None:
        kw = values[problem.storage.shaved(phase)] / WATTS
        power_kw = max(kw * parts / ask.parts - less_w / WATTS for parts, less_w in ask.shaving_power)
        energy_kwh = kw * ask.shaving.energy_parts / ask.parts
        yield nothing.model_copy(
            update={"duty": "shaving", "power_kw": power_kw, "energy_kwh": energy_kwh, "relief_kw": kw}
        )
