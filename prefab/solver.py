"""The one place that calls CP-SAT: models in whole numbers, repeatable runs, answers that say what is proved.

The ways round the solver's defects are cited where they are taken: #5293 and #5274 are issues of
https://github.com/google/or-tools.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Literal

from ortools.sat.python import cp_model

from prefab.errors import AuditError
from prefab.results import Progress

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
Term = tuple[int, str]
"""A coefficient and the name of a variable."""

_ROW_MAX = 2**53
_CONDITIONAL_ROW_MAX = 2**31
_SECOND_PROOF_LEAST = 1.0
_TICK_S = 0.1
_HEARTBEAT_S = 1.0
_GIVE_UP_S = 5.0


@dataclass(frozen=True)
class Effort:
    """How much work a solve may take; deterministic time is counted by the solver, near a second per unit."""

    deterministic_time: float
    seed: int = 1

    @property
    def parameters(self) -> str:
        """What a plan records so that its answer can be repeated."""
        return (
            f"OR-Tools {version('ortools')} CP-SAT, 1 worker, seed {self.seed}, "
            f"deterministic time {self.deterministic_time:g}"
        )

    def less(self, spent: float) -> "Effort":
        """What is left of it."""
        return Effort(max(0.0, self.deterministic_time - spent), self.seed)


QUICK = Effort(2.0)
FULL = Effort(12.0)


class StopFlag:
    """A request to stop that outlives the solve it stops: later stages read `requested` and spend less."""

    def __init__(self) -> None:
        self.requests = 0

    def request(self) -> None:
        """End the solve that is running now with its incumbent; solves that begin later are not touched."""
        self.requests += 1

    @property
    def requested(self) -> bool:
        """Whether anyone asked to stop so far."""
        return self.requests > 0


@dataclass(frozen=True)
class Answer:
    """What is known after a solve; `values` is empty unless there is an incumbent."""

    status: Status
    objective: int | None
    bound: int | None
    """No answer has a smaller objective."""
    values: Mapping[str, int]
    stopped: Literal["", "user", "budget"] = ""
    note: str = ""
    spent: float = 0.0
    """Deterministic time that it took."""


@dataclass(frozen=True)
class _Row:
    terms: tuple[Term, ...]
    low: int | None
    high: int | None
    only_if: str | None

    def kept(self, values: Mapping[str, int]) -> bool:
        if self.only_if is not None and not values[self.only_if]:
            return True
        total = sum(c * values[name] for c, name in self.terms)
        return (self.low is None or total >= self.low) and (self.high is None or total <= self.high)


class Model:
    """A model under construction. Every variable and interval has a name of its own.

    Raises:
        AuditError: a name used twice, an empty range, or a row that could overflow inside the solver.
    """

    def __init__(self) -> None:
        self._cp = cp_model.CpModel()
        self._variables: dict[str, cp_model.IntVar] = {}
        self._ranges: dict[str, tuple[int, int]] = {}
        self._sizes: dict[str, int] = {}
        self._intervals: dict[str, cp_model.IntervalVar] = {}
        self._rows: list[_Row] = []
        self._objective: tuple[Term, ...] = ()
        self._hints: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable, in the order of making."""
        return tuple(self._variables)

    def integer(self, name: str, low: int, high: int) -> str:
        """A variable from `low` to `high`, both included."""
        if name in self._variables:
            raise AuditError(f"solver model: the name {name!r} is used twice")
        if low > high:
            raise AuditError(f"solver model: {name!r} has no value from {low} to {high}")
        self._variables[name] = self._cp.new_int_var(low, high, name)
        self._ranges[name] = (low, high)
        self._sizes[name] = max(abs(low), abs(high))
        self._refuse_overflow(((1, name),), conditional=False)
        return name

    def boolean(self, name: str) -> str:
        """A variable that is 0 or 1."""
        return self.integer(name, 0, 1)

    def add_row(
        self,
        terms: Iterable[Term],
        low: int | None = None,
        high: int | None = None,
        only_if: str | None = None,
    ) -> None:
        """Demand low <= sum of coefficient x variable <= high; with `only_if`, only when that is 1."""
        row = _Row(tuple(terms), low, high, only_if)
        self._refuse_overflow(row.terms, conditional=only_if is not None)
        if any(abs(side) >= _ROW_MAX for side in (low, high) if side is not None):
            raise AuditError(f"solver model: the sides {low} and {high} of a row are too large")
        self._rows.append(row)
        least = -_ROW_MAX if low is None else low
        most = _ROW_MAX if high is None else high
        added = self._cp.add_linear_constraint(self._sum(row.terms), least, most)
        if only_if is not None:
            added.only_enforce_if(self._variables[only_if])

    def exactly_one(self, names: Iterable[str]) -> None:
        """Demand that one of these booleans is 1 and the others 0."""
        names = tuple(names)
        self._rows.append(_Row(tuple((1, n) for n in names), 1, 1, None))
        self._cp.add_exactly_one(self._variables[n] for n in names)

    def interval(self, name: str, start: str, size: int) -> str:
        """The stretch from the variable `start` to `start` + `size`, its end not included."""
        if name in self._intervals:
            raise AuditError(f"solver model: the interval {name!r} is used twice")
        self._intervals[name] = self._cp.new_fixed_size_interval_var(self._variables[start], size, name)
        return name

    def no_overlap(self, intervals: Iterable[str]) -> None:
        """Demand that no two of these intervals share a moment."""
        self._cp.add_no_overlap(self._intervals[i] for i in intervals)

    def cumulative(self, intervals: Sequence[str], demands: Sequence[int], capacity: int) -> None:
        """Demand that the demands of the intervals running at any moment add up to `capacity` at most."""
        if sum(map(abs, demands)) >= _CONDITIONAL_ROW_MAX:
            raise AuditError("solver model: the demands on one resource are too large")
        self._cp.add_cumulative([self._intervals[i] for i in intervals], list(demands), capacity)

    def minimize(self, terms: Iterable[Term]) -> None:
        """Set what to make least."""
        self._objective = tuple(terms)
        self._refuse_overflow(self._objective, conditional=False)
        self._cp.minimize(self._sum(self._objective))

    def hint(self, name: str, value: int) -> None:
        """Propose a value to begin with; need not be right, and the last one given for a name counts."""
        low, high = self._ranges[name]
        self._hints[name] = min(max(value, low), high)

    def _sum(self, terms: tuple[Term, ...]) -> cp_model.LinearExprT:
        # Two arrays go through the wrapper ten times as fast as `sum(c * x for …)`.
        if not terms:
            return 0
        return cp_model.LinearExpr.weighted_sum([self._variables[n] for _, n in terms], [c for c, _ in terms])

    def _refuse_overflow(self, terms: tuple[Term, ...], *, conditional: bool) -> None:
        # #5293: sums beyond 2^31 under a condition wrapped in presolve and a wrong optimum was certified.
        most = _CONDITIONAL_ROW_MAX if conditional else _ROW_MAX
        size = sum(abs(c) * self._sizes[n] for c, n in terms)
        if size >= most:
            first = ", ".join(f"{c} x {n}" for c, n in terms[:3])
            raise AuditError(f"solver model: a row can reach {size}, the limit is {most}: {first} …")

    def _confirm(self, values: Mapping[str, int]) -> None:
        for name, (low, high) in self._ranges.items():
            if not low <= values[name] <= high:
                raise AuditError(f"solver: answered {name} = {values[name]}, outside {low} to {high}")
        for row in self._rows:
            if not row.kept(values):
                raise AuditError(f"solver: its answer breaks {row.low} <= {row.terms[:6]} <= {row.high}")

    def _measure(self, values: Mapping[str, int]) -> int:
        return sum(c * values[n] for c, n in self._objective)


