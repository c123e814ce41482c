"""What blocks and plant draw at three places of the site, and how losses on the way add to it."""

from typing import NamedTuple

from prefab.units import WATTS, Rounding


class Draw(NamedTuple):
    """What something draws at three places, in whole watts: from the switchgear, from the utility's medium voltage (the
    switchgear's loss included) and from the grid (the main transformers' loss included)."""

    switchgear_w: int = 0
    utility_w: int = 0
    grid_w: int = 0

    def times(self, count: int) -> "Draw":
        """Of so many."""
        return Draw(*(count * w for w in self))

    def plus(self, other: "Draw") -> "Draw":
        """Of both."""
        return Draw(*(a + b for a, b in zip(self, other, strict=True)))


NOTHING = Draw()


class Slopes(NamedTuple):
    """Loss per kW of load beyond the no-load loss, on the way from a place to the next one."""

    house: float
    """Transformers of the site's own services and of its batteries."""
    intake: float
    main: float
    """Main transformers and their bays."""


def draw_at(switchgear_kw: float, utility_kw: float, grid_kw: float, slopes: Slopes, rounding: Rounding) -> Draw:
    """Rounded where each is added: at the switchgear, behind it, and behind the main transformers."""
    utility_kw += switchgear_kw * (1 + slopes.intake)
    grid_kw += utility_kw * (1 + slopes.main)
    return Draw(*(rounding.needed(kw, WATTS) for kw in (switchgear_kw, utility_kw, grid_kw)))
