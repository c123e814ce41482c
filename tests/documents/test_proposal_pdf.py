"""The proposal as a reader gets it: pages, numbers, outline, fonts, and texts that are shown and never obeyed."""

import re
from dataclasses import replace

import pytest
from documents.maker import HOSTILE, make_plan, two_demands_proposal
from pypdf import PdfReader
from wired import with_two_demands

from prefab.documents import write_one
from prefab.documents.pdf_yield import _card
from prefab.proposal import make_proposal
from prefab.results import Finding

DRAFT = "DOES NOT KEEP: grid limit (1)"
SECTIONS = (
    "Executive summary", "Requirements as understood", "Site plan", "Power and cooling", "Equipment list", "Compliance",
    "Schedule", "Energy, water and carbon", "TokEnergy", "Commercial summary", "Assumptions and exclusions",
    "Open points and limits",
)  # fmt: skip


def texts(folder):
    return [page.extract_text() for page in PdfReader(folder / "proposal.pdf").pages]


@pytest.fixture(scope="module")
def pages(written):
    return texts(written)


def squeezed(text):
    """Without white space, which line breaks and justification change."""
    return re.sub(r"\s+", "", text)


def test_every_page_has_text_and_its_number(pages):
    assert len(pages) > 12
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text
        assert len(text) > 150, f"page {number} is nearly empty"


def test_outline_leads_to_its_pages(written, pages):
    reader = PdfReader(written / "proposal.pdf")
    top = [entry for entry in reader.outline if not isinstance(entry, list)]
    assert [entry.title.split("\u00a0")[-1] for entry in top] == list(SECTIONS)
    for entry in top:
        page = reader.get_destination_page_number(entry)
        assert squeezed(entry.title) in squeezed(pages[page])


def test_contents_name_the_pages_of_the_sections(written, pages):
    reader = PdfReader(written / "proposal.pdf")
    contents = squeezed(pages[1])
    for entry in (entry for entry in reader.outline if not isinstance(entry, list)):
        page = reader.get_destination_page_number(entry) + 1
        # The page's number stands at the end of the line but is drawn first.
        assert f".{page}{squeezed(entry.title)}" in contents, entry.title


def test_says_what_it_must(pages):
    whole = squeezed(" ".join(pages))
    for words in (
        "Projected facility TokEnergy (prefab method)",
        "no official formula",
        "May 2026",
        "B0 chip",
        "B3 site",
        "Workload card",
        "synthetic",
        "one module type per carrier and block kind",
        "Nameplate, kW",
        "Critical path",
        "Exclusions",
        "Revision history",
    ):
        assert squeezed(words) in whole, words


def test_workload_card_stands_on_the_page_of_the_figure(pages):
    page = next(p for p in pages if "Workload card" in p and "kWh / million tokens" in p)
    for words in ("Tokenizer", "Latency target", "Concurrency", "Weather", "Grid battery duty", "Boundary"):
        assert words in page


def test_figures_are_the_plans(pages, proposal):
    whole = " ".join(pages)
    assert f"{proposal.bom.total_usd:,.0f}" in whole
    assert f"{proposal.projection.tokenergy_kwh_per_mtok.base:.3f}" in whole
    for line in proposal.bom.costs:
        assert f"{line.amount_usd:,.0f}" in whole


def test_properties_and_fonts(written):
    reader = PdfReader(written / "proposal.pdf")
    assert reader.metadata.title == "Test site: proposal for Test customer"
    assert reader.root_object["/Lang"] == "en"
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            name, descriptor = font["/BaseFont"], font.get("/FontDescriptor")
            if "SourceSans" in name:
                assert "/FontFile2" in descriptor, name
            else:
                # Every page of reportlab begins by naming Helvetica; no text is set in it.
                assert name == "/Helvetica"


def test_texts_are_shown_and_never_obeyed(hostile):
    pages = texts(hostile)
    whole = squeezed(" ".join(pages))
    for text in HOSTILE:
        assert squeezed(text) in whole, text
    assert not any("\u25a0" in page for page in pages)
    raw = (hostile / "proposal.pdf").read_bytes()
    assert b"/URI" not in raw
    assert b"/JavaScript" not in raw
    assert b"/Launch" not in raw


def test_no_box_in_place_of_a_letter(pages):
    assert not any("\u25a0" in page or "\ufffd" in page for page in pages)


def test_draft_on_every_page(draft, pages):
    assert all(DRAFT in page for page in texts(draft))
    assert not any("DOES NOT KEEP" in page for page in pages)


def test_summary_tells_the_design_peak_from_the_projected_hour(pages):
    summary = squeezed(next(p for p in pages if "Key figures" in p and "Executive summary" in p and "Capital" in p))
    assert squeezed("Design peak at the connection 3,200 kW of 6,000 kW contracted") in summary
    assert squeezed("Highest hour projected") in summary
    assert squeezed("2.00 MW asked, 2.00 MW installed") in summary


def test_critical_path_has_a_line_for_each_stage_and_phase(pages, proposal):
    whole = " ".join(pages)
    path = whole[whole.index("A day lost in one of these stages") :].partition("Energy, water and carbon")[0]
    lots = {(t.phase, t.stage) for t in proposal.plan.scheduled.tasks if t.critical and t.work_days}
    assert path.count("2026-") + path.count("2027-") + path.count("2028-") + path.count("2029-") == 2 * len(lots)


def test_weather_is_named_by_its_source_wherever_figures_rest_on_it(pages, proposal):
    source = proposal.projection.weather_source
    assert source
    whole = squeezed(" ".join(pages))
    # Summary, energy, two charts, workload card, notes and limits.
    assert whole.count(squeezed(source)) >= 7


