"""Grid batteries on outgoing ways of intake switchgear: how many share one, and what such a string draws by standing.

A string is as many converters or transformers of batteries as the current of one way carries, all batteries behind them
at their power. The first ones share the ring of the site's own services on the first intake; strings hang on any.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import sqrt

from prefab.draw import Draw
from prefab.plant_options import POWER, PlantOption
from prefab.units import WATTS, need

SERVICES_KW = 3200.0
"""The most that transformers of the site's own services draw: two of the largest."""


@dataclass(frozen=True)
class Strung:
    """Batteries of one type behind modules of one type, on the ways of one type of intake switchgear."""

    intake: PlantOption
    battery: PlantOption
    hung: PlantOption
    """What takes them to the switchgear: their converter or transformer, or the battery itself."""
    each: int
    """Batteries behind one of these."""
    per_way: int
    """How many of these hang on one way; 0 where one alone is too much for it."""
    beside: int
    """How many of these share the ring of the site's own services."""

    @property
    def spread(self) -> bool:
        """Whether there may be more of them than share that ring."""
        return self.hung.most > self.beside

    def ways(self, count: int) -> int:
        """Ways that so many take beside that ring."""
        return -(-max(0, count - self.beside) // self.per_way) if self.per_way else 0

    def standing_w(self, count: int) -> int:
        """What so many draw of their intake by standing there, their batteries included."""
        behind = 0 if self.hung is self.battery else min(count * self.each, self.battery.most)
        return count * self.hung.standing.switchgear_w + behind * self.battery.standing.switchgear_w


def make_strings(plant: Iterable[PlantOption], kv: float, power_factor: float) -> Iterator[Strung]:
    """Every battery with everything that may take it to every intake switchgear whose ways have a limit."""
    plant = tuple(plant)
    for intake in (o for o in plant if o.carrier == "mv_ac"):
        given = intake.module.given("mv_ac")
        if given is None or given.feeder_max_a is None:
            continue
        way_w = int(way_kw(kv, given.feeder_max_a, power_factor) * WATTS)
        for battery in (o for o in plant if o.battery_w):
            for hung in _takes(battery, plant):
                each = 1 if hung is battery else hung.carries(battery)
                drawn_w = _drawn_w(hung, each * battery.drawn_w)
                if each:
                    beside = max(0, way_w - int(SERVICES_KW * WATTS)) // drawn_w
                    yield Strung(intake, battery, hung, each, way_w // drawn_w, beside)


def on_first_w(plant: Iterable[PlantOption], strings: Iterable[Strung], intake: PlantOption) -> int:
    """The most that draws of the first intake by standing there: services, and the batteries that share their ring; all
    of them where they do, or where ways have no limit."""
    plant, here = tuple(plant), [s for s in strings if s.intake.name == intake.name]
    if not any(s.spread for s in here):
        return standing_most(plant).switchgear_w
    apart = {o.carrier for s in here for o in (s.battery, s.hung)}
    services = standing_most(o for o in plant if o.carrier not in apart)
    return services.switchgear_w + max(s.standing_w(min(s.beside, s.hung.most)) for s in here)


def standing_most(plant: Iterable[PlantOption]) -> Draw:
    """The most that plant beside the supply of the whole site draws by standing there, one type for each carrier."""
    of: dict[str, list[PlantOption]] = {}
    for option in plant:
        if option.carrier not in POWER:
            of.setdefault(option.carrier, []).append(option)
    most = ([max(o.standing[n] * o.most for o in options) for n in range(3)] for options in of.values())
    return Draw(*(sum(column) for column in zip(*most, strict=True)))


def way_kw(kv: float, feeder_max_a: float, power_factor: float) -> float:
    """What one outgoing way carries."""
    return sqrt(3) * kv * feeder_max_a * power_factor


def _takes(battery: PlantOption, plant: Iterable[PlantOption]) -> Iterator[PlantOption]:
    for option in plant:
        wish = battery.module.needed(option.carrier) if option.carrier not in POWER else None
        takes = option is battery or (wish is not None and wish.through)
        if takes and option.module.needed("mv_ac") is not None:
            yield option


def _drawn_w(hung: PlantOption, output_w: int) -> int:
    """While it gives so much, all sides of a step together; its loss is that at its rating."""
    wish = hung.module.needed("mv_ac")
    assert wish is not None
    lost_w = max(0, hung.drawn_w - hung.capacity_w) if hung.module.losses else 0
    return hung.sides * (output_w + lost_w + need(wish.fixed_kw * WATTS + wish.kw_per_kw * output_w))
