"""Every mistake that `prefab catalog check` promises to find, made once in a folder laid over a sound catalog."""

from datetime import date, timedelta
from pathlib import Path

import overlaid
import pytest
from overlaid import CDU, PWM, overlay
from small_catalog import patch

from prefab.catalog import load_catalog
from prefab.catalog_check import check_catalog, newest_date
from prefab.catalog_check.prices import MAX_AGE_DAYS

small = overlaid.small

TODAY = date(2026, 11, 23)
POD = Path("modules/it_pod/itl-1136.toml")
GEN = Path("modules/generator/gen-3000.toml")
GAS = Path("modules/generator/gas-10000.toml")
CHL = Path("modules/heat_rejection/chl-1500.toml")
TXD = Path("modules/transformer/txd-2500.toml")
BES = Path("modules/battery/bes-5000-2h.toml")
MVS = Path("modules/intake/mvs-12.toml")


@pytest.fixture(scope="module")
def before(small: Path) -> set[str]:
    """What is wrong with the catalog below, if anything: the tests look at what is added."""
    return set(check_catalog(today=TODAY, base=small))


def coolant(capacity_kw: float, flow: str) -> str:
    return f'[[gives]]\ncarrier = "coolant"\ncapacity_kw = {capacity_kw}\nparallel_max = 8\n{flow}'


def losses(*kw: float) -> str:
    points = ", ".join(f"[{x}, {y}]" for x, y in zip((0.0, 0.25, 0.5, 0.75, 1.0), kw, strict=True))
    return f"[losses]\npoints = [{points}]\n"


def port(carrier: str, side: str, offset: int) -> str:
    return f'[[ports]]\ncarrier = "{carrier}"\nside = "{side}"\noffset_mm = {offset}\nsize = "x"\n'


