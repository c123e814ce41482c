"""Which wishes clash: a set that clashes, and none of it is superfluous."""

import pytest
from build import a_brief, a_catalog

from prefab.conflict import attempt, find_conflict, wishes_of
from prefab.problem import Known
from prefab.solver import StopFlag


def fields(wishes):
    return [w.field for w in wishes]


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
