"""Which wishes clash: a set that clashes, and none of it is superfluous."""

import json

import pytest
from build import CDU, MODULES, POD, a_brief, a_catalog
from click.testing import CliRunner

from prefab.cli.explain import command
from prefab.conflict import attempt, find_conflict, wishes_of, without
from prefab.problem import Known
from prefab.product import Bays
from prefab.solver import StopFlag


def fields(wishes):
    return [w.field for w in wishes]


def frees(brief, catalog, wishes):
    """Whether there is a site without some wishes."""
    return attempt(without(brief, wishes), catalog, "quick", StopFlag(), Known())[0] == "possible"


def test_nothing_clashes():
    conflict = find_conflict(a_brief(), a_catalog())
    assert conflict.verdict == "possible"
    assert conflict.clashing == ()


def test_grid_too_small():
    conflict = find_conflict(a_brief(grid={"capacity_mw": 1.1}), a_catalog())
    assert conflict.verdict == "impossible"
    assert conflict.smallest
    assert fields(conflict.clashing) == fields(conflict.freeing) == ["grid.capacity_mw"]
    assert "1.1 MW" in conflict.clashing[0].sentence


def test_two_wishes_that_only_clash_together():
    # 30 minutes ask for seven and more UPS modules on a bus of four: one side of N+1 cannot hold them.
    brief = a_brief(autonomy={"ups_min": 16.0, "generator_h": 24.0}, redundancy={"power": "N+1", "cooling": "N+1"})
    conflict = find_conflict(brief, a_catalog())
    assert conflict.verdict == "impossible"
    assert set(fields(conflict.clashing)) <= {"redundancy.power", "autonomy.ups_min"}
    for wish in conflict.clashing:
        relaxed = [w for w in conflict.clashing if w is not wish]
        assert len(relaxed) < len(conflict.clashing)


@pytest.mark.parametrize(
    "change", [{"grid": {"capacity_mw": 1.1}}, {"autonomy": {"ups_min": 60.0, "generator_h": 24.0}}]
)
def test_smallest_set_really_is(change):
    catalog, brief = a_catalog(), a_brief(**change)
    conflict = find_conflict(brief, catalog)
    assert conflict.clashing
    assert conflict.smallest
    assert attempt(brief, catalog, "quick", StopFlag(), Known())[0] == "impossible"
    for wish in conflict.freeing:
        assert wish in conflict.clashing


def test_wishes_leave_the_load_alone():
    named = fields(wishes_of(a_brief()))
    assert "phases.it_mw" not in named
    assert "grid.capacity_mw" in named
    assert len(named) == len(set(named))
    assert len({"site.width_m", "site.depth_m"} & set(named)) == 1


def test_of_a_parcel_the_land_is_given_up_whole():
    corners = ((0.0, 0.0), (90.0, 0.0), (90.0, 90.0), (0.0, 90.0))
    land = {"outline_m": corners, "gate": [{"at_m": (45.0, 0.0)}]}
    wishes = wishes_of(a_brief(site={"width_m": None, "depth_m": None, "land": land}))
    assert "site.land" in fields(wishes)
    assert not {"site.width_m", "site.depth_m"} & set(fields(wishes))


def test_a_pods_own_that_has_no_room_in_it_may_be_shared():
    """A pod needs one and a half units and holds two; with one spare two pods need four together, one alone three."""
    unit = CDU.model_copy(update={"bays_count": 1, "gives": (CDU.gives[0].model_copy(update={"capacity_kw": 534.0}),)})
    pod = POD.model_copy(update={"bays": (Bays(kind="row", count=2),)})
    catalog = a_catalog((*(m for m in MODULES if m not in (CDU, POD)), unit, pod))
    brief = a_brief(
        phases=[{"name": "One", "it_mw": 2.0, "energised_by": "2029-12-31"}],
        grid={"capacity_mw": 9.0},
        redundancy={"scope": {"coolant": "pod", "air_cooling": "pod"}},
    )
    conflict = find_conflict(brief, catalog)
    assert conflict.verdict == "impossible"
    assert fields(conflict.clashing) == fields(conflict.freeing) == ["redundancy.cooling", "redundancy.scope.coolant"]
    assert "Each pod has its own coolant and air cooling." in conflict.clashing[0].sentence


def extras_beyond_the_budget():
    """Own coolant of two pods costs 115,000 USD, controls of 2N 230,000, and the budget has neither."""
    return a_brief(
        phases=[{"name": "One", "it_mw": 2.0, "energised_by": "2029-12-31"}],
        grid={"capacity_mw": 14.0},
        redundancy={
            "cooling": "N+1",
            "control": "2N",
            **dict.fromkeys(("power", "intake", "main_transformers", "standby"), "N"),
            "scope": {"coolant": "pod"},
        },
        limits={"budget_usd": 6_375_000.0},
    )


