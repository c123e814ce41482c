"""Answers are proved, repeatable and honest; Ctrl-C keeps the incumbent; nothing can overflow."""

import itertools
import random
import signal
import threading
import time

import pytest

from prefab import solver
from prefab.errors import AuditError
from prefab.results import Progress
from prefab.solver import QUICK, Effort, Model, StopFlag, solve


def knapsack(values: list[int], weights: list[int], room: int) -> Model:
    model = Model()
    names = [model.boolean(f"take{i}") for i in range(len(values))]
    model.add_row(zip(weights, names, strict=True), high=room)
    model.minimize((-v, n) for v, n in zip(values, names, strict=True))
    return model


def hard_model() -> Model:
    """Multi-dimensional packing with near-equal rows: incumbents at once, a proof only after minutes."""
    draw = random.Random(7)
    model = Model()
    names = [model.integer(f"x{i}", 0, 3) for i in range(120)]
    for _ in range(40):
        model.add_row([(draw.randint(100, 200), n) for n in names], high=9000)
    model.minimize([(-draw.randint(100, 200), n) for n in names])
    return model


def pigeons(count: int) -> Model:
    """One pigeon more than there are holes."""
    model = Model()
    for p in range(count + 1):
        model.exactly_one([model.boolean(f"p{p}h{h}") for h in range(count)])
    for h in range(count):
        for p, q in itertools.combinations(range(count + 1), 2):
            model.add_row([(1, f"p{p}h{h}"), (1, f"p{q}h{h}")], high=1)
    return model


def test_optimum_of_small_knapsacks_is_that_of_brute_force() -> None:
    draw = random.Random(3)
    for _ in range(20):
        values = [draw.randint(1, 20) for _ in range(8)]
        weights = [draw.randint(1, 20) for _ in range(8)]
        answer = solve(knapsack(values, weights, 40), QUICK)
        best = max(
            sum(v for v, t in zip(values, takes, strict=True) if t)
            for takes in itertools.product((0, 1), repeat=8)
            if sum(w for w, t in zip(weights, takes, strict=True) if t) <= 40
        )
        assert (answer.status, answer.objective, answer.bound) == ("optimal", -best, -best)
        assert sum(v * answer.values[f"take{i}"] for i, v in enumerate(values)) == best


def test_conditional_rows_bind_only_when_their_boolean_is_one() -> None:
    model = Model()
    model.integer("x", 0, 10)
    model.boolean("on")
    model.boolean("off")
    model.add_row([(1, "x")], low=4, only_if="on")
    model.add_row([(1, "x")], low=9, only_if="off")
    model.add_row([(1, "on")], low=1)
    model.add_row([(1, "off")], high=0)
    model.minimize([(1, "x")])
    assert solve(model, QUICK).objective == 4


def test_intervals_share_a_resource_only_up_to_its_capacity() -> None:
    # Four tasks of 3 days on a capacity of 2 take 6 days; on a machine of their own after each other 12.
    for capacity, least in ((2, 6), (1, 12)):
        model = Model()
        model.integer("end", 0, 50)
        for i in range(4):
            model.interval(f"i{i}", model.integer(f"s{i}", 0, 50), 3)
            model.add_row([(1, "end"), (-1, f"s{i}")], low=3)
        if capacity == 1:
            model.no_overlap([f"i{i}" for i in range(4)])
        else:
            model.cumulative([f"i{i}" for i in range(4)], [1] * 4, capacity)
        model.minimize([(1, "end")])
        assert solve(model, QUICK).objective == least


def test_repeated_solves_that_hit_their_budget_are_equal() -> None:
    effort = Effort(0.3)
    answers = [solve(hard_model(), effort) for _ in range(3)]
    assert answers[0].status == "feasible"
    assert answers[0].stopped == "budget"
    assert answers[1:] == answers[:2]


def test_the_bound_is_whole_and_never_better_than_the_incumbent() -> None:
    answer = solve(hard_model(), Effort(0.3))
    assert isinstance(answer.bound, int)
    assert answer.objective is not None
    assert answer.bound <= answer.objective


def test_first_ctrl_c_keeps_the_incumbent_and_the_next_stage_still_runs() -> None:
    stop = StopFlag()
    seen: list[Progress] = []
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        while not seen or seen[-1].incumbent is None:
            time.sleep(0.02)
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    began = time.monotonic()
    answer = solve(hard_model(), Effort(600), on_progress=seen.append, stop=stop, stage="sizing")
    thread.join()
    assert (answer.status, answer.stopped) == ("feasible", "user")
    assert answer.values
    assert time.monotonic() - began < 30
    assert seen[-1].stage == "sizing"
    assert stop.requested
    later = solve(knapsack([3], [1], 1), QUICK, stop=stop)
    assert (later.status, later.stopped) == ("optimal", "")


