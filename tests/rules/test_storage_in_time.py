"""Storage along the load of a 20 MW training site: what the sizing keeps for it is enough, and hardly less would do."""

from pathlib import Path
from typing import Any

import pytest

from prefab.brief import SiteBrief, read_brief
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.plan import Plan
from prefab.rules import SUPPLY, storage, storage_in_time
from prefab.sizing import make_sized
from prefab.solver import QUICK

NO_RESERVE = {"power_mw": 0.0, "duration_h": 0.0}
ASKED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "ramp": ({"ramp_mw_per_min": 5.0}, NO_RESERVE),
    "swing": ({"swing_mw": 2.0}, NO_RESERVE),
    "both": ({"swing_mw": 2.0, "ramp_mw_per_min": 5.0}, {}),
    "peak": ({"capacity_mw": 25.0}, NO_RESERVE | {"shaving": {"allowed": True}}),
    "hours": ({"capacity_mw": 24.0}, NO_RESERVE | {"shaving": {"allowed": True, "peak_h": 3.0, "rest_frac": 0.8}}),
}


def a_brief(grid: dict[str, Any], stored: dict[str, Any]) -> SiteBrief:
    whole = read_brief(Path(__file__).parents[2] / "layouts/training-20mw/brief.toml").model_dump()
    whole["grid"] |= grid
    whole["storage"] |= stored
    return SiteBrief.model_validate(whole)


@pytest.fixture(scope="module")
def plans(catalog) -> dict[str, Plan]:
    found = {}
    for name, asked in ASKED.items():
        brief = a_brief(*asked)
        sized = make_sized(brief, catalog, QUICK)
        found[name] = make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))
    return found


def with_shares(plan: Plan, duty: str, **factors: float) -> Plan:
    """Other figures of everything kept for a duty."""
    shares = tuple(
        s.model_copy(update={name: getattr(s, name) * f for name, f in factors.items()}) if s.duty == duty else s
        for s in plan.sized.storage
    )
    return plan.model_copy(update={"sized": plan.sized.model_copy(update={"storage": shares})})


def broken_by(plan: Plan) -> set[str]:
    return {rule.__name__.rpartition(".")[2] for rule in SUPPLY if any(f.kept is False for f in rule.check(plan))}


@pytest.mark.parametrize("name", ASKED)
def test_what_is_sized_is_kept_in_time(plans, name):
    assert broken_by(plans[name]) == set()
    assert storage_in_time.check(plans[name])
    assert plans[name].sized.status == "optimal"


def test_without_storage_the_same_site_keeps_none_of_it(plans):
    for name, what in (("ramp", "MW/min"), ("swing", "kW")):
        bare = plans[name].model_copy(update={"sized": plans[name].sized.model_copy(update={"storage": ()})})
        worst = next(f for f in storage_in_time.check(bare) if f.unit == what)
        assert not worst.kept
        assert worst.actual > 4 * worst.limit


@pytest.mark.parametrize(
    ("name", "duty", "less"),
    [
        ("ramp", "ramp", {"power_kw": 0.9}),
        ("ramp", "ramp", {"energy_kwh": 0.45}),
        ("swing", "swing", {"power_kw": 0.85}),
        ("swing", "swing", {"energy_kwh": 0.8}),
        ("both", "ramp", {"energy_kwh": 0.4}),
        ("both", "swing", {"relief_kw": 1.3}),
        ("peak", "swing", {"power_kw": 0.8}),
        ("peak", "swing", {"relief_kw": 1.3}),
        ("hours", "shaving", {"power_kw": 0.98}),
        ("hours", "shaving", {"energy_kwh": 0.98}),
    ],
)
def test_a_little_less_is_missed_in_time(plans, name, duty, less):
    assert broken_by(with_shares(plans[name], duty, **less)) == {"storage_in_time"}


@pytest.mark.parametrize(
    ("name", "duty"), [("ramp", "ramp"), ("swing", "swing"), ("both", "ramp"), ("hours", "shaving")]
)
def test_no_more_is_kept_than_stands(plans, name, duty):
    for figure in ("power_kw", "energy_kwh"):
        more = with_shares(plans[name], duty, **{figure: 3.0 if figure == "power_kw" else 1e4})
        assert not all(f.kept for f in storage.check(more))


@pytest.mark.parametrize(
    ("ramps", "swings"),
    [((5.0, 0.1), (0.5, 0.0)), pytest.param((1e4, 50.0, 5.0, 0.1), (1e4, 5.0, 0.5, 0.0), marks=pytest.mark.slow)],
)
def test_a_tighter_wish_is_never_cheaper(catalog, ramps, swings):
    def usd(**grid: float) -> int:
        return make_sized(a_brief(grid, NO_RESERVE), catalog, QUICK).objective_usd

    free = usd()
    for name, values in (("ramp_mw_per_min", ramps), ("swing_mw", swings)):
        costs = [usd(**{name: value}) for value in values]
        assert costs == sorted(costs)
        assert costs[0] >= free
        assert costs[-1] > free
    assert usd(swing_mw=1e4, ramp_mw_per_min=1e4) == free


def test_a_limit_that_lets_the_whole_connection_through_in_a_second_asks_for_nothing(catalog):
    brief = a_brief({"ramp_mw_per_min": 2000.0}, NO_RESERVE)
    sized = make_sized(brief, catalog, QUICK)
    assert sized.storage == ()
    plan = make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))
    assert broken_by(plan) == set()
    (seen,) = (f for f in storage_in_time.check(plan) if f.unit == "MW/min")
    assert 500 < seen.actual < seen.limit
