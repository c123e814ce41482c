"""What the factory builds and what sites cost: the catalog's other types, loading, overlaying and checking."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator

from prefab.errors import InputError
from prefab.module import (
    Fraction,
    Key,
    Millimetres,
    Module,
    NotNegative,
    Positive,
    Sourced,
    Text,
)
from prefab.shipped import shipped
from prefab.tables import Frozen, read_toml

Share = Annotated[float, Field(gt=0, le=1)]


class Carrier(Frozen):
    """What flows between modules."""

    key: Key
    title: Text
    medium: Literal["electric", "liquid", "air", "heat", "signal", "fuel", "it"]
    scope: Literal["block", "site"]
    redundancy: Literal["power", "cooling", "control", "intake", "main_transformers", "standby", "none"]
    """The key of the brief's [redundancy] that governs it."""
    group_max_kw: Positive | None = None
    """Most that one common bus may carry."""
    density_kg_per_l: Positive | None = None
    heat_capacity_kj_per_kg_k: Positive | None = None
    grades_degc: tuple[float, ...] = ()
    """Supply temperatures tried for this liquid; none where they follow from what it serves."""
    rise_k: Positive | None = None
    """Design temperature rise of a liquid loop; none where the consumer's `return_max_degc` sets it."""
    run_usd_per_m: NotNegative = 0.0
    """Installed cable or pipe per metre of route, both conductors or both pipes of a circuit."""
    circuit_max_a: Positive | None = None
    """Most that one such circuit carries at medium voltage; larger loads take several side by side."""
    branch_max_kw: Positive | None = None
    """A consumer that draws no more than this hangs on a small cable of its own."""
    branch_usd_per_m: NotNegative | None = None
    """Installed, per metre of such a cable."""
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")] = "#888888"

    @model_validator(mode="after")
    def _branch(self) -> "Carrier":
        if (self.branch_max_kw is None) != (self.branch_usd_per_m is None):
            raise ValueError("give both branch_max_kw and branch_usd_per_m, or neither")
        return self


class Carriers(Sourced):
    """File `carriers.toml`."""

    carrier: tuple[Carrier, ...]


class Climate(Sourced):
    """A site's typical weather by month, from which a synthetic hourly year is made."""

    key: Key
    title: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    utc_offset_h: float
    dry_bulb_mean_degc: Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]
    dry_bulb_daily_max_degc: Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]
    dry_bulb_daily_min_degc: Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]
    dry_bulb_day_sd_k: Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]
    dew_point_mean_degc: Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]
    dry_bulb_max_degc: float
    dry_bulb_min_degc: float
    wet_bulb_max_degc: float


class Workload(Sourced):
    """The workload card: what the tokens of a TokEnergy figure are."""

    key: Key
    title: Text
    purpose: Literal["inference", "training"]
    model: Text
    parameters_total_b: Positive
    parameters_active_b: Positive
    precision: Text
    accelerator: Text
    """Pods with this accelerator serve the card."""
    tokens_counted: Text
    tokenizer: Text
    input_tokens_mean: NotNegative
    output_tokens_mean: NotNegative
    concurrency: Text
    latency_target: Text
    rate_tokens_per_s: Positive
    """Per accelerator at full occupation, base case."""
    rate_low_tokens_per_s: Positive
    rate_high_tokens_per_s: Positive
    accelerator_w: Positive
    """Mean power of one accelerator at that rate, for the chip boundary B0."""
    utilisation_frac: Share
    availability_frac: Share
    goodput_frac: Share
    profile_frac: Annotated[tuple[float, ...], Field(min_length=24, max_length=24)]
    """Load by hour of the day over its daily peak."""


class Tariff(Sourced):
    """What energy costs and how dirty it is, flat over the year."""

    key: Key
    title: Text
    energy_usd_per_kwh: Positive
    carbon_g_per_kwh: NotNegative