def test_second_ctrl_c_propagates() -> None:
    stop = StopFlag()
    stop.request()
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        solve(hard_model(), Effort(600), stop=stop)
    timer.join()


def test_a_stop_flag_from_another_thread_ends_the_search() -> None:
    stop = StopFlag()
    timer = threading.Timer(0.5, stop.request)
    timer.start()
    answer = solve(hard_model(), Effort(600), stop=stop)
    timer.join()
    assert answer.stopped == "user"


def test_infeasible_is_proved_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[bool] = []
    begin = solver._Run.__init__

    def counted(self: solver._Run, model: Model, effort: Effort, *, presolve: bool) -> None:
        runs.append(presolve)
        begin(self, model, effort, presolve=presolve)

    monkeypatch.setattr(solver._Run, "__init__", counted)
    assert solve(pigeons(4), QUICK).status == "infeasible"
    assert runs == [True, False]


def test_infeasible_proved_only_once_is_unknown_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "_SECOND_PROOF_LEAST", 1e-9)
    # Presolve sees the clash; the search without it needs more than twice nothing.
    answer = solve(pigeons(11), Effort(60))
    assert answer.status == "unknown"
    assert "proved once" in answer.note


def test_no_answer_within_the_budget_is_unknown_without_a_note() -> None:
    answer = solve(pigeons(11), Effort(1e-6))
    assert (answer.status, answer.stopped, answer.note) == ("unknown", "budget", "")


def test_a_row_that_nothing_can_keep_is_infeasible_even_when_empty() -> None:
    model = Model()
    model.integer("x", 0, 1)
    model.add_row([], low=1)
    assert solve(model, QUICK).status == "infeasible"


@pytest.mark.parametrize(("conditional", "limit"), [(False, 2**53), (True, 2**31)])
def test_rows_that_could_overflow_are_refused_from_the_limit_on(conditional: bool, limit: int) -> None:
    only_if = "on" if conditional else None
    for reach, refused in ((limit, True), (limit - 1, False)):
        model = Model()
        model.boolean("on")
        model.integer("x", -1, 1)
        if refused:
            with pytest.raises(AuditError, match="limit"):
                model.add_row([(-reach, "x")], high=5, only_if=only_if)
        else:
            model.add_row([(-reach, "x")], high=5, only_if=only_if)


def test_an_objective_that_could_overflow_is_refused() -> None:
    model = Model()
    model.integer("x", 0, 2)
    with pytest.raises(AuditError, match="limit"):
        model.minimize([(2**52, "x")])


def test_sides_names_and_ranges_are_checked() -> None:
    model = Model()
    model.integer("x", 0, 2)
    with pytest.raises(AuditError, match="twice"):
        model.boolean("x")
    with pytest.raises(AuditError, match="no value"):
        model.integer("y", 3, 2)
    with pytest.raises(AuditError, match="too large"):
        model.add_row([(1, "x")], high=2**53)
    with pytest.raises(AuditError, match="limit"):
        model.integer("z", 0, 2**53)


def test_an_answer_that_breaks_a_row_is_our_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    model = knapsack([3, 4], [2, 3], 4)
    model._rows.append(solver._Row(((1, "take0"), (1, "take1")), 2, 2, None))  # a row the solver does not know
    with pytest.raises(AuditError, match="breaks"):
        solve(model, QUICK)


def test_hints_begin_the_search_and_may_be_wrong() -> None:
    free = solve(hard_model(), Effort(0.5))
    model = hard_model()
    for name, value in free.values.items():
        model.hint(name, value)
    seen: list[Progress] = []
    hinted = solve(model, Effort(0.05), on_progress=seen.append)
    assert hinted.objective is not None
    assert free.objective is not None
    assert hinted.objective <= free.objective
    wrong = knapsack([3, 4], [2, 3], 3)
    wrong.hint("take0", 1)
    wrong.hint("take0", 7)
    wrong.hint("take1", 1)
    assert solve(wrong, QUICK).objective == -4


def test_a_model_may_be_solved_again() -> None:
    model = knapsack([3, 4], [2, 3], 4)
    model.hint("take0", 1)
    assert solve(model, QUICK) == solve(model, QUICK)
