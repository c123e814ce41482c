"""`prefab init`: a brief to start from."""

import datetime
import re
from pathlib import Path

import click

from prefab.errors import InputError
from prefab.shipped import shipped

_DEFAULT = "training-20mw"


def _layouts() -> list[str]:
    return sorted(p.parent.name for p in shipped("layouts").glob("*/brief.toml"))


@click.command("init")
@click.option("--from", "layout", default=_DEFAULT, show_default=True, help="The shipped layout to begin with.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default="brief.toml")
def command(layout: str, force: bool, file: Path) -> None:
    """Write a brief to start from, dated today.

    \b
    Example:
      prefab init --from edge-2mw site.toml
    """
    layouts = _layouts()
    if layout not in layouts:
        raise InputError(f"--from: {layout!r} is not a shipped layout; allowed: {', '.join(layouts)}")
    if file.exists() and not force:
        raise InputError(f"{file}: exists; --force writes over it")
    text = (shipped("layouts") / layout / "brief.toml").read_text(encoding="utf-8")
    # Shift every date by the same number of days, so that a layout's lead times still hold.
    shift = datetime.date.today() - _as_of(text)  # noqa: DTZ011 (the user's own day is meant)
    text = re.sub(r"\b\d{4}-\d\d-\d\d\b", lambda m: str(datetime.date.fromisoformat(m[0]) + shift), text)
    file.write_text(text, encoding="utf-8")
    click.echo(f"wrote {file}; next: prefab design {file} --out out")


def _as_of(text: str) -> datetime.date:
    found = re.search(r"^as_of = (\d{4}-\d\d-\d\d)", text, re.MULTILINE)
    assert found is not None
    return datetime.date.fromisoformat(found[1])
