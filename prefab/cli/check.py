"""`prefab check`: every rule on a plan, no solver."""

from dataclasses import asdict
from pathlib import Path

import click

from prefab.cli.console import dependability_tree, finding_tree, json_option, show


@click.command("check")
@click.argument("plan", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Show the checks that are kept, too.")
@json_option
def command(plan: Path, everything: bool, as_json: bool) -> None:
    """Check every rule on a plan file; exit 1 when one is broken.

    \b
    Example:
      prefab check out/plan.json
    """
    from prefab.audit import audit, broken, text_of
    from prefab.dependability import make_dependability
    from prefab.plan import read_plan
    from prefab.rules.grid_obligations import open_points

    read = read_plan(plan)
    findings = audit(read)
    wrong = broken(findings)
    if as_json:
        relied_on = make_dependability(read) if read.connected else None
        shown = [finding_tree(f) for f in findings if everything or not f.kept]
        points = [asdict(p) for p in open_points(read)] if read.connected else []
        show({"kept": not wrong, **dependability_tree(relied_on), "findings": shown, "open_points": points})
    else:
        for finding in findings if everything else wrong:
            click.echo(text_of(finding))
        click.echo(f"{len(findings) - len(wrong)} of {len(findings)} checks kept")
    if wrong:
        raise SystemExit(1)
