"""The question in whole numbers: block choices, plant options and wishes; needs rounded up, capacities down."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from prefab.backup import backed_kw
from prefab.block_walk import Stages
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.columns import Column, make_columns
from prefab.draw import Draw, Slopes, draw_at
from prefab.eligible import SiteOffers
from prefab.market import own_supply_kw
from prefab.names import check_names
from prefab.packing import Edge, Fewest, Load, Pattern, edges_of
from prefab.plan import BlockKind
from prefab.plant import make_plant
from prefab.plant_options import PlantOption
from prefab.refusals import stranded
from prefab.storage_ask import BlockAsk, StorageAsk, make_block_ask, make_storage_ask
from prefab.strings import SERVICES_KW, Strung, make_strings, on_first_w, standing_most, way_kw
from prefab.units import GENEROUS, SAFE, WATTS, Rounding, need
from prefab.ways import Hooks

Columns = tuple[Column, ...]


@dataclass(frozen=True)
class BlockChoice:
    """A column with its figures as the solver sees them."""

    column: Column
    it_kw: int
    normal: Draw
    extra: Draw
    """More than that in the block's worst situation."""
    cost_usd: int
    real_usd: int
    """Without the margin that the choice adds where the brief prefers other makers."""
    duty: BlockAsk
    """What it leaves to the site's storage."""
    backed_w: int
    """What of its normal draw generating sets carry, at the utility's side of the switchgear."""
    asks: Mapping[str, int]
    """Thousandths of a kilowatt or unit that one block asks of each of the site's services."""

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    def asked(self, carrier: str) -> int:
        """What it asks of one service."""
        return self.asks.get(carrier, 0)


