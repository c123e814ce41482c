"""What a site draws, at three places between its switchgear and the grid."""

from typing import NamedTuple

from prefab.units import Rounding


class Draw(NamedTuple):
    """What something draws at three places, in whole kW rounded up: from the switchgear, the utility's medium voltage
    (the switchgear's loss included) and the grid (the main transformers' loss included)."""

    switchgear_kw: int = 0
    utility_kw: int = 0
    grid_kw: int = 0

    def times(self, count: int) -> "Draw":
        """Of so many."""
        return Draw(*(count * kw for kw in self))

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
    utility = switchgear_kw * (1 + slopes.intake) + utility_kw
    return Draw(*map(rounding.needed, (switchgear_kw, utility, utility * (1 + slopes.main) + grid_kw)))
