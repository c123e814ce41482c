"""Every feed exists on the ground: cables and pipes from the consumer to each of its suppliers."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise, product
from math import ceil
from typing import NamedTuple

import networkx as nx
import shapely

from prefab.brief import SiteBrief
from prefab.land import ROUNDED_MM
from prefab.plan import Feed, Plan
from prefab.results import Finding
from prefab.rules.network import UTILITIES
from prefab.site_layout import Run, Side

TITLE = "Cable and pipe runs"
BASIS = "plan connected.feeds; modules gives.feeders_max; design basis run_slack_frac, riser_mm"
WISHES: tuple[str, ...] = ()
RULE = "runs"

Box = tuple[int, int, int, int]
"""West, south, east and north in mm."""
_NOISE_MM = 1e-3
"""250.4 m times a thousand is not quite 250,400 in floats."""
_RING = "mv_ac"
"""One outgoing way feeds the consumers of a block one after the other."""
_SHARED_MAX_FRAC = 0.5
"""The supplies of two intakes may meet, at the gate or beside a fence; for most of the way they must not."""


class _Laid(NamedTuple):
    """The carrier and side by which a feed's runs are known on the ground."""

    feed: Feed
    carrier: str
    side: Side
    of_intake: bool
    """A and B of an intake's own supply mean utility and standby; its runs lie on the side of the intake."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Feeds without runs, too many ways used, loose ends, wrong lengths, A and B in one trench."""
    assert plan.connected is not None
    assert plan.placed is not None
    assert plan.routed is not None
    laid = _laid(plan)
    return (*_feeds(plan, laid), *_ways(plan), *_ends(plan), *_lengths(plan), *_intakes(plan, laid), *_apart(plan))


def _laid(plan: Plan) -> list[_Laid]:
    """Feeds with the carrier and side of their runs; standby power runs as what it is, not as what it replaces."""
    assert plan.connected is not None
    modules = {m.sku: m for m in plan.modules}
    at = {e.tag: e for e in plan.connected.equipment}
    doubled = {e.carrier for e in plan.connected.equipment if e.side == "B" and e.block == 0}
    unlaid = {c.key for c in plan.carriers if not c.laid}
    found = []
    for feed in plan.connected.feeds:
        if feed.carrier in unlaid:
            continue
        consumer = at.get(feed.consumer)
        need = modules[consumer.sku].needed(feed.carrier) if consumer and consumer.sku in modules else None
        if consumer is None or need is None or need.alternate is None:
            found.append(_Laid(feed, feed.carrier, feed.side, False))
            continue
        standby = any(at[t].carrier == need.alternate for t in feed.suppliers if t in at)
        side = consumer.cord if consumer.carrier in doubled else feed.side
        found.append(_Laid(feed, need.alternate if standby else feed.carrier, side, True))
    return found


def _summary(broken: list[Finding], total: int, unit: str, text: str) -> list[Finding]:
    count = float(total - len(broken))
    return [*broken, Finding(RULE, "site", not broken, count, float(total), unit, "==", text)]


def _feeds(plan: Plan, laid: list[_Laid]) -> list[Finding]:
    """A feed's suppliers hang on the consumer through each other; only in a ring through another consumer."""
    assert plan.connected is not None
    assert plan.routed is not None
    blocks = {e.tag: e.block for e in plan.connected.equipment}
    graphs: dict[tuple[str, str], nx.Graph[str]] = defaultdict(nx.Graph)
    for run in plan.routed.runs:
        graphs[run.carrier, run.side].add_edge(run.start, run.end)
    rings: dict[object, list[str]] = defaultdict(list)
    for feed, carrier, side, _ in laid:
        rings[blocks.get(feed.consumer), carrier, side, feed.suppliers].append(feed.consumer)
    broken = []
    for feed, carrier, side, of_intake in laid:
        ring = rings[blocks.get(feed.consumer), carrier, side, feed.suppliers] if carrier == _RING else []
        graph = nx.Graph(graphs[carrier, side].subgraph({feed.consumer, *feed.suppliers, *ring}))
        if of_intake:  # the bus of the generators is one, whichever side its ties lie on
            graph.add_edges_from(e for s in ("A", "B") for e in graphs[carrier, s].subgraph(feed.suppliers).edges)
        joined = nx.node_connected_component(graph, feed.consumer) if feed.consumer in graph else {feed.consumer}
        reached = sum(s in joined for s in feed.suppliers)
        if reached != len(feed.suppliers):
            text = f"suppliers of {carrier} {side} joined by runs"
            limit = float(len(feed.suppliers))
            broken.append(Finding(RULE, feed.consumer, False, float(reached), limit, "modules", "==", text))
    return _summary(broken, len(laid), "feeds", "feeds joined to all their suppliers")


