"""What one intake switchgear carries of several kinds of block, and the straight edges around it for two."""

from itertools import pairwise
from typing import NamedTuple

Pattern = tuple[int, ...]
"""Blocks of each kind on one intake."""

Edge = tuple[int, int, int]
"""(a, b, c): a i + b j <= c for every pattern (i, j)."""


class Load(NamedTuple):
    """What the blocks of one demand, all of one kind, ask of intakes."""

    demand: int
    blocks: int
    each_w: int
    extra_w: int
    """More than that in a block's worst situation."""


class Fewest(NamedTuple):
    """How many intakes of an option carry whole blocks that are no fewer and no lighter than these."""

    loads: tuple[Load, ...]
    """Of different demands, each of which has one kind of block and a fixed number of them."""
    phase: int
    option: str
    least: int | None
    """None where even its most do not."""


def edges_of(patterns: list[Pattern]) -> list[Edge]:
    """The edges of the convex hull of patterns of two kinds and of everything below them."""
    corners: list[Pattern] = []
    for pattern in sorted(patterns):
        while corners and (corners[-1][1] <= pattern[1] or _dented([*corners[-2:], pattern])):
            corners.pop()
        corners.append(pattern)
    sloped = [(j - m, k - i, (j - m) * i + (k - i) * j) for (i, j), (k, m) in pairwise(corners)]
    return [(0, 1, max(j for _, j in patterns)), *sloped, (1, 0, max(i for i, _ in patterns))]


def _dented(corners: list[Pattern]) -> bool:
    """Whether the middle one of three corners lies on or below the line between the others."""
    if len(corners) < 3:
        return False
    (i, j), (k, m), (p, q) = corners
    return (k - i) * (q - j) - (m - j) * (p - i) >= 0