class Costs(Sourced):
    """What a site costs beyond its modules, as shares of module price or per quantity. File `costs.toml`."""

    freight_frac: Fraction
    installation_frac: Fraction
    engineering_frac: Fraction
    commissioning_frac: Fraction
    contingency_frac: Fraction
    civil_usd_per_m2: NotNegative
    road_usd_per_m2: NotNegative
    price_accuracy_frac: Fraction
    """How far an indicative price may be off, each way."""


class Separation(Frozen):
    """Least distance between two modules of these classes (`*` for any class)."""

    a: Key | Literal["*"]
    b: Key | Literal["*"]
    gap_mm: Annotated[int, Field(ge=0)]
    note: Text = ""


class DesignBasis(Sourced):
    """Engineering judgements that hold for every site unless the brief says otherwise. File `design_basis.toml`."""

    power_factor: Fraction
    medium_voltage_kv: Positive
    """Of sites connected at high voltage; the others take their connection's."""
    recirculation_k: NotNegative
    pump_static_frac: Fraction
    """Share of a facility pump's rated power that it draws at any flow."""
    coolant_flow_min_frac: Fraction
    """Least flow of a pump whose loop is held by temperature, over its full flow."""
    fan_speed_min_frac: Fraction
    """Slowest speed of the fans of air units, over full speed."""
    fuel_margin_frac: NotNegative
    crane_crews_count: Annotated[int, Field(gt=0)]
    lifts_per_day_count: Annotated[int, Field(gt=0)]
    connection_crews_count: Annotated[int, Field(gt=0)]
    commissioning_crews_count: Annotated[int, Field(gt=0)]
    fat_bays_count: Annotated[int, Field(gt=0)]
    engineering_days: Annotated[int, Field(gt=0)]
    permit_days: Annotated[int, Field(gt=0)]
    grid_connection_days: Annotated[int, Field(gt=0)]
    civil_days_per_block: Annotated[int, Field(gt=0)]
    site_civil_days: Annotated[int, Field(gt=0)]
    site_acceptance_days: Annotated[int, Field(gt=0)]
    functional_test_days: Annotated[int, Field(gt=0)]
    integrated_test_days: Annotated[int, Field(gt=0)]
    road_width_mm: Millimetres
    road_reach_mm: Millimetres
    """Every module that stands on the land is within this of a road."""
    run_slack_frac: Fraction
    riser_mm: Annotated[int, Field(ge=0)]
    separation: tuple[Separation, ...]


class Source(Frozen):
    """One publication or reference."""

    key: Key
    title: Text
    url: Text = ""
    trust: Text = ""


class Sources(Frozen):
    """File `sources.toml`."""

    source: tuple[Source, ...]


