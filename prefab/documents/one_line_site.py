"""The site's part of the one-line diagram: utility, high voltage, switchgear, standby, storage, the site's services."""

from collections.abc import Iterable, Sequence

from prefab.documents.drawing import Anchor, Circle, Label, Shape
from prefab.documents.labels import count_of, rating_of, redundancy_of, site_voltage
from prefab.documents.one_line_symbols import (
    battery,
    beside,
    box,
    breaker,
    bus,
    converter,
    machine,
    transformer,
    wire,
)
from prefab.documents.style import GREY
from prefab.plan import Plan, Plant
from prefab.shares import Duty
from prefab.units import number

WIDTH = 740.0
SITE_HEIGHT = 246.0
"""Where the blocks begin."""
_MIDDLE = WIDTH / 2
_UTILITY_Y, _MV_Y = 100.0, 152.0
_OUT_Y = 228.0
_START: Anchor = "start"
_END: Anchor = "end"
_SPANS = {1: ((110.0, 610.0),), 2: ((110.0, 352.0), (388.0, 630.0))}
_INCOMING = {1: (_MIDDLE,), 2: (235.0, 505.0)}


def plant_of(plan: Plan, carrier: str) -> Plant | None:
    """What gives a carrier to the site after its last phase."""
    return next((p for p in plan.sized.plant if p.carrier == carrier and p.per_side[-1]), None)


def sides_of(plan: Plan) -> int:
    """How many medium-voltage buses there are."""
    intake = plant_of(plan, "mv_ac")
    return intake.sides if intake else 1


def out_y(side: int) -> float:
    """Height of the cables that leave a bus for the blocks."""
    return _OUT_Y + 7 * side


def draw_site(plan: Plan, ends: Sequence[Sequence[float]]) -> Iterable[Shape]:
    """Everything above the blocks; `ends` says for each side where its cables go down to the blocks."""
    sides = sides_of(plan)
    yield from _utility(plan, _INCOMING[sides])
    yield from _switchgear(plan, ends)
    yield from _standby(plan, _SPANS[sides])
    yield from _storage(plan, _SPANS[sides][-1][1])
    yield from _services(plan)


def _utility(plan: Plan, incoming: Sequence[float]) -> Iterable[Shape]:
    colour = plan.carrier("utility_mv").colour
    yield from box(_MIDDLE, 4, 172, ("Utility grid", site_voltage(plan.brief)))
    main = plant_of(plan, "utility_mv")
    if main is None:
        yield wire(colour, (_MIDDLE, 32), (_MIDDLE, _UTILITY_Y))
    else:
        hv = plan.carrier("hv_ac").colour
        yield wire(hv, (_MIDDLE, 32), (_MIDDLE, 42))
        yield bus(hv, _MIDDLE - 60, _MIDDLE + 60, 42)
        bays = plant_of(plan, "hv_bay")
        drawn = min(3, main.per_side[-1])
        for index in range(drawn):
            x = _MIDDLE + (index - (drawn - 1) / 2) * 40
            yield wire(hv, (x, 42), (x, 62))
            if bays:
                yield from breaker(x, 52, plan.carrier("hv_bay").colour)
            yield from transformer(x, 74, colour)
            yield wire(colour, (x, 86), (x, _UTILITY_Y))
        if bays:
            yield from beside(_MIDDLE - 72, 44, _described(plan, bays), 120, anchor="end")
        yield from beside(_MIDDLE + 72, 66, _described(plan, main), 120)
    yield bus(colour, min(incoming[0], _MIDDLE - 60), max(incoming[-1], _MIDDLE + 60), _UTILITY_Y, 1.6)


def _switchgear(plan: Plan, ends: Sequence[Sequence[float]]) -> Iterable[Shape]:
    mv = plan.carrier("mv_ac").colour
    intake, sides = plant_of(plan, "mv_ac"), sides_of(plan)
    for side, (x, (start, end)) in enumerate(zip(_INCOMING[sides], _SPANS[sides], strict=True)):
        yield wire(mv, (x, _UTILITY_Y), (x, _MV_Y))
        yield from breaker(x, _MV_Y - 12, mv)
        yield bus(mv, start, end, _MV_Y)
        text = f"MV bus {'AB'[side]}" if sides == 2 else "MV bus"
        text += f", {_bus_kv(plan):g} kV"
        if intake:
            text += f": {intake.per_side[-1]} x {intake.sku}, {rating_of(plan, intake.sku, 'mv_ac')} each"
        out, y = (start + 20 if side == 0 else end - 20), out_y(side)
        yield wire(mv, (out, _MV_Y), (out, y))
        down = (out, *ends[side])
        yield wire(mv, (min(down), y), (max(down), y))
        yield from breaker(out, _MV_Y + 11, mv)
        at, anchor = (start + 28, _START) if side == 0 else (end - 28, _END)
        yield Label(at, _MV_Y + 11, text, size=7.5, anchor=anchor, bold=True, colour=mv)


def _standby(plan: Plan, spans: Sequence[tuple[float, float]]) -> Iterable[Shape]:
    sets = plant_of(plan, "standby_mv")
    if not sets:
        return
    colour = plan.carrier("standby_mv").colour
    x, y = 24.0, 84.0
    yield from machine(x, y, "G", colour)
    yield from beside(x + 18, y - 9, _described(plan, sets))
    stored = _fuel(plan, sets)
    for index, line in enumerate(stored):
        yield Label(x + 18, y - 20 - 9 * (len(stored) - 1 - index), line, size=7, colour=GREY)
    line_y = 128.0
    ends = [start + 45 for start, _ in spans[:1]] + [end - 45 for _, end in spans[1:]]
    yield wire(colour, (x, y + 11), (x, line_y), (max(ends), line_y))
    for end in ends:
        yield wire(colour, (end, line_y), (end, _MV_Y))
        yield Circle(end, line_y, 1.6, fill=colour)
        yield from breaker(end, _MV_Y - 12, colour)


