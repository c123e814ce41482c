"""One complete design and its file: every decision, and nothing that follows from the decisions without a solver."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from prefab.basis import DesignBasis
from prefab.brief import SiteBrief
from prefab.carrier import Carrier
from prefab.climate import Climate, WeatherYear
from prefab.costs import Costs
from prefab.errors import InputError
from prefab.market import Country, GridRule, Tariff
from prefab.materials import Gear, Laid
from prefab.module import Module
from prefab.provenance import Key, Sku, Source
from prefab.shares import Share
from prefab.site_layout import Placed, Routed, Side, Tag
from prefab.supply import SupplyBasis, SupplyHours
from prefab.tables import Frozen, read_text, validate
from prefab.workload import Accelerator, Card, StorageCard, Workload

FORMAT: Literal["prefab-plan/3"] = "prefab-plan/3"
_OPEN_LEVELS = 3
GRID = "GRID"
"""The tag of the utility connection in feeds and runs."""
GAS = "GAS"
"""The tag of the gas pipeline likewise."""

System = Literal["A", "B", "C", "D", "E"]
"""Of a module: one of up to five independent systems that give the same."""
SYSTEMS: tuple[System, ...] = ("A", "B", "C", "D", "E")


class Group(Frozen):
    """Equal modules that give one carrier together."""

    carrier: Key
    sku: Sku
    sides: Annotated[int, Field(ge=1, le=5)] = 1
    """Independent systems; what each carries follows from the feeds."""
    per_side: Annotated[int, Field(ge=1)]
    supply_degc: float | None = None
    """The temperature of the liquid it delivers."""
    unit_for: Key | None = None
    """Each module serves one module of the group that gives this carrier, and nothing else."""
    cells: Annotated[int, Field(ge=1)] = 1
    """So many equal parts, each with all systems: one for each pod of the block where every pod has its own."""

    @property
    def count(self) -> int:
        """Modules of all systems and cells."""
        return self.sides * self.per_side * self.cells


class BlockKind(Frozen):
    """The composition of equal blocks."""

    name: Key
    pod: Sku
    pods: Annotated[int, Field(ge=1)]
    groups: tuple[Group, ...]
    demand: str = ""
    """The IT demand that it serves, where the brief has several."""

    @property
    def title(self) -> str:
        """Its name for reading, with the IT demand that it serves where there are several."""
        return f"Block kind {self.name}" + (f" ({self.demand})" if self.demand else "")


class Plant(Frozen):
    """A group that serves the whole site and grows phase by phase."""

    carrier: Key
    sku: Sku
    sides: Literal[1, 2] = 1
    per_side: tuple[int, ...]
    """Per phase, those of earlier phases included."""
    unit_for: Key | None = None
    """Each module serves one module of the plant that gives this carrier, and nothing else."""


class Spare(Frozen):
    """Modules of one type kept in store; they stand nowhere and are connected to nothing."""

    sku: Sku
    count: Annotated[int, Field(ge=1)]


class Sized(Frozen):
    """What to buy. Status, objective and bound are the solver's claims."""

    kinds: tuple[BlockKind, ...]
    blocks: tuple[tuple[int, ...], ...]
    """Per kind and phase: blocks standing, those of earlier phases included."""
    plant: tuple[Plant, ...]
    intakes: tuple[int, ...] = ()
    """For each block, in the order of phases and kinds, the number of the intake switchgear that feeds it (a pair of
    them where there are sides A and B); then for each converter or transformer of grid batteries, where these take more
    than the ring of the site's own services on the first."""
    spares: tuple[Spare, ...] = ()
    storage: Annotated[tuple[Share, ...], Field(exclude_if=lambda shares: not shares)] = ()
    """What storage is kept for, where ramps, swings or peaks are asked of it."""
    status: Literal["optimal", "feasible"]
    objective_usd: int
    """Module prices, freight and installation, rounded up per block and per plant module; with the margin where the
    brief prefers other makers."""
    real_usd: int | None = None
    """The same without that margin, where there is one."""
    bound_usd: int
    """No site of the question in whole numbers is cheaper."""
    exact_bound_usd: int = 0
    """No site at all is cheaper, with nothing rounded to whole watts, litres and dollars."""
    parameters: str
    stopped: Literal["", "user", "budget"] = ""

    @property
    def cost_usd(self) -> int:
        """What is paid for modules, freight and installation."""
        return self.objective_usd if self.real_usd is None else self.real_usd

    @property
    def gap_frac(self) -> float:
        """How far from the optimum the answer can be at most."""
        return (self.objective_usd - self.bound_usd) / self.objective_usd if self.objective_usd else 0.0

    def bounded(self, bound_usd: int, exact_bound_usd: int, stopped: Literal["", "user", "budget"] = "") -> "Sized":
        """The same site with other bounds, as far as they are below its cost; the cheapest one where they reach it.

        `stopped` says what ended the search for them early, if anything did.
        """
        bound = min(bound_usd, self.objective_usd)
        status = "optimal" if bound == self.objective_usd else "feasible"
        ended = "" if status == "optimal" else self.stopped or stopped
        proof = {"bound_usd": bound, "exact_bound_usd": min(exact_bound_usd, bound), "status": status, "stopped": ended}
        return self.model_copy(update=proof)

    @property
    def rounding_frac(self) -> float:
        """How much cheaper a site may be that whole numbers hide, beside the gap."""
        return (self.bound_usd - self.exact_bound_usd) / self.objective_usd if self.objective_usd else 0.0