def _ways(plan: Plan) -> list[Finding]:
    """No more runs leave an intake than it has outgoing ways."""
    assert plan.connected is not None
    assert plan.routed is not None
    modules = {m.sku: m for m in plan.modules}
    ends = Counter((tag, run.carrier) for run in plan.routed.runs for tag in {run.start, run.end})
    broken, total = [], 0
    for e in plan.connected.equipment:
        given = modules[e.sku].given(e.carrier) if e.sku in modules else None
        if given is None or given.feeders_max is None:
            continue
        total += 1
        used = ends[e.tag, e.carrier]
        if used > given.feeders_max:
            limit = float(given.feeders_max)
            text = f"runs of {e.carrier} on its outgoing ways"
            broken.append(Finding(RULE, e.tag, False, float(used), limit, "runs", "<=", text))
    return _summary(broken, total, "modules", "switchgear with an outgoing way for every run")


def _ends(plan: Plan) -> list[Finding]:
    """Ends are tags of the plan and points on what they name; segments are right-angled and inside the fence."""
    assert plan.connected is not None
    assert plan.routed is not None
    places = _places(plan)
    at = {e.tag: e for e in plan.connected.equipment}
    hosts: dict[tuple[int, int], list[Box]] = defaultdict(list)
    """By block; and the one pod in which its own stands."""
    for tag, box in places.items():
        hosts[at[tag].block, 0].append(box)
        if at[tag].carrier == "it" and at[tag].cell:
            hosts[at[tag].block, at[tag].cell].append(box)
    rooms = {m.sku: m.inside for m in plan.modules if m.inside}
    inside = {e.tag: (e.block, e.cell if rooms[e.sku] == "it_pod" else 0) for e in at.values() if e.sku in rooms}
    land = plan.brief.site.parcel
    at_mm = (land.connection_mm.x, land.connection_mm.y)
    ground = land.drivable(0.0).buffer(ROUNDED_MM, join_style="mitre")
    shapely.prepare(ground)
    broken = []
    for run in plan.routed.runs:
        faults = []
        for tag, (x, y) in ((run.start, run.points_mm[0]), (run.end, run.points_mm[-1])):
            if tag in UTILITIES:
                # It need not lie on a whole number of millimetres.
                on_it = max(abs(x - at_mm[0]), abs(y - at_mm[1])) <= 0.5 + _NOISE_MM
            elif tag not in at:
                faults.append(f"{tag} is not in the plan")
                continue
            elif tag in inside:
                on_it = any(_within(x, y, box) for box in hosts[inside[tag]])
            elif tag in places:
                on_it = _within(x, y, places[tag])
            else:  # it has no position: the boundary rule refuses that
                continue
            if not on_it:
                faults.append(f"does not end on {tag}")
        steps = list(pairwise(run.points_mm))
        if any(a[0] != b[0] and a[1] != b[1] for a, b in steps):
            faults.append("a segment is not right-angled")
        if not shapely.covers(ground, shapely.LineString(run.points_mm)):
            faults.append("it leaves the land, or crosses what must stay free")
        if faults:
            text = f"{run.carrier} {run.side}: {'; '.join(faults)}"
            broken.append(Finding(RULE, _name(run), False, float(len(faults)), 0.0, "faults", "==", text))
    return _summary(broken, len(plan.routed.runs), "runs", "runs from module to module inside the fence")


def _lengths(plan: Plan) -> list[Finding]:
    assert plan.routed is not None
    broken = []
    for run in plan.routed.runs:
        steps = pairwise(run.points_mm)
        route_mm = sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in steps)
        right_mm = ceil(route_mm * (1 + plan.basis.run_slack_frac) + 2 * plan.basis.riser_mm - 1e-6)
        if abs(run.length_mm - right_mm) > 1:
            text = f"{run.carrier} {run.side}: length of the route, slack and two risers"
            broken.append(Finding(RULE, _name(run), False, float(run.length_mm), float(right_mm), "mm", "==", text))
    return _summary(broken, len(plan.routed.runs), "runs", "runs of the right length")


def _intakes(plan: Plan, laid: list[_Laid]) -> list[Finding]:
    """One cut must not take the supply of two intakes that take over from each other."""
    assert plan.connected is not None
    assert plan.routed is not None
    supply: dict[tuple[str, Side], _Laid] = {(x.feed.consumer, x.feed.side): x for x in laid if x.of_intake}
    sides: dict[tuple[str, str], dict[Side, Feed]] = defaultdict(dict)
    for feed in plan.connected.feeds:
        sides[feed.consumer, feed.carrier][feed.side] = feed
    pairs = {p for s in sides.values() if len(s) == 2 for p in product(s["A"].suppliers, s["B"].suppliers)}
    broken: list[Finding] = []
    total, shared_mm, total_mm = 0, 0, 0.0
    for one, other in sorted((a, b) for a, b in pairs if a != b):
        for feed_side in ("A", "B"):
            a, b = supply.get((one, feed_side)), supply.get((other, feed_side))
            if a is None or b is None:
                continue
            total += 1
            lines_a, lines_b = _supply_lines(plan.routed.runs, a), _supply_lines(plan.routed.runs, b)
            shared = sum(_shared(s, t) for s in lines_a for t in lines_b)
            most = _SHARED_MAX_FRAC * min(sum(map(_length, lines_a)), sum(map(_length, lines_b)))
            shared_mm, total_mm = shared_mm + shared, total_mm + most / _SHARED_MAX_FRAC
            if shared > most:
                text = f"{a.carrier}: its supply and that of {other} lie in one trench most of the way"
                broken.append(Finding(RULE, one, False, float(shared), most, "mm", "<=", text))
    share = shared_mm / total_mm if total_mm else 0.0
    text = f"supplies of intakes A and B whose trenches differ; they share {share:.1%} of their length"
    return _summary(broken, total, "pairs", text)


