"""`prefab catalog check`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from prefab.cli.console import catalog_option, json_option, show


@click.command("check")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Judge the age of prices on this day; otherwise today.",
)
@click.option("--dead", is_flag=True, help="Also name the modules that no brief can choose.")
@catalog_option
@json_option
def command(as_of: datetime | None, dead: bool, folders: tuple[Path, ...], as_json: bool) -> None:
    """Check every file of the catalog; exit 1 when there are mistakes.

    \b
    Example:
      prefab catalog check --dead --catalog my-prices
    """
    from prefab.catalog import load_catalog
    from prefab.catalog_check import check_catalog, dead_skus
    from prefab.errors import InputError

    if missing := [f for f in folders if not f.is_dir()]:
        # Not a mistake in a catalog, but one in the command.
        raise InputError(
            [f"{f}: no such folder; --catalog takes a folder laid out like prefab's catalog/" for f in missing]
        )
    mistakes = list(check_catalog(*folders, today=(as_of or datetime.now(UTC)).date()))
    try:
        catalog = load_catalog(*folders)
    except InputError:
        # Its mistakes are among those above.
        catalog = None
    if dead and catalog is not None:
        mistakes += [f"{sku}: no brief can choose it: {reason}" for sku, reason in dead_skus(catalog)]
    if as_json:
        show({"mistakes": mistakes, "modules": len(catalog.modules) if catalog else None})
    elif mistakes or catalog is None:
        for line in mistakes:
            click.echo(line)
        click.echo(f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}")
    else:
        families = len({m.family for m in catalog.modules})
        click.echo(f"in order: {len(catalog.modules)} modules in {families} families, digest {catalog.digest()[:12]}")
    if mistakes:
        raise SystemExit(1)