@dataclass(frozen=True)
class Problem:
    """Everything the master needs; variables are named here, so that rules and sizing agree on them."""

    brief: SiteBrief
    catalog: Catalog
    columns: tuple[BlockChoice, ...]
    plant: tuple[PlantOption, ...]
    it_kw: tuple[tuple[float, ...], ...]
    """Of each IT demand in every phase, those before it included."""
    grid_w: int
    generator_h: float
    fuel_l_per_kwh: float
    fuel_margin_frac: float
    own_supply_kw: tuple[float, ...]
    """Of generating sets and batteries in every phase, where the grid's rules ask for it."""
    storage: StorageAsk
    block_kinds: int
    services: tuple[str, ...]
    """Carriers of the site whose demands simply add up: network, supervision, their power."""
    attached: tuple[str, ...]
    """Carriers of the site given by a module that serves one module of the plant, or as many as it carries."""
    stranded: tuple[str, ...]
    """A line for everything that is needed and that no eligible module gives."""
    summed: tuple[str, ...] = ()
    """Rules over sums of all modules whose rows are asked for; the columns are then undominated in these sums too."""
    packed: tuple[tuple[str, ...], ...] = ()
    """Kinds of block, one or two, for which rows say what one intake carries of them; totals do for the others."""
    patterned: tuple[tuple[str, ...], ...] = ()
    """Those of them for which the rows on every edge still leave what does not fit: every intake has its pattern."""
    fewest: tuple[Fewest, ...] = ()
    """The same for three demands or more: what is no lighter takes no fewer intakes."""
    rounding: Rounding = SAFE
    """How what the rows derive from these figures becomes whole in turn."""

    @property
    def phases(self) -> range:
        """Phase numbers from 0."""
        return range(len(self.it_kw[0]))

    def firm_w(self, phase: int) -> int:
        """What the utility does not call off in a phase."""
        return self.rounding.had(self.brief.connection_in(phase).firm_mw * 1000, WATTS)

    def given_w(self, phase: int) -> int:
        """What the connection gives in a phase."""
        return self.rounding.had(self.brief.connection_in(phase).given_mw * 1000, WATTS)

    def shaved_w(self, limit_w: int) -> int:
        """The most that the site may draw at its peak where storage keeps it below a limit."""
        shaving = self.storage.shaving
        return limit_w if shaving is None else need(limit_w * self.storage.parts / shaving.rest_parts)

    def lacking_w(self, phase: int) -> int:
        """What the connection does not give yet of what may be drawn at full build."""
        return _full_w(self.brief, self.rounding) - self.given_w(phase)

    @cached_property
    def most_bridged_w(self) -> int:
        """The most that sets may give beside the utility."""
        sets = (o for o in self.options("standby_mv") if o.bridge_w)
        return max(((o.most - o.spare) * o.bridge_w for o in sets), default=0)

    def asked_kw(self, choice: BlockChoice, phase: int) -> float:
        """IT load of the demand that a choice serves."""
        return self.it_kw[choice.column.demand][phase]

    def most_blocks(self, choice: BlockChoice, phase: int) -> int:
        """Blocks of a choice that alone carry its demand: a site never has more of them."""
        return need(self.asked_kw(choice, phase) / choice.it_kw)

    def load(self, choice: BlockChoice, phase: int) -> Load:
        """Of a choice that alone carries its demand."""
        blocks = self.most_blocks(choice, phase)
        return Load(choice.column.demand, blocks, choice.normal.switchgear_w, choice.extra.switchgear_w)

    def no_lighter(self, load: Load, phase: int) -> list[BlockChoice]:
        """The choices for a demand that ask as much of intakes in a phase as this, or more."""
        own = (c for c in self.columns if c.column.demand == load.demand)
        return [c for c in own if all(a >= b for a, b in zip(self.load(c, phase), load, strict=True))]

    @cached_property
    def whole_phases(self) -> Sequence[int]:
        """Phases whose intakes must be seen to carry whole blocks: the last one, as long as any number of intakes may
        stand before; all of them where intakes come by slots."""
        slots = {factory.family for factory in self.brief.works.factory}
        limited = any(o.module.family in slots for o in self.options("mv_ac"))
        return self.phases if limited else self.phases[-1:]

    @property
    def unserved(self) -> bool:
        """Whether there is an IT demand for which no block can be built."""
        return len({c.column.demand for c in self.columns}) < len(self.it_kw)

    @property
    def plant_carriers(self) -> tuple[str, ...]:
        """Carriers served by plant, in the order of the options."""
        return tuple(dict.fromkeys(o.carrier for o in self.plant))

    def options(self, carrier: str) -> tuple[PlantOption, ...]:
        """The options for one carrier."""
        return tuple(o for o in self.plant if o.carrier == carrier)

    @cached_property
    def optional(self) -> frozenset[str]:
        """Services that no block asks for, and batteries that only duties may: nobody buys them unless something chosen
        does."""
        spare = {"mv_storage"} if not self.storage.reserve_w else set()
        return frozenset(spare.union(s for s in self.services if not any(c.asked(s) for c in self.columns)))

    @cached_property
    def stores(self) -> Draw:
        """The most that the site's own plant may draw by standing there."""
        return standing_most(self.plant)

    @cached_property
    def strings(self) -> tuple[Strung, ...]:
        """Grid batteries on ways of intakes, by every choice of what they are and hang by."""
        return tuple(make_strings(self.plant, self._switchgear_kv, self.catalog.basis.power_factor))

    @property
    def site_ways(self) -> int:
        """Outgoing ways of the first intake that the site's own services take: one ring, if there are any, or as many
        ways as their current takes of the smallest switchgear."""
        if not any(n.carrier == "mv_ac" for o in self.plant for n in o.module.needs):
            return 0
        basis, ways = self.catalog.basis, [1]
        for option in self.options("mv_ac"):
            rated = option.module.given("mv_ac")
            if rated is not None and rated.feeder_max_a is not None:
                taken = need(SERVICES_KW / way_kw(self._switchgear_kv, rated.feeder_max_a, basis.power_factor))
                ways += [taken] if taken < option.feeders else []
        return max(ways)

    @property
    def _switchgear_kv(self) -> float:
        return self.brief.grid.switchgear_kv(self.catalog.basis.medium_voltage_kv)

    def attachments(self) -> Iterable[tuple[PlantOption, PlantOption]]:
        """Every plant option with every option that may serve it."""
        for supplier in self.plant:
            if supplier.carrier in self.attached:
                yield from ((c, supplier) for c in self.plant if c.module.needed(supplier.carrier))

    def count(self, choice: BlockChoice, phase: int) -> str:
        """Blocks of a choice that stand in a phase."""
        return f"blocks:{choice.name}:{phase}"

    def kept(self, phase: int) -> list[str]:
        """The watts that batteries are kept for, besides what blocks ask of them."""
        found = [self.storage.taken(n, phase) for n, swing in enumerate(self.storage.swings) if swing]
        return found + ([self.storage.shaved(phase)] if self.storage.shaving else [])

    def storage_watts(self, phase: int) -> list[tuple[str, int]]:
        """All watts that say what storage is kept for, each with the most of them."""
        ask = self.storage
        demands = [n for n, swing in enumerate(ask.swings) if swing]
        found = [(ask.taken(n, phase), ask.widest_w) for n in demands]
        found += [(ask.shaved(phase), ask.shaving.most_w)] if ask.shaving else []
        found += [(ask.relieved(n, phase), ask.widest_w) for n in demands]
        return found + ([(ask.lent(phase), ask.widest_w)] if any(c.duty.offer_w for c in self.columns) else [])

    def relief(self, phase: int) -> list[tuple[int, str]]:
        """What the site draws less at its peak for all storage."""
        storage = self.storage
        found = [(-c.duty.relief_w, self.count(c, phase)) for c in self.columns if c.duty.relief_w]
        found += [(-1, self.storage.relieved(n, phase)) for n, swing in enumerate(storage.swings) if swing]
        return found + ([(-1, self.storage.shaved(phase))] if storage.shaving else [])

    def stands(self, choice: BlockChoice) -> str:
        """1 when a choice is used at all."""
        return f"uses:{choice.name}"

    def plant_count(self, option: PlantOption, phase: int) -> str:
        """Modules per side of an option in a phase."""
        return f"plant:{option.carrier}:{option.name}:{phase}"

    def room_w(self, option: PlantOption, *, first: bool) -> int:
        """What one intake module has for blocks and strings; the site's own services hang on the first one."""
        return option.capacity_w - (on_first_w(self.plant, self.strings, option) if first else 0)

    def ways(self, option: PlantOption, *, first: bool) -> int:
        """Blocks that one intake module has outgoing ways for."""
        return option.feeders - (self.site_ways if first else 0)

    def patterns(self, option: PlantOption, *kinds: BlockChoice, first: bool) -> list[Pattern]:
        """What one intake module carries together, one block in its worst situation: the most of the last of some kinds
        beside every number of the others."""
        found = _patterns(kinds, self.room_w(option, first=first), self.ways(option, first=first), 0)
        return list(found) or [(0,) * len(kinds)]

    def string(self, strung: Strung) -> BlockChoice:
        """A full string of batteries as a kind of block: it takes a way, and what it draws by standing there."""
        standing_w = max(1, strung.standing_w(strung.per_way))
        return replace(self.columns[0], normal=Draw(standing_w, standing_w, standing_w), extra=Draw())

    def edges(self, option: PlantOption, one: BlockChoice, other: BlockChoice) -> list[tuple[Edge, int]]:
        """The edges around the patterns of any intake but the first, with how far the first one stays below each."""
        on_first = self.patterns(option, one, other, first=True)
        edges = edges_of(self.patterns(option, one, other, first=False))
        return [((a, b, c), c - max(a * i + b * j for i, j in on_first)) for a, b, c in edges]

    def chosen(self, option: PlantOption) -> str:
        """1 when an option is the one chosen for its carrier."""
        return f"chosen:{option.carrier}:{option.name}"


