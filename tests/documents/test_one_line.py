"""The one-line diagram of sites with every kind of power path: all of it is there, legible, on its sheet."""

from itertools import combinations

import pytest
from documents.maker import make_plan
from documents.test_drawings import box, labels

from prefab.documents.drawing import Circle, Label, Line
from prefab.documents.one_line import make_one_line, make_one_line_sheets
from prefab.plan import BlockKind, Group, Plant

HOUSED = (
    ("critical_ac", "UPS-1000", 1, 4, None),
    ("lv_ac", "TXD-1600", 1, 4, "critical_ac"),
    ("ups_dc", "LIB-035", 1, 20, "critical_ac"),
    ("house_bays", "EHS-0500", 1, 8, "critical_ac"),
    ("critical_ac_2", "UPS-1250", 1, 3, None),
    ("lv_ac", "TXD-1600", 1, 3, "critical_ac_2"),
    ("ups_dc", "LIB-035", 1, 21, "critical_ac_2"),
    ("house_bays", "EHS-0500", 1, 6, "critical_ac_2"),
)
TWO_BUSES_2N = (
    ("critical_ac", "PWM-1500", 2, 2, None),
    ("lv_ac", "TXD-1600", 2, 2, "critical_ac"),
    ("critical_ac_2", "PWM-1500", 2, 2, None),
    ("lv_ac", "TXD-1600", 2, 2, "critical_ac_2"),
)
DIRECT = (
    ("critical_dc800", "DCB-2500", 2, 1, None),
    ("dc800", "SST-2500", 2, 1, "critical_dc800"),
    ("critical_ac", "PWM-0500", 2, 1, None),
    ("lv_ac", "TXD-1600", 2, 1, "critical_ac"),
    ("load_smoothing", "CAP-420", 1, 2, None),
)
ROTARY = (("critical_ac", "DRU-2400", 1, 3, None), ("lv_ac", "TXD-2500", 1, 3, "critical_ac"))
COMMON = (
    ("fabric", "ITN-0160", 1, 1, None),
    ("coolant", "CDU-0600", 1, 8, None),
    ("air_cooling", "FWU-200", 1, 5, None),
    ("facility_water", "PMS-2500", 1, 3, None),
    ("heat_rejection", "DRY-0800", 1, 7, None),
    ("thermal_buffer", "BUF-015", 1, 2, None),
    ("control", "BMS-040", 2, 1, None),
    ("lv_ac", "TXD-1600", 2, 1, None),
)
SITE = (
    ("mv_ac", "MVS-12", 2, 1, None),
    ("utility_mv", "TXM-40", 1, 2, None),
    ("hv_bay", "HVB-145", 1, 2, "utility_mv"),
    ("standby_mv", "GEN-2000", 1, 8, None),
    ("fuel", "FTK-030", 1, 2, None),
    ("fuel_polishing", "FPS-002", 1, 1, None),
    ("mv_storage", "BES-5000-2H", 1, 4, None),
    ("battery_ac", "TXO-4400", 1, 2, None),
    ("network", "NET-MMR", 2, 1, None),
    ("operations", "CTR-100", 1, 1, None),
    ("site_lv_ac", "TXH-0630", 2, 1, None),
)


def plan_of(catalog, *kinds, site=SITE):
    """A plan of shipped modules as far as the diagram reads it; `kinds` are pairs of pod and groups."""
    made = tuple(
        BlockKind(
            name="ab"[i], pod=pod, pods=1,
            groups=tuple(Group(carrier=c, sku=s, sides=n, per_side=m, unit_for=u) for c, s, n, m, u in groups),
        )
        for i, (pod, groups) in enumerate(kinds)
    )  # fmt: skip
    plant = tuple(Plant(carrier=c, sku=s, sides=n, per_side=(m, m), unit_for=u) for c, s, n, m, u in site)
    bare = make_plan()
    sized = bare.sized.model_copy(update={"kinds": made, "blocks": ((1, 2),) * len(made), "plant": plant})
    return bare.model_copy(update={"sized": sized, "modules": catalog.modules, "carriers": catalog.carriers})


CASES = {
    "houses": (("ITL-4544", HOUSED + COMMON),),
    "two buses 2N": (("ITL-4544", TWO_BUSES_2N + COMMON),),
    "direct current": (("ITV-2300", DIRECT + COMMON),),
    "rotary": (("ITL-2272", ROTARY + COMMON),),
    "two wide kinds": (("ITL-4544", TWO_BUSES_2N + COMMON), ("ITV-2300", DIRECT + COMMON)),
    "two narrow kinds": (("ITL-2272", ROTARY + COMMON), ("ITL-1136", ROTARY + COMMON)),
}


