"""The projection of a hand-made site of one pod: balances, sums, and what the workload's card makes of it."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from wired import hand_wired_plan, with_two_demands

from prefab.errors import InputError
from prefab.plan import Plan
from prefab.projection import make_projection
from prefab.results import Projection

LOSSES = (
    "power_chain_loss_kw", "transformer_loss_kw", "coolant_kw", "air_cooling_kw", "heat_rejection_kw",
    "auxiliary_kw", "storage_kw",
)  # fmt: skip


def with_workload(plan: Plan, **more: Any) -> Plan:
    return plan.model_copy(update={"workload": plan.workload.model_copy(update=more)})


def with_week(plan: Plan, weekday: Sequence[float], weekend: Sequence[float], **more: Any) -> Plan:
    assert plan.workload.week is not None
    days = {"weekday_frac": tuple(weekday), "weekend_frac": tuple(weekend)}
    return with_workload(plan, week=plan.workload.week.model_copy(update=days), **more)


@pytest.fixture(scope="module")
def base() -> Projection:
    return make_projection(hand_wired_plan())


def test_it_load_by_hand(base: Projection) -> None:
    # 900 kW x (0.2 + 0.8 x 0.8) at every hour, for the profile is flat.
    assert base.hourly.it_kw == pytest.approx([756.0] * 8760)
    assert base.it_mwh == pytest.approx(0.756 * 8760)


def test_energy_balances_in_every_hour(base: Projection) -> None:
    h = base.hourly
    parts = np.array(h.it_kw) + sum(np.array(getattr(h, name)) for name in LOSSES)
    np.testing.assert_allclose(parts, h.site_kw, rtol=1e-9)


def test_nothing_is_missing_or_not_a_number(base: Projection) -> None:
    for name, column in asdict(base.hourly).items():
        assert len(column) == 8760, name
        assert all(math.isfinite(value) for value in column), name
        assert type(column[0]) is float, name
        if not name.endswith("degc"):
            assert min(column) >= 0, name


def test_figures_are_ratios_of_sums() -> None:
    day = [0.1] * 12 + [1.0] * 12
    uneven = make_projection(with_week(hand_wired_plan(), day, day))
    h = uneven.hourly
    site, it, mtok = sum(h.site_kw), sum(h.it_kw), sum(h.tokens_m)
    assert uneven.pue == pytest.approx(site / it, rel=1e-12)
    assert uneven.tokenergy_kwh_per_mtok.base == pytest.approx(site / mtok, rel=1e-12)
    mean_of_ratios = float(np.mean(np.array(h.site_kw) / np.array(h.tokens_m)))
    assert mean_of_ratios > 1.2 * uneven.tokenergy_kwh_per_mtok.base


def test_boundaries_nest_and_the_waterfall_reaches_the_outermost(base: Projection) -> None:
    # 700 W x 500 = 350 kW of 900 kW are accelerators.
    assert base.b0_kwh_per_mtok == pytest.approx(base.b1_kwh_per_mtok * 350 / 900)
    assert base.b0_kwh_per_mtok < base.b1_kwh_per_mtok < base.b2_kwh_per_mtok
    assert base.b2_kwh_per_mtok == base.b3_kwh_per_mtok == base.tokenergy_kwh_per_mtok.base
    assert sum(step.kwh_per_mtok for step in base.waterfall) == pytest.approx(base.b3_kwh_per_mtok, rel=1e-9)
    assert min(step.kwh_per_mtok for step in base.waterfall) >= 0


def test_months_add_up_to_the_year(base: Projection) -> None:
    assert [m.month for m in base.months] == list(range(1, 13))
    assert sum(m.it_mwh for m in base.months) == pytest.approx(base.it_mwh)
    assert sum(m.facility_mwh for m in base.months) == pytest.approx(base.site_mwh)
    assert sum(m.mtok for m in base.months) == pytest.approx(base.mtok.base)
    assert base.months[6].dry_bulb_mean_degc == pytest.approx(18, abs=0.3)
    assert base.months[6].pue > base.months[0].pue


def test_bands_open_towards_the_right_side(base: Projection) -> None:
    # 300, 500 and 700 tokens/s on the card.
    assert base.mtok.low == pytest.approx(0.6 * base.mtok.base)
    assert base.mtok.high == pytest.approx(1.4 * base.mtok.base)
    band = base.tokenergy_kwh_per_mtok
    assert band.low < band.base < band.high
    assert band.low == pytest.approx(band.base / 1.4)


def test_cost_carbon_and_water_per_token(base: Projection) -> None:
    # 0.08 $/kWh and 40 g/kWh; carbon per kWh of IT is PUE times the grid's.
    assert base.energy_usd_per_mtok == pytest.approx(0.08 * base.b3_kwh_per_mtok)
    assert base.carbon_g_per_mtok == pytest.approx(40 * base.b3_kwh_per_mtok)
    assert base.cue_kg_per_kwh == pytest.approx(0.040 * base.pue)
    assert base.wue_l_per_kwh == base.water_l_per_mtok == 0.0


def test_inference_follows_its_week_and_training_runs_flat() -> None:
    weekday, weekend = [0.5] * 12 + [1.0] * 12, [0.25] * 24
    inference = make_projection(with_week(hand_wired_plan(), weekday, weekend))
    # 900 kW x (0.2 + 0.8 x 0.4) in the first half of a weekday; half of that load at the weekend.
    assert inference.hourly.it_kw[0] == pytest.approx(468.0)
    assert inference.hourly.it_kw[12] == pytest.approx(756.0)
    weekends = [inference.hourly.it_kw[24 * day + 12] for day in range(14)]
    assert weekends == pytest.approx([756.0] * 5 + [324.0] * 2 + [756.0] * 5 + [324.0] * 2)
    assert any("profile level (local)" in note for note in inference.notes)
    training = make_projection(with_week(hand_wired_plan(), weekday, weekend, purpose="training"))
    assert training.hourly.it_kw == pytest.approx([756.0] * 8760)
    assert any("Training tokens" in note for note in training.notes)


def test_a_card_without_its_profile_is_refused() -> None:
    with pytest.raises(InputError, match="profile: 'level' is not in profiles/"):
        make_projection(with_workload(hand_wired_plan(), week=None))


def test_idle_accelerators_are_the_card_s_and_idle_racks_the_pod_s() -> None:
    # Flat out 350 kW of boards beside 900 kW of racks; at a load of 0.8 they idle at 0.2 and at 0.5.
    busy = make_projection(with_workload(hand_wired_plan(), idle_frac=0.5))
    assert busy.b0_kwh_per_mtok / busy.b1_kwh_per_mtok == pytest.approx(350 * 0.9 / (900 * 0.84))


def test_proxies_give_tokens_and_are_marked(base: Projection) -> None:
    plan = hand_wired_plan()
    proxy = make_projection(with_workload(plan, accelerator="T2", proxy_for=("T1",)))
    assert proxy.mtok.base == pytest.approx(base.mtok.base)
    assert "T1" in proxy.not_comparable
    assert "T2 stands in" in proxy.not_comparable
    assert any(note.startswith("Not comparable: ") for note in proxy.notes)
    assert base.not_comparable == ""
    assert not any("Not comparable" in note for note in base.notes)


def test_tokens_of_prompts_counted_too_are_marked(base: Projection) -> None:
    prompts = make_projection(with_workload(hand_wired_plan(), token_basis="total_input_plus_output"))
    assert "prompts" in prompts.not_comparable
    assert prompts.tokenergy_kwh_per_mtok == base.tokenergy_kwh_per_mtok


def test_the_brief_s_utilisation_wins() -> None:
    full = make_projection(hand_wired_plan(utilisation_frac=1.0))
    assert full.hourly.it_kw[0] == pytest.approx(900.0)


@pytest.mark.parametrize("card", [{"goodput_frac": 0.0}, {"accelerator": "T2"}], ids=["no goodput", "other pods"])
def test_without_tokens_there_is_no_energy_per_token(card: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="delivers no tokens"):
        make_projection(with_workload(hand_wired_plan(), **card))


def test_pods_of_other_accelerators_take_energy_and_give_nothing(base: Projection) -> None:
    plan = hand_wired_plan()
    pod = plan.module("POD-1000")
    assert pod.it is not None
    other = pod.model_copy(update={"sku": "POD-2", "it": pod.it.model_copy(update={"accelerator": "T2"})})
    kind = plan.sized.kinds[0]
    kinds = (kind, kind.model_copy(update={"name": "b", "pod": "POD-2"}))
    sized = plan.sized.model_copy(update={"kinds": kinds, "blocks": ((1,), (1,))})
    mixed = make_projection(plan.model_copy(update={"sized": sized, "modules": (*plan.modules, other)}))
    assert mixed.mtok.base == pytest.approx(base.mtok.base)
    assert mixed.site_mwh == pytest.approx(2 * base.site_mwh)
    assert mixed.b0_kwh_per_mtok == pytest.approx(base.b0_kwh_per_mtok)
    assert any("Pods without the accelerator" in note for note in mixed.notes)


def test_says_what_the_figures_rest_on(base: Projection) -> None:
    text = " ".join(base.notes)
    for phrase in ("synthetic year", "without recirculation", "redundant modules included", "limited by compute"):
        assert phrase in text
    for phrase in ("40 % of their pressure", "below 75 % of full flow", "below 60 % of full speed"):
        assert phrase in text
    # The house load is 1 % of 1100 kW; two panels of 1 kW.
    assert "11.0 kW of the pods" in text
    assert "2.0 kW of control panels" in text
    assert "80.0 %" in text


@pytest.mark.parametrize(
    ("card", "phrase"),
    [
        ({"published_tokens_per_s": 20.0}, "is doubtful"),
        ({"published_tokens_per_s": 0.2}, "cannot be right"),
        ({"accelerator_w": 5000.0}, "B0 is capped"),
    ],
)
def test_doubtful_cards_are_called_so(card: dict[str, Any], phrase: str, base: Projection) -> None:
    assert not any(phrase in note for note in base.notes)
    doubtful = make_projection(with_workload(hand_wired_plan(), **card))
    assert any(phrase in note for note in doubtful.notes)
    assert doubtful.b0_kwh_per_mtok <= doubtful.b1_kwh_per_mtok


def test_the_same_plan_gives_the_same_projection(base: Projection) -> None:
    assert make_projection(hand_wired_plan()) == base


LEARN: dict[str, Any] = {"purpose": "training", "tokens_counted": "training tokens", "utilisation_frac": 0.5}


def test_the_basis_of_every_demand_is_said_with_its_name() -> None:
    notes = make_projection(with_two_demands(hand_wired_plan(2), **LEARN)).notes
    for phrase in (
        "Load of ask: 80.0 % of serving capacity in the mean of the year, by the profile level",
        "Load of learn: 50.0 % of serving capacity in the mean of the year, flat",
        "Tokens of ask: output tokens; their rate is limited by compute",
        "Tokens of learn: training tokens; their rate is limited by compute",
        "Training tokens are not served tokens",
    ):
        assert sum(phrase in note for note in notes) == 1, phrase
    alone = make_projection(hand_wired_plan(2)).notes
    assert sum(note.startswith(("Load: ", "Tokens: ")) for note in alone) == 2


@pytest.mark.parametrize(
    ("card", "phrase"),
    [
        ({"published_tokens_per_s": 20.0}, "J per token of learn is doubtful"),
        ({"published_tokens_per_s": 0.2}, "J per token of learn cannot be right"),
        ({"accelerator": "T2", "proxy_for": ("T1",)}, "Not comparable, tokens of learn: no token figure of T1"),
    ],
)
def test_what_is_doubtful_of_the_second_demand_is_said_of_it(card: dict[str, Any], phrase: str) -> None:
    found = make_projection(with_two_demands(hand_wired_plan(2), **card))
    assert sum(phrase in note for note in found.notes) == 1
    assert not any(
        "of ask is" in n or "of ask cannot" in n or "Not comparable, tokens of ask" in n for n in found.notes
    )
    assert found.not_comparable == found.yields[0].not_comparable == ""
    assert ("T1" in found.yields[1].not_comparable) is ("proxy_for" in card)


def test_tokens_of_every_demand_hour_by_hour() -> None:
    found = make_projection(with_two_demands(hand_wired_plan(2), published_tokens_per_s=250.0))
    ask, learn = found.yields
    assert ask.tokens_m == found.hourly.tokens_m
    for y in found.yields:
        assert sum(y.tokens_m) == pytest.approx(y.mtok.base)
    assert sum(learn.tokens_m) == pytest.approx(sum(ask.tokens_m) / 4)
