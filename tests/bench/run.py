"""Measures the figures that the README states and prints them as a table: `make bench` (about ten minutes).

Each figure is the median of several runs, with the smallest and the largest; nothing is asserted.
"""

import contextlib
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from copy import deepcopy
from datetime import date
from pathlib import Path

import shapely

from prefab.brief import SiteBrief, read_brief
from prefab.catalog import Catalog, load_catalog
from prefab.connecting import make_connected
from prefab.errors import Impossible
from prefab.land import Gate, KeepOut, Land
from prefab.physics.storage import Control, Element, follow
from prefab.physics.trace import DayOfJobs, band_frac, make_day, range_kw
from prefab.placing import make_placed
from prefab.plan import Plan, read_plan
from prefab.problem import Known, make_problem
from prefab.rules import HOOKS
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.verdict import find_verdict

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "training-20mw.toml"


def spread(values: list[float], unit: str) -> str:
    digits = 2 if max(values) < 100 else 0
    low, middle, high = (f"{f(values):.{digits}f}" for f in (min, statistics.median, max))
    return f"{middle} {unit} ({low} to {high}, {len(values)} runs)"


def whole_process(arguments: list[str], runs: int) -> tuple[list[float], list[float]]:
    """Wall seconds and peak MB of a command."""
    seconds, megabytes = [], []
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, "
        "stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    for _ in range(runs):
        began = time.perf_counter()
        out = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        seconds.append(time.perf_counter() - began)
        megabytes.append(int(out.stdout) / 1024)
    return seconds, megabytes


def design(effort: str, runs: int) -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "prefab", "design", str(EXAMPLE), "--effort", effort, "--force", "--out"]
        return whole_process([*command, f"{folder}/out"], runs)


def of_size(brief: SiteBrief, it_mw: float, phases: int = 1) -> SiteBrief:
    """The example at another size, on a grid to match and with as much storage as hangs on one intake."""
    factor = it_mw / 20
    # No switchgear at medium voltage takes the fault level of a connection that carries so much; main transformers are
    # there by 2031.
    voltage_kv = next((kv for most_mw, kv in ((50, brief.grid.voltage_kv), (300, 110.0)) if it_mw <= most_mw), 345)
    steps = [
        brief.phases[0].model_copy(
            update={"name": f"Phase {n}", "it_mw": it_mw / phases, "energised_by": date(2031 + n, 12, 31)}
        )
        for n in range(phases)
    ]
    return brief.model_copy(
        update={
            "phases": tuple(steps),
            "site": brief.site.model_copy(
                update={side: getattr(brief.site, side) * max(1.0, factor**0.5) for side in ("width_m", "depth_m")}
            ),
            "grid": brief.grid.model_copy(
                update={"capacity_mw": brief.grid.capacity_mw * factor, "voltage_kv": voltage_kv}
            ),
            "storage": brief.storage.model_copy(update={"power_mw": min(brief.storage.power_mw * factor, 20.0)}),
        }
    )


def sizing(brief: SiteBrief, catalog: Catalog, runs: int) -> tuple[str, list[float]]:
    """From the loaded brief and the whole catalog to the proven answer, columns and rounding bound included."""
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        sized = make_sized(brief, catalog, QUICK)
        seconds.append(time.perf_counter() - began)
    return f"{sized.status}, gap {sized.gap_frac:.3%}, rounding {sized.rounding_frac:.3%}", seconds


def changed(brief: SiteBrief, section: str, **wishes: object) -> SiteBrief:
    return brief.model_copy(update={section: getattr(brief, section).model_copy(update=wishes)})


