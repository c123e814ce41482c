"""Nobody near the site hears more of it than may be: by day, by night, at a test of a generating set and on all sets.

Every module on the land sounds from the nearest point of its footprint over hard ground; air, screens and other
modules in between take nothing away. Reflections, tones and modules whose sound nobody states are not in it.
"""

from collections.abc import Iterator

import numpy as np
import shapely

from prefab.brief import SiteBrief
from prefab.physics.sound import pressure_dba, together_dba
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.sound import STANDBY
from prefab.site import Receptor

TITLE = "Noise around the site"
BASIS = "ISO 9613-2 without its attenuations; brief site.receptor, site.night_quieter_db; catalog sound_power_dba"
WISHES = ("site.receptor",)
RULE = "noise"
COOLING = "heat_rejection"
NEAREST_M = 1.0
"""Who stands nearer is taken to stand so near."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Of every receptor and state that has a limit; at full build and full load, units in reserve running too."""
    assert plan.placed is not None
    return tuple(f for receptor in plan.brief.site.receptor for f in _at(plan, receptor))


def _at(plan: Plan, receptor: Receptor) -> Iterator[Finding]:
    levels = _levels_dba(plan, receptor)
    day = [dba for carrier, dba in levels if carrier != STANDBY]
    sets = [dba for carrier, dba in levels if carrier == STANDBY]
    quieter = plan.brief.site.night_quieter_db
    states = {
        "by day": (receptor.day_dba, day),
        "by night": (
            receptor.night_dba,
            [dba - quieter * (carrier == COOLING) for carrier, dba in levels if carrier != STANDBY],
        ),
        "at a test of the generating set that is heard most": (receptor.test_dba, [*day, *sorted(sets)[-1:]]),
        "with all generating sets": (receptor.emergency_dba, [*day, *sets]),
    }
    for state, (limit, heard) in states.items():
        if limit is not None:
            actual = max(0.0, together_dba(heard))
            yield Finding.at_most(RULE, receptor.name, actual, limit, "dB(A)", f"heard {state}")


def _levels_dba(plan: Plan, receptor: Receptor) -> list[tuple[str, float]]:
    """What each module is heard with, and what it gives."""
    assert plan.placed is not None
    assert plan.connected is not None
    modules = {m.sku: m for m in plan.modules}
    at = {e.tag: e for e in plan.connected.equipment}
    loud = [(p, modules[at[p.tag].sku]) for p in plan.placed.positions if p.tag in at and at[p.tag].sku in modules]
    loud = [(p, m) for p, m in loud if m.sound_power_dba is not None]
    sides = [(p.x_mm, p.y_mm, *m.sides_mm(turned=p.turned)) for p, m in loud]
    feet = [shapely.box(x, y, x + along, y + across) for x, y, along, across in sides]
    off_mm = shapely.distance(np.array(feet), shapely.Point(receptor.at_m[0] * 1000, receptor.at_m[1] * 1000))
    return [
        (at[p.tag].carrier, pressure_dba(m.sound_power_dba or 0.0, max(NEAREST_M, mm / 1000)))
        for (p, m), mm in zip(loud, off_mm.tolist(), strict=True)
    ]


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    if not brief.site.receptor:
        return "No neighbour of the site has a limit of noise."
    return f"The site is heard no louder than their limits at {', '.join(r.name for r in brief.site.receptor)}."
