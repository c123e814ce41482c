"""With any one loss that the brief asks to survive, every pod runs and no module is overloaded.

Where the brief asks for coolant or cooled air of each pod's own, no module that gives it cools two pods.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.network import Network, network_of, shown
from prefab.rules.walk import Worst, walk

if TYPE_CHECKING:
    from prefab.packing import Fewest
    from prefab.plant_options import PlantOption
    from prefab.problem import BlockChoice, Problem
    from prefab.solver import Model
    from prefab.strings import Strung

TITLE = "Losses that the redundancy names"
BASIS = "brief [redundancy]; catalog gives.capacity, losses; the plan's own feeds"
WISHES = (
    "redundancy.power",
    "redundancy.cooling",
    "redundancy.control",
    "redundancy.intake",
    "redundancy.main_transformers",
    "redundancy.standby",
    "redundancy.scope.coolant",
    "redundancy.scope.air_cooling",
)
RULE = "contingencies"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Walks every loss on the plan's own feeds; per phase and carrier the fullest module, and every overloaded one."""
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        worst = walk(plan, phase)
        hungry = "".join(f"; {tag}: {situation}" for tag, situation in sorted(worst.starving.items())[:3])
        text = f"modules that go without in some situation, of {worst.states} walked{hungry}"
        findings.append(Finding.at_most(RULE, f"phase {named.name}", float(len(worst.starving)), 0.0, "modules", text))
        findings += shown(_loads(network_of(plan, phase), worst, f"phase {named.name}"))
    findings += shown(_shared(network_of(plan, len(plan.brief.phases) - 1)))
    return tuple(findings)


def _shared(network: Network) -> Iterable[tuple[str, Finding]]:
    """How many pods each module cools of which every pod is to have its own, along the feeds of what cools."""
    cooled: dict[str, list[str]] = defaultdict(list)
    for (consumer, carrier), feeds in network.feeds.items():
        if network.carriers[carrier].redundancy == "cooling":
            for tag in {tag for feed in feeds for tag in feed.suppliers}:
                cooled[tag].append(consumer)
    for tag, e in network.equipment.items():
        if e.carrier in network.plan.brief.redundancy.scope.of_pods:
            reached, left = {tag}, [tag]
            while left:
                more = [t for t in cooled[left.pop()] if t not in reached]
                reached.update(more)
                left += more
            pods = sum(network.module(t).it is not None for t in reached)
            text = f"pods that it cools; {e.carrier} is each pod's own"
            yield e.carrier, Finding.at_most(RULE, tag, float(pods), 1.0, "pods", text)


def _loads(network: Network, worst: Worst, where: str) -> Iterable[tuple[str, Finding]]:
    for tag in network.order:
        carrier = network.carriers[network.equipment[tag].carrier]
        if carrier.medium in ("it", "fuel"):
            continue
        unit = "L" if carrier.medium == "buffer" else carrier.unit or "kW"
        text = f"{carrier.key} load, worst: {worst.situation.get(tag, 'normal')}"
        load, capacity = worst.load_kw.get(tag, 0.0), network.capacity[tag]
        yield carrier.key, Finding.at_most(RULE, f"{where}, {tag}", load, capacity, unit, text)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    r = brief.redundancy
    own = " and ".join(carrier.replace("_", " ") for carrier in r.scope.of_pods)
    return (
        f"Power is {r.power}, cooling {r.cooling}, controls {r.control}, intake {r.intake}, main transformers "
        f"{r.main_transformers} and standby generation {r.standby}: after any one such loss every pod runs."
        + (f" Without the utility generating sets carry {apart}." if (apart := brief.it.said_of_backup()) else "")
        + (f" Each pod has its own {own}." if own else "")
    )


def apply(model: "Model", problem: "Problem") -> None:
    """Site plant carries all blocks with its spare gone, and one block in its worst situation with all of it.

    Intakes also have ways for all blocks, and carry whole blocks of the kinds in `Problem.packed` and `fewest`.
    """
    for carrier, place in (("mv_ac", 0), ("utility_mv", 1), ("standby_mv", 1)):
        options = problem.options(carrier)
        for phase in problem.phases if options else ():
            capacity = [(o.capacity_w, problem.plant_count(o, phase)) for o in options]
            spare = [(-o.capacity_w * o.spare, problem.chosen(o)) for o in options if o.spare]
            each = [(c, c.backed_w if carrier == "standby_mv" else c.normal[place]) for c in problem.columns]
            load = [(-w, problem.count(c, phase)) for c, w in each]
            load += [(-w, problem.plant_count(o, phase)) for o in problem.plant if (w := o.standing[place])]
            model.add_row([*capacity, *spare, *load], low=0)
            if carrier == "standby_mv":
                continue  # a block's own loss and the loss of the utility are two failures
            for choice in problem.columns:
                if more := choice.extra[place]:
                    model.add_row([*capacity, *load, (-more, problem.stands(choice))], low=0)
    _apply_services(model, problem)
    _apply_attached(model, problem)
    _apply_ways(model, problem)


def _apply_services(model: "Model", problem: "Problem") -> None:
    for carrier in problem.services:
        options = problem.options(carrier)
        for phase in problem.phases if options else ():
            each = [(o.capacity_w, problem.plant_count(o, phase)) for o in options]
            spare = [(-o.capacity_w * o.spare, problem.chosen(o)) for o in options if o.spare]
            asked = [(-n, problem.count(c, phase)) for c in problem.columns if (n := c.asked(carrier))]
            asked += [(-n * o.sides, problem.plant_count(o, phase)) for o in problem.plant if (n := o.asked(carrier))]
            model.add_row([*each, *spare, *asked], low=0)