def changed_wishes(brief: SiteBrief, catalog: Catalog, runs: int) -> list[tuple[str, str, str]]:
    """A quick answer and a new proof after one changed wish, with the columns of before."""
    known = Known()
    make_sized(brief, catalog, QUICK, known=known)
    table = []
    for name, wish in (
        ("grid of 28 MW", changed(brief, "grid", capacity_mw=28.0)),
        ("grid of 24 MW", changed(brief, "grid", capacity_mw=24.0)),
        ("fuel for 48 h", changed(brief, "autonomy", generator_h=48.0)),
        ("one kind of block", changed(brief, "limits", block_kinds=1)),
        ("UPS for 8 min", changed(brief, "autonomy", ups_min=8.0)),
        ("power 2N", changed(brief, "redundancy", power="2N")),
        ("cooling 2N", changed(brief, "redundancy", cooling="2N")),
    ):
        quick, proof, said = [], [], ""
        for _ in range(runs):
            for seconds in (quick, proof):
                before = deepcopy(known)
                began = time.perf_counter()
                if seconds is quick:
                    said = find_verdict(wish, catalog, before)
                else:
                    with contextlib.suppress(Impossible):
                        make_sized(wish, catalog, QUICK, known=before)
                seconds.append(1000 * (time.perf_counter() - began))
        table.append((f"20 MW, then {name}: quick answer ({said})", "50 ms", spread(quick, "ms")))
        table.append((f"20 MW, then {name}: new proof", "500 ms", spread(proof, "ms")))
    return table


def curve(brief: SiteBrief, catalog: Catalog) -> list[tuple[str, str, str]]:
    """Time of a sizing against megawatts and against the number of ways to build a block."""
    table = []
    for it_mw in (1, 5, 20, 50, 100, 200, 500, 1000):
        wish = of_size(brief, it_mw)
        columns = len(make_problem(wish, catalog, HOOKS).columns)
        status, seconds = sizing(wish, catalog, 3)
        table.append((f"{it_mw} MW, {columns} ways to build a block ({status})", "", spread(seconds, "s")))
    for sizes in ((1,), (1, 2), (1, 2, 4), (1, 2, 4, 8)):
        wish = changed(of_size(brief, 200), "limits", pods_per_block=max(sizes))
        columns = len(make_problem(wish, catalog, HOOKS).columns)
        status, seconds = sizing(wish, catalog, 3)
        what = f"200 MW, at most {max(sizes)} pods a block, {columns} ways ({status})"
        table.append((what, "", spread(seconds, "s")))
    return table


def duty_day(runs: int) -> list[float]:
    """A day in steps of a second: its load, storage that holds a ramp, and what the grid sees of it."""
    day = DayOfJobs(100e3, 40e3, 20e3, 3, 900, 3600, 60, 0.5, 20, 23, 0.005)
    element = Element(95e3, 95e3, 13e3, 0.5, 0.95, 0.95)
    control = Control(ramp_kw_per_min=10e3, recharge_h=0.5, deadband_kwh=50)
    seconds = []
    for seed in range(runs):
        began = time.perf_counter()
        seen = follow(make_day(day, seed), 1.0, element, control).grid_kw
        range_kw(seen, 1.0, 60.0)
        band_frac(seen, 1.0, 0.1, 0.5)
        seconds.append(time.perf_counter() - began)
    return seconds


def on_parcel(plan: Plan, share: float) -> SiteBrief:
    """The site of a stored layout on a five-sided parcel of so many times its rectangle, with a building and a pond."""
    assert plan.brief.site.size_m is not None
    width, depth = (m * share**0.5 for m in plan.brief.site.size_m)

    def at(*corners: tuple[float, float]) -> tuple[tuple[float, float], ...]:
        return tuple((x * width, y * depth) for x, y in corners)

    house = KeepOut(name="House", what="building", outline_m=at((0.2, 0.3), (0.27, 0.3), (0.27, 0.4), (0.2, 0.4)))
    pond = KeepOut(name="Pond", what="flood", outline_m=at((0.7, 0.6), (0.78, 0.63), (0.75, 0.7)), setback_m=5.0)
    outline = at((0, 0), (1, 0), (1.02, 0.6), (1, 1), (0, 1))
    land = Land(outline_m=outline, gate=(Gate(at_m=(width / 2, 0.0)),), keep_out=(house, pond))
    site = plan.brief.site.model_copy(update={"land": land, "width_m": None, "depth_m": None})
    return plan.brief.model_copy(update={"site": site})


