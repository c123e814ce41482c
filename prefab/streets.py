"""Where everything stands on a parcel of any shape: lots on both sides of parallel streets that hang together.

Streets lie across the way in from a gate, one behind the other, each with a row of lots before and behind it as long as
the land lets them be. Links join one street to the next in every stretch between what must stay free: nearest to the
gate, or at both ends of the rows. What is chosen (gate and direction, depths and lengths of rows, where links lie, in
which order lots are put) is changed, one thing or two at a time, while that takes less land: with a fixed seed and a
fixed number of changes, so that the answer repeats.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, combinations, product
from math import ceil

from prefab.land import Land
from prefab.lot_shapes import Stock
from prefab.lots import AISLE_MM, Lot, Stack
from prefab.quiet import Quiet
from prefab.sheets import Sheet, View, Widths
from prefab.street_rows import ANY_MM, OFF_MM, Choice, Filling, Found, Score

ROWS = (1, 2, 3, 4, 6, 8)
"""Lots that a row has on each side."""
SEED = 1
_STARTS = 16
"""Choices that the search begins with."""
_TURNS, _LEAST_TURNS = 400, 8
"""Changes tried of each of them at first, over the number of lots."""


class Streets:
    """All choices for one parcel and its lots."""

    def __init__(self, land: Land, setback_m: float, road_mm: int, reach_mm: int, stock: Stock, quiet: Quiet) -> None:
        self.widths, self.stock, self.quiet = Widths(road_mm, reach_mm), stock, quiet
        _, _, east, north = (ceil(b) for b in land.polygon.bounds)
        views = [View(False, None), View(False, north), View(True, None), View(True, east)]
        self.sheets = [Sheet(land, setback_m, self.widths, v, gate) for gate in land.gates_mm for v in views]
        self.lots: dict[tuple[Stack, ...], list[Lot]] = defaultdict(list)
        for lot in (*stock.yards, *stock.blocks):
            self.lots[lot.stacks].append(lot)
        self.kinds = list(self.lots)
        self.scored = cache(self._scored)

    @property
    def is_open(self) -> bool:
        """Whether a road leads straight in from any gate."""
        return any(sheet.is_open for sheet in self.sheets)

    def best(self) -> Found:
        """The choice that leaves least without a place, then takes the least land, of those looked at."""
        pool = sorted((self.scored(choice), choice) for choice in self._firsts())[:_STARTS]
        pick, turns = random.Random(SEED), max(_LEAST_TURNS, _TURNS // len(self.stock.blocks + self.stock.yards))
        # Of the ones that promise most half are looked at twice as closely, and so on.
        while len(pool) > 1:
            pool = sorted(self._improved(*one, pick, turns) for one in pool)[: len(pool) // 2]
            turns *= 2
        return self._filled(pool[0][1])

    def _improved(self, score: Score, choice: Choice, pick: random.Random, turns: int) -> tuple[Score, Choice]:
        for _ in range(turns):
            other = self._changed(choice, pick)
            if (found := self.scored(other)) <= score:  # as good is another place to go on from
                score, choice = found, other
        return score, choice

    def _firsts(self) -> Iterator[Choice]:
        """Every way in, with yards before or behind the blocks, and rows of a few lengths."""
        caps_mm = {
            bool(lot.yard): self.stock.caps(lots, 1)[0]
            for lots in (self.stock.yards, self.stock.blocks)
            for lot in lots[:1]
        }
        depths_mm = tuple(caps_mm[bool(self.lots[kind][0].yard)] for kind in self.kinds)
        for rear in chain.from_iterable(
            combinations(self.stock.movable, n) for n in range(len(self.stock.movable) + 1)
        ):
            lots = sorted(
                (*self.stock.yards, *self.stock.blocks),
                key=lambda lot: (lot.yard in rear) - (lot.yard not in ("", *rear)),
            )
            order = tuple(self.kinds.index(lot.stacks) for lot in lots)
            for way_in, half_mm in product(range(len(self.sheets)), self._halves_mm(depths_mm)):
                yield Choice(way_in, "row", "near", half_mm, 0, 0, depths_mm, order)
                yield Choice(way_in, "street", "near", half_mm, 0, 0, depths_mm, order)

    def _halves_mm(self, depths_mm: Sequence[int]) -> list[int]:
        wide = max(self.stock.pick(kind, cap).width_mm for kind, cap in zip(self.kinds, depths_mm, strict=True))
        return [ANY_MM, *((wide + AISLE_MM) * count + self.widths.road for count in ROWS)]

    def _changed(self, choice: Choice, pick: random.Random) -> Choice:
        """With one thing or two of it otherwise."""
        for _ in range(pick.choice((1, 1, 2))):
            match pick.choice(("first", "links", "half", "off", "aside", "depth", "depth", "order", "order")):
                case "first":
                    choice = choice._replace(first="row" if choice.first == "street" else "street")
                case "links":
                    choice = choice._replace(links="near" if choice.links == "ends" else "ends")
                case "half":
                    choice = choice._replace(half_mm=pick.choice(self._halves_mm(choice.depths_mm)))
                case "off":
                    choice = choice._replace(off_mm=pick.choice((0, 0, pick.randrange(OFF_MM))))
                case "aside":
                    width_mm = self.sheets[choice.way_in].width_mm
                    choice = choice._replace(aside_mm=pick.choice((0, pick.randrange(-width_mm, width_mm) // 2)))
                case "depth":
                    kind = pick.randrange(len(self.kinds))
                    depth_mm = pick.choice(self.stock.shapes[self.kinds[kind]]).depth_mm
                    depths_mm = (depth_mm if n == kind else d for n, d in enumerate(choice.depths_mm))
                    choice = choice._replace(depths_mm=tuple(depths_mm))
                case _:
                    order = list(choice.order)
                    moved = order.pop(pick.randrange(len(order)))
                    order.insert(pick.randrange(len(order) + 1), moved)
                    choice = choice._replace(order=tuple(order))
        return choice

    def _scored(self, choice: Choice) -> Score:
        return self._filled(choice).score

    def _filled(self, choice: Choice) -> Found:
        each = [iter(self.lots[kind]) for kind in self.kinds]
        lots = [next(each[kind]) for kind in choice.order]
        depths_mm = dict(zip(self.kinds, choice.depths_mm, strict=True))
        return Filling(self.stock, self.widths, self.sheets[choice.way_in], lots, depths_mm, choice, self.quiet).found()
