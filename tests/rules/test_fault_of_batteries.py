"""What converters of batteries add to a fault: no more than their current, and no more than their bus at its highest
voltage drives; the solver's side against the check beside weak utilities and few sets."""

import math
import random
from collections import Counter

import pytest
from build import BES, a_brief
from damage import damaged, module
from faulted import by_hand, current_ka, in_parallel, refused
from two_sided import Tally, near

from prefab.catalog import load_catalog
from prefab.module import Electrical
from prefab.plan import Equipment
from prefab.rules import fault_level
from prefab.sectioning import alone_mva, make_sections, overfull

# In 1/MVA, of one transformer of 1 MVA: r = .00963, x = .05699 (see test_fault_level), |z| = .05780.
TRANSFORMER = complex(0.00963, 0.05699)


def of_batteries(mva: float, sku: str = "BES-4000"):
    """A battery whose converter gives so much."""
    given = BES.gives[0].model_copy(update={"capacity_kw": mva * 1000 / 1.2})
    return BES.model_copy(update={"sku": sku, "gives": (given,), "electrical": Electrical(fault_current_frac=1.2)})


def beside(plan, mva: float):
    """The plan with one battery more, on the first intake."""
    equipment = (
        *plan.connected.equipment,
        Equipment(tag="BES-01", sku="BES-4000", block=0, phase=0, carrier="mv_storage"),
    )
    return plan.model_copy(
        update={
            "modules": (*plan.modules, of_batteries(mva)),
            "connected": plan.connected.model_copy(update={"equipment": equipment}),
        }
    )


# Edges by hand


def test_few_batteries_give_their_current_and_many_what_their_voltage_drives():
    """Behind 50 MVA: the grid is 1.1 / 50 = .022, of which .00219 ohmic; with the transformer |z| = .07973.

    1.05 / .07973 = 13.17 MVA; each MVA of batteries adds .022 / .07973 = .27593. Their bus at 1.1 drives
    1.1 / .05780 = 19.03 MVA, however many there are: 27.47 kA, which 21.2 MVA of them reach.
    """
    weak, bus = by_hand(50.0), "B01-TRF-01"
    assert current_ka(weak, "utility", bus) == pytest.approx(13.17 / math.sqrt(3) / 0.4, abs=0.02)
    assert current_ka(beside(weak, 10.0), "utility", bus) == pytest.approx(
        (13.17 + 2.759) / math.sqrt(3) / 0.4, abs=0.02
    )
    assert current_ka(beside(weak, 21.0), "utility", bus) < 27.46
    for mva in (21.5, 100.0, 10_000.0):
        assert current_ka(beside(weak, mva), "utility", bus) == pytest.approx(27.47, abs=0.01)


def test_both_bounds_are_the_same_where_batteries_just_reach_the_voltage():
    grid = 1.1 / 50 * complex(0.1, 1.0) / abs(complex(0.1, 1.0))
    held_mva = 1.1 / abs(TRANSFORMER)
    just_mva = (held_mva * abs(grid + TRANSFORMER) - 1.05) / abs(grid)
    weak, bus = by_hand(50.0), "B01-TRF-01"
    below, at, above = (current_ka(beside(weak, just_mva * x), "utility", bus) for x in (0.99, 1.0, 1.01))
    assert below < at * 0.998
    assert at == pytest.approx(above, rel=2e-4)


def test_on_their_own_bus_and_above_it_only_their_current_bounds_them():
    """1,000 MVA at 20 kV are 28.87 kA beside 1.44 of the utility, and 1.05 of two sets."""
    plan = beside(by_hand(50.0), 1000.0)
    assert current_ka(plan, "utility", "MVS-A1") == pytest.approx(28.87 + 1.443, abs=0.01)
    assert current_ka(plan, "island", "GEN-01", "GEN-02") == pytest.approx(28.87 + 1.046, abs=0.01)


