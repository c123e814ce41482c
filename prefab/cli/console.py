"""What the commands share: options, progress, output folders written whole or not at all, JSON."""

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prefab.errors import InputError
from prefab.results import Finding, Progress, Projection

if TYPE_CHECKING:
    from prefab.dependability import Dependability
    from prefab.proposal import Proposal
    from prefab.solver import StopFlag

catalog_option = click.option(
    "--catalog",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder laid over the shipped catalog; may be repeated.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
effort_option = click.option(
    "--effort", type=click.Choice(["quick", "full"]), default="quick", show_default=True, help="How long to search."
)


def show(tree: Any) -> None:
    """Print JSON, keys in order, no NaN."""
    click.echo(json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False))


def finding_tree(finding: Finding) -> dict[str, Any]:
    """A finding for JSON."""
    return {
        "rule": finding.rule,
        "where": finding.where,
        "kept": finding.kept,
        "actual": round(finding.actual, 6),
        "sense": finding.sense,
        "limit": round(finding.limit, 6),
        "unit": finding.unit,
        "text": finding.text,
    }


def demands_tree(projection: Projection) -> dict[str, dict[str, float]]:
    """Every IT demand, where there are several: its share of the site's energy, and its tokens if it makes any."""
    tree = {
        y.demand: {
            "energy_mwh": round(y.energy_frac * projection.site_mwh, 1),
            "mtok": round(y.mtok.base, 1),
            "tokenergy_kwh_per_mtok": round(y.tokenergy_kwh_per_mtok.base, 4),
        }
        for y in projection.yields
    }
    return tree | {e.demand: {"energy_mwh": round(e.site_mwh, 1)} for e in projection.without_tokens}


def dependability_tree(found: "Dependability | None") -> dict[str, Any]:
    """Class and availability of power at the worst pod for JSON; null where they are not known."""
    power = found.of("power") if found else None
    return {
        "class": str(found.reached) if found else None,
        "power_availability_frac": round(power.found.availability_frac, 9) if power else None,
        "power_downtime_h": round(power.found.downtime_h, 4) if power else None,
    }


def storage_tree(proposal: "Proposal") -> dict[str, Any]:
    """What storage is kept for, what it does in events, and what the grid could be offered, for JSON."""
    names = [p.name for p in proposal.plan.brief.phases]
    return {
        "storage": [rounded(asdict(k)) | {"phase": names[k.phase]} for k in proposal.kept],
        "storage_events": [{"key": e.key, "said": e.said} for e in proposal.events],
        "flexibility": [rounded(asdict(o)) for o in proposal.offers],
    }


def rounded(tree: dict[str, Any]) -> dict[str, Any]:
    """Figures to three digits after the point."""
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in tree.items()}


@contextmanager
def stopping(stop: "StopFlag") -> Iterator[None]:
    """The first Ctrl-C asks `stop` to end with the best plan found, the second one interrupts."""

    def on_interrupt(_number: int, _frame: object) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.request()
        click.echo("\nstopping with the best plan found; Ctrl-C again leaves without one", err=True)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def progress_printer() -> Callable[[Progress], None]:
    """Signs of life on standard error: one line kept up to date on a terminal, otherwise a line per change."""
    terminal = sys.stderr.isatty()
    last = ""

    def show_progress(progress: Progress) -> None:
        nonlocal last
        text = progress.stage
        if progress.incumbent is not None:
            text += f": incumbent {progress.incumbent:,.0f}"
            if progress.bound is not None and progress.gap_frac is not None:
                text += f", bound {progress.bound:,.0f}, gap {progress.gap_frac:.2%}"
        if text == last:
            return
        last = text
        timed = f"{text}  {progress.seconds:.1f} s" if progress.seconds else text
        # The solver calls this; an error of a reader that is gone must not reach it.
        with suppress(OSError):
            click.echo(f"\r\033[K{timed}" if terminal else timed, err=True, nl=not terminal)

    return show_progress


def end_progress() -> None:
    """Leave the progress line."""
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)


def check_out(folder: Path, names: Iterable[str], force: bool) -> None:
    """Refuse, before any work, to write over what is there.

    Raises:
        InputError: the folder is a file or a link, or holds files of these names and `force` is not set.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{folder}: is not a folder; --out takes a folder, made when it is not there")
    there = sorted(n for n in names if (folder / n).exists())
    if there and not force:
        raise InputError(f"{folder}: holds {', '.join(there)}; --force writes over them")
    parent = folder.resolve().parent
    if not parent.is_dir():
        raise InputError(f"{parent}: no such folder; --out makes only the last one")


def write_out(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a folder beside the target, then move each file into place, so that none is half-written."""
    temporary = Path(tempfile.mkdtemp(prefix=".prefab-", dir=folder.resolve().parent))
    try:
        write(temporary)
        for path in sorted(temporary.iterdir()):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        folder.mkdir(exist_ok=True)
        for path in sorted(temporary.iterdir()):
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