def _fuel(plan: Plan, sets: Plant) -> list[str]:
    """What sets do not carry, and where the fuel comes from, a line each."""
    engine, fuel = plan.module(sets.sku).engine, plant_of(plan, "fuel")
    it, words = plan.brief.it, {"cooling": "Only cooling carried of", "none": "Not carried"}
    of = {kept: [d.name for d in it.demands if d.backup == kept] for kept in words}
    apart = [f"{words[kept]}: {', '.join(names) if it.demand else 'IT'}" for kept, names in of.items() if names]
    if engine and engine.fuel == "gas":
        return ["Gas from the pipeline", *apart]
    if fuel is None:
        return apart
    hours = plan.brief.autonomy.generator_h
    lines = [f"Fuel: {count_of(fuel)} x {fuel.sku}"]
    if polishing := plant_of(plan, "fuel_polishing"):
        lines[0] += f", polished by {count_of(polishing)} x {polishing.sku}"
    return [*lines, *apart, f"{number(_fuel_l(plan, sets, fuel) / 1000)} m³ incl. belly tanks, for {hours:g} h"]


def _bus_kv(plan: Plan) -> float:
    """Voltage of the site's switchgear."""
    return plan.brief.grid.switchgear_kv(plan.basis.medium_voltage_kv)


def _fuel_l(plan: Plan, sets: Plant, fuel: Plant) -> float:
    """What tanks and the usable part of the sets' belly tanks hold."""
    engine, gives = plan.module(sets.sku).engine, plan.module(fuel.sku).given("fuel")
    belly_l = engine.belly_tank_l * engine.tank_usable_frac if engine else 0.0
    tank_l = (gives.capacity_l or 0.0) if gives else 0.0
    return sets.sides * sets.per_side[-1] * belly_l + fuel.sides * fuel.per_side[-1] * tank_l


def _storage(plan: Plan, end: float) -> Iterable[Shape]:
    """The grid batteries, behind their transformers or converters where these are modules of their own."""
    cells = plant_of(plan, "mv_storage")
    if not cells:
        return
    colour = plan.carrier("mv_storage").colour
    x, foot = 672.0, 120.0
    between = plant_of(plan, "battery_ac") or plant_of(plan, "battery_dc")
    yield wire(colour, (end, _MV_Y), (x, _MV_Y), (x, 129.0 if between else foot))
    yield from breaker(end + 14, _MV_Y, colour)
    if between:
        own = plan.carrier(between.carrier).colour
        foot = 88.0
        yield wire(own, (x, 105), (x, foot))
        if between.carrier == "battery_dc":
            yield from converter(x, 106, own, direct=True, from_direct=False)
        else:
            yield from transformer(x, 117, own)
        yield from beside(x + 15, 112, _described(plan, between)[:2], WIDTH - x - 12)
    yield from battery(x, foot, colour)
    for index, line in enumerate(_described(plan, cells)):
        yield Label(x, foot - 38 + 9 * index, line, size=7, anchor="middle", bold=not index)
    if duties := _duties(plan):
        yield Label(x, foot - 47, duties, size=7, anchor="middle")


def _duties(plan: Plan) -> str:
    """What the site's batteries are kept for in the last phase; nothing where only a reserve was asked of them."""
    last = len(plan.brief.phases) - 1
    kept = dict.fromkeys(s.duty for s in plan.sized.storage if not s.kind and s.phase == last)
    return f"for {', '.join(_DUTIES[duty] for duty in kept)}" if kept else ""


_DUTIES: dict[Duty, str] = {"reserve": "reserve", "swing": "swings", "ramp": "ramps", "shaving": "shaving"}


def _services(plan: Plan) -> Iterable[Shape]:
    """House transformers between the buses, and what lives on their low-voltage board."""
    house = plant_of(plan, "site_lv_ac")
    if not house:
        return
    colour, mv = plan.carrier("site_lv_ac").colour, plan.carrier("mv_ac").colour
    spans = _SPANS[sides_of(plan)]
    both = (spans[0][1] - 6, spans[-1][0] + 6) if len(spans) == 2 else (_MIDDLE - 24, _MIDDLE + 24)
    feet = both[: house.sides]
    for x in feet:
        yield wire(mv, (x, _MV_Y), (x, 168))
        yield from breaker(x, _MV_Y + 8, mv)
        yield from transformer(x, 180, colour)
        yield wire(colour, (x, 192), (x, 198))
    yield from beside(feet[-1] + 13, 181, _described(plan, house)[:2], 120)
    yield bus(colour, _MIDDLE - 60, _MIDDLE + 60, 198, 2.0)
    served = [p for p in plan.sized.plant if p.per_side[-1] and plan.module(p.sku).needed("site_lv_ac")]
    named = ", ".join(f"{p.sides * p.per_side[-1]} x {p.sku}" for p in served)
    yield wire(colour, (_MIDDLE, 198), (_MIDDLE, 204))
    yield from box(_MIDDLE, 204, 236, (f"Site services: {named}",))


def _described(plan: Plan, plant: Plant) -> tuple[str, str, str]:
    return (
        f"{plant.sides * plant.per_side[-1]} x {plant.sku}",
        f"{rating_of(plan, plant.sku, plant.carrier)} each",
        redundancy_of(plan, plant.carrier) if plant.carrier != "mv_storage" else _energy(plan, plant),
    )


def _energy(plan: Plan, plant: Plant) -> str:
    cells = plan.module(plant.sku).grid_battery
    return f"{number(cells.energy_kwh)} kWh each" if cells else ""
