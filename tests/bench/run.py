"""Measures the figures that the README states and prints them as a table: `make bench` (about five minutes).

Each figure is the median of several runs, with the smallest and the largest; nothing is asserted.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from prefab.brief import SiteBrief, read_brief
from prefab.catalog import Catalog, load_catalog
from prefab.sizing import make_sized
from prefab.solver import QUICK

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


def of_size(brief: SiteBrief, it_mw: float) -> SiteBrief:
    """The example at another size, on a grid and with storage to match."""
    factor = it_mw / 20
    return brief.model_copy(
        update={
            "phases": (brief.phases[0].model_copy(update={"it_mw": it_mw}),),
            "grid": brief.grid.model_copy(update={"capacity_mw": brief.grid.capacity_mw * factor}),
            "storage": brief.storage.model_copy(update={"power_mw": brief.storage.power_mw * factor}),
        }
    )


def sizing(brief: SiteBrief, catalog: Catalog, runs: int) -> tuple[str, list[float]]:
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        sized = make_sized(brief, catalog, QUICK)
        seconds.append(time.perf_counter() - began)
    return f"{sized.status}, gap {sized.gap_frac:.3%}", seconds


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
    briefs = [("2 MW", read_brief(ROOT / "layouts" / "edge-2mw" / "brief.toml")), ("20 MW", example)]
    briefs += [("60 MW, 3 phases", read_brief(ROOT / "layouts" / "inference-60mw" / "brief.toml"))]
    briefs += [("200 MW", of_size(example, 200))]
    for name, brief in briefs:
        status, seconds = sizing(brief, catalog, 7)
        table.append((f"sizing {name} ({status})", "2 s", spread(seconds, "s")))
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
