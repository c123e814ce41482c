"""`prefab explain`: why nothing fits, and what would."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prefab.cli.console import catalog_option, effort_option, end_progress, json_option, progress_printer, show

if TYPE_CHECKING:
    from prefab.brief import SiteBrief
    from prefab.catalog import Catalog


@click.command("explain")
@click.argument("brief", type=click.Path(dir_okay=False, path_type=Path))
@effort_option
@catalog_option
@click.option("--modules", is_flag=True, help="List the modules that may not stand at this site, and why; no search.")
@json_option
def command(brief: Path, effort: str, folders: tuple[Path, ...], modules: bool, as_json: bool) -> None:
    """Name a smallest set of wishes that clash, by giving up one at a time; exit 3 when nothing fits.

    \b
    Example:
      prefab explain site.toml
      prefab explain site.toml --modules
    """
    from prefab.brief import read_brief
    from prefab.catalog import load_catalog
    from prefab.conflict import find_conflict
    from prefab.rules import RULES

    wish = read_brief(brief)
    catalog = load_catalog(*folders)
    if modules:
        _show_modules(wish, catalog, as_json)
        return
    try:
        conflict = find_conflict(wish, catalog, effort, progress_printer())
    finally:
        end_progress()
    code = {"possible": 0, "impossible": 3, "unknown": 4}[conflict.verdict]
    if as_json:
        show(
            {
                "verdict": conflict.verdict,
                "reason": conflict.reason,
                "smallest": conflict.smallest,
                "clashing": [{"field": w.field, "rule": w.rule, "asks": w.sentence} for w in conflict.clashing],
                "freeing": [w.field for w in conflict.freeing],
            }
        )
    elif conflict.verdict == "possible":
        click.echo("A site keeps every wish:")
        for rule in RULES:
            click.echo(f"  {rule.TITLE}: {rule.explain(wish)}")
    else:
        click.echo(conflict.reason)
        if not conflict.clashing:
            click.echo("No single wish frees it: the IT load itself cannot be served at this site.")
        else:
            set_name = "These wishes clash" if conflict.smallest else "The clash is among these wishes"
            click.echo(f"{set_name}:")
            # Wishes of one rule are asked for in one sentence.
            for sentence, wishes in groupby(conflict.clashing, key=lambda w: w.sentence):
                click.echo(f"  {', '.join(w.field for w in wishes)}: {sentence}")
        for w in conflict.freeing:
            click.echo(f"Giving up {w.field} alone frees the site.")
        for w, others in conflict.freeing_with:
            click.echo(f"Giving up {w.field} frees the site together with {', '.join(o.field for o in others)}.")
    raise SystemExit(code)


def _show_modules(wish: "SiteBrief", catalog: "Catalog", as_json: bool) -> None:
    """What of the catalog the site keeps away, and what it takes from the rest."""
    from prefab.names import check_names
    from prefab.refusals import derated_modules, refused_modules
    from prefab.rules import HOOKS

    check_names(wish, catalog)
    refused = refused_modules(wish, catalog, HOOKS.shapes)
    derated = derated_modules(wish, catalog, HOOKS.shapes)
    if as_json:
        show(
            {
                "modules": len(catalog.modules),
                "refused": [{"sku": r.sku, "reason": r.reason, "early_phases_only": r.early} for r in refused],
                "derated": [
                    {
                        "sku": d.sku,
                        "carrier": d.carrier,
                        "left": round(d.left, 6),
                        "rated": round(d.rated, 6),
                        "unit": d.unit,
                        "reason": d.reason,
                    }
                    for d in derated
                ],
            }
        )
        return
    width = max((len(m.sku) for m in catalog.modules), default=0)
    never, early = [r for r in refused if not r.early], [r for r in refused if r.early]
    click.echo(f"{len(never)} of {len(catalog.modules)} modules may not stand here{':' if never else '.'}")
    for r in never:
        click.echo(f"  {r.sku:{width}}  {r.reason}")
    if early:
        click.echo(f"{len(early)} may stand here, but not in the first phases yet:")
    for r in early:
        click.echo(f"  {r.sku:{width}}  {r.reason}")
    if derated:
        click.echo("Derated here:")
    for d in derated:
        click.echo(f"  {d.sku:{width}}  {d.left:,.0f} of {d.rated:,.0f} {d.unit}: {d.reason}")
