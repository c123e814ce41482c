"""What is chosen bears what the batteries chosen for duties feed into faults; if not, the site is sized again."""

from pathlib import Path

import pytest

from prefab import sizing
from prefab.brief import read_brief
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.errors import OutOfBudget
from prefab.rules import SUPPLY, fault_level
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