class Equipment(Frozen):
    """One module of the site, with its tag."""

    tag: Tag
    sku: Sku
    block: Annotated[int, Field(ge=0)]
    """Number of its block from 1; 0 for the site's plant."""
    kind: str = ""
    """Name of the block's kind; empty for the site's plant."""
    phase: Annotated[int, Field(ge=0)]
    carrier: Key
    """What it gives."""
    side: System = "A"
    supply_degc: float | None = None
    unit_for: Key | None = None
    cell: Annotated[int, Field(ge=0)] = 0
    """The pod of its block, by number from 1, whose own it is; a pod's own number; 0 for what all pods share."""

    @property
    def cord(self) -> Side:
        """The feed on which a module of its system normally draws, and the side on which its own runs lie."""
        return "B" if self.side in ("B", "D") else "A"


class Feed(Frozen):
    """How a consumer gets one carrier on one side: from suppliers in parallel on one bus or header."""

    consumer: Tag
    carrier: Key
    side: Side
    """For a transfer connection A is the normal feed."""
    standby: bool = False
    """It takes over when the other feed is gone, and carries nothing before."""
    suppliers: Annotated[tuple[Tag, ...], Field(min_length=1)]


class Connected(Frozen):
    """Every module by tag, and every feed."""

    equipment: tuple[Equipment, ...]
    feeds: tuple[Feed, ...]
    sections: tuple[tuple[Tag, ...], ...] = ()
    """Suppliers of one medium-voltage bus that more of their kind join through couplers with fault-current limiters:
    they share their load, and only one section feeds a fault."""


class ScheduledTask(Frozen):
    """One activity with its dates; `finish` is the day on which it ends, the same as `start` for one day or less."""

    key: str
    title: str
    subject: str
    """`site`, a phase's name or a block such as `B03`."""
    stage: Key
    phase: int
    start: date
    finish: date
    work_days: Annotated[int, Field(ge=0)]
    predecessors: tuple[str, ...] = ()
    resource: str = ""
    float_days: Annotated[int, Field(ge=0)] = 0
    critical: bool = False


class Scheduled(Frozen):
    """The deployment schedule and the solver's claims for it."""

    tasks: tuple[ScheduledTask, ...]
    status: Literal["optimal", "feasible"]
    objective_days: int
    """Sum over phases of IT megawatts times the working day on which the phase is handed over."""
    bound_days: int
    holidays_version: str


