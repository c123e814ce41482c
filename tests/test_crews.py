"""Crews: the brief's stand before the design basis's, days are found as by looking at each, and work is bounded."""

import random
from datetime import date

import pytest
from build import BASIS
from test_scheduling import FAR, KNOWN, brief_by, broken, planned, site, three_tests_on_one_crew

from prefab import scheduling
from prefab.brief import Works
from prefab.errors import Impossible
from prefab.scheduling import make_scheduled
from prefab.solver import QUICK, Effort


def test_more_crews_in_the_brief_hand_over_earlier_and_the_rule_keeps_it() -> None:
    equipment = site((8,))
    few = make_scheduled(brief_by(FAR), BASIS, KNOWN, equipment, QUICK)
    many = brief_by(FAR).model_copy(update={"works": Works(commissioning_crews=6, connection_crews=6)})
    scheduled = make_scheduled(many, BASIS, KNOWN, equipment, QUICK)
    assert scheduled.objective_days < few.objective_days
    assert broken(planned(many, equipment, scheduled)) == []
    assert any("commissioning_crews" in text for text in broken(planned(brief_by(FAR), equipment, scheduled)))


def by_days(crews: int, wanted: list[tuple[int, int, int]]) -> list[int]:
    """The first days found by looking at one day after the other."""
    busy: dict[int, int] = {}
    found = []
    for first, work_days, demand in wanted:
        day = first
        while any(busy.get(d, 0) + demand > crews for d in range(day, day + work_days)):
            day += 1
        for d in range(day, day + work_days):
            busy[d] = busy.get(d, 0) + demand
        found.append(day)
    return found


def test_crews_are_taken_on_the_first_days_on_which_enough_are_free() -> None:
    draw = random.Random(11)
    for _ in range(60):
        crews = draw.randint(1, 4)
        wanted = [(draw.randint(0, 40), draw.randint(1, 17), draw.randint(1, crews)) for _ in range(60)]
        taken = scheduling._Crews(crews)
        assert [taken.take(*each) for each in wanted] == by_days(crews, wanted)


def test_work_on_serial_schedules_is_bounded_by_the_tasks_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small sites get all variations, large ones as many as place a given number of tasks; always the first three."""
    network = three_tests_on_one_crew(1, 1, 5)
    effort = Effort(2.0)
    assert len(list(scheduling._tried(network, {"h": 9}, effort))) == 3 + 2 * 50
    monkeypatch.setattr(scheduling, "_PLACED", 4 * 10)
    assert len(list(scheduling._tried(network, {"h": 9}, effort))) == 3 + 2 * 10
    monkeypatch.setattr(scheduling, "_PLACED", 0)
    assert len(list(scheduling._tried(network, {"h": 9}, effort))) == 3


def test_equal_tasks_in_turn_are_one_step_of_the_reason() -> None:
    """Forty blocks on one commissioning crew: the chain is told in a few steps whose days add up to the whole."""
    with pytest.raises(Impossible) as caught:
        make_scheduled(brief_by(date(2028, 6, 30)), BASIS, KNOWN, site((40,)), Effort(0.2))
    steps = str(caught.value).partition(": ")[2].partition(": ")[2].split(", then ")
    assert 2 < len(steps) < 30
    assert any(" in turn, " in step for step in steps)
