"""Crews that the brief sets, in the rule of the schedule."""

from datetime import timedelta

import pytest
from build import a_brief
from rules.test_schedule import ALL_DAYS, a_task, broken, plan_of, serial_tasks

from prefab.plan import Plan
from prefab.rules.schedule import explain


def with_works(plan: Plan, **works: int) -> Plan:
    """The same plan under a brief that sets crews."""
    asked = a_brief(works=works).works
    return plan.model_copy(update={"brief": plan.brief.model_copy(update={"works": asked})})


@pytest.mark.parametrize(
    ("stage", "crew", "there"),
    [
        ("setting", "crane_crews", 1),
        ("connection", "connection_crews", 2),
        ("start_up", "commissioning_crews", 1),
        ("functional_test", "commissioning_crews", 1),
        ("integrated_test", "commissioning_crews", 1),
        ("factory_test", "fat_bays", 2),
    ],
)
def test_the_briefs_crews_stand_before_the_design_basiss(stage: str, crew: str, there: int) -> None:
    """So many tasks of a stage on one day as the brief's crews can do, then one more; no other crew counts."""
    day = ALL_DAYS + 20
    for asked in (there + 3, 1):
        for extra in (0, 1):
            tasks = {f"X{n}/{stage}": a_task(f"X{n}/{stage}", day, 1) for n in range(asked + extra)}
            plan = plan_of({**serial_tasks(), **tasks}, more=timedelta(900))
            found = [
                (f.text, f.actual, f.limit) for f in broken(with_works(plan, **{crew: asked})) if f.unit == "at once"
            ]
            assert found == ([(crew, asked + 1, asked)] if extra else [])
            other = "fat_bays" if crew != "fat_bays" else "crane_crews"
            kept = [f.text for f in broken(with_works(plan, **{other: 50})) if f.unit == "at once"]
            assert kept == ([crew] if asked + extra > there else [])


def test_explain_says_whose_crews() -> None:
    assert "with the design basis's crews, it runs" in explain(a_brief())
    text = explain(a_brief(works={"crane_crews": 8, "fat_bays": 16}))
    assert "with 8 crane crews, 16 factory test bays, the design basis's crews otherwise, it runs" in text
    every = {"crane_crews": 1, "connection_crews": 2, "commissioning_crews": 3, "fat_bays": 4}
    assert "design basis" not in explain(a_brief(works=every))
