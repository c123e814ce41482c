"""`prefab catalog import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prefab.cli.catalog.near import near_miss
from prefab.cli.console import catalog_option, json_option, show
from prefab.errors import InputError

if TYPE_CHECKING:
    from prefab.pricelist.repricing import Edit


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--into", type=click.Path(path_type=Path), help="Folder to change: an overlay (made if need be) or a catalog."
)
@click.option("--source", help="Where the figures come from: a key of the catalog's sources.")
@click.option(
    "--basis",
    type=click.Choice(["fact", "interpolated", "judgement"]),
    default="fact",
    show_default=True,
    help="fact: the maker's own list.",
)
@click.option("--dry-run", is_flag=True, help="Check and say what would change; write nothing.")
@click.option("--force", is_flag=True, help="Take tenfold changes and older prices; write over a template.")
@click.option("--template", is_flag=True, help="Write FILE, a price list with the figures of today, instead.")
@catalog_option
@json_option
def command(
    file: Path,
    into: Path | None,
    source: str | None,
    basis: Any,
    dry_run: bool,
    force: bool,
    template: bool,
    folders: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Change prices, lead times and status in the catalog's files from a workbook (.xlsx) or CSV file.

    The columns are those that --template writes. All rows are checked first; one bad row and nothing is written.
    Comments and everything else in the files stay as they are.

    \b
    Example:
      prefab catalog import --template prices.xlsx
      prefab catalog import prices.xlsx --into my-prices --source my-list-2026 --dry-run
    """
    from datetime import UTC, datetime

    from prefab.catalog import load_layers
    from prefab.catalog_check.sources import OWN_WORD
    from prefab.pricelist.repricing import Origin, check_repriced, make_repriced, write_repriced
    from prefab.pricelist.rows import read_pricelist
    from prefab.pricelist.sheet import plain
    from prefab.shipped import shipped

    if template:
        _write_template(file, folders, force)
        return
    if into is None:
        raise InputError("--into: missing; name the folder whose files are to change")
    if into.exists() and not into.is_dir():
        raise InputError(f"{into}: not a folder; --into takes one")
    today = datetime.now(UTC).date()
    is_base = into.resolve() == shipped("catalog").resolve()
    below = tuple(f for f in folders if f.resolve() != into.resolve())
    layered = load_layers(*below, *(() if is_base or not into.is_dir() else (into,)))
    origin = None
    if source is not None:
        near_miss("--source", source, {s.key for s in layered.catalog.sources}, "a key of sources/ is allowed")
        if basis == "fact" and source == OWN_WORD:
            raise InputError(f"--basis: {source} publishes nothing; --basis judgement or interpolated is allowed")
        origin = Origin(source, basis, f"From {plain(file.name, 120)}, imported {today}.")
    rows = read_pricelist(file, layered.catalog, today, force)
    changes = make_repriced(rows, layered, into, origin)
    check_repriced(changes, into, below, is_base)
    if not dry_run:
        write_repriced(changes)
    edits = [e for c in changes for e in c.edits]
    if as_json:
        show({"written": [] if dry_run else [str(c.path) for c in changes], "changes": [_tree(e) for e in edits]})
        return
    for edit in edits:
        click.echo(f"{edit.sku} {edit.column}: {_plain(edit.old)} -> {_plain(edit.new)}")
    done = "would change" if dry_run else "changed"
    click.echo(f"{len(rows)} rows read, {len(edits)} figures in {len(changes)} files {done}")


def _write_template(file: Path, folders: tuple[Path, ...], force: bool) -> None:
    from prefab.catalog import load_catalog
    from prefab.pricelist.template import make_template

    kind = file.suffix.lower()
    if kind not in (".xlsx", ".csv"):
        raise InputError(f"{file}: neither .xlsx nor .csv; name it as one of them")
    if file.exists() and not force:
        raise InputError(f"{file}: exists; --force writes over it")
    if not file.resolve().parent.is_dir():
        raise InputError(f"{file.parent}: no such folder; FILE must lie in one that is there")
    data = make_template(load_catalog(*folders), kind)
    temporary = file.with_name(f".{file.name}.prefab")
    try:
        temporary.write_bytes(data)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    click.echo(file)


def _tree(edit: "Edit") -> dict[str, Any]:
    old, new = (v if v is None or isinstance(v, float | int | str) else v.isoformat() for v in (edit.old, edit.new))
    return {"sku": edit.sku, "column": edit.column, "old": old, "new": new}


def _plain(value: object) -> str:
    return f"{value:,.10g}" if isinstance(value, float) else "(none)" if value is None else str(value)