CDU_PORTS = port("coolant", "top", 100) + port("facility_water", "top", 500) + port("critical_ac", "top", 100)
COP = "cop = [[15.0, {0}], [25.0, 5.1], [35.0, 4.0], [43.0, {1}]]\n"
# File, keys laid over, their provenance, line of the mistake, its key, and what it says.
CASES = {
    "losses fall": (PWM, losses(15, 32, 51, 50, 106), "losses.points", 2, "losses.points", "50 after 51"),
    "no loss at no load": (PWM, losses(-1, 32, 51, 72, 106), "losses.points", 2, "losses.points", "-1 kW at no load"),
    "losses begin late": (
        PWM,
        "[losses]\npoints = [[0.1, 15.1], [0.25, 32.4], [0.5, 51.4], [1.0, 106.2]]\n",
        "losses.points", 2, "losses.points", "loads from 0.1 to 1; they begin at 0",
    ),
    "losses end early": (
        PWM,
        "[losses]\npoints = [[0.0, 15.1], [0.25, 32.4], [0.5, 51.4], [0.8, 76.2]]\n",
        "losses.points", 2, "losses.points", "reach 1",
    ),
    "COP rises": (CHL, "[rejection]\n" + COP.format(6.0, 4.1), "rejection.cop", 2, "rejection.cop", "4.1 after 4"),
    "COP above Carnot": (
        CHL, "[rejection]\n" + COP.format(20.0, 3.0).replace("5.1", "19.9").replace("4.0", "19.8"),
        "rejection.cop", 2, "rejection.cop", "at most 19.5 (Carnot)",
    ),
    "capacity rises": (
        CHL, "[rejection]\ncapacity_frac = [[20.0, 0.9], [35.0, 1.0], [43.0, 0.8], [48.0, 0.6]]\n",
        "rejection.capacity_frac", 2, "rejection.capacity_frac", "1 after 0.9",
    ),
    "fuel rises from the start": (
        GEN, "[engine]\nfuel_l_per_kwh = [[0.25, 0.25], [0.5, 0.26], [0.75, 0.261], [1.0, 0.262]]\n",
        "engine.fuel_l_per_kwh", 2, "engine.fuel_l_per_kwh", "it falls, then may rise by 10%",
    ),
    "fuel rises too far": (
        GEN, "[engine]\nfuel_l_per_kwh = [[0.25, 0.32], [0.5, 0.26], [0.75, 0.261], [1.0, 0.296]]\n",
        "engine.fuel_l_per_kwh", 2, "engine.fuel_l_per_kwh", "it falls, then may rise by 10%",
    ),
    # 0.2281 L/kWh at 9.96 kWh/L are 44.0 %.
    "diesel above 44 %": (
        GEN, "[engine]\nfuel_l_per_kwh = [[0.25, 0.30], [0.5, 0.25], [0.75, 0.228], [1.0, 0.23]]\n",
        "engine.fuel_l_per_kwh", 2, "engine.fuel_l_per_kwh", "an efficiency of 44.0%; at most 44% on 9.96 kWh/L",
    ),
    "gas above 49 %": (
        GAS, "[engine]\ngas_kwh_per_kwh = [[0.25, 2.6], [0.5, 2.3], [0.75, 2.1], [1.0, 2.0]]\n",
        "engine.gas_kwh_per_kwh", 2, "engine.gas_kwh_per_kwh", "an efficiency of 50.0%; at most 49%",
    ),
    # 12 kW at 2,500 kW of output are 99.52 %.
    "UPS above 99.5 %": (
        PWM, losses(2, 4, 7, 10, 12), "losses.points", 2, "losses.points", "99.52% at 1 load; at most 99.50%",
    ),
    "transformer without loss": (
        TXD, losses(0.01, 0.02, 0.03, 0.04, 0.05), "losses.points", 2, "losses.points", "at most 99.99%",
    ),
    "inverter above 99.5 %": (
        PWM, "[ups_battery]\ninverter_efficiency_frac = 0.997\n", "ups_battery.inverter_efficiency_frac",
        2, "ups_battery.inverter_efficiency_frac", "0.997; at most 0.995",
    ),
    "round trip above 98 %": (
        BES, "[grid_battery]\nround_trip_frac = 0.985\n", "grid_battery.round_trip_frac",
        2, "grid_battery.round_trip_frac", "0.985; at most 0.98",
    ),
    # 1,800 L/min / 60 x 1.0143 kg/L x 3.96 kJ/(kg K) x 12 K = 1,446 kW, 7 % above 1,350.
    "flow and rise against kilowatts": (
        CDU, coolant(1350, "flow_rated_lpm = 1800\nrise_rated_k = 12\nflow_max_lpm = 1800\n"), "gives",
        5, "gives[0].flow_rated_lpm", "1800 L/min carry 1446 kW; 1350 kW within 5% are allowed",
    ),
    "flow without rise": (
        CDU, coolant(1350, "flow_rated_lpm = 1800\n"), "gives", 5, "gives[0].flow_rated_lpm", "go together",
    ),
    "rated flow above the largest": (
        CDU, coolant(1350, "flow_rated_lpm = 1800\nrise_rated_k = 11.2\nflow_max_lpm = 1700\n"), "gives",
        5, "gives[0].flow_rated_lpm", "at most flow_max_lpm, 1700",
    ),
    "measured above sustained": (
        POD, "[it]\nmeasured_kw = 1140\nnameplate_kw = 1200\n", "it", 2, "it.measured_kw",
        "1140 kW is above sustained_kw, 1136",
    ),
    "sustained above peak": (POD, "[it]\nsustained_kw = 1300\n", "it", 2, "it.sustained_kw", "above peak_kw, 1240"),
    "sustained above the label": (
        POD, "[it]\nsustained_kw = 1140\n", "it", 2, "it.sustained_kw", "above nameplate_kw, 1136",
    ),
    "another sustained power": (
        POD, '[[gives]]\ncarrier = "it"\ncapacity_kw = 1000\n', "gives", 3, "gives.capacity_kw",
        "it.sustained_kw, 1136",
    ),
    "480 V at 50 Hz": (
        PWM, "[certification]\nfrequencies_hz = [50]\nvoltages_v = [480.0]\n", "certification",
        3, "certification.voltages_v", "480 V without 60 Hz",
    ),
    "kilovolts among low voltages": (
        PWM, "[certification]\nvoltages_v = [20000.0]\n", "certification", 2, "certification.voltages_v", "20000 V",
    ),
    "no such rated voltage": (
        MVS, '[[gives]]\ncarrier = "mv_ac"\ncapacity_kva = 40000\nvoltage_max_kv = 21\n', "gives",
        4, "gives[0].voltage_max_kv", "21 kV; allowed: 3.6, ",
    ),
    "GB at 60 Hz": (
        PWM, '[certification]\nstandards = ["GB"]\nfrequencies_hz = [60]\n', "certification",
        2, "certification.standards", "GB without 50 Hz",
    ),
    "too light": (PWM, "mass_kg = 5000\n", "mass_kg", 1, "mass_kg", "5,000 kg in 292.1 m³"),
    "larger than its class": (
        CDU, "[transport]\nwidth_mm = 2700\n", "transport", 2, "transport.width_mm",
        "2,700 mm; class A takes 2,600 at the most",
    ),
    "heavier than its class": (
        CDU, "[transport]\nmass_kg = 24_001\n", "transport", 2, "transport.mass_kg",
        "24,001 kg; class A takes 24,000 at the most",
    ),
    "overweight for nothing": (CDU, '[transport]\npermit = "B"\n', "", 2, "transport.permit", "B with 1,730 kg"),
    "splices in one piece": (CDU, '[transport]\npermit = "D"\n', "", 1, "transport.pieces", "one piece; class D"),
    "shipped smaller than it is": (
        CDU, "[transport]\nheight_mm = 2100\n", "transport", 2, "transport.height_mm", "the module has 2,200",
    ),
    "shipped lighter than it is": (
        CDU, "[transport]\nmass_kg = 1500\n", "transport", 2, "transport.mass_kg", "no less than mass_kg, 1,600",
    ),
    "old price": (
        PWM, "[price]\nas_of = 2025-11-22\n", "", 2, "price.as_of", "2025-11-22 is older than a year on 2026-11-23",
    ),
    "price of tomorrow": (PWM, "[price]\nas_of = 2026-11-24\n", "", 2, "price.as_of", "is after 2026-11-23"),
    "breaks go up": (
        PWM, "[price]\nbreaks = [{ quantity = 10, frac = 0.9 }, { quantity = 50, frac = 0.95 }]\n", "price.breaks",
        2, "price.breaks", "from 50 on 0.95 after 10 on 0.9",
    ),
    "price without a band": (
        PWM, "[price]\namount = 3_000_000\n", "price.amount", 2, "price.amount", "has no band",
    ),
    "price outside its band": (
        PWM,
        '[price]\namount = 3_000_000\n\n[[provenance]]\nof = "price.amount"\nsource = "prefab-judgement"\n'
        'basis = "judgement"\nnote = "Quoted."\nlow = 3_100_000\nhigh = 3_200_000\n',
        "", 9, "provenance[1].low", "price.amount: 3,000,000 is not from 3,100,000 to 3,200,000",
    ),
    "band upside down": (
        PWM,
        '[deployment]\nlead_weeks = 40\n\n[[provenance]]\nof = "deployment.lead_weeks"\nsource = "prefab-judgement"\n'
        'basis = "judgement"\nnote = "Quoted."\nlow = 50\nhigh = 30\n',
        "", 9, "provenance[", "deployment.lead_weeks: 50 is above high, 30",
    ),
    "last order before the first": (
        PWM, "[lifecycle]\nfirst_order = 2027-06-01\nlast_order = 2027-05-31\n", "", 3, "lifecycle.last_order",
        "2027-05-31 is before first_order, 2027-06-01",
    ),
    "last order without a date": (
        PWM, '[lifecycle]\nstatus = "last_order"\n', "", 2, "lifecycle.status", "lifecycle.last_order must be given",
    ),
    "active after its last order": (
        PWM, '[lifecycle]\nstatus = "active"\nlast_order = 2026-11-22\n', "", 2, "lifecycle.status", "'withdrawn'",
    ),
    "a composite of itself": (
        PWM, '[[contains]]\nsku = "PWM-2500"\nquantity = 1\n', "contains", 2, "contains[0].sku",
        "PWM-2500 would contain itself",
    ),
    "heavier inside than outside": (
        PWM, '[[contains]]\nsku = "GEN-3000"\nquantity = 2\n', "contains", 1, "contains", "88,000 kg inside",
    ),
    "no such bay": (CDU, 'bay = "attic"\n', "", 1, "bay", "no module of family it_pod offers 'attic'"),
    "no such host": (CDU, 'stands = "inside:barn"\n', "", 1, "stands", "no module of family barn has bays"),
    "more bays than there are": (CDU, "bays_count = 400\n", "bays_count", 1, "bays_count", "400; the roomiest it_pod"),
    "no such protocol": (
        PWM, '[factory]\nfat_protocol = "by_eye"\n', "", 2, "factory.fat_protocol", "'by_eye' is not in fat_protocols",
    ),
    "a port of nothing": (
        CDU, CDU_PORTS + port("fuel", "top", 1), "ports", 17, "ports[3].carrier", "'fuel' is neither given nor needed",
    ),
    "a port beyond its side": (
        CDU, CDU_PORTS.replace("offset_mm = 500", "offset_mm = 1300"), "ports", 9, "ports[1].offset_mm",
        "1,300 mm on a top side of 1,200",
    ),
    "a prefix of two families": (PWM, 'prefix = "POD"\n', "", 1, "prefix", "'POD' is that of"),
    "another family's folder": (CDU, 'family = "cdus"\n', "", 1, "family", "'cdus' in folder cdu"),
    "judgement without a reason": (
        PWM, 'mass_kg = 55_000\n\n[[provenance]]\nof = "mass_kg"\nsource = "prefab-judgement"\nbasis = "judgement"\n',
        "", 6, "provenance[", "mass_kg: a judgement without its reason",
    ),
    "fact of nobody": (
        PWM,
        'mass_kg = 55_000\n\n[[provenance]]\nof = "mass_kg"\nsource = "prefab-judgement"\nbasis = "fact"\n'
        'fact = "a / b / c"\n',
        "", 6, "provenance[", "mass_kg: 'prefab-judgement' publishes nothing",
    ),
    "fact that names nothing": (
        PWM, 'mass_kg = 55_000\n\n[[provenance]]\nof = "mass_kg"\nsource = "prefab-modules"\nbasis = "fact"\n',
        "", 6, "provenance[", "mass_kg: names no published figure",
    ),
    "source without a title": (
        Path("sources/own.toml"), '[[source]]\nkey = "own"\ntitle = ""\ndate = "2026-10"\n',
        "", 3, "source[0].title", "'own' has none; it must be given",
    ),
    "source without a date": (
        Path("sources/own.toml"), '[[source]]\nkey = "own"\ntitle = "Own"\n',
        "", 1, "source[0].date", "'own' has none; it must be given",
    ),
    "source at no address": (
        Path("sources/own.toml"), '[[source]]\nkey = "own"\ntitle = "Own"\ndate = "2026-10"\nurl = "ask Bob"\n',
        "", 5, "source[0].url", "'ask Bob'; an address (https://)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_mistake(name: str, small: Path, before: set[str], tmp_path: Path) -> None:
    file, text, of, line, key, says = CASES[name]
    patch(tmp_path, file, text, *filter(None, [of]))
    found = set(check_catalog(tmp_path, today=TODAY, base=small)) - before
    own = [m for m in found if m.startswith(f"{tmp_path / file}:{line}: {key}") and says in m]
    assert len(own) == 1, found
    assert "; " in own[0], "what is allowed stands behind a semicolon"


@pytest.mark.parametrize("table", ["factory", "site_work", "certification"])
def test_a_table_that_every_module_has(table: str, small: Path, before: set[str], tmp_path: Path) -> None:
    blocks = (small / CDU).read_text(encoding="utf-8").split("\n\n")
    kept = [b for b in blocks if not b.startswith((f"[{table}]", f"[[{table}]]")) and f'of = "{table}' not in b]
    assert len(kept) < len(blocks)
    target = tmp_path / CDU
    target.parent.mkdir(parents=True)
    target.write_text("\n\n".join(kept), encoding="utf-8")
    found = {m for m in check_catalog(tmp_path, today=TODAY, base=small) if m not in before}
    assert f"{target}: {table}: missing; it must be given" in found


def test_heat_that_gets_lost(small: Path, tmp_path: Path) -> None:
    """0.87 into the coolant and 0.05 into the air leave 8 % of the power without a way out."""
    overlay(tmp_path, POD, "kw_per_kw = 0.1409", "kw_per_kw = 0.05")
    (mistake,) = {
        m for m in check_catalog(tmp_path, today=TODAY, base=small) if str(tmp_path / POD) in m and "heat in" in m
    }
    assert "add up to 0.920; 0.97 to 1.04 is allowed" in mistake


def test_a_liquid_that_leaves_colder_than_it_came(small: Path, tmp_path: Path) -> None:
    overlay(tmp_path, POD, "return_max_degc = 55.0", "return_max_degc = 45.0")
    found = [m for m in check_catalog(tmp_path, today=TODAY, base=small) if str(tmp_path / POD) in m]
    assert any("return_max_degc: 45 °C; above supply_max_degc, 45, is allowed" in m for m in found)


def test_a_protocol_of_another_family(small: Path, tmp_path: Path) -> None:
    protocols = {p.key: p.families for p in load_catalog(base=small).fat_protocols}
    key = next(k for k, families in protocols.items() if "power" not in families)
    patch(tmp_path, PWM, f'[factory]\nfat_protocol = "{key}"\n')
    found = check_catalog(tmp_path, today=TODAY, base=small)
    assert any(m.startswith(f"{tmp_path / PWM}:2: factory.fat_protocol: {key!r} is for ") for m in found)


def test_a_circle_of_composites(small: Path, tmp_path: Path) -> None:
    patch(tmp_path, PWM, '[[contains]]\nsku = "GEN-3000"\nquantity = 1\n', "contains")
    patch(tmp_path, GEN, '[[contains]]\nsku = "PWM-2500"\nquantity = 1\n', "contains")
    found = check_catalog(tmp_path, today=TODAY, base=small)
    assert any("PWM-2500 would contain itself" in m for m in found)
    assert any("GEN-3000 would contain itself" in m for m in found)


def test_prices_are_judged_on_the_day_that_is_given(small: Path) -> None:
    newest = newest_date(load_catalog(base=small))

    def old(today: date) -> set[str]:
        return {m for m in check_catalog(today=today, base=small) if "price.as_of" in m}

    assert old(newest) == set()
    assert old(newest + timedelta(days=MAX_AGE_DAYS)) <= old(newest + timedelta(days=MAX_AGE_DAYS + 1)) != set()


def test_a_file_that_cannot_be_read_hides_no_other_mistake(small: Path, tmp_path: Path) -> None:
    patch(tmp_path, PWM, "mass_kg = -1\n", "mass_kg")
    patch(tmp_path, GEN, "[price]\nas_of = 2024-01-01\n")
    found = check_catalog(tmp_path, today=TODAY, base=small)
    assert any(m.startswith(f"{tmp_path / PWM}:1: mass_kg: ") for m in found)
    assert any(m.startswith(f"{tmp_path / GEN}:2: price.as_of: ") for m in found)


def test_the_shipped_catalog_is_in_order() -> None:
    assert check_catalog(today=newest_date(load_catalog())) == ()
