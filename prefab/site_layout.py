"""Where everything stands on the land, by what it is lifted and shielded, and where cables and pipes run."""

from typing import Annotated, Literal

from pydantic import Field

from prefab.provenance import Key
from prefab.tables import Frozen

Tag = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,29}$")]
Side = Literal["A", "B"]
"""Of a run or a feed: a consumer's two cords."""
Millimetre = int


class Position(Frozen):
    """South-west corner of a module's footprint; unturned its length lies west to east."""

    tag: Tag
    x_mm: Millimetre
    y_mm: Millimetre
    turned: bool = False
    """By a quarter, counter-clockwise: its east side faces north."""
    reversed: Annotated[bool, Field(exclude_if=lambda given: not given)] = False
    """By half a circle more, so that its intakes, outlets and doors face the other way."""
    pinned: Annotated[bool, Field(exclude_if=lambda given: not given)] = False
    """Put there by hand: it stays when the rest is placed again."""


class Area(Frozen):
    """A rectangle of land with a purpose."""

    name: str
    purpose: Literal["road", "block", "yard", "parking", "laydown", "drainage", "expansion"]
    x_mm: Millimetre
    y_mm: Millimetre
    width_mm: Annotated[int, Field(gt=0)]
    """West to east."""
    depth_mm: Annotated[int, Field(gt=0)]


class Lift(Frozen):
    """From where one module is set, and taken away again when it is replaced."""

    tag: Tag
    crane: Key
    x_mm: Millimetre
    """Of the middle of the square on which the crane stands."""
    y_mm: Millimetre


class Wall(Frozen):
    """A barrier against noise or fire, upright along a line."""

    barrier: Key
    points_mm: Annotated[tuple[tuple[int, int], ...], Field(min_length=2)]
    height_mm: Annotated[int, Field(gt=0)]


class Placed(Frozen):
    """Where everything that stands on the land stands. What stands inside a pod is not listed."""

    positions: tuple[Position, ...]
    areas: tuple[Area, ...]
    lifts: Annotated[tuple[Lift, ...], Field(exclude_if=lambda given: not given)] = ()
    walls: Annotated[tuple[Wall, ...], Field(exclude_if=lambda given: not given)] = ()


class Run(Frozen):
    """A cable or pipe between two modules, or from the utility, along right-angled segments."""

    start: Tag
    end: Tag
    carrier: Key
    side: Side
    points_mm: Annotated[tuple[tuple[int, int], ...], Field(min_length=2)]
    length_mm: Annotated[int, Field(ge=0)]
    """Route plus risers and slack."""


class Routed(Frozen):
    """All runs; a feed's suppliers on one bus are joined by runs of their own."""

    runs: tuple[Run, ...]
