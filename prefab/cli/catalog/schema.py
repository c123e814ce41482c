"""`prefab catalog schema`."""

from pathlib import Path

import click


@click.command("schema")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the JSON Schemas.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
def command(out: Path, force: bool) -> None:
    """Write JSON Schemas for editors: brief, plan and every kind of catalog file.

    \b
    Example:
      prefab catalog schema --out schemas
    """
    import json

    from prefab.brief import SiteBrief
    from prefab.catalog import KINDS
    from prefab.cli.console import check_out, write_out
    from prefab.plan import Plan
    from prefab.tables import Frozen

    types: tuple[type[Frozen], ...] = (SiteBrief, Plan, *(kind.model for kind in KINDS))
    texts = {f"{t.__name__.lower()}.schema.json": json.dumps(t.model_json_schema(), indent=1) + "\n" for t in types}
    check_out(out, texts, force)

    def write(folder: Path) -> None:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")

    write_out(out, write)
    for name in texts:
        click.echo(out / name)
