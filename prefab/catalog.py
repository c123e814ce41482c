"""Everything the maker maintains as data: its types in one place, and loading it, folder over folder."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from prefab.basis import DesignBasis
from prefab.carrier import Carrier, Carriers
from prefab.climate import Climate
from prefab.costs import Costs
from prefab.errors import InputError
from prefab.layers import Entry, Kind, read_entries
from prefab.market import Countries, Country, Currencies, GridRule, Rate, Tariff
from prefab.materials import (
    Barrier,
    Barriers,
    CableSeries,
    Crane,
    Crew,
    Crews,
    Hire,
    Hires,
    PipeSeries,
    Transporter,
    Trench,
    Trenches,
)
from prefab.module import Module
from prefab.product import FatProtocol, FatProtocols
from prefab.provenance import Provenance, Source, Sourced, Sources
from prefab.shipped import shipped
from prefab.supply import SupplyBasis
from prefab.tables import Frozen, Loc
from prefab.workload import Accelerator, Card, Profile, StorageCard, Workload, check_workloads, with_weeks

DOLLARS = Currencies(
    as_of=date(2000, 1, 1),
    rate=(Rate(code="USD", title="US dollar", usd_per_unit=1.0),),
    provenance=(Provenance(of="*", source="prefab-judgement", basis="judgement", note="A dollar is a dollar."),),
)
"""The rates of a catalog without a table of its own."""


FABRIC = "fabric"
"""The carrier of fabric, storage and management computers."""

_CONVERTED = ("mv_storage", "battery_dc")
"""What converters of batteries give."""


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
    profiles: tuple[Profile, ...] = ()
    accelerators: tuple[Accelerator, ...] = ()
    storage_cards: tuple[StorageCard, ...] = ()
    """Of demands without tokens."""
    grid_rules: tuple[GridRule, ...] = ()
    countries: tuple[Country, ...] = ()
    currencies: Currencies = DOLLARS
    fat_protocols: tuple[FatProtocol, ...] = ()
    cables: tuple[CableSeries, ...] = ()
    pipes: tuple[PipeSeries, ...] = ()
    trenches: tuple[Trench, ...] = ()
    cranes: tuple[Crane, ...] = ()
    transporters: tuple[Transporter, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    crews: tuple[Crew, ...] = ()
    hires: tuple[Hire, ...] = ()
    supply: SupplyBasis | None = None
    """Without it no brief may name supply."""

    def module(self, sku: str) -> Module:
        """The module with this SKU.

        Raises:
            KeyError: there is none.
        """
        return _find(self.modules, "sku", sku)

    def fed_back_mva(self, reserve_mw: float) -> float:
        """What batteries feed into a fault: those for all duties, where a sizing found it, or else the least that a
        reserve may. A question with less than any site has of it proves what it calls impossible."""
        basis = self.basis.short_circuit
        return (basis.batteries_mva if basis else None) or self.least_fault_mva(reserve_mw)

    def least_fault_mva(self, reserve_mw: float) -> float:
        """The least that batteries which give so much feed into a fault: every megawatt passes a converter."""
        own = (m.electrical for m in self.modules if any(g.carrier in _CONVERTED for g in m.gives))
        fracs = [e.fault_current_frac for e in own if e is not None and e.fault_current_frac is not None]
        return reserve_mw * min(fracs, default=0.0)

    def country(self, code: str) -> Country | None:
        """The country of that ISO 3166 code, if the catalog has it."""
        return next((c for c in self.countries if c.code == code), None)

    def rules_at(self, country: str, named: tuple[str, ...] | None) -> tuple[GridRule, ...]:
        """The grid rules that are named, or where none are, those of the country: any of them may hold."""
        return tuple(r for r in self.grid_rules if (country in r.countries if named is None else r.key in named))

    def carrier(self, key: str) -> Carrier:
        """The carrier with this key."""
        return _find(self.carriers, "key", key)

    @property
    def cards(self) -> tuple[Card, ...]:
        """Of every demand that a brief may name, those with tokens first."""
        return (*self.workloads, *self.storage_cards)

    def with_fabric(self, frac: float | None) -> "Catalog":
        """Pods that ask for another share of fabric, storage and management computers, or for none; their own where it
        is None."""
        if frac is None:
            return self
        return self.model_copy(update={"modules": tuple(_with_fabric(m, frac) for m in self.modules)})

    def digest(self) -> str:
        """SHA-256 over the content: the same for the same content, wherever it lies and in whatever order."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def _with_fabric(module: Module, frac: float) -> Module:
    if module.it is None or module.needed(FABRIC) is None:
        return module
    needs = (n.model_copy(update={"kw_per_kw": frac}) if n.carrier == FABRIC else n for n in module.needs)
    # What asks for nothing has no feed either, and no room.
    asked = tuple(n for n in needs if n.carrier != FABRIC or n.kw_per_kw or n.fixed_kw or n.units)
    return module.model_copy(update={"needs": asked})