def test_machines_behind_their_own_chokes_add_to_what_batteries_drive():
    def turn(tree):
        turning = {"rated_kva": 1000.0, "power_factor": 0.8, "subtransient_frac": 0.12}
        choke = {"impedance_frac": 0.2, "resistance_frac": 0.004, "static_bypass": True}
        module(tree, "UPS-800")["electrical"] = turning | choke

    bus = ("B01-UPS-01", "B01-UPS-02", "B01-UPS-03")
    turning = beside(damaged(by_hand(50.0), turn), 10_000.0)
    # Three paths of transformer and choke (.01319 + .23508j) beside three machines (.01763 + .11754j), all from 1.1.
    mva = 1.1 * abs(3 / complex(0.01319, 0.23508) + 3 / complex(0.01763, 0.11754))
    assert current_ka(turning, "utility", *bus) == pytest.approx(mva / math.sqrt(3) / 0.4, rel=2e-3)


def test_batteries_never_lessen_a_fault():
    """Nor does one more of them, behind utilities of any strength."""
    for utility_mva in (20.0, 100.0, 500.0):
        found = [
            current_ka(beside(by_hand(utility_mva), mva), "utility", "B01-TRF-01") for mva in (0.1, 5, 20, 80, 320)
        ]
        assert found == sorted(found)
        assert current_ka(by_hand(utility_mva), "utility", "B01-TRF-01") < found[0]


# The catalog


def test_every_transformer_board_of_the_catalog_bears_what_any_batteries_drive():
    """1.1 of the nominal voltage behind its own impedance, at every voltage for which it is offered."""
    boards = [m for m in load_catalog().modules if any(g.carrier in ("lv_ac", "site_lv_ac") for g in m.gives)]
    asked = [m for m in boards if m.electrical and m.electrical.impedance_frac]
    assert len(asked) >= 6
    for m in asked:
        uk, ukr = m.electrical.impedance_frac, m.electrical.resistance_frac
        corrected = 0.95 * 1.05 / (1 + 0.6 * math.sqrt(uk**2 - ukr**2))
        rated_mva = (m.electrical.rated_kva or m.gives[0].capacity_kva) / 1000
        for volts in m.certification.voltages_v:
            assert 1.1 * rated_mva / uk / corrected / math.sqrt(3) / (volts / 1000) <= m.gives[0].withstand_ka, m.sku


# Two sides


def largest_ka(plan, name):
    """Of the findings on buses of a block's modules of that name."""
    return max((f.actual for f in fault_level.check(plan) if f"B01-{name}" in f.where and f.unit == "kA"), default=0.0)


def test_what_bears_batteries_beside_a_weak_utility_the_check_keeps():
    """UPS of the catalog behind its transformers, boards built for about what flows, utilities down to 20 MVA; of a
    third the batteries are just about as many as hold the voltage alone."""
    catalog, tally, rng, seen = load_catalog(), Tally(), random.Random(31), Counter()
    asked = [m for m in catalog.modules if m.family in ("power", "rotary_ups")]
    transformers = [m for m in catalog.modules if m.family == "transformer"]
    while tally.seen.total() < 600:
        ups, transformer, count = rng.choice(asked), rng.choice(transformers), rng.randint(1, 4)
        rotary_mva = 12.0 * count * (ups.family == "rotary_ups")
        # All within what the switchgear stands at 20 kV, as other rows and refusals see to.
        utility_mva = 20.0 * (1091 / 40) ** rng.random()
        most_mva = 1091 - rotary_mva - utility_mva
        site = {"country": rng.choice(("SE", "US"))}
        brief = a_brief(site=site, grid={"short_circuit_mva": utility_mva}, autonomy={"generator_h": 0.0})
        plain, groups = in_parallel(brief, catalog, ups, transformer, count)
        held_ka = largest_ka(beside(plain, 1e6), "UPS-")
        low_kv = 0.48 if brief.site.country == "US" else 0.4
        holding_mva = held_ka * math.sqrt(3) * low_kv * rng.uniform(0.85, 1.05)
        batteries_mva = min(most_mva, rng.choice((most_mva * rng.random() ** 2, 100 * rng.random(), holding_mva)))
        plan = beside(plain, batteries_mva)
        ups_ka, board_ka = largest_ka(plan, "UPS-"), largest_ka(plan, "TRF-")
        built = {
            ups.sku: _built(ups, ups_ka * near(rng), board_ka * near(rng)),
            transformer.sku: _built(transformer, board_ka * near(rng), 0.0),
        }
        plan = plan.model_copy(update={"modules": tuple(built.get(m.sku, m) for m in plan.modules)})
        kept = not any("B01-" in where for where in refused(plan))
        faults = catalog.basis.short_circuit.model_copy(update={"batteries_mva": batteries_mva})
        assuming = catalog.model_copy(update={"basis": catalog.basis.model_copy(update={"short_circuit": faults})})
        modules = {m.sku: built.get(m.sku, m) for m in catalog.modules}
        accepted = fault_level.bears(brief, assuming, groups, modules)
        tally.add(accepted, kept, (ups.sku, transformer.sku, count, utility_mva, batteries_mva))
        seen["voltage" if ups_ka > held_ka * 0.9999 else "current"] += 1
    assert min(seen.values()) > 100, seen
    assert min(tally.seen[True, True], tally.seen[False, False]) > 60, tally.seen


