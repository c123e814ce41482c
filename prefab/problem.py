"""The question in whole numbers: block choices, plant options and wishes; needs rounded up, capacities down."""

from dataclasses import dataclass, replace
from difflib import get_close_matches

from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.columns import Column, Hooks, make_columns
from prefab.eligible import Offer, eligible_pods, make_offers, without_supply
from prefab.errors import InputError
from prefab.module import Engine, Module
from prefab.physics.electrical import loss_kw
from prefab.units import have, need


@dataclass(frozen=True)
class Draw:
    """What something draws at three places, in whole kW rounded up: from the switchgear, the utility's medium voltage
    (the switchgear's loss included) and the grid (the main transformers' loss included)."""

    switchgear_kw: int = 0
    utility_kw: int = 0
    grid_kw: int = 0


@dataclass(frozen=True)
class BlockChoice:
    """A column with its figures as the solver sees them."""

    column: Column
    it_kw: int
    normal: Draw
    extra: Draw
    """More than that in the block's worst situation."""
    cost_kusd: int

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name


@dataclass(frozen=True)
class PlantOption:
    """One module type that may serve the whole site; one step of its count adds a module on every side."""

    module: Module
    carrier: str
    sides: int
    spare: int
    most: int
    capacity_kw: int
    cost_kusd: int
    standing: Draw = Draw()
    """What one step draws by standing there: no-load losses, a battery's standby."""
    feeders: int = 0
    """Blocks that one intake may feed."""
    fuel_l: int = 0
    """Usable litres that come with one step."""
    idle_l_per_h: float = 0.0
    """Fuel of one running set beyond `Problem.fuel_l_per_kwh` times its load; the two never understate its curve."""
    battery_kw: int = 0
    battery_kwh: int = 0

    @property
    def name(self) -> str:
        """The SKU."""
        return self.module.sku


