"""`prefab catalog diff`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prefab.cli.console import json_option, show

if TYPE_CHECKING:
    from prefab.difference import Change, Difference
    from prefab.effects import Effect


@click.command("diff")
@click.argument("a")
@click.argument("b")
@click.option("--layouts", is_flag=True, help="Also size every stored layout with B and compare it with its plan.")
@json_option
def command(a: str, b: str, layouts: bool, as_json: bool) -> None:
    """Show what changes from catalog A to catalog B, each a folder or a git revision of the shipped catalog.

    A folder without carriers.toml is laid over the shipped catalog.

    \b
    Example:
      prefab catalog diff HEAD~1 HEAD
      prefab catalog diff HEAD my-prices --layouts
    """
    import tempfile

    from prefab.difference import make_difference, read_entries

    with tempfile.TemporaryDirectory(prefix="prefab-") as name:
        trees = [_folders(side, Path(name) / place) for side, place in ((a, "a"), (b, "b"))]
        difference = make_difference(*(read_entries(*folders) for folders in trees))
        effects, invalid = _effects(trees[1], b) if layouts else ([], [])
    if as_json:
        show(_tree(difference, effects, invalid))
        return
    for line in _lines(difference):
        click.echo(line)
    for mistake in invalid:
        click.echo(mistake)
    for effect in effects:
        for line in _effect_lines(effect):
            click.echo(line)


def _folders(given: str, exported: Path) -> tuple[Path, ...]:
    """The folders, the lowest first, that a side of the comparison consists of."""
    from prefab.difference import export_revision
    from prefab.shipped import shipped

    folder = Path(given)
    if folder.is_dir():
        return (folder,) if (folder / "carriers.toml").is_file() else (shipped("catalog"), folder)
    exported.mkdir()
    export_revision(given, shipped("catalog"), exported)
    return (exported,)


def _effects(folders: tuple[Path, ...], name: str) -> tuple[list["Effect"], list[str]]:
    from prefab.catalog import load_catalog
    from prefab.cli.console import end_progress, progress_printer
    from prefab.effects import make_effects
    from prefab.errors import InputError
    from prefab.shipped import shipped

    try:
        catalog = load_catalog(*folders[1:], base=folders[0])
    except InputError as error:
        first = error.mistakes[0].replace(str(folders[-1]), name)
        more = f" (and {len(error.mistakes) - 1} more)" if len(error.mistakes) > 1 else ""
        return [], [f"layouts: {name} is not a catalog that today's prefab reads: {first}{more}"]
    effects = list(make_effects(shipped("layouts"), catalog, progress_printer()))
    end_progress()
    return effects, []


def _lines(difference: "Difference") -> Iterator[str]:
    from prefab.difference import lines_of, shown

    if difference.is_empty:
        yield "no difference"
    for what, names in (("removed", difference.removed), ("added", difference.added)):
        yield from (f"{shown(name)}: {what}" for name in names)
    for name, changes in difference.changed.items():
        yield shown(name)
        yield from (f"  {line}" for line in lines_of(changes))


def _effect_lines(effect: "Effect") -> Iterator[str]:
    from prefab.difference import lines_of

    if effect.trouble:
        yield f"layout {effect.layout}: {effect.trouble}"
    elif effect.is_empty:
        yield f"layout {effect.layout}: stays as it is"
    else:
        yield f"layout {effect.layout}: changes"
        cost = (effect.cost_usd,) if effect.cost_usd else ()
        yield from (f"  {line}" for line in lines_of((*cost, *effect.modules, *effect.figures)))


def _tree(difference: "Difference", effects: list["Effect"], invalid: list[str]) -> dict[str, Any]:
    return {
        "added": list(difference.added),
        "removed": list(difference.removed),
        "changed": {name: [_change(c) for c in changes] for name, changes in difference.changed.items()},
        "invalid": invalid,
        "layouts": [
            {
                "layout": e.layout,
                "changes": not e.is_empty,
                "trouble": e.trouble,
                "cost": _change(e.cost_usd) if e.cost_usd else None,
                "modules": [_change(c) for c in e.modules],
                "figures": [_change(c) for c in e.figures],
            }
            for e in effects
        ],
    }


def _change(change: "Change") -> dict[str, Any]:
    import json

    relative = change.relative
    # Dates and whatever else JSON lacks as their text.
    tree = {"key": change.key, "old": change.old, "new": change.new}
    plain: dict[str, Any] = json.loads(json.dumps(tree, default=str))
    return {**plain, "relative_frac": None if relative is None else round(relative, 6)}