def test_another_weather_leaves_no_word_of_a_synthetic_year(proposal, tmp_path):
    measured = replace(proposal.projection, weather_source="measured at the airport", notes=())
    write_one(replace(proposal, projection=measured), tmp_path, "proposal.pdf")
    whole = squeezed(" ".join(texts(tmp_path)))
    assert squeezed("synthetic year") not in whole
    assert whole.count(squeezed("measured at the airport")) >= 6


def test_assumptions_say_where_the_rest_is(pages):
    assert squeezed("`prefab catalog show SKU` prints every figure with its source") in squeezed(" ".join(pages))


def test_restrictions_of_the_brief_are_repeated(tmp_path):
    plan = make_plan(restrict={"sound_power_max_dba": 99.0, "makers": ["generic"], "without_water": True})
    write_one(make_proposal(plan, (Finding("it_load", "x", True, 1.0, 1.0, "kW", ">="),)), tmp_path, "proposal.pdf")
    whole = squeezed(" ".join(texts(tmp_path)))
    for words in ("Sound power max, dB(A) 99", "Makers generic", "Without water yes"):
        assert squeezed(words) in whole, words


def test_counts_of_three_digits_stay_on_one_line(proposal, tmp_path):
    rows = tuple(replace(row, count=487, per_phase=(123, 364)) for row in proposal.equipment)
    write_one(replace(proposal, equipment=rows), tmp_path, "proposal.pdf")
    page = next(p for p in texts(tmp_path) if "factory-built and factory-tested" in p)
    assert page.split().count("123") == page.split().count("364") == page.split().count("487") == len(rows)


def test_of_several_demands_each_figure_says_whose_it_is(written_for_two, pages):
    found = texts(written_for_two)
    assert squeezed("kWh per million tokens of ask") in squeezed(found[0])
    assert "of ask" not in pages[0]
    whole = squeezed(" ".join(found))
    assert squeezed("Million tokens of ask") in whole
    for words in ("Boundary B3 of ask", "Workload card of ask", "What else a million tokens of ask takes"):
        assert squeezed(words) in whole
    # The PUE is of the site, not of one of its demands.
    assert squeezed("(IT times PUE)") not in whole
    assert squeezed("(IT times PUE)") in squeezed(" ".join(pages))
    # The remark stands beside the table, on the card, in the notes and in the answer, each time of the second demand.
    for before in ("learn; not comparable: ", "Not comparable, tokens of learn: ", "Not comparable "):
        assert whole.count(squeezed(f"{before}no token figure of T1")) == 1, before
    card = found[next(n for n, p in enumerate(found) if "Workload card of learn" in p and "Tokenizer" in p)]
    assert squeezed("Not comparable no token figure of T1") in squeezed(card.partition("Workload card of learn")[2])


def test_storage_is_what_computers_keep_and_the_grid_battery_has_its_own_name(pages):
    """Storage may be servers of an IT demand; what the grid battery does is said by its own name."""
    whole = squeezed(" ".join(pages))
    for words in ("without the grid battery over IT energy", "the losses of the grid battery", "Grid battery duty"):
        assert squeezed(words) in whole, words
    for words in ("without storage", "losses of storage", "Storage duty", "no storage", "Standby and storage"):
        assert squeezed(words) not in whole, words


def test_which_blocks_serve_which_demand_and_how_much_of_each_is_installed(written_for_two, pages):
    whole = squeezed(" ".join(texts(written_for_two)))
    for words in (
        "Sustained IT load of ask 1.00 MW asked, 1.00 MW installed 1 block of kind a",
        "Sustained IT load of learn 1.00 MW asked, 1.00 MW installed 1 block of kind b",
        "Block kind a (ask): 1 of these, 1,000 kW of IT each",
        "Block kind b (learn): 1 of these; heat flows",
    ):
        assert squeezed(words) in whole, words
    # The redundancy table names it too, group by group.
    assert whole.count(squeezed("Block kind b (learn)")) > 5
    assert squeezed("Sustained IT load of") not in squeezed(" ".join(pages))


def test_as_many_kinds_of_block_as_the_demands_raise_the_limit_to(tmp_path):
    plan = with_two_demands(make_plan(limits={"block_kinds": 1}))
    write_one(make_proposal(plan, ()), tmp_path, "proposal.pdf")
    whole = squeezed(" ".join(texts(tmp_path)))
    assert squeezed("at most 2 block kinds") in whole
    assert squeezed("at most 1 block kinds") not in whole


def test_the_card_of_a_demand_prices_the_accelerators_of_its_own_pods(proposal, catalog):
    one, other = (a.model_copy(update={"name": n}) for a, n in zip(catalog.accelerators, ("T1", "T2"), strict=False))
    plan = with_two_demands(make_plan(), accelerator="T2")
    pod = plan.module("POD-1000")
    second = pod.model_copy(update={"sku": "POD-2000", "it": pod.it.model_copy(update={"accelerator": "T2"})})
    kinds = (plan.sized.kinds[0], plan.sized.kinds[1].model_copy(update={"pod": "POD-2000"}))
    sized = plan.sized.model_copy(update={"kinds": kinds})
    changed = {"sized": sized, "modules": (*plan.modules, second), "accelerators": (one, other)}
    both = replace(proposal, plan=plan.model_copy(update=changed), projection=two_demands_proposal().projection)
    priced = [[name for name, _ in _card(both, n) if name.startswith("Price")] for n in range(2)]
    assert priced == [["Price and life of one T1"], ["Price and life of one T2"]]