def _patterns(kinds: Sequence[BlockChoice], room_w: int, ways: int, worst_w: int) -> Iterator[Pattern]:
    """The same for what is left of an intake, the worst of the blocks that hang on it already being so much worse."""
    kind, *rest = kinds
    each, worse_w = kind.normal.switchgear_w, max(worst_w, kind.extra.switchgear_w)
    if not rest:
        yield (min(ways, max(0, (room_w - worse_w) // each)),)
        return
    for count in range(ways + 1):
        left_w = room_w - count * each
        if left_w < (worse_w if count else worst_w):
            break
        for others in _patterns(rest, left_w, ways - count, worse_w if count else worst_w):
            yield (count, *others)


class Known:
    """What is kept from one brief to the next, for one catalog."""

    def __init__(self, columns: Mapping[Hashable, Columns] | None = None) -> None:
        self.columns = dict(columns or {})
        """By the question that they answer."""
        self.stages: dict[Hashable, Stages] = {}
        """Of the walks, by all of the question but what walks read as they go."""
        self.used: tuple[BlockKind, ...] = ()
        """The blocks of the last site found."""


def question_of(brief: SiteBrief, hooks: Hooks) -> tuple[Hashable, Hashable]:
    """Everything that columns depend on: briefs with equal questions have equal columns.

    The second part is what walks read: it decides on offers and on how they are arranged, and on nothing else.
    """
    site, asked, limits, last = brief.site, brief.redundancy, brief.limits, len(brief.phases) - 1
    return (
        (site.country, site.climate, site.altitude_m, site.design_dry_bulb_degc, brief.grid.voltage_kv),
        (brief.it, tuple(brief.demand_kw_until(d.name, last) for d in brief.it.demands), brief.fabric_frac),
        (tuple(p.energised_by for p in brief.phases), brief.as_of),
        (limits.pods_per_block, limits.exclude, brief.restrict, brief.prefer, hooks),
        (brief.autonomy.fuel, brief.autonomy.generator_h > 0, asked.scope),
        # What batteries feed into a fault.
        (brief.storage, brief.grid.swing_mw, brief.grid.felt_ramp_mw_per_min),
        # What burdens are made of.
        (limits.area_m2, limits.water_m3_per_h, limits.sound_power_dba) if hooks.burdens else (),
    ), (asked, brief.autonomy.ups_min)


def make_problem(brief: SiteBrief, catalog: Catalog, hooks: Hooks, known: Known | None = None) -> Problem:
    """Columns and plant options for a brief; columns that are known are not made again.

    Raises:
        InputError: the brief names something that the catalog does not have.
    """
    check_names(brief, catalog)
    catalog = catalog.with_fabric(brief.fabric_frac)
    known = Known() if known is None else known
    question = question_of(brief, hooks)
    if question not in known.columns:
        stages = known.stages.setdefault(question[0], {})
        known.columns[question] = make_columns(brief, catalog, hooks, stages)
    return _rounded(SiteOffers(brief, catalog, hooks.shapes), hooks, known.columns[question], SAFE)


def make_generous(problem: Problem, hooks: Hooks) -> Problem:
    """The same question with every figure rounded the other way: its least cost is below every site's exact cost."""
    columns = tuple(c.column for c in problem.columns)
    offered = SiteOffers(problem.brief, problem.catalog, hooks.shapes)
    return replace(_rounded(offered, hooks, columns, GENEROUS), summed=problem.summed)


def _rounded(offered: SiteOffers, hooks: Hooks, columns: Columns, rounding: Rounding) -> Problem:
    brief, catalog = offered.brief, offered.catalog
    blocks = max((need(brief.it_kw / c.it_kw) for c in columns), default=0) + _rests(brief)
    own_kw = _own_supply_kw(brief, catalog)
    storage = make_storage_ask(offered, columns, rounding)
    plant = make_plant(offered, hooks, _most_asked(brief, columns), storage, blocks, max(own_kw), rounding)
    phases = range(len(brief.phases))
    return Problem(
        brief=brief,
        catalog=catalog,
        columns=tuple(
            _choice(c, kw, plant.slopes, storage, rounding)
            for c, kw in zip(columns, backed_kw(brief, catalog, columns), strict=True)
        ),
        plant=plant.options,
        it_kw=tuple(tuple(brief.demand_kw_until(d.name, p) for p in phases) for d in brief.it.demands),
        grid_w=_full_w(brief, rounding),
        generator_h=brief.autonomy.generator_h,
        fuel_l_per_kwh=plant.fuel_l_per_kwh,
        fuel_margin_frac=catalog.basis.fuel_margin_frac,
        own_supply_kw=own_kw,
        storage=storage,
        block_kinds=brief.kinds_max,
        services=plant.services,
        attached=plant.attached,
        stranded=stranded(offered, plant.wanted),
        rounding=rounding,
    )


def _own_supply_kw(brief: SiteBrief, catalog: Catalog) -> tuple[float, ...]:
    """By phase; at full build for the whole connection, even where some of it comes later."""
    rules, full_mw = catalog.rules_at(brief.site.country, brief.grid.rules or ()), brief.grid.capacity_mw
    early = (brief.connection_in(phase).given_mw for phase in range(len(brief.phases) - 1))
    return tuple(own_supply_kw(rules, full_mw, given_mw) for given_mw in (*early, full_mw))


def _full_w(brief: SiteBrief, rounding: Rounding) -> int:
    """What may be drawn at full build: what the connection gives then, or where sets bridge what it is built for."""
    given_mw = brief.connection_in(len(brief.phases) - 1).given_mw
    return rounding.had((brief.grid.capacity_mw if brief.grid.bridge.allowed else given_mw) * 1000, WATTS)


def _rests(brief: SiteBrief) -> int:
    """Blocks of a site that may be filled in part only, beside the last one."""
    return max(1, len(brief.it.demands) - 1)


def _most_asked(brief: SiteBrief, columns: Columns) -> dict[str, float]:
    """The most that blocks may draw and ask of each of the site's services, whatever blocks are chosen."""
    most: dict[str, float] = {}
    # Two kinds together exceed the IT load by less than a block of the larger one; of several demands each may.
    it_kw = brief.it_kw + _rests(brief) * max((c.it_kw for c in columns), default=0.0)
    for column in columns:
        for carrier, units in (("mv_ac", column.mv_worst_kw), *column.services):
            most[carrier] = max(most.get(carrier, 0.0), (it_kw / column.it_kw + 1) * units)
    return most


def _choice(column: Column, backed_kw: float, slopes: Slopes, storage: StorageAsk, rounding: Rounding) -> BlockChoice:
    normal = draw_at(column.mv_kw, 0.0, 0.0, slopes, rounding)
    worst = draw_at(column.mv_worst_kw, 0.0, 0.0, slopes, rounding)
    extra = Draw(*(max(0, more - less) for more, less in zip(worst, normal, strict=True)))
    asks = {carrier: rounding.needed(units, WATTS) for carrier, units in column.services}
    usd = rounding.needed(column.cost_usd), rounding.needed(column.real_usd)
    backed_w, duty = draw_at(backed_kw, 0.0, 0.0, slopes, rounding).utility_w, make_block_ask(column, storage, rounding)
    return BlockChoice(column, rounding.had(column.it_kw), normal, extra, *usd, duty, backed_w, asks)
