"""The shipped catalog as data: it loads, leaves the solver choices, and its figures agree with each other."""

import math
from collections import Counter
from pathlib import Path

import pytest

from prefab.catalog import Carriers, Climate, Workload, load_catalog
from prefab.module import Module, Provenance, Sourced
from prefab.shipped import shipped
from prefab.tables import Frozen, read_toml

CATALOG = load_catalog()
FAMILIES = {
    "it_pod": "POD",
    "intake": "MVS",
    "main_transformer": "HVT",
    "transformer": "TRF",
    "power": "PWM PWX",
    "generator": "GEN",
    "battery": "BES",
    "cdu": "CDU",
    "air_cooling": "FWU",
    "pump": "PMP",
    "heat_rejection": "DRY ADB CHL",
    "fuel": "FTK",
    "control": "CTL",
}

# Most length, width and height in mm and mass in kg of each transport class. A: without a permit in the United
# States (2.59 m, about 24 t payload) and, on a low chassis, in Europe; B: as A but overweight; C: oversize permit;
# D: shipped in splices, so only the height binds; E: superload. https://newsletter.semianalysis.com/p/
# the-wild-wild-west-of-lego-datacenters and https://aidatacenterguide.com (4.0 to 4.3 m wide with a permit).
ENVELOPES: dict[str, tuple[int, int, int, int]] = {
    "A": (16_500, 2_590, 3_000, 24_000),
    "B": (16_500, 2_590, 3_000, 45_500),
    "C": (18_300, 4_300, 4_200, 45_000),
    "D": (30_000, 9_000, 4_200, 130_000),
    "E": (18_300, 5_500, 5_200, 120_000),
}

ENTRIES: dict[str, Sourced] = {
    **{m.sku: m for m in CATALOG.modules},
    **{c.key: c for c in CATALOG.climates},
    **{w.key: w for w in CATALOG.workloads},
    **{t.key: t for t in CATALOG.tariffs},
    "costs": CATALOG.costs,
    "design_basis": CATALOG.basis,
}


def provenances() -> list[tuple[str, Sourced, Provenance]]:
    named = {**ENTRIES, "carriers": read_toml(shipped("catalog") / "carriers.toml", Carriers)}
    return [(name, entry, p) for name, entry in named.items() for p in entry.provenance]


def of_family(family: str) -> list[Module]:
    return [m for m in CATALOG.modules if m.family == family]


def value_at(entry: Frozen, path: str) -> object:
    value: object = entry
    for name in path.split("."):
        if isinstance(value, tuple):
            return None
        value = getattr(value, name)
    return value


def carrier_of(module: Module) -> str:
    given = [g.carrier for g in module.gives]
    assert len(given) == 1, f"{module.sku} gives {given}"
    return given[0]


def test_it_offers_enough_to_choose_from() -> None:
    assert len(CATALOG.modules) >= 42
    assert len(CATALOG.climates) >= 10
    assert len(CATALOG.workloads) >= 5
    assert len(CATALOG.tariffs) >= 4
    assert {w.purpose for w in CATALOG.workloads} == {"inference", "training"}


def test_every_family_has_alternatives_and_its_own_tags() -> None:
    counts = Counter(m.family for m in CATALOG.modules)
    assert set(counts) == set(FAMILIES)
    assert min(counts.values()) >= 2, counts
    for module in CATALOG.modules:
        assert module.prefix in FAMILIES[module.family].split(), module.sku


def test_file_lies_in_the_folder_of_its_family() -> None:
    for module in CATALOG.modules:
        assert (shipped("catalog") / "modules" / module.family / f"{module.sku.lower()}.toml").is_file()


def test_every_carrier_needed_is_given_and_every_carrier_used() -> None:
    given = {carrier_of(m) for m in CATALOG.modules}
    needed = {n.carrier for m in CATALOG.modules for n in m.needs}
    needed |= {n.alternate for m in CATALOG.modules for n in m.needs if n.alternate}
    assert needed - given == {"hv_ac"}, "only the utility gives high voltage"
    assert {c.key for c in CATALOG.carriers} == given | needed


def test_separation_classes_are_known_to_the_design_basis() -> None:
    known = {side for s in CATALOG.basis.separation for side in (s.a, s.b)} | {"none"}
    used = {m.separation for m in CATALOG.modules}
    assert used <= known
    assert known <= used, "a distance for a class that no module has"
    pairs = [frozenset((s.a, s.b)) for s in CATALOG.basis.separation]
    assert len(set(pairs)) == len(pairs), "a pair of classes stands twice"


def test_what_stands_inside_needs_no_distance() -> None:
    for module in CATALOG.modules:
        assert (module.stands == "inside") == (module.separation == "none"), module.sku


