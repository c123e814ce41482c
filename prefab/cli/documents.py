"""`prefab documents`: the documents of a plan again, or one of them."""

from pathlib import Path

import click

from prefab.cli.console import check_out, write_out
from prefab.errors import InputError, RuleBroken


@click.command("documents")
@click.argument("plan", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the documents.")
@click.option("--only", "name", help="One document, such as bom.xlsx; grid.json only so.")
@click.option("--draft", is_flag=True, help="Write even when a rule is broken, marked on every page and sheet.")
@click.option("--force", is_flag=True, help="Write over documents that are there.")
def command(plan: Path, out: Path, name: str | None, draft: bool, force: bool) -> None:
    """Write the documents of a plan; nothing is solved again.

    \b
    Example:
      prefab documents out/plan.json --out again --only proposal.pdf
    """
    from prefab.audit import audit, broken, text_of
    from prefab.documents import ON_REQUEST, WITH_EXTRA, WRITERS, left_out, write_all, write_one, written
    from prefab.plan import read_plan
    from prefab.proposal import make_proposal

    known = tuple(by_name for by_name, _ in (*WRITERS, *WITH_EXTRA, *ON_REQUEST))
    if name is not None and name not in known:
        raise InputError(f"--only: {name!r} is not a document; allowed: {', '.join(known)}")
    found = read_plan(plan)
    if not (found.connected and found.placed and found.routed and found.scheduled):
        raise InputError(f"{plan}: is not complete; documents need it connected, placed, routed and scheduled")
    findings = audit(found)
    wrong = broken(findings)
    if wrong and not draft:
        raise RuleBroken("\n".join([*map(text_of, wrong[:20]), "nothing was written; --draft writes a marked draft"]))
    check_out(out, [name] if name else written(), force)
    proposal = make_proposal(found, findings)
    write_out(out, lambda folder: write_one(proposal, folder, name) if name else write_all(proposal, folder))
    for document in [name] if name else written():
        click.echo(out / document)
    if name is None and left_out():
        click.echo(left_out())
