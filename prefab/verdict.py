"""A quick answer to a changed wish: a witness, or a refusal by a bound."""

from dataclasses import replace
from typing import Literal

import numpy as np

from prefab.arranging import SYSTEMS
from prefab.block_walk import Stage, Walk, walks_of
from prefab.brief import SiteBrief
from prefab.candidates import candidates_of
from prefab.catalog import Catalog
from prefab.columns import columns_of
from prefab.fronts import Front
from prefab.names import check_names
from prefab.plan import BlockKind
from prefab.problem import Known, Problem, make_problem, question_of
from prefab.proving import solve_packed
from prefab.rules import SUMMED
from prefab.sizing import hooks_of
from prefab.solver import Effort
from prefab.ways import Hooks

_FEW = 40
"""Pairs of which all numbers of blocks are looked at."""

_GLANCE = Effort(0.05)


def find_verdict(brief: SiteBrief, catalog: Catalog, known: Known) -> Literal["possible", "impossible", "unknown"]:
    """A site of the two most promising kinds of block is a witness, and a bound may refuse.

    Where the ways to build a block are not known yet, blocks of the modules of the last site are tried first: what is
    known may so turn "unknown" into "possible", and never into another answer.

    Raises:
        InputError: the brief names something the catalog does not have.
    """
    check_names(brief, catalog)
    hooks = hooks_of(brief, catalog, ())
    if known.used and question_of(brief, hooks) not in known.columns and _has_like_before(brief, catalog, hooks, known):
        return "possible"
    problem = make_problem(brief, catalog, hooks, known)
    if problem.stranded:
        return "impossible"
    # Ways that spread better over systems with shared reserve may be gone.
    refused: Literal["impossible", "unknown"] = "unknown" if brief.redundancy.power in SYSTEMS else "impossible"
    if problem.unserved:
        return refused
    candidates = candidates_of(problem)
    if candidates.bounding.overdrawn:
        return refused
    best = candidates.best(_FEW)
    if best is None:
        return refused if candidates.refuses() else "unknown"
    return "possible" if _has_site(best) else "unknown"


def _has_like_before(brief: SiteBrief, catalog: Catalog, hooks: Hooks, known: Known) -> bool:
    """Whether there is a site with blocks like the last ones, of the same modules and with coolant as warm.

    What walks have found already that is still so is not walked again. Where nothing gives a carrier so, all modules
    that give it may, and those that stand in the same rooms. The site's plant is chosen from as ever.
    """
    question, with_fabric = question_of(brief, hooks), catalog.with_fabric(brief.fabric_frac)
    kept = known.stages.get(question[0], {})
    walks = [(w, w.still(kept.get(w.question, ()))) for w in walks_of(brief, with_fabric, hooks)]
    within = {c.key for c in catalog.carriers if c.scope == "block"}
    of_blocks = [m for m in catalog.modules if all(g.carrier in within for g in m.gives)]
    skus = {sku for k in known.used for sku in (k.pod, *(g.sku for g in k.groups))}
    while True:
        only = {m.sku for m in catalog.modules}.difference(m.sku for m in of_blocks if m.sku not in skus)
        found = [_walk_like(walk, known.used, frozenset(only), before) for walk, before in walks]
        columns = columns_of((walk, stages[-1]) for walk, stages in found)
        if len({c.demand for c in columns}) == len(brief.it.demands):
            problem = make_problem(brief, catalog, hooks, Known({question: columns}))
            return not problem.stranded and _has_site(problem)
        ends = next((s.carrier for _, stages in found for s in stages if not s.fronts), "")
        rooms = {m.inside for m in of_blocks if m.given(ends) and m.inside}
        more = {m.sku for m in of_blocks if m.given(ends) or m.inside in rooms}
        if more <= skus:
            return False
        skus |= more


def _walk_like(
    walk: Walk, kinds: tuple[BlockKind, ...], only: frozenset[str], before: list[Stage]
) -> tuple[Walk, tuple[Stage, ...]]:
    """On from stages, with what they found of some modules and of coolant as warm as in these kinds of block."""
    supplies_degc = {g.supply_degc for k in kinds for g in k.groups}
    carriers = walk.site.carriers
    graded = {n.carrier for pod, _ in walk.blocks for n in pod.needs if carriers[n.carrier].grades_degc}
    narrow = walk.narrowed(only)

    def is_like(front: Front, row: int) -> bool:
        pod, _ = walk.blocks[front.of[row]]
        alike = (
            g.sku in only and (g.carrier not in graded or g.supply_degc in supplies_degc) for g in front.groups[row]
        )
        return pod.sku in only and all(alike)

    as_warm = (f for f in before[-1].fronts if {k.supply_degc for k in f.keys if k.carrier in graded} <= supplies_degc)
    rows = ((f, [row for row in range(len(f)) if is_like(f, row)]) for f in as_warm)
    fronts = [f.only(np.array(found)) for f, found in rows if found]
    return narrow, narrow.on_from([*before[:-1], replace(before[-1], fronts=fronts)])


def _has_site(problem: Problem) -> bool:
    """Whether a glance finds a site, whatever it costs, that keeps the limits on sums too."""
    limited = replace(problem, summed=tuple(rule.RULE for rule in SUMMED))
    return bool(solve_packed(limited, _GLANCE, None, None, None, any_site=True).values)
