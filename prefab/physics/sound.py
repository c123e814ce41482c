"""Sound in the open, from sources that are small beside their distance; no figure of weather, ground or screens.

Engineering reference section 9: ISO 9613-2 over hard ground, without what air and screens take away, and without what
reflections, downwind layers and tones may add.
"""

from collections.abc import Iterable
from math import fsum, log10

FREE_DB, OVER_GROUND_DB = 11.0, 8.0
"""Off the sound power at 1 m: into a whole sphere, and into the half above hard ground."""


def pressure_dba(power_dba: float, distance_m: float, spread_db: float = OVER_GROUND_DB) -> float:
    """The level at a distance from a source of that sound power (validation cases L01, L02, L04, L05)."""
    return power_dba - 20 * log10(distance_m) - spread_db


def together_dba(levels_dba: Iterable[float]) -> float:
    """Energies added up (validation case L03); of nothing minus infinity."""
    energy = fsum(10 ** (level / 10) for level in levels_dba)
    return 10 * log10(energy) if energy else float("-inf")