def placing(plan: Plan, brief: SiteBrief, catalog: Catalog, runs: int) -> tuple[str, list[float]]:
    """Seconds to place a stored layout's modules, with how many stand there and the land ratio: footprints with their
    clearances over the outline of these and the roads, closed by 10 m."""
    modules = {m.sku: m for m in catalog.modules}
    equipment = make_connected(plan.brief, catalog, plan.sized).equipment
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        placed = make_placed(brief, catalog.basis, modules, equipment)
        seconds.append(time.perf_counter() - began)
    skus, clear = {e.tag: modules[e.sku] for e in equipment}, []
    for p in placed.positions:
        m = skus[p.tag]
        along, across = m.sides_mm(turned=p.turned)
        off = m.clearance_mm
        clear.append(shapely.box(p.x_mm - off, p.y_mm - off, p.x_mm + along + off, p.y_mm + across + off))
    roads = [a for a in placed.areas if a.purpose == "road"]
    ways = [shapely.box(a.x_mm, a.y_mm, a.x_mm + a.width_mm, a.y_mm + a.depth_mm) for a in roads]
    outline = shapely.union_all(clear + ways).buffer(10_000, join_style="mitre").buffer(-10_000, join_style="mitre")
    ratio = shapely.union_all(clear).area / outline.area
    return f"{len(placed.positions):,} modules, land ratio {ratio:.2f}", seconds


def catalog_load(runs: int) -> list[float]:
    """Seconds to load and validate the whole catalog, each in a fresh process, imports not counted."""
    code = (
        "import time; from prefab.catalog import load_catalog; began = time.perf_counter(); load_catalog(); "
        "print(time.perf_counter() - began)"
    )
    command = [sys.executable, "-c", code]
    return [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(runs)]


def rows() -> list[tuple[str, str, str]]:
    catalog = load_catalog()
    table = []
    for effort, goal in (("quick", "20 s"), ("full", "60 s")):
        seconds, megabytes = design(effort, 5 if effort == "quick" else 3)
        table.append((f"`prefab design` on the 20 MW example, {effort}, all documents", goal, spread(seconds, "s")))
        table.append((f"its peak memory, {effort}", "600 MB", spread(megabytes, "MB")))
    example = read_brief(EXAMPLE)
    for name, goal, brief in (
        ("1 MW", "0.5 s", of_size(example, 1)),
        ("20 MW", "2 s", example),
        ("20 MW, two IT demands", "", read_brief(ROOT / "examples" / "two-demands-20mw.toml")),
        ("20 MW, ramps of 5 MW/min, swings of 2 MW", "", changed(example, "grid", ramp_mw_per_min=5.0, swing_mw=2.0)),
        ("100 MW, 2 phases, ramps and swings", "", read_brief(ROOT / "layouts" / "texas-100mw" / "brief.toml")),
        ("60 MW, 3 phases", "4 s", read_brief(ROOT / "layouts" / "inference-60mw" / "brief.toml")),
        ("200 MW", "3 s", of_size(example, 200)),
        ("1,000 MW, 4 phases", "10 s", of_size(example, 1000, 4)),
    ):
        status, seconds = sizing(brief, catalog, 7)
        table.append((f"sizing {name} ({status})", goal, spread(seconds, "s")))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table.append(("peak memory of all sizings in one process", "500 MB", f"{megabytes:.0f} MB"))
    table += changed_wishes(example, catalog, 7)
    table += curve(example, catalog)
    for name, share, runs in (
        ("edge-2mw", None, 5),
        ("training-20mw", None, 5),
        ("training-20mw", 1.6, 5),
        ("gigawatt", 1.3, 1),
    ):
        plan = read_plan(ROOT / "layouts" / name / "plan.json")
        brief = plan.brief if share is None else on_parcel(plan, share)
        status, seconds = placing(plan, brief, catalog, runs)
        where = "its rectangle" if share is None else f"a parcel of {share:g} times its rectangle"
        table.append((f"placing {name} on {where} ({status})", "", spread(seconds, "s")))
    table.append(("storage along one day in steps of 1 s", "1 s", spread(duty_day(11), "s")))
    table.append((f"loading {len(catalog.modules)} modules and all else", "0.3 s", spread(catalog_load(11), "s")))
    seconds, _ = whole_process([sys.executable, "-m", "prefab", "--help"], 11)
    table.append(("`prefab --help`, start of Python included", "0.2 s", spread(seconds, "s")))
    return table


def main() -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout.strip()
    print(f"{date.today()}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {commit}")  # noqa: DTZ011
    print("| what | goal | measured: median (spread) |")
    print("| --- | --- | --- |")
    for what, goal, measured in rows():
        print(f"| {what} | {goal} | {measured} |", flush=True)


if __name__ == "__main__":
    main()