@pytest.mark.parametrize("module", CATALOG.modules, ids=lambda m: m.sku)
def test_module_fits_its_transport_class(module: Module) -> None:
    length, width, height, mass = ENVELOPES[module.transport_class]
    assert module.length_mm <= length
    assert module.width_mm <= width
    assert module.height_mm <= height
    assert module.mass_kg <= mass
    if module.transport_class == "B":
        assert module.mass_kg > ENVELOPES["A"][3], "not overweight: class A would do"
    assert (module.transport_class == "D") == (module.deployment.lifts_count > 1)


@pytest.mark.parametrize("module", CATALOG.modules, ids=lambda m: m.sku)
def test_price_mass_and_lead_time_carry_their_range(module: Module) -> None:
    for key in ("price_usd", "mass_kg", "deployment.lead_weeks"):
        provenance = module.source_of(key)
        assert provenance.of == key
        assert provenance.low is not None
        assert provenance.high is not None


def test_a_figure_lies_within_its_own_range() -> None:
    for name, entry, p in provenances():
        value = value_at(entry, p.of) if p.of != "*" else None
        if isinstance(value, int | float) and p.low is not None:
            assert p.low <= value, f"{name}: {p.of}"
        if isinstance(value, int | float) and p.high is not None:
            assert value <= p.high, f"{name}: {p.of}"
        if p.low is not None and p.high is not None:
            assert p.low <= p.high, f"{name}: {p.of}"


def test_every_source_is_used_and_has_an_address_or_is_our_own_word() -> None:
    used = {p.source for _, _, p in provenances()}
    assert {s.key for s in CATALOG.sources} == used
    for source in CATALOG.sources:
        assert source.url == "" or source.url.startswith(("https://", "http://")), source.key
        assert source.trust, source.key


def test_a_judgement_says_so_by_naming_no_product_as_fact() -> None:
    for name, _, p in provenances():
        if p.source == "prefab-judgement":
            assert p.basis != "fact", f"{name}: {p.of}"


@pytest.mark.parametrize("module", of_family("power"), ids=lambda m: m.sku)
def test_ups_efficiency_is_that_of_its_kind(module: Module) -> None:
    assert module.losses is not None
    capacity = module.gives[0].capacity_kw
    assert capacity is not None
    loss = dict(module.losses.points)
    assert set(loss) == {0.0, 0.25, 0.5, 0.75, 1.0}
    efficiency = {x: x * capacity / (x * capacity + kw) for x, kw in loss.items()}
    assert 0.94 <= efficiency[0.5] <= 0.985
    assert efficiency[0.25] < efficiency[0.5], "standing losses weigh more at part load"
    assert 0 < loss[0.0] < loss[0.25] < loss[0.5] < loss[0.75] < loss[1.0]


@pytest.mark.parametrize("module", of_family("power"), ids=lambda m: m.sku)
def test_ups_battery_carries_the_rating_for_five_minutes(module: Module) -> None:
    battery, capacity = module.ups_battery, module.gives[0].capacity_kw
    assert battery is not None
    assert capacity is not None
    usable = battery.energy_kwh * battery.depth_of_discharge_frac * battery.end_of_life_frac
    minutes = usable * battery.inverter_efficiency_frac / capacity * 60
    assert 5 <= minutes <= 10


# No-load and load loss in kW, as printed by the sources that the files name.
TRANSFORMERS = {
    "TXD-1600": (1.98, 13.0),
    "TXD-2500": (2.79, 17.5),
    "TXD-3150": (3.42, 21.0),
    "TXO-4400": (4.5, 38.0),
    "TXM-40": (18.0, 136.0),
    "TXM-60": (38.0, 270.0),
}


@pytest.mark.parametrize("module", of_family("transformer") + of_family("main_transformer"), ids=lambda m: m.sku)
def test_transformer_loses_p0_and_pk_by_the_square(module: Module) -> None:
    p0, pk = TRANSFORMERS[module.sku]
    assert module.losses is not None
    loss = dict(module.losses.points)
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
def test_pod_powers_and_heat_agree(pod: Module) -> None:
    assert pod.it is not None
    assert pod.gives[0].capacity_kw == pod.it.sustained_kw
    assert pod.it.sustained_kw <= pod.it.peak_kw
    assert pod.it.measured_kw <= pod.it.nameplate_kw
    assert pod.it.measured_kw <= pod.it.sustained_kw
    heat = [n.kw_per_kw for n in pod.needs if n.carrier in ("coolant", "facility_water", "air_cooling")]
    # Lighting and controls are in the pod too; what they draw leaves with the air, where the pod has any.
    house = next(n.kw_per_kw for n in pod.needs if n.carrier == "lv_ac") * pod.it.peak_kw / pod.it.sustained_kw
    in_air = house if any(n.carrier == "air_cooling" for n in pod.needs) else 0.0
    assert math.isclose(sum(heat), 1.0 + in_air, abs_tol=1e-3)
    critical = pod.needed("critical_ac")
    assert critical is not None
    assert critical.kw_per_kw == 1.0
    assert {n.carrier for n in pod.needs} >= {"control", "lv_ac"}
    per_accelerator = pod.it.measured_kw / pod.it.accelerators_count
    assert 1.0 <= per_accelerator <= 2.5, "kW per accelerator at the wall"


