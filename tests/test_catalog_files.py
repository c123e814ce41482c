"""The shipped catalog as data: it leaves the solver choices; its figures agree with each other and their sources."""

import csv
import math
import re
from collections import Counter
from pathlib import Path

import pytest

from prefab.catalog import load_layers
from prefab.climate import Climate
from prefab.figures import basis_counts, figures
from prefab.module import Module
from prefab.provenance import Provenance, Sourced, Sources
from prefab.shipped import shipped
from prefab.workload import Workload, cards_for

LAYERED = load_layers()
CATALOG = LAYERED.catalog
ENTRIES = {name: e.data for name, e in LAYERED.entries.items() if isinstance(e.data, Sourced)}
FACTS = Path(__file__).parents[1].parent / "shared" / "reference" / "modules" / "facts.csv"


def provenances() -> list[tuple[str, Sourced, Provenance]]:
    return [(name, entry, p) for name, entry in ENTRIES.items() for p in entry.provenance]


def of_family(family: str) -> list[Module]:
    return [m for m in CATALOG.modules if m.family == family]


def test_it_offers_enough_to_choose_from() -> None:
    assert len(CATALOG.modules) >= 90
    assert len({m.family for m in CATALOG.modules}) >= 12
    assert len(CATALOG.climates) >= 15
    assert len(CATALOG.workloads) >= 15
    assert len(CATALOG.tariffs) >= 4
    assert {w.purpose for w in CATALOG.workloads} == {"inference", "training"}


def test_what_a_solver_chooses_among_has_alternatives() -> None:
    counts = Counter(m.family for m in CATALOG.modules)
    for family in ("it_pod", "power", "transformer", "intake", "generator", "cdu", "air_cooling", "heat_rejection"):
        assert counts[family] >= 2, family
    for family in ("pump", "battery", "main_transformer", "fuel", "control"):
        assert counts[family] >= 2, family


def test_g06_large_gas_engines_burn_what_makers_state() -> None:
    # 45 to 48 % of the lower heating value: 8,000 to 7,500 kJ a kWh; smaller ones burn more.
    found = {m.sku: m.engine.gas_kwh_per_kwh[-1][1] * 3600 for m in of_family("generator") if m.engine and
             m.engine.gas_kwh_per_kwh}  # fmt: skip
    large = {sku: kj for sku, kj in found.items() if not sku.startswith("GAS-2000")}
    assert len(large) >= 3
    assert all(7500 - 1 <= kj <= 8000 + 1 for kj in large.values())
    assert found["GAS-2000"] > 8000


def test_every_carrier_is_used_and_only_the_utility_gives_high_voltage_and_gas() -> None:
    given = {g.carrier for m in CATALOG.modules for g in m.gives}
    needed = {n.carrier for m in CATALOG.modules for n in m.needs}
    needed |= {n.alternate for m in CATALOG.modules for n in m.needs if n.alternate}
    assert needed - given == {"hv_ac", "gas"}
    assert {c.key for c in CATALOG.carriers} == given | needed
    assert {c.key for c in CATALOG.carriers if c.utility} == {"hv_ac", "gas"}


def test_what_is_counted_in_units_says_of_what() -> None:
    counted = {g.carrier for m in CATALOG.modules for g in m.gives if g.capacity_units is not None}
    assert counted == {c.key for c in CATALOG.carriers if c.unit}


def test_separation_classes_are_known_to_the_design_basis() -> None:
    known = {side for s in CATALOG.basis.separation for side in (s.a, s.b)} | {"none"}
    assert {m.separation for m in CATALOG.modules} <= known
    pairs = [frozenset((s.a, s.b)) for s in CATALOG.basis.separation]
    assert len(set(pairs)) == len(pairs), "a pair of classes stands twice"


def test_what_stands_inside_needs_no_distance_and_no_land() -> None:
    for module in CATALOG.modules:
        if module.inside:
            assert module.separation == "none", module.sku
            assert module.footprint_m2 == 0, module.sku


# Where figures come from


def test_every_figure_has_a_source_that_can_be_found_again() -> None:
    sources = {s.key: s for s in CATALOG.sources}
    count = 0
    for name, entry in ENTRIES.items():
        for key, value, provenance in figures(entry):
            source = sources.get(provenance.source)
            assert source is not None, f"{name}: {key} = {value}"
            assert source.title, f"{name}: {key} = {value}"
            assert source.date, f"{name}: {key} = {value}"
            count += 1
    assert count > 5000, "so many figures are in the catalog; fewer are found when counting is broken"


def test_every_source_is_used() -> None:
    used = {p.source for _, _, p in provenances()}
    for entry in LAYERED.entries.values():
        if isinstance(entry.data, Sources):
            assert {s.key for s in entry.data.source} <= used, entry.name


def test_every_family_rests_on_more_than_judgement_or_says_why() -> None:
    """Facts or figures derived from facts in every family; where all is judged, a note in the file gives the reason."""
    for family in sorted({m.family for m in CATALOG.modules}):
        counts = basis_counts(of_family(family))
        assert sum(counts.values()) > 20, family
        if counts["fact"] + counts["interpolated"] == 0:
            assert all(p.note for m in of_family(family) for p in m.provenance), family