@pytest.mark.parametrize("kinds", CASES.values(), ids=CASES)
def test_every_text_is_whole_and_apart_from_the_others(catalog, kinds):
    plan = plan_of(catalog, *kinds)
    for drawing in (make_one_line(plan), *make_one_line_sheets(plan)):
        for shape in drawing.shapes:
            left, top, right, bottom = box(shape)
            assert left >= -0.5, shape
            assert top >= -0.5, shape
            assert right <= drawing.width + 0.5, shape
            assert bottom <= drawing.height + 0.5, shape
        texts = [s for s in drawing.shapes if isinstance(s, Label)]
        assert not [s.text for s in texts if "…" in s.text]
        for a, b in combinations([s for s in texts if s.size > 6.5], 2):  # without the signs of alternating current
            (l1, t1, r1, b1), (l2, t2, r2, b2) = box(a), box(b)
            assert r1 <= l2 or r2 <= l1 or b1 <= t2 + 1 or b2 <= t1 + 1, (a.text, b.text)


def test_the_sites_plant_is_all_there(catalog):
    texts = " | ".join(labels(make_one_line(plan_of(catalog, *CASES["houses"]))))
    for words in (
        "2 x HVB-145", "2 x TXM-40", "8 x GEN-2000", "2 x FTK-030, polished by 1 x FPS-002", "4 x BES-5000-2H",
        "2 x TXO-4400", "2 x TXH-0630", "Site services: ", "2 x NET-MMR", "1 x CTR-100",
    ):  # fmt: skip
        assert words in texts, words


def test_frames_name_their_batteries_and_houses(catalog):
    texts = labels(make_one_line(plan_of(catalog, *CASES["houses"])))
    at = texts.index("4 x UPS-1000")
    assert texts[at + 2 : at + 4] == ["batteries: 20 x LIB-035", "in 8 x EHS-0500"]


def test_a_hall_on_two_buses_is_drawn_once_and_fed_from_all(catalog):
    drawing = make_one_line(plan_of(catalog, *CASES["two buses 2N"]))
    texts = labels(drawing)
    assert texts.count("1 x ITL-4544") == 1
    for name in ("Critical bus A", "Critical bus B", "2nd critical bus A", "2nd critical bus B"):
        assert name in texts
    box_of = next(s for s in drawing.shapes if isinstance(s, Label) and s.text == "1 x ITL-4544")
    feet = [
        s for s in drawing.shapes
        if isinstance(s, Line) and abs(s.points[-1][1] - (box_of.y - 11)) < 0.1 and abs(s.points[-1][0] - box_of.x) < 60
    ]  # fmt: skip
    assert len(feet) == 4


def test_direct_current_path(catalog):
    texts = labels(make_one_line(plan_of(catalog, *CASES["direct current"])))
    order = [texts.index(t) for t in ("1 x SST-2500", "A: 1 x DCB-2500", "800 V DC bus A")]
    assert order == sorted(order)
    assert "2 x CAP-420 against load swings" in texts


def test_gas_comes_from_the_pipeline_and_has_no_tank(catalog):
    site = tuple(p for p in SITE if p[0] not in ("fuel", "fuel_polishing", "standby_mv"))
    texts = labels(
        make_one_line(plan_of(catalog, *CASES["rotary"], site=(*site, ("standby_mv", "GAS-2000", 1, 5, None))))
    )
    assert "Gas from the pipeline" in texts
    assert not [t for t in texts if t.startswith("Fuel:")]


def test_kinds_get_a_sheet_each_in_the_proposal_and_share_one_in_the_svg(catalog):
    plan = plan_of(catalog, *CASES["two wide kinds"])
    heads = ["Block kind a: 2 of these, 4,544 kW of IT each", "Block kind b: 2 of these, 2,300 kW of IT each"]

    def heads_of(drawing):
        return [t for t in labels(drawing) if t.startswith("Block kind")]

    assert [heads_of(s) for s in make_one_line_sheets(plan)] == [heads[:1], heads[1:]]
    assert heads_of(make_one_line(plan)) == heads


def test_a_rotary_ups_is_a_machine(catalog):
    drawing = make_one_line(plan_of(catalog, *CASES["rotary"]))
    sign = next(s for s in drawing.shapes if isinstance(s, Label) and s.text == "MG")
    assert [s for s in drawing.shapes if isinstance(s, Circle) and s.radius > 10 and abs(s.x - sign.x) < 0.1]