def _built(module, gives_ka, needs_ka):
    """The module with switchgear built for so much at its two ends, where it says what it is built for."""
    gives = tuple(g.model_copy(update={"withstand_ka": gives_ka}) if g.withstand_ka else g for g in module.gives)
    needs = tuple(
        n.model_copy(update={"withstand_ka": needs_ka}) if n.withstand_ka and needs_ka else n for n in module.needs
    )
    return module.model_copy(update={"gives": gives, "needs": needs})


def test_sets_that_fit_beside_batteries_in_sections_the_check_keeps():
    """Two to four sets by hand, switchgear built for about what one or two of them and the batteries feed."""
    tally, rng, in_sections = Tally(), random.Random(32), 0
    while tally.seen.total() < 120:
        plan = by_hand(50.0, blocks=rng.randint(1, 3)) if rng.random() < 0.5 else by_hand(50.0)
        batteries_mva = rng.uniform(5.0, 900.0)
        one_mva = alone_mva(plan.brief, plan.basis, plan.module("GEN-2000"))
        # Two of 2.5 MVA feed 36.24 MVA (see test_fault_level).
        assert one_mva == pytest.approx(18.12, abs=0.01)
        rated_ka = (one_mva * rng.choice((1.0, 1.0, 2.0)) + batteries_mva) * near(rng) / math.sqrt(3) / 20

        def build(tree, rated_ka=rated_ka):
            for sku in ("GEN-2000", "MVS-10"):
                module(tree, sku)["gives"][0]["withstand_ka"] = rated_ka
            module(tree, "MVS-10")["needs"][0]["withstand_ka"] = rated_ka

        plan = beside(damaged(plan, build), batteries_mva)
        modules = {m.sku: m for m in plan.modules}
        sections = make_sections(plan.brief, plan.basis, modules, plan.connected.equipment)
        in_sections += len(sections) > 1
        plan = plan.model_copy(update={"connected": plan.connected.model_copy(update={"sections": sections})})
        counts = Counter((e.carrier, e.sku) for e in plan.connected.equipment)
        on_sets = [
            f for f in fault_level.check(plan) if "generating sets" in f.text and f.limit == pytest.approx(rated_ka)
        ]
        assert on_sets
        tally.add(
            overfull(plan.brief, plan.basis, modules, counts) == (),
            all(f.kept for f in on_sets),
            (rated_ka, batteries_mva),
        )
    assert in_sections > 10
    assert min(tally.seen[True, True], tally.seen[False, False]) > 20, tally.seen
    assert tally.seen[False, True] == 0


@pytest.mark.parametrize("fed_back_mva", [0.0, 5.0, 9.0, 10.0, 10.3, 10.45, 10.5, 11.0, 50.0])
def test_what_the_solver_takes_for_the_worst_source_is_the_worst_of_all(fed_back_mva):
    """Behind .02 + .1j / MVA: 10.5 MVA of batteries drive 1.05 through its reactance; with a little less a source
    between the strongest and none is the worst."""
    path, strongest = complex(0.02, 0.1), 0.001
    sources = [strongest * 1.01**n for n in range(1500)]
    worst_mva = max((1.05 + fed_back_mva * x) / abs(complex(0.0, x) + path) for x in sources)
    found_mva = fault_level._behind_mva(path, fed_back_mva, strongest)
    assert found_mva == pytest.approx(min(worst_mva, 1.1 / abs(path)), rel=1e-4)