class Catalog(Frozen):
    """Everything in the catalog folder, each tuple sorted by key."""

    modules: tuple[Module, ...]
    carriers: tuple[Carrier, ...]
    climates: tuple[Climate, ...]
    workloads: tuple[Workload, ...]
    tariffs: tuple[Tariff, ...]
    costs: Costs
    basis: DesignBasis
    sources: tuple[Source, ...]

    def module(self, sku: str) -> Module:
        """The module with this SKU.

        Raises:
            KeyError: there is none.
        """
        return _find(self.modules, "sku", sku)

    def carrier(self, key: str) -> Carrier:
        """The carrier with this key."""
        return _find(self.carriers, "key", key)

    def digest(self) -> str:
        """SHA-256 over the content: the same for the same content, wherever it lies and in whatever order."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


_Entry = TypeVar("_Entry", bound=Frozen)


def _find(entries: Iterable[_Entry], field: str, key: str) -> _Entry:
    for entry in entries:
        if getattr(entry, field) == key:
            return entry
    raise KeyError(key)


def load_catalog(*folders: Path) -> Catalog:
    """Read the shipped catalog with the given folders laid over it; a later entry replaces one of the same key.

    Raises:
        InputError: with every mistake of every file.
    """
    trees = (shipped("catalog"), *folders)
    mistakes: list[str] = []

    def many(folder: str, model: type[_Entry], key: str) -> tuple[_Entry, ...]:
        found: dict[str, _Entry] = {}
        for tree in trees:
            here: set[str] = set()
            for path in sorted((tree / folder).rglob("*.toml")):
                try:
                    entry = read_toml(path, model)
                except InputError as error:
                    mistakes.extend(error.mistakes)
                    continue
                name = getattr(entry, key)
                if path.stem.upper() != name.upper():
                    mistakes.append(f"{path}: {key}: {name!r} differs from the file's name; they must agree")
                if name in here:
                    mistakes.append(f"{path}: {key}: {name!r} stands in another file of the same folder tree too")
                here.add(name)
                found[name] = entry
        return tuple(found[name] for name in sorted(found))

    def one(name: str, model: type[_Entry]) -> _Entry | None:
        path = next(tree / name for tree in reversed(trees) if (tree / name).is_file() or tree == trees[0])
        try:
            return read_toml(path, model)
        except InputError as error:
            mistakes.extend(error.mistakes)
            return None

    for folder in folders:
        if not folder.is_dir():
            mistakes.append(f"{folder}: no such folder; --catalog takes a folder laid out like prefab's catalog/")
    modules = many("modules", Module, "sku")
    climates = many("climates", Climate, "key")
    workloads = many("workloads", Workload, "key")
    tariffs = many("tariffs", Tariff, "key")
    carriers = one("carriers.toml", Carriers)
    costs = one("costs.toml", Costs)
    basis = one("design_basis.toml", DesignBasis)
    sources = one("sources.toml", Sources)
    if mistakes or carriers is None or costs is None or basis is None or sources is None:
        raise InputError(mistakes)
    catalog = Catalog(
        modules=modules,
        carriers=tuple(sorted(carriers.carrier, key=lambda c: c.key)),
        climates=climates,
        workloads=workloads,
        tariffs=tariffs,
        costs=costs,
        basis=basis,
        sources=tuple(sorted(sources.source, key=lambda s: s.key)),
    )
    if mistakes := check_catalog(catalog, carriers):
        raise InputError(mistakes)
    return catalog


def check_catalog(catalog: Catalog, carriers_file: Carriers) -> list[str]:
    """Mistakes that no single file shows: sources and carriers that do not exist, needs that nothing gives."""
    sources = {s.key for s in catalog.sources}
    carriers = {c.key for c in catalog.carriers}
    mistakes = [
        f"{name}: key {key!r} stands more than once"
        for name, keys in (
            ("sources.toml", [s.key for s in catalog.sources]),
            ("carriers.toml", [c.key for c in catalog.carriers]),
        )
        for key in sorted({k for k in keys if keys.count(k) > 1})
    ]
    named: list[tuple[str, Sourced]] = [(m.sku, m) for m in catalog.modules]
    named += [(c.key, c) for c in catalog.climates]
    named += [(w.key, w) for w in catalog.workloads]
    named += [(t.key, t) for t in catalog.tariffs]
    named += [("carriers", carriers_file), ("costs", catalog.costs), ("design_basis", catalog.basis)]
    for name, entry in named:
        for provenance in entry.provenance:
            if provenance.source not in sources:
                mistakes.append(
                    f"{name}: provenance of {provenance.of}: source {provenance.source!r} is not in sources.toml"
                )
            if provenance.of != "*" and not _has_key(entry, provenance.of):
                mistakes.append(f"{name}: provenance of {provenance.of}: no such key in the file")
    given = {g.carrier for m in catalog.modules for g in m.gives} | {"hv_ac"}
    for module in catalog.modules:
        for carrier in sorted({g.carrier for g in module.gives} | {n.carrier for n in module.needs}):
            if carrier not in carriers:
                mistakes.append(f"{module.sku}: carrier {carrier!r} is not in carriers.toml")
        for missing in sorted({n.carrier for n in module.needs} - given):
            mistakes.append(f"{module.sku}: needs {missing!r}, which no module gives")
    return mistakes


def _has_key(entry: Frozen, path: str) -> bool:
    value: object = entry
    for name in path.split("."):
        if isinstance(value, tuple):
            value = value[0] if value else None
        if not isinstance(value, Frozen) or name not in type(value).model_fields:
            return False
        value = getattr(value, name)
    return True