KINDS = (
    Kind("modules", Module, "modules", key="sku"),
    Kind("climates", Climate, "climates"),
    Kind("workloads", Workload, "workloads"),
    Kind("tariffs", Tariff, "tariffs"),
    Kind("profiles", Profile, "profiles"),
    Kind("accelerators", Accelerator, "accelerators"),
    Kind("storage_cards", StorageCard, "storage_cards"),
    Kind("grid_rules", GridRule, "grid_rules"),
    Kind("sources", Sources, "sources", inside="source", adds_up=True),
    Kind("carriers.toml", Carriers, "carriers", inside="carrier"),
    Kind("costs.toml", Costs, "costs"),
    Kind("design_basis.toml", DesignBasis, "basis"),
    Kind("supply.toml", SupplyBasis, "supply"),
    Kind("currencies.toml", Currencies, "currencies"),
    Kind("countries.toml", Countries, "countries", key="code", inside="country"),
    Kind("fat_protocols.toml", FatProtocols, "fat_protocols", inside="protocol"),
    Kind("materials/cables", CableSeries, "cables"),
    Kind("materials/pipes", PipeSeries, "pipes"),
    Kind("materials/trenches.toml", Trenches, "trenches", inside="trench"),
    Kind("materials/cranes", Crane, "cranes"),
    Kind("materials/transporters", Transporter, "transporters"),
    Kind("materials/barriers.toml", Barriers, "barriers", inside="barrier"),
    Kind("materials/crews.toml", Crews, "crews", key="trade", inside="crew"),
    Kind("materials/hire.toml", Hires, "hires", inside="hire"),
)
"""One line adds a kind; its field in Catalog has a default, so that a catalog may do without it."""


@dataclass(frozen=True)
class Layered:
    """A catalog, and of every entry where it comes from."""

    catalog: Catalog
    entries: dict[str, Entry]
    """By name, such as `modules/pwm-2500` or `costs`."""
    folders: tuple[Path, ...]
    """The lowest first."""

    def module(self, sku: str) -> Entry:
        """The module with this SKU.

        Raises:
            KeyError: there is none.
        """
        return self.entries[f"modules/{sku.lower()}"]

    def folder_of(self, name: str, key: str) -> Path:
        """The folder from which a figure (`price.amount`, `gives.capacity_kw`) of an entry comes."""
        return self.entries[name].folder(key)


_T = TypeVar("_T", bound=Frozen)


def _find(entries: Iterable[_T], field: str, key: str) -> _T:
    for entry in entries:
        if getattr(entry, field) == key:
            return entry
    raise KeyError(key)


def load_catalog(*folders: Path, base: Path | None = None) -> Catalog:
    """The shipped catalog (or the one in `base`) with the given folders laid over it.

    Raises:
        InputError: with every mistake of every file.
    """
    return load_layers(*folders, base=base).catalog


def load_layers(*folders: Path, base: Path | None = None) -> Layered:
    """As `load_catalog`, with the files that every entry is made of.

    Raises:
        InputError: with every mistake of every file.
    """
    trees = (base or shipped("catalog"), *folders)
    entries, mistakes = read_entries(KINDS, *trees)
    complete = not mistakes
    modules = _in_dollars(entries, mistakes)
    fields = _fields(entries, trees, mistakes) | {"modules": modules}
    missing = [k.place for k in KINDS if Catalog.model_fields[k.field].is_required() and not fields.get(k.field)]
    if complete and missing:
        mistakes += [f"{trees[0] / place}: no such file" for place in missing]
        complete = False
    if not complete:
        # What is missing for its own mistakes would only be missed again by whatever names it.
        raise InputError(mistakes)
    fields["workloads"] = with_weeks(fields["workloads"], fields.get("profiles", ()))
    fields["storage_cards"] = with_weeks(fields.get("storage_cards", ()), fields.get("profiles", ()))
    layered = Layered(Catalog(**fields), entries, trees)
    mistakes += _dangling(layered)
    if mistakes:
        raise InputError(mistakes)
    return layered