def _apply_attached(model: "Model", problem: "Problem") -> None:
    for consumer, supplier in problem.attachments():
        carried = supplier.carries(consumer)
        if not carried:
            model.add_row([(1, problem.chosen(consumer)), (1, problem.chosen(supplier))], high=1)
        for phase in problem.phases:
            count = problem.plant_count(consumer, phase)
            others = [o for o in problem.options(supplier.carrier) if o.name != supplier.name]
            lets = [(consumer.most, problem.chosen(o)) for o in others]
            model.add_row([(carried, problem.plant_count(supplier, phase)), *lets, (-1, count)], low=0)


def _apply_ways(model: "Model", problem: "Problem") -> None:
    options = problem.options("mv_ac")
    named = {c.name: c for c in problem.columns}
    for phase in problem.phases:
        ways = [(o.feeders, problem.plant_count(o, phase)) for o in options]
        blocks = [(-1, problem.count(c, phase)) for c in problem.columns]
        model.add_row([*ways, *blocks], low=problem.site_ways)
        for names in problem.packed:
            kinds = [named[n] for n in names if n in named]
            for option in options if len(kinds) == len(names) else ():
                _apply_packing(model, problem, option, kinds, phase)
    for fewest in problem.fewest:
        for option in options:
            if option.name == fewest.option:
                _apply_fewest(model, problem, option, fewest)
    for names in problem.patterned:
        kinds = [named[n] for n in names if n in named]
        for option in options if len(kinds) == len(names) else ():
            _apply_whole(model, problem, option, kinds)


def _apply_fewest(model: "Model", problem: "Problem", option: "PlantOption", fewest: "Fewest") -> None:
    """Where this option is and the blocks of each demand are no lighter, as many intakes stand as these take."""
    no_lighter = [problem.no_lighter(load, fewest.phase) for load in fewest.loads]
    if not all(no_lighter):
        return
    # Each demand has one kind.
    chosen = [(1, problem.chosen(option)), *((1, problem.stands(c)) for own in no_lighter for c in own)]
    if fewest.least is None:
        model.add_row(chosen, high=len(no_lighter))
    else:
        least, count = fewest.least, problem.plant_count(option, fewest.phase)
        model.add_row([(1, count), *((-least, name) for _, name in chosen)], low=-least * len(no_lighter))


def _apply_whole(model: "Model", problem: "Problem", option: "PlantOption", kinds: "list[BlockChoice]") -> None:
    """Every intake has a pattern from the day it stands; it binds where these kinds and this option are, with ways for
    strings of batteries where these are."""
    strings = [s for s in problem.strings if s.intake.name == option.name and s.spread and s.per_way]
    for strung in (None, *strings):
        _apply_patterns(model, problem, option, kinds, strung)


def _apply_patterns(
    model: "Model", problem: "Problem", option: "PlantOption", kinds: "list[BlockChoice]", strung: "Strung | None"
) -> None:
    phases, chosen = problem.whole_phases, problem.chosen(option)
    named = f"whole:{option.name}:{':'.join(c.name for c in kinds)}"
    # One kind alone fills an intake in every way that it would beside another one of the same.
    beside = kinds if len(kinds) > 1 or strung else 2 * kinds
    binding = [chosen, *(problem.stands(k) for k in kinds)]
    if strung:
        beside = [*kinds, problem.string(strung)]
        binding.append(problem.chosen(strung.battery))
        named += f":{strung.battery.name}:{strung.hung.name}"
    found = []
    for first in (True, False):
        for pattern in problem.patterns(option, *beside, first=first):
            for phase in phases[:1] if first else phases:
                name = f"{named}:{phase}:{'first' if first else 'other'}:{':'.join(map(str, pattern))}"
                found.append((model.integer(name, 0, 1 if first else option.most), pattern, first, phase))
    model.add_row([(1, n) for n, _, first, _ in found if first], high=1)
    for phase in phases:
        by_then = [(n, pattern, first) for n, pattern, first, since in found if since <= phase]
        others = [(-1, n) for n, _, first in by_then if not first]
        model.add_row([(1, problem.plant_count(option, phase)), (-1, chosen), *others], low=0)
        for place, kind in enumerate(kinds):
            free = problem.most_blocks(kind, phase)
            lets = [(-free, n) for n in binding]
            carried = [(pattern[place], n) for n, pattern, _ in by_then]
            model.add_row([*carried, (-1, problem.count(kind, phase)), *lets], low=-free * len(lets))
        if strung:
            lets = [(-strung.hung.most, n) for n in binding]
            carried = [(strung.per_way * pattern[-1], n) for n, pattern, _ in by_then]
            hung = (-1, problem.plant_count(strung.hung, phase))
            model.add_row([*carried, hung, *lets], low=-strung.beside - strung.hung.most * len(lets))


def _apply_packing(
    model: "Model", problem: "Problem", option: "PlantOption", kinds: "list[BlockChoice]", phase: int
) -> None:
    """No intake carries more whole blocks of these kinds than fit; it binds where they and this option are chosen."""
    one, other = kinds[0], kinds[-1]
    most = [-(-problem.asked_kw(c, phase) // c.it_kw) for c in (one, other)]
    for (a, b, c), less in problem.edges(option, one, other):
        weights = (a, b)[: len(kinds)]
        if not any(weights):
            continue
        free = int(sum(w * n for w, n in zip(weights, most, strict=False))) + less
        model.add_row(
            [
                (c, problem.plant_count(option, phase)),
                (-less - free, problem.chosen(option)),
                *((-w, problem.count(k, phase)) for w, k in zip(weights, kinds, strict=True)),
                *((-free, problem.stands(k)) for k in kinds),
            ],
            low=-free * (1 + len(kinds)),
        )
