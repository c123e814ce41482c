"""Bus sections: as few as the switchgear allows, of as many modules each, and none where one is enough."""

import pytest
from build import BASIS, MODULES, a_brief
from today import stored
from wired import hand_wired_plan

from prefab.bom import make_bom
from prefab.rules import fault_level
from prefab.sectioning import make_sections

CAMPUS = "campus-200mw"


def tags_of(plan, carrier):
    return [e.tag for e in plan.connected.equipment if e.carrier == carrier]


def in_sections(plan, **counts):
    """The plan with other numbers of sections, by carrier."""
    sections = [
        tuple(tags[n::count]) for c, count in counts.items() for tags in [tags_of(plan, c)] for n in range(count)
    ]
    connected = plan.connected.model_copy(update={"sections": tuple(sections)})
    return plan.model_copy(update={"connected": connected})


def broken(plan):
    return {f.where.partition(", ")[2][:3] for f in fault_level.check(plan) if not f.kept}


def test_a_campus_has_as_few_as_its_switchgear_allows():
    plan = stored(CAMPUS)
    assert broken(in_sections(plan, utility_mv=3, standby_mv=3)) == set()
    assert "GEN" in broken(in_sections(plan, utility_mv=3, standby_mv=2))


def test_three_main_transformers_are_one_too_many_beside_large_batteries():
    # The same three of 60 MVA suffice behind a weaker utility and with a third of the batteries.
    assert stored("inference-60mw").connected.sections == ()
    assert "HVT" in broken(in_sections(stored(CAMPUS), utility_mv=2, standby_mv=3))


def test_every_module_is_in_one_section_and_phases_fill_them_evenly():
    plan = stored(CAMPUS)
    sections = plan.connected.sections
    assert sorted(t for s in sections for t in s) == sorted(tags_of(plan, "utility_mv") + tags_of(plan, "standby_mv"))
    early = {e.tag for e in plan.connected.equipment if e.phase == 0}
    standing = [len(early.intersection(s)) for s in sections[3:]]
    assert max(standing) - min(standing) <= 1


def test_modules_that_say_nothing_stand_in_no_sections():
    plan = hand_wired_plan()
    modules = {m.sku: m for m in MODULES}
    assert make_sections(a_brief(), BASIS, modules, plan.connected.equipment) == ()


@pytest.mark.parametrize(("sections", "couplers"), [((), 0), ((("GEN-01",), ("GEN-02",)), 1)])
def test_couplers_are_in_the_bill(sections, couplers):
    plan = hand_wired_plan()
    plan = plan.model_copy(
        update={
            "connected": plan.connected.model_copy(update={"sections": sections}),
            "costs": plan.costs.model_copy(update={"section_coupler_usd": 250_000.0}),
        }
    )
    lines = [c for c in make_bom(plan).costs if c.key == "section"]
    assert [line.amount_usd for line in lines] == [250_000] * couplers
