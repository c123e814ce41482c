"""What is chosen bears what the batteries chosen for duties feed into faults; if not, the site is sized again."""

from datetime import date
from pathlib import Path

import pytest

from prefab import sizing
from prefab.brief import read_brief
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.errors import Impossible, OutOfBudget
from prefab.rules import SUPPLY, fault_level
from prefab.sectioning import battery_mva
from prefab.sizing import make_sized
from prefab.solver import QUICK

EXAMPLE = read_brief(Path(__file__).parents[1] / "examples" / "training-20mw.toml")


def a_wish(utility_mva: float):
    """A ramp of 5 MW/min behind a utility that is so strong; no reserve, so that nothing is assumed of batteries."""
    grid = EXAMPLE.grid.model_copy(update={"ramp_mw_per_min": 5.0, "short_circuit_mva": utility_mva})
    storage = EXAMPLE.storage.model_copy(update={"power_mw": 0.0, "duration_h": 0.0})
    return EXAMPLE.model_copy(update={"grid": grid, "storage": storage})


@pytest.fixture
def sizings(monkeypatch):
    """The assumptions that were sized with."""
    assumed, proved = [], sizing._proved

    def counted(brief, catalog, *rest):
        assumed.append(catalog.basis.short_circuit.batteries_mva)
        return proved(brief, catalog, *rest)

    monkeypatch.setattr(sizing, "_proved", counted)
    return assumed


def test_what_bears_its_batteries_is_sized_once(catalog, sizings):
    brief = a_wish(600.0)
    sized = make_sized(brief, catalog, QUICK)
    assert sizings == [None]
    assert sized.status == "optimal"
    plan = make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))
    assert not [f for rule in SUPPLY for f in rule.check(plan) if f.kept is False]


def weaker(catalog, sku: str, withstand_ka: float):
    """A catalog with one more intake switchgear, cheaper and built for less."""

    def built_for_less(ends):
        return tuple(e.model_copy(update={"withstand_ka": withstand_ka}) if e.withstand_ka else e for e in ends)

    module = catalog.module(sku)
    price = module.price.model_copy(update={"amount": module.price.amount * 0.5})
    ends = {"gives": built_for_less(module.gives), "needs": built_for_less(module.needs)}
    cheap = module.model_copy(update={"sku": "MVS-00", "price": price, **ends})
    return catalog.model_copy(update={"modules": tuple(sorted((*catalog.modules, cheap), key=lambda m: m.sku))})


def test_what_does_not_bear_them_is_sized_again(catalog, sizings):
    """25 kA at 20 kV are 866 MVA: the utility leaves 6 MVA, less than any batteries for the ramp feed back."""
    cheaper = weaker(catalog, "MVS-12", 25.0)
    brief = a_wish(860.0)
    sized = make_sized(brief, cheaper, QUICK)
    assert len(sizings) == 2
    assert sizings[1] > 6.0
    assert {p.sku for p in sized.plant if p.carrier == "mv_ac"} == {"MVS-12"}
    plan = make_plan(brief, cheaper, sized, make_connected(brief, cheaper, sized))
    assert all(f.kept for f in fault_level.check(plan))
    free = brief.model_copy(update={"grid": brief.grid.model_copy(update={"ramp_mw_per_min": None})})
    assert {p.sku for p in make_sized(free, cheaper, QUICK).plant if p.carrier == "mv_ac"} == {"MVS-00"}


def test_what_nothing_bears_is_not_called_impossible(catalog):
    """The strongest switchgear stands 1,091 MVA at 20 kV."""
    with pytest.raises(OutOfBudget, match=r"feed .* MVA into a fault, and nothing bears that"):
        make_sized(a_wish(1075.0), catalog, QUICK)


# Many batteries beside weak sources


def many(it_mw, kv, utility_mva=None, ramp_mw_per_min=0.5, reserve_mw=0.0, reserve_h=4.0):
    """A training site whose ramps or reserve ask for batteries beside which its sources are weak."""
    grid = {"capacity_mw": 2.2 * it_mw, "voltage_kv": kv, "short_circuit_mva": utility_mva}
    phase = EXAMPLE.phases[0].model_copy(update={"it_mw": it_mw, "energised_by": date(2034, 12, 31)})
    storage = {"power_mw": reserve_mw, "duration_h": reserve_h if reserve_mw else 0.0}
    return EXAMPLE.model_copy(
        update={
            "phases": (phase,),
            "site": EXAMPLE.site.model_copy(update={"width_m": 1000, "depth_m": 1000}),
            "limits": EXAMPLE.limits.model_copy(update={"block_kinds": 1}),
            "grid": EXAMPLE.grid.model_copy(update=grid | {"ramp_mw_per_min": ramp_mw_per_min}),
            "storage": EXAMPLE.storage.model_copy(update=storage),
        }
    )