@dataclass
class _Watch:
    """What solver threads post for the waiting thread; they must do nothing else."""

    incumbent: float | None = None
    bound: float | None = None
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


class _Incumbents(cp_model.CpSolverSolutionCallback):
    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def on_solution_callback(self) -> None:
        self._watch.incumbent = self.objective_value
        self._watch.bound = self.best_objective_bound


def solve(
    model: Model,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
    stage: str = "",
) -> Answer:
    """Solve within the effort; the same model and effort give the same answer on one platform.

    The first Ctrl-C (or `stop.request()`) ends the search with its incumbent and `stopped="user"`.
    "infeasible" was proved twice, the second time without presolve; proved once only it is "unknown" with a note.

    Raises:
        AuditError: the model is invalid, or the answer does not keep its rows.
        KeyboardInterrupt: at the second Ctrl-C.
    """
    stop = stop or StopFlag()
    model._cp.clear_hints()  # type: ignore[no-untyped-call]
    for name, value in model._hints.items():
        model._cp.add_hint(model._variables[name], value)
    first = _Run(model, effort, presolve=True)
    first.wait(on_progress, stop, stage)
    if first.status != cp_model.INFEASIBLE:
        return first.answer("")
    # #5274: presolve called a feasible model infeasible.
    second_time = max(2 * first.solver.deterministic_time, _SECOND_PROOF_LEAST)
    second = _Run(model, Effort(second_time, effort.seed), presolve=False)
    second.wait(on_progress, stop, stage)
    if second.status == cp_model.INFEASIBLE:
        answer = Answer("infeasible", None, None, {}, spent=second.solver.deterministic_time)
    elif second.status == cp_model.UNKNOWN:
        answer = second.answer("probably impossible: proved once, the second proof did not end in time")
    else:
        answer = second.answer("found without presolve, after the solver had called the model infeasible")
    return replace(answer, spent=first.solver.deterministic_time + answer.spent)


