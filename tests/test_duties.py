"""What the sizing asks of storage: the reference's cases through its own factors, and losses that are really bounds."""

import math
from itertools import pairwise
from pathlib import Path

import pytest

from prefab.brief import SiteBrief, read_brief
from prefab.duties import Duties
from prefab.levels import Levels
from prefab.plan import read_plan
from prefab.rules.network import network_of

LAYOUTS = Path(__file__).parents[1] / "layouts"


def duties_of(catalog, layout="training-20mw", noise_frac=0.0, drift_frac=0.0, **grid) -> Duties:
    whole = read_brief(LAYOUTS / layout / "brief.toml").model_dump()
    whole["grid"] |= {"swing_mw": 0.0} | grid
    plain = catalog.basis.duties.model_copy(update={"noise_frac": noise_frac, "drift_frac": drift_frac})
    basis = catalog.basis.model_copy(update={"duties": plain})
    return Duties(SiteBrief.model_validate(whole), catalog.model_copy(update={"basis": basis}))


def swinging(swing_kw: float, period_s: float, high_frac: float) -> Levels:
    return Levels(2 * swing_kw, swing_kw, 0.0, period_s, high_frac)


def test_trap_8_swings_ask_for_power_and_next_to_no_energy(catalog):
    """S01: 100 MW at half a hertz are 50 MW, and 13.9 kWh: what holds them is bought by its power."""
    duties, levels = duties_of(catalog), swinging(100_000, 2.0, 0.5)
    assert duties.power_frac(levels) * levels.swing_kw == pytest.approx(50_000)
    assert duties.energy_h(levels) * levels.swing_kw == pytest.approx(13.889, rel=1e-3)


def test_s02_the_larger_of_both_directions(catalog):
    """S02: high for 70 % of the time it gives 30 MW and takes 70 MW, 42 MJ."""
    duties, levels = duties_of(catalog), swinging(100_000, 2.0, 0.7)
    assert duties.power_frac(levels) * levels.swing_kw == pytest.approx(70_000)
    assert duties.energy_h(levels) * levels.swing_kw * 3.6 == pytest.approx(42)


def test_s19_what_the_grid_may_see_is_not_taken_up(catalog):
    """S19: of 100 MW the grid may see 20: 40 MW, 40 MJ, as the factors are per watt that is taken up."""
    duties, levels = duties_of(catalog), swinging(100_000, 2.0, 0.5)
    assert duties.power_frac(levels) * 80_000 == pytest.approx(40_000)
    assert duties.energy_h(levels) * 80_000 * 3.6 == pytest.approx(40)


@pytest.mark.parametrize(("period_s", "drifts"), [(2.0, False), (9.79, False), (9.81, True), (20.0, True)])
def test_noise_asks_for_power_and_drift_for_energy(catalog, period_s, drifts):
    """Drift as a part of the swing, or by what noise adds up to in two minutes: alike at 9.8 s of equal halves."""
    levels = swinging(1000, period_s, 0.5)
    plain, noisy = duties_of(catalog), duties_of(catalog, noise_frac=0.02, drift_frac=0.1)
    four = noisy.catalog.basis.duties.noise_deviations * 0.02
    assert noisy.power_frac(levels) == pytest.approx(plain.power_frac(levels) + four)
    part_h, noise_h = 0.1 * plain.energy_h(levels), 5 * 0.02 * math.sqrt(2400) * 0.05 / 3600
    assert noisy.energy_h(levels) == pytest.approx(plain.energy_h(levels) + (part_h if drifts else noise_h))
    assert (part_h > noise_h) == drifts


def test_trap_8_ramps_are_the_energy_problem(catalog):
    """S04: 80 MW at 10 MW a minute are 5.33 MWh, and for a rise and a fall twice that; 1000 times a swing's."""
    duties = duties_of(catalog, ramp_mw_per_min=10.0)
    beside = duties.ramp_frac**2  # what recharges meanwhile is turned round too
    assert duties.ramp_h(80_000, 0.0, 0.0) * 80_000 == pytest.approx(2 * 5333.3 * beside, rel=1e-3)
    assert duties.ramp_h(80_000, 0.0, 0.0) > 300 * duties.energy_h(swinging(80_000, 2.0, 0.5))