def published(text: str) -> tuple[float, float] | tuple[float, ...]:
    """A range as its two ends, and otherwise every number that the row gives."""
    return tuple(float(x) for x in re.findall(r"(?<![\d.])-?\d+(?:\.\d+)?", re.sub(r"(?<=\d)-(?=\d)", " ", text)))


def agrees(value: float, text: str) -> bool:
    numbers = published(text)
    if re.fullmatch(r"\d+(\.\d+)?-\d+(\.\d+)?", text):
        return min(numbers) * (1 - 1e-9) <= value <= max(numbers) * (1 + 1e-9)
    return any(math.isclose(value, n, rel_tol=1e-9) for n in numbers)


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (142.0, "142", True),
        (142.1, "142", False),
        (14.0, "142", False),
        (18.0, "12-24", True),
        (24.1, "12-24", False),
        (58.0, "58 / 76", True),
        (60.0, "58 / 76", False),
        (2.44, "12.19 x 2.44 x 2.90", True),
    ],
)
def test_reading_a_published_value(value: float, text: str, expected: bool) -> None:
    assert agrees(value, text) == expected


def facts() -> list[tuple[str, str, Provenance]]:
    return [(m.sku, p.of, p) for m in CATALOG.modules for p in m.provenance if p.basis == "fact"]


@pytest.mark.skipif(not FACTS.is_file(), reason="the table of published figures lies outside this repository")
def test_a_fact_equals_the_row_that_it_cites() -> None:
    with FACTS.open(encoding="utf-8", newline="") as file:
        rows: dict[str, list[str]] = {}
        for row in csv.DictReader(file):
            rows.setdefault(f"{row['vendor']} / {row['model']} / {row['attribute']}", []).append(row["value"])
    wrong = []
    for sku, key, provenance in facts():
        values = [v for k, v, _ in figures(CATALOG.module(sku)) if k == key]
        cited = rows.get(provenance.fact, [])
        if not cited:
            wrong.append(f"{sku}: {key}: no row {provenance.fact!r}")
        elif not values:
            wrong.append(f"{sku}: {key}: no figure")
        for value in values:
            if not isinstance(value, int | float):
                wrong.append(f"{sku}: {key}: a row is no curve")
            elif not any(agrees(value / provenance.times, text) for text in cited):
                wrong.append(f"{sku}: {key}: {value} is not {provenance.times:g} times {' or '.join(cited)}")
    assert wrong == []
    assert len(facts()) >= 100


def test_a_fact_in_the_table_is_not_changed_by_more_than_a_count_or_a_unit() -> None:
    """A factor is a number of racks or kilowatts, or a power of ten between units: never a fudge."""
    for sku, key, p in facts():
        assert p.times > 0, f"{sku}: {key}"
        assert p.times == int(p.times) or math.log10(p.times).is_integer(), f"{sku}: {key}: times {p.times}"


# Physics beyond what `prefab catalog check` holds


@pytest.mark.parametrize("module", of_family("power"), ids=lambda m: m.sku)
def test_ups_efficiency_is_that_of_its_kind(module: Module) -> None:
    assert module.losses is not None
    capacity = module.gives[0].capacity_kw
    assert capacity is not None
    loss = dict(module.losses.points)
    assert {0.0, 0.25, 0.5, 0.75, 1.0} <= set(loss)
    efficiency = {x: x * capacity / (x * capacity + kw) for x, kw in loss.items()}
    assert 0.94 <= efficiency[0.5] <= 0.985
    assert efficiency[0.25] < efficiency[0.5], "standing losses weigh more at part load"
    assert loss[0.0] > 0


@pytest.mark.parametrize("module", [m for m in of_family("power") if m.ups_battery], ids=lambda m: m.sku)
def test_ups_battery_carries_the_rating_for_five_minutes(module: Module) -> None:
    battery, capacity = module.ups_battery, module.gives[0].capacity_kw
    assert battery is not None
    assert capacity is not None
    assert battery.usable_kwh * battery.inverter_efficiency_frac / capacity * 60 >= 5
    if battery.power_max_kw is not None:
        assert battery.power_max_kw * battery.inverter_efficiency_frac >= capacity * 0.99


# No-load and load loss in kW, as printed by the sources that the files name.
TRANSFORMERS = {
    "TXD-1600": (1.98, 13.0),
    "TXD-2500": (2.79, 17.5),
    "TXD-3150": (3.42, 21.0),
    "TXO-4400": (4.5, 38.0),
    "TXM-40": (18.0, 136.0),
    "TXM-60": (38.0, 270.0),
}


@pytest.mark.parametrize("sku", TRANSFORMERS)
def test_transformer_loses_p0_and_pk_by_the_square(sku: str) -> None:
    p0, pk = TRANSFORMERS[sku]
    losses = CATALOG.module(sku).losses
    assert losses is not None
    loss = dict(losses.points)
    assert loss[0.0] == pytest.approx(p0, abs=1e-3)
    assert loss[0.5] == pytest.approx(p0 + pk / 4, abs=1e-3)
    assert loss[1.0] == pytest.approx(p0 + pk, abs=1e-3)