class Plan(Frozen):
    """A design with its brief and the catalog entries it uses, so that any later step needs nothing else."""

    format: Literal["prefab-plan/3"] = FORMAT
    program: str
    catalog_digest: str
    """Of the whole catalog it was made with."""
    entries_digest: str = ""
    """Of the entries it carries: one that was edited afterwards shows."""
    brief: SiteBrief
    modules: tuple[Module, ...]
    carriers: tuple[Carrier, ...]
    climate: Climate
    workload: Workload
    """Of the brief's only IT demand, or its first."""
    further_workloads: tuple[Workload, ...] = ()
    """Of its other demands, in their order; those without tokens follow."""
    storage_cards: tuple[StorageCard, ...] = ()
    """Of the brief's demands without tokens, its last."""
    tariff: Tariff
    costs: Costs
    basis: DesignBasis
    laid: Laid = Laid()
    """Cables, pipes and trenches that runs are made of."""
    gear: Annotated[Gear, Field(exclude_if=lambda gear: gear == Gear())] = Gear()
    country: Country | None = None
    grid_rules: tuple[GridRule, ...] = ()
    """Those that hold at the site, or where the brief does not say which, all of the country's."""
    weather: WeatherYear | None = None
    """The hours of the user's weather file; none where the climate's synthetic year stands."""
    supply_basis: Annotated[SupplyBasis | None, Field(exclude_if=lambda basis: basis is None)] = None
    """None where the brief names no supply."""
    supply_hours: Annotated[tuple[SupplyHours, ...], Field(exclude_if=lambda hours: not hours)] = ()
    """Of every source of the brief's that names a file."""
    accelerators: tuple[Accelerator, ...] = ()
    """What the pods hold."""
    sources: tuple[Source, ...]
    sized: Sized
    connected: Connected | None = None
    placed: Placed | None = None
    routed: Routed | None = None
    scheduled: Scheduled | None = None

    @model_validator(mode="after")
    def _later_sections_need_the_earlier(self) -> "Plan":
        sections = ("connected", "placed", "routed", "scheduled")
        given = [getattr(self, name) is not None for name in sections]
        if (given[2] and not given[1]) or (any(given[1:]) and not given[0]):
            raise ValueError("sections may be left out from the right only: connected, placed, routed; scheduled last")
        if self.brief.supply and self.supply_basis is None:
            raise ValueError("supply_basis: missing; it must be given where the brief names supply")
        return self

    def __hash__(self) -> int:
        """Of a little that tells most designs apart: every feed of a large site takes long, and `==` looks at all."""
        return hash((self.entries_digest, self.sized.objective_usd, self.brief))

    @property
    def entries_digest_found(self) -> str:
        """SHA-256 over the catalog entries that the plan carries."""
        cards = (self.climate, *self.cards)
        entries = (*self.modules, *self.carriers, *cards, self.tariff, self.costs, self.basis)
        given = (self.country, self.weather, self.supply_basis, self.gear if self.gear != Gear() else None)
        beside = (*(e for e in given if e), *self.supply_hours)
        others = (self.laid, *self.accelerators, *self.grid_rules, *beside)
        return hashlib.sha256("".join(e.model_dump_json() for e in (*entries, *others)).encode()).hexdigest()

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The cards of all demands with tokens, in their order: the brief's first."""
        return (self.workload, *self.further_workloads)

    @property
    def cards(self) -> tuple[Card, ...]:
        """The cards of all demands, in their order."""
        return (*self.workloads, *self.storage_cards)

    def demand_of(self, kind: BlockKind) -> int:
        """The number of the IT demand that a kind of block serves."""
        return {d.name: n for n, d in enumerate(self.brief.it.demand)}.get(kind.demand, 0)

    def card_of(self, kind: BlockKind) -> Card:
        """The card that the pods of a kind of block serve."""
        return self.cards[self.demand_of(kind)]

    def module(self, sku: str) -> Module:
        """The catalog entry of a SKU the plan uses."""
        return next(m for m in self.modules if m.sku == sku)

    def carrier(self, key: str) -> Carrier:
        """The carrier of that key."""
        return next(c for c in self.carriers if c.key == key)


def write_plan(plan: Plan) -> str:
    """The plan file's text: one decision a line, keys in the order of the types, equal bytes for equal plans."""
    return _text(plan.model_dump(mode="json"), "") + "\n"


def _text(value: Any, indent: str) -> str:
    """Tables open over lines, lists of tables give each entry a line, everything else stays on one."""
    inner = indent + " "
    if isinstance(value, dict) and len(indent) < _OPEN_LEVELS:
        rows = [f"{inner}{json.dumps(key)}: {_text(entry, inner)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        rows = [inner + _compact(entry) for entry in value]
        return "[\n" + ",\n".join(rows) + f"\n{indent}]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises:
        InputError: not there, not JSON, another format, or mistakes in it.
    """
    text = read_text(path)
    try:
        tree = json.loads(text, parse_constant=lambda name: f"<{name}>")
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not valid JSON: {error.msg}") from None
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        found = tree.get("format") if isinstance(tree, dict) else type(tree).__name__
        raise InputError(f"{path}: format: {found!r} is not a plan prefab reads; allowed: {FORMAT!r}")
    return validate(tree, Plan, str(path))