def test_every_workload_has_a_pod_and_every_pod_a_workload() -> None:
    pods = {m.it.accelerator for m in CATALOG.modules if m.it}
    assert pods == {w.accelerator for w in CATALOG.workloads}


@pytest.mark.parametrize("card", CATALOG.workloads, ids=lambda w: w.key)
def test_workload_card_is_coherent(card: Workload) -> None:
    assert card.rate_low_tokens_per_s < card.rate_tokens_per_s < card.rate_high_tokens_per_s
    assert card.parameters_active_b <= card.parameters_total_b
    assert max(card.profile_frac) == 1.0
    assert min(card.profile_frac) > 0
    rate = card.source_of("rate_tokens_per_s")
    assert (rate.low, rate.high) == (card.rate_low_tokens_per_s, card.rate_high_tokens_per_s)
    # The chip boundary lies inside the rack: accelerators draw less than their pods.
    for pod in (m for m in CATALOG.modules if m.it and m.it.accelerator == card.accelerator):
        assert pod.it is not None
        assert card.accelerator_w * pod.it.accelerators_count / 1000 < pod.it.measured_kw, pod.sku
    if card.purpose == "training":
        assert card.profile_frac == (1.0,) * 24


def test_training_rate_is_peak_times_utilisation_over_six_flops_a_parameter() -> None:
    card = next(w for w in CATALOG.workloads if w.key == "llama31-405b-training-gb300")
    assert card.rate_tokens_per_s == pytest.approx(2.5e15 * 0.345 / (6 * 405e9), abs=0.1)


@pytest.mark.parametrize("c", CATALOG.climates, ids=lambda c: c.key)
def test_climate_months_lie_in_order(c: Climate) -> None:
    for month in range(12):
        assert c.dry_bulb_daily_min_degc[month] < c.dry_bulb_mean_degc[month] < c.dry_bulb_daily_max_degc[month]
        assert c.dew_point_mean_degc[month] < c.dry_bulb_mean_degc[month]
        assert c.dry_bulb_day_sd_k[month] > 0
    assert c.dry_bulb_min_degc < min(c.dry_bulb_daily_min_degc)
    assert c.dry_bulb_max_degc > max(c.dry_bulb_daily_max_degc)
    assert max(c.dew_point_mean_degc) < c.wet_bulb_max_degc < c.dry_bulb_max_degc
    summer, winter = sum(c.dry_bulb_mean_degc[5:8]), sum(c.dry_bulb_mean_degc[i] for i in (11, 0, 1))
    if abs(c.latitude_deg) > 15:
        assert (summer > winter) == (c.latitude_deg > 0), "months stand in the wrong order"


def test_liquid_suppliers_state_their_flow() -> None:
    for module in CATALOG.modules:
        for given in module.gives:
            liquid = CATALOG.carrier(given.carrier).medium == "liquid"
            assert (given.flow_max_lpm is not None) == liquid, module.sku


@pytest.mark.parametrize("cdu", of_family("cdu"), ids=lambda m: m.sku)
def test_cdu_reaches_its_rating_at_the_coldest_coolant(cdu: Module) -> None:
    coolant = CATALOG.carrier("coolant")
    given = cdu.gives[0]
    assert given.capacity_kw is not None
    assert given.flow_max_lpm is not None
    assert coolant.density_kg_per_l is not None
    assert coolant.heat_capacity_kj_per_kg_k is not None
    rise_k = 55 - min(coolant.grades_degc)
    flow = given.capacity_kw * 60 / (coolant.density_kg_per_l * coolant.heat_capacity_kj_per_kg_k * rise_k)
    assert flow <= given.flow_max_lpm


def test_heat_rejection_reaches_the_coldest_water_somewhere() -> None:
    """Fan walls and rear doors want 20 °C water: a chiller must be rated for it."""
    wanted = min(n.supply_max_degc for m in CATALOG.modules for n in m.needs if n.supply_max_degc is not None)
    rated = [
        m.rejection.rated_supply_degc
        for m in of_family("heat_rejection")
        if m.rejection and m.rejection.kind == "chiller"
    ]
    assert min(rated) <= wanted
    assert len([x for x in rated if x <= wanted]) >= 2, "no real alternative"


def test_files_are_plain_and_name_no_path() -> None:
    for path in sorted(Path(shipped("catalog")).rglob("*.toml")):
        text = path.read_text(encoding="utf-8")
        assert "/work/" not in text, path
        assert "\t" not in text, path
        assert text.endswith("\n"), path
