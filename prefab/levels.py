"""Between which levels synchronous training swings, and what it rests at: the load that storage evens out.

All accelerators of a demand compute and wait together, so that their swings add up; what serves single requests has
no such swings.
"""

from dataclasses import dataclass

from prefab.module import ItLoad
from prefab.workload import Accelerator, Workload


@dataclass(frozen=True)
class Levels:
    """Of one pod, at the rack inputs."""

    high_kw: float
    """Its peak."""
    low_kw: float
    idle_kw: float
    """Between two jobs."""
    period_s: float
    """Of one iteration, the longest that the card states."""
    high_frac: float
    """Share of it at the high level."""

    @property
    def swing_kw(self) -> float:
        """Peak to peak."""
        return self.high_kw - self.low_kw

    @property
    def mean_kw(self) -> float:
        """Over an iteration."""
        return self.low_kw + self.high_frac * self.swing_kw

    @property
    def pause_frac(self) -> float:
        """How far below the mean all of it waits, over the step from idle to the mean."""
        return (self.mean_kw - self.low_kw) / self.step_kw if self.step_kw > 0 else 0.0

    @property
    def step_kw(self) -> float:
        """From idle to the mean, when a job starts; back when it ends."""
        return self.mean_kw - self.idle_kw


def levels_of(it: ItLoad, card: Workload, accelerators: tuple[Accelerator, ...]) -> Levels | None:
    """None for what does not swing.

    The depth of a card is that of its accelerators, each at its board limit; the rest of a pod is steady.
    """
    swing = card.swing
    if swing is None or swing.period_s is None or swing.high_frac is None:
        return None
    board_w = next((a.board_limit_w for a in accelerators if a.name == it.accelerator), None)
    swinging_kw = it.peak_kw if board_w is None else min(it.peak_kw, it.accelerators_count * board_w / 1000)
    idle_kw = it.measured_kw * it.idle_frac
    low_kw = max(idle_kw, it.peak_kw - swing.depth_frac.base * swinging_kw)
    return Levels(it.peak_kw, low_kw, idle_kw, swing.period_s.high, swing.high_frac.base)