@dataclass(frozen=True)
class Problem:
    """Everything the master needs; variables are named here, so that rules and sizing agree on them."""

    columns: tuple[BlockChoice, ...]
    plant: tuple[PlantOption, ...]
    it_kw: tuple[float, ...]
    grid_kw: int
    generator_h: float
    fuel_l_per_kwh: float
    fuel_margin_frac: float
    battery_kw: float
    battery_kwh: float
    block_kinds: int
    stranded: tuple[str, ...]
    """A line for everything that is needed and that no eligible module gives."""
    one_kind_per_intake: bool = False
    """A narrower question, for when no way was found to share intakes between kinds."""

    @property
    def phases(self) -> range:
        """Phase numbers from 0."""
        return range(len(self.it_kw))

    @property
    def plant_carriers(self) -> tuple[str, ...]:
        """Carriers served by plant, in the order of the options."""
        return tuple(dict.fromkeys(o.carrier for o in self.plant))

    def options(self, carrier: str) -> tuple[PlantOption, ...]:
        """The options for one carrier."""
        return tuple(o for o in self.plant if o.carrier == carrier)

    @property
    def stores(self) -> Draw:
        """The most that the grid battery may draw by standing there; it hangs on the first intake."""
        found = [(o.standing, o.most) for o in self.plant if o.battery_kw]
        return Draw(*(max((getattr(d, f) * n for d, n in found), default=0) for f in _PLACES))

    def count(self, choice: BlockChoice, phase: int) -> str:
        """Blocks of a choice that stand in a phase."""
        return f"blocks:{choice.name}:{phase}"

    def stands(self, choice: BlockChoice) -> str:
        """1 when a choice is used at all."""
        return f"uses:{choice.name}"

    def plant_count(self, option: PlantOption, phase: int) -> str:
        """Modules per side of an option in a phase."""
        return f"plant:{option.carrier}:{option.name}:{phase}"

    def intakes(self, choice: BlockChoice, option: PlantOption, phase: int) -> str:
        """Intake modules per side that feed the blocks of one choice, and no others."""
        return f"intakes:{choice.name}:{option.name}:{phase}"

    def per_intake(self, choice: BlockChoice, option: PlantOption) -> int:
        """Blocks of a choice that one intake module carries, one of them in its worst situation."""
        room = option.capacity_kw - choice.extra.switchgear_kw - self.stores.switchgear_kw
        ways = option.feeders - (1 if self.battery_kw else 0)
        return max(0, min(room // choice.normal.switchgear_kw, ways))

    def chosen(self, option: PlantOption) -> str:
        """1 when an option is the one chosen for its carrier."""
        return f"chosen:{option.carrier}:{option.name}"


_PLACES = ("switchgear_kw", "utility_kw", "grid_kw")


def _stranded(brief: SiteBrief, catalog: Catalog, hooks: Hooks, wanted: tuple[str, ...]) -> tuple[str, ...]:
    pods, refused = eligible_pods(brief, catalog)
    if not pods:
        reasons = "; ".join(f"{r.sku}: {r.reason}" for r in refused)
        return (f"IT pods: none may stand here; {reasons}",)
    # Liquids and heat depend on temperatures that are chosen block by block.
    needed = {n.carrier for pod in pods for n in pod.needs} | {"lv_ac"}
    simple = (c.key for c in catalog.carriers if c.key in needed and c.medium in ("electric", "air", "signal"))
    return without_supply(brief, catalog, hooks.shapes, (*simple, *wanted))


def check_names(brief: SiteBrief, catalog: Catalog) -> None:
    """Every name in the brief exists in the catalog.

    Raises:
        InputError: with every name that does not, and what is allowed.
    """
    mistakes = []
    for field, value, allowed in (
        ("site.climate", brief.site.climate, [c.key for c in catalog.climates]),
        ("it.workload", brief.it.workload, [w.key for w in catalog.workloads]),
        ("grid.tariff", brief.grid.tariff, [t.key for t in catalog.tariffs]),
    ):
        if value not in allowed:
            mistakes.append(f"brief: {field}: {value!r} is not in the catalog; allowed: {', '.join(allowed)}")
    pods = [m.sku for m in catalog.modules if m.it]
    for sku in brief.it.pods:
        if sku not in pods:
            mistakes.append(f"brief: it.pods: {sku!r} is not an IT pod of the catalog; allowed: {', '.join(pods)}")
    skus = {m.sku for m in catalog.modules}
    for sku in brief.limits.exclude:
        if sku not in skus:
            near = get_close_matches(sku, sorted(skus), n=1)
            hint = f"did you mean {near[0]}?" if near else "see `prefab catalog list`"
            mistakes.append(f"brief: limits.exclude: {sku!r} is not in the catalog; {hint}")
    if mistakes:
        raise InputError(mistakes)


def make_problem(brief: SiteBrief, catalog: Catalog, hooks: Hooks) -> Problem:
    """Columns and plant options for a brief.

    Raises:
        InputError: the brief names something that the catalog does not have.
    """
    check_names(brief, catalog)
    columns = make_columns(brief, catalog, hooks)
    installed = 1 + catalog.costs.freight_frac + catalog.costs.installation_frac
    wanted = ["mv_ac"]
    if brief.grid.at_high_voltage:
        wanted.append("utility_mv")
    if brief.autonomy.generator_h > 0:
        wanted += ["standby_mv", "fuel"]
    if brief.storage.power_mw > 0:
        wanted.append("mv_storage")
    plant: list[PlantOption] = []
    for carrier in wanted:
        offers, _ = make_offers(brief, catalog, hooks.shapes, carrier)
        level = str(getattr(brief.redundancy, catalog.carrier(carrier).redundancy, "N"))
        plant += [_option(offer, carrier, level, installed, brief) for offer in offers]
    slopes = _slopes(plant, "mv_ac"), _slopes(plant, "utility_mv")
    fuel = max((_fuel_slope(o.module.engine) for o in plant if o.module.engine), default=0.0)
    return Problem(
        columns=tuple(_choice(c, slopes) for c in columns),
        plant=tuple(replace(o, idle_l_per_h=_idle_l_per_h(o, fuel), standing=_standing(o, slopes)) for o in plant),
        it_kw=tuple(brief.it_kw_until(p) for p in range(len(brief.phases))),
        grid_kw=have(brief.grid.capacity_mw * 1000),
        generator_h=brief.autonomy.generator_h,
        fuel_l_per_kwh=fuel,
        fuel_margin_frac=catalog.basis.fuel_margin_frac,
        battery_kw=brief.storage.power_mw * 1000,
        battery_kwh=brief.storage.power_mw * brief.storage.duration_h * 1000,
        block_kinds=brief.limits.block_kinds,
        stranded=_stranded(brief, catalog, hooks, tuple(wanted)),
    )


Slopes = tuple[float, float]
"""Loss per kW of load beyond the no-load loss: of intake switchgear, of main transformers."""


def _slopes(plant: list[PlantOption], carrier: str) -> float:
    """Losses are convex: on the straight line from no load to full load they are never understated."""
    slopes = [
        (float(loss_kw(o.module.losses.points, 1.0)) - float(loss_kw(o.module.losses.points, 0.0))) / o.capacity_kw
        for o in plant
        if o.carrier == carrier and o.module.losses
    ]
    return max(slopes, default=0.0)


def _draw(switchgear_kw: float, utility_kw: float, grid_kw: float, slopes: Slopes) -> Draw:
    """Rounded up where each is added: at the switchgear, behind it, and behind the main transformers."""
    utility = switchgear_kw * (1 + slopes[0]) + utility_kw
    return Draw(need(switchgear_kw), need(utility), need(utility * (1 + slopes[1]) + grid_kw))


def _choice(column: Column, slopes: Slopes) -> BlockChoice:
    normal = _draw(column.mv_kw, 0.0, 0.0, slopes)
    worst = _draw(column.mv_worst_kw, 0.0, 0.0, slopes)
    extra = Draw(*(max(0, getattr(worst, f) - getattr(normal, f)) for f in _PLACES))
    return BlockChoice(column, have(column.it_kw), normal, extra, need(column.cost_kusd))


def _standing(option: PlantOption, slopes: Slopes) -> Draw:
    module = option.module
    idle = option.sides * float(loss_kw(module.losses.points, 0.0)) if module.losses else 0.0
    if module.grid_battery is not None:
        return _draw(module.grid_battery.standby_kw, 0.0, 0.0, slopes)
    if option.carrier == "mv_ac":
        return _draw(0.0, idle, 0.0, slopes)
    return _draw(0.0, 0.0, idle if option.carrier == "utility_mv" else 0.0, slopes)


def _hourly(engine: Engine) -> list[tuple[float, float]]:
    """Litres per hour and rated kW, over load fraction."""
    return [(x, x * y) for x, y in engine.fuel_l_per_kwh]


def _fuel_slope(engine: Engine) -> float:
    (x0, h0), *_, (x1, h1) = _hourly(engine)
    return (h1 - h0) / (x1 - x0)


def _idle_l_per_h(option: PlantOption, slope: float) -> float:
    if option.module.engine is None:
        return 0.0
    given = option.module.given(option.carrier)
    rated_kw = (given.capacity_kw if given else None) or 0.0
    return max(0.0, *(h - slope * x for x, h in _hourly(option.module.engine))) * rated_kw


def _option(offer: Offer, carrier: str, level: str, installed: float, brief: SiteBrief) -> PlantOption:
    module = offer.module
    given = module.given(carrier)
    sides = 2 if level == "2N" else 1
    fuel = offer.capacity_kw if carrier == "fuel" else 0.0
    if module.engine is not None:
        fuel = module.engine.belly_tank_l * module.engine.tank_usable_frac
    battery = module.grid_battery
    usable = battery.energy_kwh * battery.depth_of_discharge_frac * battery.end_of_life_frac if battery else 0.0
    most = offer.parallel_max
    if battery is not None:
        asked_kw = brief.storage.power_mw * 1000
        most = max(need(asked_kw / battery.power_kw), need(asked_kw * brief.storage.duration_h / usable))
    return PlantOption(
        module=module,
        carrier=carrier,
        sides=sides,
        spare=1 if level == "N+1" else 0,
        most=most,
        capacity_kw=have(offer.capacity_kw),
        cost_kusd=need(sides * module.price_usd * installed / 1000),
        feeders=given.feeders_max or most if given else 0,
        fuel_l=have(fuel),
        battery_kw=have(battery.power_kw) if battery else 0,
        battery_kwh=have(usable),
    )
