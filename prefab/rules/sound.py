"""All modules on the land together make no more sound than the brief allows."""

from math import fsum, log10
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.module import Module
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.totals import burdened

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Sound of the site"
BASIS = "brief limits.sound_power_dba; catalog sound_power_dba, added as energy: 10 log10 of the sum of 10^(L/10)"
WISHES = ("limits.sound_power_dba",)
RULE = "sound"
STANDBY = "standby_mv"
_WHOLE = 10**7
"""What the limit's energy is in whole numbers: a block is rounded up by less than a millionth of a decibel."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """The energetic sum of everything that stands on the land at full build, at full speed or load.

    Units in reserve run beside the others, so they count. Standby sets do not: in normal operation they stand still,
    and they are tested one at a time. What stands inside another module is heard through that module's figure.
    """
    assert plan.connected is not None
    levels_dba = {m.sku: m.sound_power_dba for m in plan.modules if m.stands == "site" and m.sound_power_dba}
    running = (e.sku for e in plan.connected.equipment if e.carrier != STANDBY)
    energy = fsum(10 ** (levels_dba[sku] / 10) for sku in running if sku in levels_dba)
    total_dba = 10 * log10(energy) if energy else 0.0
    limit, text = plan.brief.limits.sound_power_dba, "sound power of all modules on the land, standby sets apart"
    if limit is None:
        return (Finding(RULE, "site", True, total_dba, total_dba, "dB(A)", "==", f"{text}; no limit is set"),)
    return (Finding.at_most(RULE, "site", total_dba, limit, "dB(A)", text),)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    limit = brief.limits.sound_power_dba
    if limit is None:
        return "No limit of sound is set for the site as a whole."
    return f"All modules on the land together make {limit:g} dB(A) of sound power at most, standby sets apart."


def burden(brief: SiteBrief, module: Module, carrier: str) -> float:
    """What one module takes of the limit's energy, all of which is `_WHOLE`; nothing where there is no limit.

    What alone is far louder than the limit takes twice as much as there is, so that figures stay small.
    """
    limit, level_dba = brief.limits.sound_power_dba, module.sound_power_dba
    if limit is None or level_dba is None or module.stands != "site" or carrier == STANDBY:
        return 0.0
    return _WHOLE * min(10 ** ((level_dba - limit) / 10), 2.0)


def rows(problem: "Problem") -> list[tuple[list[tuple[int, str]], int]]:
    """Shares of the limit's energy at full build, up per block and plant step."""
    return [] if problem.brief.limits.sound_power_dba is None else [(burdened(problem, burden), _WHOLE)]


def apply(model: "Model", problem: "Problem") -> None:
    """The row above, where there is a limit."""
    for terms, most in rows(problem):
        model.add_row(terms, high=most)
