"""`prefab design`: the main job, from a brief to a plan and every document."""

from dataclasses import asdict
from pathlib import Path

import click

from prefab.cli.console import (
    catalog_option,
    check_out,
    demands_tree,
    dependability_tree,
    effort_option,
    end_progress,
    json_option,
    progress_printer,
    show,
    stopping,
    storage_tree,
    write_out,
)


@click.command("design")
@click.argument("brief", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the plan and the documents.")
@effort_option
@catalog_option
@click.option("--force", is_flag=True, help="Write over documents that are there.")
@json_option
def command(brief: Path, out: Path, effort: str, folders: tuple[Path, ...], force: bool, as_json: bool) -> None:
    """Size, connect, place, route, schedule and audit a site; write the plan and every document.

    \b
    Ctrl-C ends the running search and keeps the best plan found; a second one stops without writing.
    Example:
      prefab design examples/training-20mw.toml --out out
    """
    from prefab.brief import read_brief
    from prefab.catalog import load_catalog
    from prefab.design import make_design
    from prefab.documents import left_out, write_all, written
    from prefab.epw import read_weather_year
    from prefab.proposal import make_proposal
    from prefab.solver import StopFlag
    from prefab.supply_file import read_supply
    from prefab.units import musd

    wish = read_brief(brief)
    catalog = load_catalog(*folders)
    weather = read_weather_year(brief.parent / wish.site.weather_file) if wish.site.weather_file else None
    supply = read_supply(brief.parent, wish.supply)
    check_out(out, written(), force)
    stop = StopFlag()
    try:
        with stopping(stop):
            design = make_design(wish, catalog, effort, progress_printer(), stop, weather, supply)
    finally:
        end_progress()
    proposal = make_proposal(design.plan, design.findings)
    write_out(out, lambda folder: write_all(proposal, folder))
    sized = design.plan.sized
    if as_json:
        show(
            {
                "status": sized.status,
                "objective_usd": sized.objective_usd,
                "cost_usd": sized.cost_usd,
                "bound_usd": sized.bound_usd,
                "gap_frac": round(sized.gap_frac, 6),
                "rounding_frac": round(sized.rounding_frac, 6),
                "stopped": sized.stopped,
                "total_usd": str(proposal.bom.total_usd),
                "pue": round(proposal.projection.pue, 4),
                "tokenergy_kwh_per_mtok": round(proposal.projection.tokenergy_kwh_per_mtok.base, 4),
                "demands": demands_tree(proposal.projection),
                "weather": proposal.projection.weather_source,
                **dependability_tree(proposal.dependability),
                "checks": len(design.findings),
                "open_points": [asdict(p) for p in proposal.open_points],
                **storage_tree(proposal),
                "documents": [str(out / name) for name in written()],
            }
        )
        return
    click.echo(f"{wish.name}: {sized.status}, gap {sized.gap_frac:.2%}, {musd(proposal.bom.total_usd)}")
    if sized.stopped:
        ended = {"user": "stopped by the user", "budget": "budget of effort spent"}[sized.stopped]
        click.echo(f"{ended}: the best plan found until then was kept")
    for question, answer in proposal.answers:
        click.echo(f"  {question} {answer}")
    if proposal.open_points:
        click.echo(f"open points of grid rules: {len(proposal.open_points)}, in section 12 of proposal.pdf")
    click.echo("documents:")
    for name in written():
        click.echo(f"  {out / name}")
    if left_out():
        click.echo(left_out())
