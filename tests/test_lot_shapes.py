"""Rows of modules for many turns at once are those of plain loops."""

import random
from collections import Counter
from itertools import product

import numpy as np
from build import MODULES

from prefab.lot_shapes import _column, _rows, _sizes, _souths, _Turned


def a_case(seed):
    """Stacks of one or two SKUs, some of them too many for one row, with gaps that differ by pair."""
    pick = random.Random(seed)
    modules = {
        f"M{n}": MODULES[0].model_copy(
            update={"sku": f"M{n}", "length_mm": pick.randrange(500, 9000), "width_mm": pick.randrange(500, 4000)}
        )
        for n in range(6)
    }
    apart = {frozenset(pair): pick.choice([0, 300, 1200, 5000]) for pair in product(modules, modules)}

    def gap(some, others):
        return max(apart[frozenset((a, b))] for a in some for b in others)

    stacks = [
        (tuple(pick.sample(sorted(modules), pick.choice([1, 1, 2]))), pick.choice([1, 2, 7, 12]))
        for _ in range(pick.randrange(1, 6))
    ]
    return stacks, modules, gap, pick


def test_sizes_for_all_turns_are_those_of_plain_loops():
    seen = Counter()
    for seed in range(40):
        seen += compared(seed)
    assert min(seen["one row"], seen["several"], seen["a stack in several"]) >= 40, seen


def compared(seed):
    """Counts of layouts by their rows, all of them of the same size both ways."""
    stacks, modules, gap, pick = a_case(seed)
    n = len(stacks)
    turns = list(product((True, False), repeat=n))
    columns = {turned: [_column(s, turned, modules, gap) for s in stacks] for turned in (True, False)}
    order = pick.sample(range(n), n)
    targets_mm = [pick.randrange(1000, 60_000) for _ in turns]
    gaps_mm = np.array([[gap(one, other) for other, _ in stacks] for one, _ in stacks])
    these = _Turned.of(columns, np.array(turns))
    found = _sizes(these, order, np.array(targets_mm), gaps_mm).tolist()
    seen = Counter()
    for each, target_mm, size in zip(turns, targets_mm, found, strict=True):
        turned = [columns[t][i] for i, t in enumerate(each)]
        rows = _rows(turned, order, target_mm, gap)
        seen["several" if len(rows) > 1 else "one row"] += 1
        seen["a stack in several"] += max(Counter(i for row in rows for i, _, _ in row).values()) > 1
        ends = [west + (count - 1) * turned[i].step_mm + turned[i].width_mm for row in rows for i, count, west in row]
        souths = _souths(turned, rows, gap)
        norths = [s + turned[i].depth_mm for s, row in zip(souths, rows, strict=True) for i, _, _ in row]
        assert size == [max(ends), max(norths)]
    return seen