def _fields(entries: dict[str, Entry], trees: tuple[Path, ...], mistakes: list[str]) -> dict[str, Any]:
    """The fields of Catalog from its entries."""
    fields: dict[str, Any] = {}
    for kind in KINDS:
        own = [e for e in entries.values() if e.kind is kind]
        if kind.inside:
            # Of sources with one key in several folders the uppermost counts, whatever its file is called.
            own.sort(key=lambda e: trees.index(e.stack.files[0].folder))
            mistakes += _repeated(own)
            named = {getattr(v, kind.key): v for e in own for v in getattr(e.data, kind.inside)}
            found: Any = tuple(named[key] for key in sorted(named))
        elif kind.is_file:
            found = own[0].data if own else None
        else:
            found = tuple(sorted((e.data for e in own), key=lambda d: str(getattr(d, kind.key))))
        if found:
            fields[kind.field] = found
    return fields


def _repeated(entries: Iterable[Entry]) -> Iterator[str]:
    """A key that stands twice in the files of one folder."""
    seen: set[tuple[Path, str]] = set()
    for entry in entries:
        for i, value in enumerate(getattr(entry.data, entry.kind.inside)):
            key = getattr(value, entry.kind.key)
            if (entry.stack.files[0].folder, key) in seen:
                place = entry.stack.place((entry.kind.inside, i, entry.kind.key))
                yield f"{place}: {entry.kind.key}: {key!r} stands more than once; once is allowed"
            seen.add((entry.stack.files[0].folder, key))


def _in_dollars(entries: dict[str, Entry], mistakes: list[str]) -> tuple[Module, ...]:
    """Every module with the rate of its price's currency filled in, in the entries too."""
    table = entries["currencies"].data if "currencies" in entries else DOLLARS
    assert isinstance(table, Currencies)
    rates = {r.code: r.usd_per_unit for r in table.rate} | {"USD": 1.0}
    for name, entry in entries.items():
        module = entry.data
        if not isinstance(module, Module):
            continue
        price = module.price
        if "usd_per_unit" in price.model_fields_set:
            mistakes.append(entry.says("price.usd_per_unit", "comes from currencies.toml; give price.currency"))
        if price.currency not in rates:
            allowed = ", ".join(sorted(rates))
            mistakes.append(entry.says("price.currency", f"{price.currency!r} has no rate; allowed: {allowed}"))
        elif price.currency != "USD":
            price = price.model_copy(update={"usd_per_unit": rates[price.currency]})
            entries[name] = replace(entry, data=module.model_copy(update={"price": price}))
    return tuple(e.data for _, e in sorted(entries.items()) if isinstance(e.data, Module))


def _dangling(layered: Layered) -> Iterator[str]:
    """Mistakes that no single file shows: sources, carriers and modules that are named but do not exist."""
    catalog = layered.catalog
    sources = {s.key for s in catalog.sources}
    for entry in layered.entries.values():
        for i, p in enumerate(entry.data.provenance if isinstance(entry.data, Sourced) else ()):
            if p.source not in sources:
                what = f"{p.source!r} (of {p.of}) is unknown; a key of sources/ is allowed"
                yield entry.says(("provenance", i, "source"), what)
            if p.of != "*" and entry.stack.loc(p.of) is None:
                what = f"{p.of!r} is no key of the file; a key, a table or '*' is allowed"
                yield entry.says(("provenance", i, "of"), what)
    carriers = {c.key for c in catalog.carriers}
    given = {g.carrier for m in catalog.modules for g in m.gives} | {c.key for c in catalog.carriers if c.utility}
    skus = {m.sku for m in catalog.modules}
    for module in catalog.modules:
        entry = layered.module(module.sku)
        named: list[tuple[Loc, str]] = [(("gives", i, "carrier"), g.carrier) for i, g in enumerate(module.gives)]
        named += [(("needs", i, "carrier"), n.carrier) for i, n in enumerate(module.needs)]
        named += [(("needs", i, "alternate"), n.alternate) for i, n in enumerate(module.needs) if n.alternate]
        for loc, carrier in named:
            if carrier not in carriers:
                yield entry.says(loc, f"{carrier!r} is unknown; a key of carriers.toml is allowed")
            elif loc[0] == "needs" and carrier not in given:
                yield entry.says(loc, f"{carrier!r} is given by no module; a carrier that one gives is allowed")
        for i, content in enumerate(module.contains):
            if content.sku not in skus:
                yield entry.says(("contains", i, "sku"), f"{content.sku!r} is unknown; the SKU of a module is allowed")
    for card in catalog.storage_cards:
        if card.week is None:
            entry = layered.entries[f"storage_cards/{card.key}"]
            yield entry.says(("profile",), f"{card.profile!r} is not in profiles/; a key of profiles/ is allowed")
    for mistake in check_workloads(catalog.workloads, catalog.profiles, catalog.accelerators):
        key, _, rest = mistake.partition(": ")
        yield f"{layered.entries[f'workloads/{key}'].place(rest.partition(':')[0])}: {rest}"
