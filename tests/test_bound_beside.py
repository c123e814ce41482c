"""Where the bound is that of an easier question the site comes first, and is given however the bound's search ends."""

import pytest
from build import MODULES, a_brief, a_catalog

from prefab import sizing
from prefab.errors import AuditError, Impossible, Interrupted, OutOfBudget
from prefab.sizing import make_sized
from prefab.solver import QUICK, StopFlag

SITE = {"phases": [{"name": "One", "it_mw": 2.0, "energised_by": "2029-12-31"}], "grid": {"capacity_mw": 6.0}}
SHARED = {"redundancy": {"power": "3N/2"}}
FEW = {"limits": {"skus": 40}}
KEPT = {"spares": {"policy": "critical", "lead_weeks_over": 0.0}}
ASKED = [SHARED, FEW, KEPT, SHARED | KEPT]


def a_wish(wishes):
    return a_brief(**SITE, **wishes)


def easier(problem, wishes):
    """Whether a problem is not the one that was asked."""
    same = problem.brief.limits.skus == a_wish(wishes).limits.skus
    kept = problem.brief.spares == a_wish(wishes).spares
    return not (same and kept) or problem.columns in easier.bounding


easier.bounding = []


@pytest.fixture
def ended(monkeypatch):
    """Ends every proof of an easier question so, and says which questions were asked in which order."""

    def make(wishes, how):
        asked, prove, make_problem, easier.bounding[:] = [], sizing.prove, sizing.make_problem, []

        def made(brief, catalog, hooks, known=None):
            problem = make_problem(brief, catalog, hooks, known)
            if hooks.pods_only:
                easier.bounding.append(problem.columns)
            return problem

        def proved(problem, effort, on_progress, stop):
            asked.append((easier(problem, wishes), on_progress))
            return how(stop) if asked[-1][0] else prove(problem, effort, on_progress, stop)

        monkeypatch.setattr(sizing, "make_problem", made)
        monkeypatch.setattr(sizing, "prove", proved)
        return asked

    return make


def spent(_):
    raise OutOfBudget("spent")


def interrupted(stop):
    stop.request()
    raise Interrupted("stopped")


def refused(_):
    raise Impossible("no site at all")


@pytest.mark.parametrize("wishes", ASKED)
@pytest.mark.parametrize(("how", "who"), [(spent, "budget"), (interrupted, "user")])
def test_a_bound_whose_search_ends_early_costs_a_gap_and_no_site(ended, wishes, how, who):
    free = make_sized(a_wish(wishes), a_catalog(), QUICK)
    asked = ended(wishes, how)
    found = make_sized(a_wish(wishes), a_catalog(), QUICK, on_progress=print, stop=StopFlag())
    assert (found.kinds, found.blocks, found.plant) == (free.kinds, free.blocks, free.plant)
    assert (found.status, found.stopped) == (("feasible", who) if found.gap_frac else ("optimal", ""))
    assert 0.5 * free.bound_usd < found.exact_bound_usd <= found.bound_usd <= free.bound_usd
    assert found.gap_frac or wishes not in (KEPT, SHARED | KEPT)
    assert [other for other, _ in asked][:2] == [False, True]
    assert [shown is not None for _, shown in asked] == [not other for other, _ in asked]


@pytest.mark.parametrize("wishes", ASKED)
def test_who_stops_the_site_waits_for_no_bound(ended, wishes):
    free = make_sized(a_wish(wishes), a_catalog(), QUICK)
    asked, stop = ended(wishes, spent), StopFlag()
    stop.request()
    found = make_sized(a_wish(wishes), a_catalog(), QUICK, stop=stop)
    assert [other for other, _ in asked] == [False]
    assert (found.status, found.stopped) == (("feasible", "user") if found.gap_frac else ("optimal", ""))
    assert found.gap_frac or wishes not in (KEPT, SHARED | KEPT)
    assert 0.5 * free.bound_usd < found.bound_usd <= free.bound_usd <= found.objective_usd


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (SHARED, "that nothing spreads better over systems that share reserve is not proved"),
        (FEW, "{} with more different modules"),
        (KEPT, "{} without spares"),
    ],
)
def test_impossible_is_said_only_where_the_easier_question_is_impossible_too(ended, monkeypatch, wishes, said):
    prove = sizing.prove

    def unless_easier(problem, *rest):
        return prove(problem, *rest) if easier(problem, wishes) else refused(None)

    asked = ended(wishes, spent)
    monkeypatch.setattr(sizing, "prove", unless_easier)
    with pytest.raises(OutOfBudget, match=said.format("there is a site")):
        make_sized(a_wish(wishes), a_catalog(), QUICK)
    for how in (spent, interrupted):
        monkeypatch.setattr(sizing, "prove", lambda p, *r, how=how: (how if easier(p, wishes) else refused)(r[-1]))
        with pytest.raises(OutOfBudget, match=said.format("whether there is a site")):
            make_sized(a_wish(wishes), a_catalog(), QUICK, stop=StopFlag())
    assert asked == []
    monkeypatch.undo()
    with pytest.raises(Impossible, match=r"grid: 2\.1 MW; the blocks of any site draw"):
        make_sized(a_brief(**(SITE | {"grid": {"capacity_mw": 2.1}}), **wishes), a_catalog(), QUICK)


@pytest.mark.parametrize("wishes", ASKED)
def test_an_easier_question_without_a_site_is_a_bug(ended, wishes):
    ended(wishes, refused)
    with pytest.raises(AuditError, match="no site at all"):
        make_sized(a_wish(wishes), a_catalog(MODULES), QUICK)
