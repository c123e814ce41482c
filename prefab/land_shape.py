"""What a file shows of the land, before it is moved to the brief's origin."""

from typing import Any, NamedTuple

KEPT_FREE = {"keep_out": "Keep-out", "building": "Building", "easement": "Easement", "flood": "Flood"}
"""What a polygon beside the land may be for, and what it is called where it has no name."""
POINTS = {"gate": "Gate", "utility": "Utility"}
PURPOSES = ("land", *KEPT_FREE, *POINTS)

WGS84 = "wgs84"
"""Degrees east and north."""
METRES = {
    "metres": 1.0,
    "millimetres": 0.001,
    "centimetres": 0.01,
    "feet": 0.3048,
    "us_survey_feet": 1200 / 3937,
    "inches": 0.0254,
}
"""Of one unit of length. NIST: 1 ft is 0.3048 m, a US survey foot (until 2022) 1200/3937 m."""

CORNERS_MAX = 5_000
"""Of one outline."""

Corner = tuple[float, float]


class Shape(NamedTuple):
    """One polygon or point."""

    where: str
    """In the file, for messages."""
    purpose: str
    rings: tuple[tuple[Corner, ...], ...]
    """Counter-clockwise, holes after the outline clockwise, first corners not repeated; of a point one corner."""
    name: Any = None
    setback_m: Any = None

    @property
    def at(self) -> Corner:
        """Where a point is."""
        return self.rings[0][0]