def test_a_composite_loses_what_its_parts_lose() -> None:
    power = dict(CATALOG.module("PWM-2500").losses.points)  # type: ignore[union-attr]
    whole = dict(CATALOG.module("PWX-2500").losses.points)  # type: ignore[union-attr]
    for x, kw in power.items():
        kva = (x * 2500 + kw) / CATALOG.basis.power_factor
        assert whole[x] == pytest.approx(kw + 3.42 + 21.0 * (kva / 3150) ** 2, abs=0.1)


@pytest.mark.parametrize("pod", of_family("it_pod"), ids=lambda m: m.sku)
def test_pod_draws_what_it_computes_with(pod: Module) -> None:
    assert pod.it is not None
    critical = sum(n.kw_per_kw for n in pod.needs if n.carrier.startswith("critical_"))
    assert 1.0 <= critical <= 1.03, "all of it, and at most the fans of rear doors beside it"
    assert {n.carrier for n in pod.needs} >= {"control", "lv_ac", "network", "fire_suppression", "smoke_detection"}
    stores = bool(cards_for(CATALOG.storage_cards, pod.it.accelerator))
    each_kw = pod.it.measured_kw / pod.it.accelerators_count
    least, most = (0.2, 1.2) if stores else (0.8, 4.0)
    assert least <= each_kw <= most, "kW per accelerator or storage server at the rack's inlet"


def test_every_pod_has_a_card_and_every_card_a_pod() -> None:
    pods = {m.it.accelerator for m in CATALOG.modules if m.it}
    for accelerator in pods:
        assert cards_for(CATALOG.cards, accelerator), accelerator
    for card in CATALOG.storage_cards:
        assert card.servers in pods
        assert card.servers not in {a.name for a in CATALOG.accelerators}


@pytest.mark.parametrize("card", CATALOG.workloads, ids=lambda w: w.key)
def test_workload_card_is_coherent(card: Workload) -> None:
    assert card.rate_low_tokens_per_s < card.rate_tokens_per_s < card.rate_high_tokens_per_s
    assert card.parameters_active_b <= card.parameters_total_b
    # The chip boundary lies inside the rack: accelerators draw less than their pods.
    for pod in (m for m in CATALOG.modules if m.it and m.it.accelerator == card.accelerator):
        assert pod.it is not None
        assert card.accelerator_w * pod.it.accelerators_count / 1000 < pod.it.measured_kw, pod.sku


@pytest.mark.parametrize("c", CATALOG.climates, ids=lambda c: c.key)
def test_climate_months_lie_in_order(c: Climate) -> None:
    for month in range(12):
        assert c.dry_bulb_daily_min_degc[month] < c.dry_bulb_mean_degc[month] < c.dry_bulb_daily_max_degc[month]
        assert c.dew_point_mean_degc[month] < c.dry_bulb_mean_degc[month]
    summer, winter = sum(c.dry_bulb_mean_degc[5:8]), sum(c.dry_bulb_mean_degc[i] for i in (11, 0, 1))
    if abs(c.latitude_deg) > 15:
        assert (summer > winter) == (c.latitude_deg > 0), "months stand in the wrong order"


def test_liquid_suppliers_state_their_flow() -> None:
    for module in CATALOG.modules:
        for given in module.gives:
            if CATALOG.carrier(given.carrier).medium == "liquid":
                assert given.flow_max_lpm is not None, module.sku


@pytest.mark.parametrize("cdu", of_family("cdu"), ids=lambda m: m.sku)
def test_cdu_reaches_its_rating_at_the_coldest_coolant(cdu: Module) -> None:
    coolant = CATALOG.carrier("coolant")
    given = cdu.given("coolant")
    assert given is not None
    assert given.capacity_kw is not None
    assert given.flow_max_lpm is not None
    assert coolant.density_kg_per_l is not None
    assert coolant.heat_capacity_kj_per_kg_k is not None
    rise_k = 55 - min(coolant.grades_degc)
    flow = given.capacity_kw * 60 / (coolant.density_kg_per_l * coolant.heat_capacity_kj_per_kg_k * rise_k)
    assert flow <= given.flow_max_lpm


def test_heat_rejection_reaches_the_coldest_water_somewhere() -> None:
    """Fan walls and rear doors want 20 °C water: a chiller must be rated for it, and not only one."""
    wanted = min(
        n.supply_max_degc
        for m in CATALOG.modules
        for n in m.needs
        if n.supply_max_degc is not None and n.carrier == "facility_water"
    )
    chillers = [m.rejection for m in of_family("heat_rejection") if m.rejection and m.rejection.kind == "chiller"]
    assert len([c for c in chillers if c.rated_supply_degc <= wanted]) >= 2


def test_files_are_plain_and_name_no_path() -> None:
    for path in sorted(Path(shipped("catalog")).rglob("*.toml")):
        text = path.read_text(encoding="utf-8")
        assert "/work/" not in text, path
        assert "\t" not in text, path
        assert text.endswith("\n"), path
