"""What neighbours would hear of a layout, while it is looked for: by how much that is too loud."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from prefab.lots import Standing
from prefab.module import Module
from prefab.physics.sound import OVER_GROUND_DB
from prefab.plan import Equipment
from prefab.rules.noise import COOLING, NEAREST_M
from prefab.rules.sound import STANDBY
from prefab.site import Receptor, Site

Figures = NDArray[np.float64]


class Heard(NamedTuple):
    """What one receptor hears in one state, beside its limit."""

    receptor: str
    state: str
    level_dba: float
    limit_dba: float


class Quiet:
    """The limits of noise around one site, and the sound of its modules."""

    def __init__(self, site: Site, modules: Mapping[str, Module], equipment: Iterable[Equipment]) -> None:
        self.receptors, self.quieter_db = site.receptor, site.night_quieter_db
        self.loud = {
            e.tag: (10 ** (power_dba / 10), e.carrier)
            for e in equipment
            if (power_dba := modules[e.sku].sound_power_dba) is not None
        }

    def excess_db(self, lots: Iterable[Standing]) -> float:
        """Decibels beyond all limits together."""
        return sum(max(0.0, h.level_dba - h.limit_dba) for h in self.heard(lots)) if self.receptors else 0.0

    def heard(self, lots: Iterable[Standing]) -> list[Heard]:
        """Every limit with what is heard."""
        feet = [
            (*rect, *self.loud[tag])
            for lot in lots
            for tag, (rect, _) in zip(lot.tags, lot.footprints, strict=True)
            if tag in self.loud
        ]
        if not feet:
            return []
        rects = np.array([foot[:4] for foot in feet], dtype=np.float64)
        powers = np.array([foot[4] for foot in feet])
        carriers = np.array([foot[5] for foot in feet])
        sets, cooling = carriers == STANDBY, carriers == COOLING
        return [h for r in self.receptors for h in self._at(r, rects, powers, sets, cooling)]

    def _at(
        self, receptor: Receptor, rects: Figures, powers: Figures, sets: NDArray[np.bool_], cooling: NDArray[np.bool_]
    ) -> Iterable[Heard]:
        x, y = receptor.at_m[0] * 1000, receptor.at_m[1] * 1000
        west, south, east, north = rects.T
        beside = np.maximum(np.maximum(west - x, x - east), 0.0)
        before = np.maximum(np.maximum(south - y, y - north), 0.0)
        off_mm = np.maximum(np.hypot(beside, before), NEAREST_M * 1000)
        intensity = powers / (off_mm / 1000) ** 2
        always = intensity[~sets].sum()
        night = intensity[~sets & ~cooling].sum() + intensity[cooling & ~sets].sum() * 10 ** (-self.quieter_db / 10)
        states = {
            "by day": (receptor.day_dba, always),
            "by night": (receptor.night_dba, night),
            "at a test of a generating set": (receptor.test_dba, always + intensity[sets].max(initial=0.0)),
            "with all generating sets": (receptor.emergency_dba, intensity.sum()),
        }
        for state, (limit, total) in states.items():
            if limit is not None and total > 0:
                yield Heard(receptor.name, state, float(10 * np.log10(total)) - OVER_GROUND_DB, limit)