def test_wishes_that_only_free_the_site_together_are_named_with_each_other():
    """The clash needs one of them; whoever gives up only that one is left with the other."""
    brief, catalog = extras_beyond_the_budget(), a_catalog()
    conflict = find_conflict(brief, catalog)
    assert conflict.smallest
    named = [(w.field, fields(others)) for w, others in conflict.freeing_with]
    assert ("redundancy.scope.coolant", ["redundancy.control"]) in named
    assert "redundancy.scope.coolant" in fields(conflict.clashing)
    assert not {"redundancy.control", "redundancy.scope.coolant"} & set(fields(conflict.freeing))
    for wish, others in conflict.freeing_with:
        found = [frees(brief, catalog, lost) for lost in ([wish], others, [wish, *others])]
        assert found == [False, False, True]


def test_a_clash_is_one_without_all_the_rest_and_none_without_any_of_it():
    brief, catalog = extras_beyond_the_budget(), a_catalog()
    clashing = find_conflict(brief, catalog).clashing
    rest = [w for w in wishes_of(brief) if w not in clashing]
    assert not frees(brief, catalog, rest)
    assert len(clashing) > 2
    for wish in clashing:
        assert frees(brief, catalog, [*rest, wish]), wish.field


def test_a_sentence_of_several_wishes_is_said_once(monkeypatch):
    brief, catalog = extras_beyond_the_budget(), a_catalog()
    conflict = find_conflict(brief, catalog)
    monkeypatch.setattr("prefab.brief.read_brief", lambda path: brief)
    monkeypatch.setattr("prefab.catalog.load_catalog", lambda *folders: catalog)
    monkeypatch.setattr("prefab.conflict.find_conflict", lambda *given: conflict)
    done = CliRunner().invoke(command, ["brief.toml"])
    assert done.exit_code == 3
    assert done.stdout.count("after any one such loss every pod runs") == 1
    sentences = {w.sentence for w in conflict.clashing}
    assert len(sentences) < len(conflict.clashing)
    _, _, clash = done.stdout.partition("These wishes clash:\n")
    lines = [line.partition(": ") for line in clash.splitlines() if line.startswith("  ")]
    assert [sentence for _, _, sentence in lines] == list(dict.fromkeys(w.sentence for w in conflict.clashing))
    assert ", ".join(names.strip() for names, _, _ in lines) == ", ".join(fields(conflict.clashing))
    together = "Giving up redundancy.scope.coolant frees the site together with redundancy.control."
    assert together in clash.splitlines()
    in_json = json.loads(CliRunner().invoke(command, ["brief.toml", "--json"]).stdout)
    assert [c["asks"] for c in in_json["clashing"]] == [w.sentence for w in conflict.clashing]


def test_crews_that_are_too_few_for_the_date_are_named():
    """Tests of six blocks one after the other by one commissioning crew; all other work has crews in plenty."""
    brief = a_brief(
        phases=[{"name": "One", "it_mw": 6.0, "energised_by": "2027-11-12"}],
        grid={"capacity_mw": 12.0},
        site={"width_m": 400.0, "depth_m": 400.0},
        limits={"pods_per_block": 1},
        works={"crane_crews": 50, "connection_crews": 50, "fat_bays": 50},
    )
    conflict = find_conflict(brief, a_catalog())
    assert conflict.verdict == "impossible"
    expected = ["phases.energised_by", "works.commissioning_crews"]
    assert fields(conflict.clashing) == fields(conflict.freeing) == expected
    assert "50 crane crews" in conflict.clashing[1].sentence


def two_demands(**more):
    """A brief with pods named for the second of two demands only."""
    split = [{"demand": "ask", "it_mw": 0.5}, {"demand": "learn", "it_mw": 0.5}]
    demand = [{"name": "ask", "workload": "chat"}, {"name": "learn", "workload": "chat", "pods": ["POD-1000"]}]
    phases = [{"name": "One", "it_mw": 1.0, "split": split, "energised_by": "2029-12-31"}]
    return a_brief(**{"it": {"workload": None, "demand": demand}, "phases": phases, **more})


def test_pods_of_every_demand_are_one_wish():
    (wish,) = (w for w in wishes_of(two_demands()) if w.field == "it.pods")
    assert "learn in POD-1000" in wish.sentence
    assert "ask" not in wish.sentence
    assert "it.pods" in fields(wishes_of(a_brief(it={"pods": ["POD-1000"]})))
    assert "it.pods" not in fields(wishes_of(a_brief()))


def test_giving_up_the_pods_of_a_demand_frees_the_site():
    """The pod named for one demand cannot be there in time; another one that serves it can."""
    slow = POD.deployment.model_copy(update={"lead_weeks": 300.0})
    catalog = a_catalog((*MODULES, POD.model_copy(update={"sku": "POD-1001", "deployment": slow})))
    demand = [{"name": "ask", "workload": "chat"}, {"name": "learn", "workload": "chat", "pods": ["POD-1001"]}]
    brief = two_demands(it={"workload": None, "demand": demand}, grid={"capacity_mw": 6.0})
    conflict = find_conflict(brief, catalog)
    assert conflict.verdict == "impossible"
    assert "it.demand[1].pods (learn)" in conflict.reason
    assert "it.pods" in fields(conflict.freeing)


def test_a_limit_on_kinds_of_block_that_the_demands_raise_is_no_wish():
    assert "limits.block_kinds" in fields(wishes_of(a_brief(limits={"block_kinds": 1})))
    assert "limits.block_kinds" not in fields(wishes_of(two_demands(limits={"block_kinds": 1})))
