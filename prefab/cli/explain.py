"""`prefab explain`: why nothing fits, and what would."""

from pathlib import Path

import click

from prefab.cli.console import catalog_option, effort_option, end_progress, json_option, progress_printer, show


@click.command("explain")
@click.argument("brief", type=click.Path(dir_okay=False, path_type=Path))
@effort_option
@catalog_option
@json_option
def command(brief: Path, effort: str, folders: tuple[Path, ...], as_json: bool) -> None:
    """Name a smallest set of wishes that clash, by giving up one at a time; exit 3 when nothing fits.

    \b
    Example:
      prefab explain site.toml
    """
    from prefab.brief import read_brief
    from prefab.catalog import load_catalog
    from prefab.conflict import find_conflict
    from prefab.rules import RULES

    wish = read_brief(brief)
    catalog = load_catalog(*folders)
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
            for w in conflict.clashing:
                click.echo(f"  {w.field}: {w.sentence}")
        for w in conflict.freeing:
            click.echo(f"Giving up {w.field} alone frees the site.")
    raise SystemExit(code)
