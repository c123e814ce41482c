"""Makes the stored plans, expectations and the README's picture again, after a change that is meant.

Run: python tests/refresh_layouts.py, then read the differences.
"""

from pathlib import Path

from prefab.brief import read_brief
from prefab.catalog import load_catalog
from prefab.design import make_design
from prefab.documents.site_plan import make_site_plan
from prefab.documents.svg import svg_of
from prefab.plan import write_plan


def main() -> None:
    catalog = load_catalog()
    for path in sorted((Path(__file__).parents[1] / "layouts").glob("*/brief.toml")):
        plan = make_design(read_brief(path), catalog, "full").plan
        path.with_name("plan.json").write_text(write_plan(plan), encoding="utf-8")
        sized = plan.sized
        path.with_name("expected.toml").write_text(
            f'status = "{sized.status}"\nobjective_usd = {sized.objective_usd}\nbound_usd = {sized.bound_usd}\n',
            encoding="utf-8",
        )
        if path.parent.name == "training-20mw":
            path.with_name("site.svg").write_text(svg_of(make_site_plan(plan)), encoding="utf-8")


if __name__ == "__main__":
    main()
