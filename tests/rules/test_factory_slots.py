"""Slots of the factories: what is due until a day against what can be ready by then."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from build import a_brief, a_catalog
from counted import cases, rows_of, under
from damage import damaged, item, module
from wired import hand_wired_plan

from prefab.brief import Factory, Works
from prefab.catalog import load_catalog
from prefab.errors import InputError
from prefab.names import check_names
from prefab.problem import make_problem
from prefab.rules import HOOKS, SUPPLY, factory_slots

ORDER = date(2026, 11, 23)
# 20 weeks in the making. On the land: test 5, road 5, one lift of three a day 1, connection 5, acceptance 2 working
# days are 18, from a Monday to the Wednesday three weeks later. What stands inside another module has no lift: 17.
LEAD, ON_LAND, INSIDE = 140, 23, 22


def phases(*windows):
    """Phases whose modules on the land may be made in so many days."""
    days = [LEAD + window + ON_LAND for window in windows]
    return [
        {"name": name, "it_mw": 1.0, "energised_by": ORDER + timedelta(n)}
        for name, n in zip(("One", "Two", "Three"), days, strict=False)
    ]


def plan(*windows, edit=lambda tree: None, **rates):
    slots = [{"family": f, "modules_per_week": rate} for f, rate in rates.items()]
    return damaged(hand_wired_plan(len(windows), phases=phases(*windows), works={"factory": slots}), edit)


def found(given):
    return [(f.kept, f.actual, f.limit) for f in factory_slots.check(given)]


@pytest.mark.parametrize(
    ("window", "rate", "limit"),
    # The first is there with the lead time, the third after two weeks at one a week.
    [(14, 1.0, 3), (13, 1.0, 2), (14, 0.9999, 2), (14, 1.0001, 3), (700, 0.02, 3), (699, 0.02, 2), (0, 1.0, 1)],
)
def test_three_ups_at_a_rate(window, rate, limit):
    ((kept, due, most),) = found(plan(window, power=rate))
    assert (due, most) == (3, limit)
    assert kept is (limit >= 3)


@pytest.mark.parametrize(("window", "kept"), [(13, True), (12, False)])
def test_what_stands_inside_another_module_is_not_lifted(window, kept):
    # Three CDUs at one a week: a day more than those on the land have.
    assert [k for k, _, _ in found(plan(window, cdu=1.0))] == [kept]


def test_equal_and_unequal_types_of_a_family_share_the_factory():
    # Two dry coolers and two chillers: four in three weeks.
    assert found(plan(21, heat_rejection=1.0)) == [(True, 4, 4)]
    assert found(plan(20, heat_rejection=1.0)) == [(False, 4, 3)]


def test_what_takes_longer_has_less_time():
    def slow(tree):
        module(tree, "CHL-400")["deployment"]["lead_weeks"] = 22

    # Chillers are ready from two weeks later on: at two a week two of them take half a week more.
    assert found(plan(21, edit=slow, heat_rejection=2.0)) == [(True, 2, 3)]
    assert found(plan(18, edit=slow, heat_rejection=2.0)) == [(True, 2, 2)]
    assert found(plan(17, edit=slow, heat_rejection=2.0)) == [(False, 2, 1)]
    assert found(plan(21, edit=slow, heat_rejection=1.0)) == [(True, 4, 4)]


def test_what_is_longer_on_the_way_is_due_earlier():
    def far(tree):
        module(tree, "CHL-400")["deployment"]["transport_days"] = 15  # two working weeks more

    assert found(plan(18, edit=far, heat_rejection=2.0)) == [(True, 2, 2)]
    assert found(plan(17, edit=far, heat_rejection=2.0)) == [(False, 2, 1)]
    assert found(plan(21, edit=far, heat_rejection=1.0)) == [(True, 4, 4)]


def test_later_phases_find_what_the_earlier_ones_took():
    # Three UPS in each of two phases: six in five weeks, whatever the second alone would have room for.
    assert found(plan(14, 35, power=1.0)) == [(True, 3, 3), (True, 6, 6)]
    assert found(plan(14, 34, power=1.0)) == [(True, 3, 3), (False, 6, 5)]
    assert found(plan(13, 35, power=1.0)) == [(False, 3, 2), (True, 6, 6)]


def test_what_cannot_be_there_at_all_has_no_slot():
    def late(tree):
        module(tree, "UPS-800")["deployment"]["lead_weeks"] = 30

    assert found(plan(35, edit=late, power=100.0)) == [(False, 3, 0)]


def test_every_family_has_its_own():
    names = ["generator", "heat_rejection", "power"]
    made = factory_slots.check(plan(21, generator=1.0, heat_rejection=0.1, power=1.0))
    assert [(n in f.text, f.kept) for n, f in zip(names, made, strict=True)] == [
        (True, True), (True, False), (True, True),
    ]  # fmt: skip


def test_a_family_of_which_nothing_stands_is_kept():
    assert found(plan(0, battery=0.001)) == [(True, 0, 0)]


def test_nothing_named_is_an_assumption_and_no_row():
    (finding,) = factory_slots.check(hand_wired_plan())
    assert finding.kept
    assert "no slots named in the brief" in finding.text
    assert "not checked" in finding.text
    assert rows_of(factory_slots, make_problem(a_brief(), a_catalog(), HOOKS)).rows == []
    assert factory_slots.burdens(a_brief(), a_catalog()) == ()


def test_breaks_no_other_rule():
    def broken(given):
        return {f.rule for r in SUPPLY for f in r.check(given) if not f.kept}

    def one_more(tree):
        item(tree["brief"]["works"]["factory"], family="power")["modules_per_week"] = 0.99

    good = plan(14, power=1.0)
    assert broken(good) == set()
    assert broken(damaged(good, one_more)) == {"factory_slots"}


def made_in_turn(orders, rate):
    """Whether a factory that always makes what is due first of what may be ready is in time with everything."""
    free, left = Fraction(-10_000), sorted(orders, key=lambda o: o[1])
    while left:
        now = max(free, min(Fraction(lead) for lead, _ in left))
        lead, until = next(o for o in left if o[0] <= now)
        if now > until:
            return False
        left.remove((lead, until))
        free = now + 7 / Fraction(str(rate))
    return True


def test_as_a_factory_does_it_one_after_the_other():
    """One lead time: exactly what can be made in turn. Several: nothing that can be made is refused."""
    rng, seen = random.Random(7), Counter()
    for n in range(400):
        weeks = (20.0,) if n % 2 else tuple(rng.sample((20.0, 21.0, 23.0, 26.0), 2))
        windows = sorted(rng.sample(range(20, 90), 2))
        rate = round(rng.uniform(0.2, 2.0), 2)
        drawn = {sku: (rng.choice(weeks), rng.randint(1, 12)) for sku in ("CHL-400", "DRY-1000")}

        def edit(tree, drawn=drawn):
            for sku, (lead, road) in drawn.items():
                module(tree, sku)["deployment"].update(lead_weeks=lead, transport_days=road)

        given = plan(*windows, edit=edit, heat_rejection=rate)
        orders = []
        for e in given.connected.equipment:
            if e.sku in drawn:
                lead, road = drawn[e.sku]
                work = 5 + road + 1 + 5 + 2
                site = work - 1 + (work - 1) // 5 * 2
                orders.append((int(lead * 7), LEAD + windows[e.phase] + ON_LAND - site))
        kept, made = all(k for k, _, _ in found(given)), made_in_turn(orders, rate)
        assert kept or not made, n
        if len({lead for lead, _ in orders}) == 1:
            assert kept == made, n
        seen[len(weeks), kept] += 1
    assert min(seen.values()) >= 10, seen
    assert len(seen) == 4


FAMILIES = ("cdu", "generator", "heat_rejection", "intake", "it_pod", "power", "transformer")


def test_rows_against_check():
    """The same on every one of them: both sides are exact."""
    seen = Counter()
    for case in cases(4):
        families = case.rng.sample(FAMILIES, case.rng.randint(1, 2))
        deployments = {
            m.sku: m.deployment.model_copy(
                update={"fat_days": float(case.rng.randint(0, 9)), "transport_days": float(case.rng.randint(1, 30))}
            )
            for m in case.catalog.modules
        }
        modules = tuple(m.model_copy(update={"deployment": deployments[m.sku]}) for m in case.catalog.modules)
        catalog = case.catalog.model_copy(update={"modules": modules})
        by_sku = {m.sku: m for m in modules}
        plant = tuple(replace(o, module=by_sku[o.name]) for o in case.problem.plant)
        standing = Counter(by_sku[sku].family for sku in case.standing.elements())
        slots = tuple(
            # So many in about three years less the lead time of some; half of them as many as there are.
            Factory(family=f, modules_per_week=round(max(0.01, standing[f] * case.rng.uniform(0.6, 1.6)) / 130, 5))
            for f in families
        )
        brief = case.brief.model_copy(update={"works": Works(factory=slots)})
        asked = replace(case, brief=brief, catalog=catalog)
        problem = replace(under(case.problem, brief, catalog), plant=plant)
        kept = all(f.kept for f in factory_slots.check(asked.plan()))
        assert rows_of(factory_slots, problem).kept(case.values) is kept
        seen[kept] += 1
    assert min(seen[True], seen[False]) >= 10, seen
    assert seen.total() >= 300


@pytest.mark.parametrize(
    ("slots", "message"),
    [
        ([{"family": "power", "modules_per_week": 0.0}], "modules_per_week"),
        ([{"family": "power", "modules_per_week": -1.0}], "modules_per_week"),
        ([{"family": "power"}], "modules_per_week"),
        ([{"family": "power", "modules_per_week": 1.0}] * 2, "every family must be different"),
        ([{"family": "power", "modules_per_week": 1.0, "from_week": 3}], "unknown key"),
    ],
)
def test_what_a_brief_may_not_say(slots, message):
    with pytest.raises(InputError, match=message):
        a_brief(works={"factory": slots})


def test_a_family_that_the_catalog_does_not_have():
    brief = a_brief(works={"factory": [{"family": "generatr", "modules_per_week": 1.0}]})
    with pytest.raises(InputError, match=r"works.factory.family: 'generatr' is not .*did you mean generator\?"):
        check_names(brief, a_catalog())


def test_a_family_unlike_any_other_is_told_all_there_are():
    catalog = load_catalog()
    families = sorted({m.family for m in catalog.modules})
    assert len(families) > 20
    brief = a_brief(works={"factory": [{"family": "xyz", "modules_per_week": 1.0}]})
    with pytest.raises(InputError) as error:
        check_names(brief, catalog)
    told = f"brief: works.factory.family: 'xyz' is not in the catalog; allowed: {', '.join(families)}"
    assert told in error.value.mistakes


def test_crews_are_apart_from_slots():
    works = a_brief(works={"crane_crews": 2, "factory": [{"family": "power", "modules_per_week": 1.5}]}).works
    assert works.crews == {"crane_crews": 2, "connection_crews": None, "commissioning_crews": None, "fat_bays": None}
    assert "1.5 a week of power" in factory_slots.explain(a_brief(works=works.model_dump()))
