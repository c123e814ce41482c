"""The main job through the Python API. Look at how the plan answers questions without any document.

Run: python examples/design_a_site.py
"""

from pathlib import Path

from prefab.brief import read_brief
from prefab.catalog import load_catalog
from prefab.design import make_design
from prefab.proposal import make_proposal

brief = read_brief(Path(__file__).parent / "training-20mw.toml")
design = make_design(brief, load_catalog())
proposal = make_proposal(design.plan, design.findings)

for question, answer in proposal.answers:
    print(question, answer)

sized = design.plan.sized
for kind, counts in zip(sized.kinds, sized.blocks, strict=True):
    print(f"{counts[-1]} blocks of {kind.pods} x {kind.pod}:", ", ".join(f"{g.count} {g.sku}" for g in kind.groups))
loads = [f for f in design.findings if f.rule == "contingencies" and f.unit == "kW"]
fullest = min(loads, key=lambda f: f.headroom_frac)
print(f"fullest module with any one lost: {fullest.where}, {fullest.actual:,.0f} of {fullest.limit:,.0f} kW")