class _Run:
    """One call of CP-SAT in a thread of its own, so that Ctrl-C reaches us and not the solver."""

    def __init__(self, model: Model, effort: Effort, *, presolve: bool) -> None:
        self.model = model
        self.watch = _Watch()
        self.user_stopped = False
        self.status: cp_model.CpSolverStatus = cp_model.UNKNOWN
        self.solver = cp_model.CpSolver()
        set_to = self.solver.parameters
        set_to.num_workers = 1
        set_to.random_seed = effort.seed
        set_to.max_deterministic_time = effort.deterministic_time
        set_to.cp_model_presolve = presolve
        # #5293: keeps the presolve step with the overflow from running at all.
        set_to.presolve_inclusion_work_limit = 0
        # Its own handler would leave the process without KeyboardInterrupt afterwards.
        set_to.catch_sigint_signal = False

    def wait(self, on_progress: Callable[[Progress], None] | None, stop: StopFlag, stage: str) -> None:
        """Run to the end, passing signs of life on from this thread."""
        began = time.monotonic()
        before = stop.requests
        beats = 0
        shown: tuple[float | None, float | None] = (None, None)
        threading.Thread(target=self._work, daemon=True, name=f"solve {stage}").start()
        while True:
            try:
                # Not Thread.join: an interrupted join marks a live thread as finished (Python 3.11).
                while not self.watch.done.wait(_TICK_S):
                    if stop.requests > before:
                        self.user_stopped = True
                        # Every tick, for a stop that comes before the search has begun is lost.
                        self.solver.stop_search()
                    seconds = time.monotonic() - began
                    now = (self.watch.incumbent, self.watch.bound)
                    if on_progress and (now != shown or seconds > (beats + 1) * _HEARTBEAT_S):
                        on_progress(Progress(stage, *now, seconds))
                        beats = int(seconds / _HEARTBEAT_S)
                        shown = now
                break
            except KeyboardInterrupt:
                self.user_stopped = True
                self.solver.stop_search()
                if stop.requested:
                    self.watch.done.wait(_GIVE_UP_S)
                    raise
                stop.request()
        if self.watch.error is not None:
            raise self.watch.error
        if self.status == cp_model.MODEL_INVALID:
            raise AuditError(f"solver: the model is invalid: {self.model._cp.validate()}")

    def _work(self) -> None:
        try:
            incumbents = _Incumbents(self.watch) if self.model._objective else None
            self.solver.best_bound_callback = self._bound if self.model._objective else None
            self.status = self.solver.solve(self.model._cp, incumbents)
        except BaseException as error:  # handed to the waiting thread, which raises it
            self.watch.error = error
        finally:
            self.watch.done.set()

    def _bound(self, bound: float) -> None:
        self.watch.bound = bound

    def answer(self, note: str) -> Answer:
        """The result in our words, its rows and objective computed again in whole numbers."""
        spent = self.solver.deterministic_time
        if self.status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Answer("unknown", None, self._proved_bound(), {}, self._stopped(), note, spent)
        found = self.solver.response_proto.solution
        values = dict(zip(self.model._variables, found, strict=True))
        self.model._confirm(values)
        objective = self.model._measure(values)
        if self.status == cp_model.OPTIMAL:
            return Answer("optimal", objective, objective, values, "", note, spent)
        return Answer("feasible", objective, self._proved_bound(), values, self._stopped(), note, spent)

    def _stopped(self) -> Literal["user", "budget"]:
        return "user" if self.user_stopped else "budget"

    def _proved_bound(self) -> int | None:
        bound = self.solver.best_objective_bound
        if not self.model._objective or abs(bound) >= _ROW_MAX:
            return None
        # The objective is a whole number, so the bound may be rounded up; 1e-6 absorbs the float it came in.
        return math.ceil(bound - 1e-6)