def _supply_lines(runs: Iterable[Run], laid: _Laid) -> list[Box]:
    consumer = laid.feed.consumer
    return [
        line
        for run in runs
        if run.carrier == laid.carrier
        and consumer in (run.start, run.end)
        and _other(run, consumer) in laid.feed.suppliers
        for line in _lines(run)
    ]


def _apart(plan: Plan) -> list[Finding]:
    """One cut must not take both feeds of a consumer whose load needs both."""
    assert plan.connected is not None
    assert plan.routed is not None
    modules = {m.sku: m for m in plan.modules}
    skus = {e.tag: e.sku for e in plan.connected.equipment}
    runs: dict[tuple[str, str, str], list[Run]] = defaultdict(list)
    feeds: dict[tuple[str, str], dict[str, Feed]] = defaultdict(dict)
    for feed in plan.connected.feeds:
        feeds[feed.consumer, feed.carrier][feed.side] = feed
    for run in plan.routed.runs:
        runs[run.start, run.carrier, run.side].append(run)
        runs[run.end, run.carrier, run.side].append(run)
    unlaid = {c.key for c in plan.carriers if not c.laid}
    broken: list[Finding] = []
    pairs, shared_mm, total_mm = 0, 0, 0
    for (consumer, carrier), sides in feeds.items():
        module = modules.get(skus.get(consumer, ""))
        need = module.needed(carrier) if module else None
        if need is None or need.connection != "dual" or len(sides) < 2 or carrier in unlaid:
            continue
        of_a = [r for r in runs[consumer, carrier, "A"] if _other(r, consumer) in sides["A"].suppliers]
        of_b = [r for r in runs[consumer, carrier, "B"] if _other(r, consumer) in sides["B"].suppliers]
        for a in of_a:
            for b in of_b:
                pairs += 1
                lines_a, lines_b = _lines(a), _lines(b)
                total_mm += min(sum(map(_length, lines_a)), sum(map(_length, lines_b)))
                shared_mm += sum(_shared(s, t) for s in lines_a for t in lines_b)
                if b.points_mm in (a.points_mm, a.points_mm[::-1]):
                    text = f"{carrier}: feeds A and B lie in one trench all the way"
                    broken.append(Finding(RULE, consumer, False, 1.0, 0.0, "routes", "==", text))
    share = shared_mm / total_mm if total_mm else 0.0
    text = f"A and B routes of one consumer that differ; they share {share:.1%} of their trench length"
    return _summary(broken, pairs, "pairs", text)


def _lines(run: Run) -> list[Box]:
    return [(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])) for a, b in pairwise(run.points_mm)]


def _length(line: Box) -> int:
    return line[2] - line[0] + line[3] - line[1]


def _shared(s: Box, t: Box) -> int:
    """The length that two right-angled lines have in common."""
    along_x = min(s[2], t[2]) - max(s[0], t[0])
    along_y = min(s[3], t[3]) - max(s[1], t[1])
    return max(along_x, along_y) if min(along_x, along_y) == 0 else 0


def _places(plan: Plan) -> dict[str, Box]:
    assert plan.connected is not None
    assert plan.placed is not None
    modules = {m.sku: m for m in plan.modules}
    skus = {e.tag: e.sku for e in plan.connected.equipment}
    found: dict[str, Box] = {}
    for p in plan.placed.positions:
        module = modules.get(skus.get(p.tag, ""))
        if module is not None and p.tag not in found:
            along, across = module.sides_mm(turned=p.turned)
            found[p.tag] = (p.x_mm, p.y_mm, p.x_mm + along, p.y_mm + across)
    return found


def _within(x: int, y: int, box: Box) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _other(run: Run, tag: str) -> str:
    return run.end if run.start == tag else run.start


def _name(run: Run) -> str:
    return f"{run.start} / {run.end}"


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return (
        f"Every feed of the {brief.it_kw / 1000:g} MW site is a cable or pipe on the ground, of known length, with A "
        "and B apart, and no switchgear has more runs than outgoing ways."
    )