def test_losses_on_the_way_make_a_ramp_steeper_at_the_meter(catalog):
    duties = duties_of(catalog, ramp_mw_per_min=10.0)
    assert duties.ramp_h(80_000, 0.03, 0.0) == pytest.approx(1.03 * duties.ramp_h(80_000, 0.0, 0.0))
    assert duties.ramp_h(0.0, 0.0, 0.5) == 0.0
    assert duties_of(catalog).ramp_h(80_000, 0.0, 0.5) == 0.0


def test_ramps_ask_for_the_power_that_recharges_beside_the_step(catalog):
    duties = duties_of(catalog, ramp_mw_per_min=10.0)
    basis = duties.catalog.basis.duties
    assert duties.ramp_frac == 1 + basis.recharge_frac > 1


def test_pauses_of_checkpoints_leave_storage_beside_half_charge(catalog):
    """A pause of half the step for a minute leaves 0.67 MWh of 80 MW; what is left of it comes to the next one's."""
    duties = duties_of(catalog, ramp_mw_per_min=10.0)
    basis = duties.catalog.basis.duties
    more_kwh = 80_000 * (duties.ramp_h(80_000, 0.0, 0.5) - duties.ramp_h(80_000, 0.0, 0.0)) / 2
    each_kwh = 0.5 * 80_000 * basis.checkpoint_s / 3600
    recharge_h = duties.ramp_h(80_000, 0.0, 0.5) / 2 / basis.recharge_frac / duties.ramp_frac
    left_frac = math.exp(-basis.checkpoint_every_min / 60 / max(recharge_h, basis.recharge_h))
    assert more_kwh == pytest.approx(each_kwh / (1 - left_frac), rel=1e-6)
    assert more_kwh > each_kwh


@pytest.mark.parametrize("layout", ["training-20mw", "arctic-40mw"])
def test_swings_at_the_switchgear_lie_between_what_is_certain_and_what_is_asked(catalog, layout):
    """Of each block of a stored layout what the switchgear draws less when its pods do: walked, not worked out."""
    plan = read_plan(LAYOUTS / layout / "plan.json")
    phase = len(plan.brief.phases) - 1
    network = network_of(plan, phase)
    duties = duties_of(catalog, layout)
    modules = {m.sku: m for m in plan.modules}
    boards = [t for t, e in network.equipment.items() if e.carrier == "mv_ac"]
    seen = 0
    for kind, blocks in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        pods = [t for t, e in network.equipment.items() if e.kind == kind.name and network.module(t).it is not None]
        duty = duties.block(0, modules[kind.pod], kind.pods, kind.groups, modules)
        levels = duties.levels(0, modules[kind.pod].it)
        if duty is None or levels is None:
            continue
        drawn_kw = []
        for kw in (levels.high_kw, levels.low_kw):
            full = {t: network.module(t).it.peak_kw for t in network.equipment if network.module(t).it is not None}
            at = network.drawing(full | dict.fromkeys(pods, kw)).normal_kw
            drawn_kw.append(sum(at[t] for t in boards))
        swing_kw = drawn_kw[0] - drawn_kw[1]
        lost_frac = sum_of_slopes(modules, boards, network, catalog.basis.power_factor)
        assert blocks[phase] * duty.sure_kw <= swing_kw * (1 + 1e-9)
        assert swing_kw <= blocks[phase] * duty.swing_kw * (1 + lost_frac) * (1 + 1e-9)
        assert duty.swing_kw < 1.1 * duty.sure_kw
        seen += 1
    assert seen


def sum_of_slopes(modules, boards, network, power_factor) -> float:
    """The steepest loss of the switchgear itself."""
    found = 0.0
    for module in {network.equipment[t].sku for t in boards}:
        losses, given = modules[module].losses, modules[module].given("mv_ac")
        if losses is not None:
            rated_kw = given.capacity_kw or given.capacity_kva * power_factor
            found = max(found, *((b[1] - a[1]) / (b[0] - a[0]) / rated_kw for a, b in pairwise(losses.points)))
    return found