def boards_of(plan) -> dict[str, float]:
    """The largest current of a fault that the check finds at each kind of board."""
    found = fault_level.check(plan)
    kinds = {k: [f.actual for f in found if f"{k}-" in f.where and f.unit == "kA"] for k in ("PWM", "MVS")}
    return {kind: max(currents_ka) for kind, currents_ka in kinds.items() if currents_ka}


@pytest.mark.parametrize(
    "brief",
    [
        pytest.param(many(16.0, 20.0, 132.0, 0.5, 16.0), id="16 MW behind 132 MVA"),
        pytest.param(many(20.0, 20.0, 154.0, 5.0, 20.0), id="20 MW behind 154 MVA"),
        pytest.param(many(100.0, 110.0, 450.0, None, 100.0), id="a reserve as large as the site"),
    ],
)
def test_boards_bear_many_batteries_beside_weak_sources(catalog, brief):
    """Each of these was refused by the check while converters were taken to have no limit to their voltage."""
    sized = make_sized(brief, catalog, QUICK)
    plan = make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))
    assert [f for rule in SUPPLY for f in rule.check(plan) if f.kept is False] == []
    assert {"PWM", "MVS"} <= set(boards_of(plan))
    converters = {m.sku: m for m in plan.modules if m.electrical and battery_mva(m)}
    fed_back_mva = sum(battery_mva(converters[e.sku]) for e in plan.connected.equipment if e.sku in converters)
    assert fed_back_mva > 40.0


def test_what_outgrows_switchgear_beside_batteries_is_said(catalog):
    """20 kV behind main transformers stand 1,091 MVA: with a slow ramp less is left than one of them feeds."""
    with pytest.raises(
        OutOfBudget, match=r"feed .* MVA into a fault.* leaves no room beside the batteries for .*TXM-40"
    ):
        make_sized(many(100.0, 115.0, None, 0.1), catalog, QUICK)


@pytest.mark.parametrize(("utility_mva", "proved"), [(1055.0, None), (1066.0, OutOfBudget), (1068.0, Impossible)])
def test_a_reserve_is_impossible_only_beside_the_least_that_its_batteries_feed(catalog, utility_mva, proved):
    """20 kV stand 1,091 MVA. 20 MW of reserve feed 24 MVA at the least; those that are bought feed 31.7."""
    brief = many(20.0, 20.0, utility_mva, None, 20.0, 1.0)
    if proved:
        with pytest.raises(proved, match=r"up to .* kA flow into a fault at the connection"):
            make_sized(brief, catalog, QUICK)
        return
    plan = make_plan(brief, catalog, sized := make_sized(brief, catalog, QUICK), make_connected(brief, catalog, sized))
    assert boards_of(plan)["MVS"] == pytest.approx(31.37, abs=0.01)
    assert [f for rule in SUPPLY for f in rule.check(plan) if f.kept is False] == []
    assert any(f.rule == fault_level.RULE for rule in SUPPLY for f in rule.check(plan))


def test_what_is_called_optimal_assumes_no_more_of_a_reserve_than_its_batteries_feed(catalog):
    """4 MW for 4 h beside 670 MVA: 24 MVA would leave RMU-4 no room of its 20 kA, the 21 that are fed do."""
    brief = many(2.0, 20.0, 670.0, None, 4.0, 4.0)
    sized = make_sized(brief, catalog, QUICK)
    assert (sized.status, {p.sku for p in sized.plant if p.carrier == "mv_ac"}) == ("optimal", {"RMU-4"})
    plan = make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))
    assert [f for rule in SUPPLY for f in rule.check(plan) if f.kept is False] == []


@pytest.mark.parametrize(("reserve_mw", "is_found"), [(18.0, True), (22.0, False)])
def test_boards_of_rotary_ups_prove_nothing_of_a_reserve(catalog, reserve_mw, is_found):
    """Beside batteries that feed more than 32 MVA no board of rotary UPS stands its faults: not found, not proved."""
    others = tuple(m.sku for m in catalog.modules if m.family == "power")
    brief = many(20.0, 20.0, 100.0, None, reserve_mw, 1.0)
    limits = brief.limits.model_copy(update={"exclude": others})
    brief = brief.model_copy(update={"limits": limits})
    if is_found:
        assert make_sized(brief, catalog, QUICK).status == "optimal"
    else:
        with pytest.raises(OutOfBudget, match="nothing bears that; no other site is proved impossible"):
            make_sized(brief, catalog, QUICK)
