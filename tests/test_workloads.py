"""Workload cards, accelerators and profiles: every fact against its published row, and no basis beside another."""

import csv
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from build import PROVENANCE, WORKLOAD

from prefab.errors import InputError
from prefab.physics import tokens
from prefab.physics.trace import levels_kw
from prefab.provenance import Provenance, Source, Sourced, Sources
from prefab.tables import read_toml, validate
from prefab.workload import (
    Accelerator,
    Profile,
    Span,
    StorageCard,
    Swing,
    Workload,
    cards_for,
    check_workloads,
    match,
    published_energy_j_per_token,
    why_not_comparable,
    with_weeks,
)

CATALOG = Path(__file__).parents[1] / "catalog"
REFERENCE = Path(__file__).parents[1].parent / "shared" / "reference" / "tokens"
CARDS = tuple(read_toml(p, Workload) for p in sorted((CATALOG / "workloads").glob("*.toml")))
STORED = tuple(read_toml(p, StorageCard) for p in sorted((CATALOG / "storage_cards").glob("*.toml")))
PROFILES = tuple(read_toml(p, Profile) for p in sorted((CATALOG / "profiles").glob("*.toml")))
ACCELERATORS = tuple(read_toml(p, Accelerator) for p in sorted((CATALOG / "accelerators").glob("*.toml")))
ENTRIES: dict[str, Sourced] = {
    **{f"workload {e.key}": e for e in CARDS},
    **{f"storage card {e.key}": e for e in STORED},
    **{f"profile {e.key}": e for e in PROFILES},
    **{f"accelerator {e.key}": e for e in ACCELERATORS},
}
POD_FILES = sorted((CATALOG / "modules" / "it_pod").glob("*.toml"))
LEVEL = WORKLOAD.week
assert LEVEL is not None
CHIP = Accelerator(
    key="t1", name="T1", title="T1", maker="M", available="2026", board_limit_w=1000, idle_w=140, memory_gb=100,
    price_usd=Span(low=1, base=2, high=3), life_years=Span(low=3, base=5, high=6), provenance=WORKLOAD.provenance,
)  # fmt: skip

needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference tables lie beside the project only")


def rows(table: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def card(**more: Any) -> Workload:
    """The hand-made card with other keys, checked as a file is."""
    return validate({**WORKLOAD.model_dump(mode="json"), **more}, Workload, "card")


def test_enough_cards_of_different_things() -> None:
    kinds = {(w.accelerator, w.model, w.precision, w.latency_target) for w in CARDS}
    assert len(kinds) == len(CARDS) >= 15
    assert {w.token_basis for w in CARDS} == {"output", "total_input_plus_output", "training"}
    assert {w.power_basis for w in CARDS} == {"gpu_board", "server_ac", "all_in"}


@pytest.mark.parametrize("key", ["llama31-405b-training-gb300", "gpt-oss-120b-b300", "deepseek-r1-gb300"])
def test_cards_of_the_stored_layouts_stay(key: str) -> None:
    assert key in {w.key for w in CARDS}


def test_files_agree_with_each_other() -> None:
    assert check_workloads(CARDS, PROFILES, ACCELERATORS) == []


@pytest.mark.parametrize("name", ENTRIES)
def test_every_figure_has_a_dated_source_and_every_fact_its_row(name: str) -> None:
    sources: dict[str, Source] = {
        s.key: s for p in (CATALOG / "sources").glob("*.toml") for s in read_toml(p, Sources).source
    }
    for provenance in ENTRIES[name].provenance:
        assert sources[provenance.source].date or provenance.source == "prefab-judgement", provenance.source
        assert provenance.fact.count(" / ") >= 1 if provenance.basis == "fact" else not provenance.fact, provenance.of
        assert provenance.note or provenance.basis == "fact", provenance.of


# ---- facts against the reference

COLUMNS = {
    "published_tokens_per_s": "tokens_per_s_per_accel",
    "published_j_per_token": "j_per_token",
    "between_tokens_ms": "tpot_ms",
}


def performance_figure(row: dict[str, str], key: str) -> float:
    if key == "accelerator_w":
        return float(row["system_power_kw"] or "nan") * 1000 / int(row["n_accelerators"])
    return float(row[COLUMNS[key]] or "nan")


def check_performance(entry: Sourced, facts: list[Provenance]) -> None:
    """One published run carries all the facts that cite it, on the bases that the card names."""
    assert isinstance(entry, Workload)
    _, source, model, family, scenario, date, *concurrency = facts[0].fact.split(" / ")
    fits = [
        r
        for r in rows("token_performance")
        if (r["source"], r["model"], r["accel_family"], r["scenario"], r["date"])
        == (source, model, family, scenario, date)
        and (not concurrency or r["concurrency"] == concurrency[0])
        and all(performance_figure(r, p.of) == pytest.approx(getattr(entry, p.of), rel=1e-4) for p in facts)
    ]
    assert fits, facts[0].fact
    assert {r["token_basis"] for r in fits} == {entry.token_basis}
    if entry.published_j_per_token is not None:
        words = {"gpu_board": "GPU board", "server_ac": "full system AC", "all_in": "all-in"}
        assert all(words[entry.power_basis] in r["power_basis"] for r in fits)


def check_single(entry: Sourced, fact: Provenance) -> None:
    table, what, *column = fact.fact.split(" / ")
    value = getattr(entry, fact.of)
    if table == "diurnal_profile":
        assert isinstance(entry, Profile)
        check_profile(entry, what)
    elif table == "power_cap_curves":
        found = [r for r in rows(table) if r["accelerator"] == what and float(r["cap_frac"]) < 1]
        assert len(found) >= 2
        assert all(value.low <= float(r["alpha"]) <= value.high for r in found)
    elif table == "derived_power_vs_throughput":
        found = [r for r in rows(table) if r["gpu"] == what]
        assert value == tuple((float(r["u_mean"]), float(r["power_ratio_median"])) for r in found)
    else:
        names = {"gpu_power": "accelerator", "training_reference": "model", "workload_token_mix": "trace"}
        found = [r for r in rows(table) if r[names[table]] == what]
        if table == "workload_token_mix":
            found, column = [r for r in found if r["metric"] == column[0]], ["value"]
        assert {float(r[column[0]]) for r in found} == {value}


def check_profile(profile: Profile, trace: str) -> None:
    by_day: dict[str, dict[int, float]] = defaultdict(dict)
    for row in rows("diurnal_profile"):
        if row["profile_id"] == trace:
            by_day[row["day_type"]][int(row["hour"])] = float(row["mean_rate"])
    days = [by_day.get(name, by_day["all"]) for name in ("weekday", "weekend")]
    peak = max(max(day.values()) for day in days)
    for day, found in zip(days, (profile.weekday_frac, profile.weekend_frac), strict=True):
        assert found == pytest.approx([day[h] / peak for h in range(24)], abs=5.1e-5)


@needs_reference
@pytest.mark.parametrize("name", ENTRIES)
def test_facts_equal_their_rows(name: str) -> None:
    entry = ENTRIES[name]
    runs: dict[str, list[Provenance]] = defaultdict(list)
    for provenance in entry.provenance:
        if provenance.basis == "fact" and provenance.fact.startswith("token_performance"):
            runs[provenance.fact].append(provenance)
        elif provenance.basis == "fact":
            check_single(entry, provenance if provenance.of != "*" else provenance.model_copy(update={"of": "key"}))
    for facts in runs.values():
        check_performance(entry, facts)


@needs_reference
@pytest.mark.parametrize("card", CARDS, ids=lambda w: w.key)
def test_part_load_is_as_measured(card: Workload) -> None:
    gpu = "H100" if card.accelerator in {"H100", "H200", "Ascend 910C"} else "B200"
    for row in rows("derived_power_vs_throughput"):
        if row["gpu"] == gpu:
            load = float(row["u_mean"])
            power = tokens.spread_power_frac(load, card.spread_power_frac)
            assert float(row["power_ratio_p10"]) <= power <= float(row["power_ratio_p90"])
            # The medians of power and of energy are taken apart, so they agree only roughly.
            assert power / load == pytest.approx(float(row["j_per_token_ratio_median"]), rel=0.15)


# ---- figures that physics or arithmetic bounds


@pytest.mark.parametrize("card", CARDS, ids=lambda w: w.key)
def test_card_is_coherent(card: Workload) -> None:
    assert card.rate_low_tokens_per_s < card.rate_tokens_per_s < card.rate_high_tokens_per_s
    assert card.rate_tokens_per_s == pytest.approx(card.published_tokens_per_s * card.realisation_frac.base)
    assert 0.1 <= card.idle_frac <= 0.4
    assert 0 < card.cap_exponent.low < card.cap_exponent.high <= 1
    assert card.parameters_active_b <= card.parameters_total_b
    assert (card.profile == "flat") == (card.purpose == "training") == (card.output_tokens_mean == 0)
    if card.purpose == "inference":
        least, most = tokens.POSSIBLE_J_PER_TOKEN
        assert least <= card.accelerator_w / card.rate_tokens_per_s <= most


def test_training_rates_follow_from_peak_and_utilisation() -> None:
    found = {w.key: w.rate_tokens_per_s for w in CARDS if w.model == "Llama 3.1 405B" and w.purpose == "training"}
    assert found.pop("llama31-405b-training-h100") == pytest.approx(989e12 * 0.345 / (6 * 405e9), rel=0.002)
    assert found
    for rate in found.values():
        assert rate == pytest.approx(2.5e15 * 0.345 / (6 * 405e9), abs=0.1)


TRAINING = [w for w in CARDS if w.swing is not None]


@pytest.mark.parametrize("card", TRAINING, ids=lambda w: w.key)
def test_swings_go_from_near_the_limit_of_a_board_to_near_its_idle_power(card: Workload) -> None:
    swing = card.swing
    assert swing is not None
    assert swing.period_s is not None
    assert swing.high_frac is not None
    chip = next(a for a in ACCELERATORS if a.name == card.accelerator)
    # Two levels with the card's mean power: the upper one is what the limit lets through.
    high, low = levels_kw(card.accelerator_w, swing.depth_frac.base, swing.high_frac.base)
    assert 0.9 * chip.board_limit_w <= high <= chip.board_limit_w
    assert chip.idle_w <= low <= 0.4 * chip.board_limit_w
    # The slowest swing lies below the band in which most of their energy is found, the fastest at its upper end.
    assert 1 / swing.period_s.high < swing.frequency_low_hz < 1 / swing.period_s.low < swing.frequency_high_hz


def test_iterations_last_as_tokens_a_step_and_rates_say() -> None:
    period = {w.key: w.swing.period_s for w in TRAINING if w.swing is not None}
    llama, deepseek = period["llama31-405b-training-h100"], period["deepseek-v3-training-gb300"]
    assert llama is not None
    assert deepseek is not None
    assert llama.base == pytest.approx(2**24 / (16_384 * 400e12 / (6 * 405e9)), abs=0.05)
    assert deepseek.high == pytest.approx(15_360 * 4096 / (2048 * 1522.6), abs=0.05)


def test_a_swing_without_levels_is_written_as_before_they_were_stated() -> None:
    plain = validate(SWING, Swing, "swing")
    assert list(plain.model_dump()) == list(SWING)
    levels = {"low": 0.5, "base": 0.8, "high": 0.9}
    full = validate({**SWING, "period_s": {"low": 1, "base": 2, "high": 3}, "high_frac": levels}, Swing, "swing")
    assert full.model_dump()["high_frac"] == levels


def test_inference_does_not_swing() -> None:
    assert {w.purpose for w in TRAINING} == {"training"}
    assert len(TRAINING) == len([w for w in CARDS if w.purpose == "training"]) >= 4


@pytest.mark.parametrize("chip", ACCELERATORS, ids=lambda a: a.key)
def test_accelerator_is_plausible(chip: Accelerator) -> None:
    assert 0.1 <= chip.idle_w / chip.board_limit_w <= 0.25
    assert chip.price_usd.low < chip.price_usd.base < chip.price_usd.high
    assert 2 <= chip.life_years.low <= chip.life_years.high <= 8
    assert 10 <= chip.price_usd.base / chip.board_limit_w <= 60


# ---- bases

SWING = {"frequency_low_hz": 1, "frequency_high_hz": 3, "depth_frac": {"low": 0.5, "base": 0.6, "high": 0.9}}
TRAINED = {"purpose": "training", "token_basis": "training"}
MIXED = {
    "training tokens served": ({"token_basis": "training"}, "token_basis"),
    "training without its basis": ({"purpose": "training"}, "token_basis"),
    "a server without energy": ({"power_basis": "server_ac"}, "published_j_per_token"),
    "boards that disagree": ({"published_j_per_token": 0.9}, "900 W, on the basis gpu_board"),
    "a server below its boards": ({"published_j_per_token": 0.5, "power_basis": "server_ac"}, "must be below the 500"),
    "all-in below its boards": ({"published_j_per_token": 0.7, "power_basis": "all_in"}, "must be below the 700"),
    "swings while serving": (
        {"swing": SWING},
        "swing",
    ),
    "a period without levels": (
        {**TRAINED, "swing": {**SWING, "period_s": {"low": 1, "base": 2, "high": 3}}},
        "period_s and high_frac together",
    ),
    "a swing that is never low": (
        {**TRAINED, "swing": {**SWING, "period_s": {"low": 1, "base": 2, "high": 3},
                              "high_frac": {"low": 0.5, "base": 0.8, "high": 1.0}}},
        "high_frac must be below 1",
    ),
    "an unknown basis": ({"token_basis": "input"}, "output"),
    "a stand-in for itself": ({"proxy_for": ["T1"]}, "proxy_for"),
    "power that falls with load": ({"spread_power_frac": [[0.1, 0.8], [0.3, 0.7], [0.6, 0.9], [1, 1]]}, "never fall"),
    "power short of full": ({"spread_power_frac": [[0.1, 0.8], [0.3, 0.85], [0.6, 0.9], [1, 0.95]]}, "end at power 1"),
    "load out of order": ({"spread_power_frac": [[0.3, 0.8], [0.1, 0.85], [0.6, 0.9], [1, 1]]}, "never fall"),
    "a range out of order": ({"cap_exponent": {"low": 0.7, "base": 0.6, "high": 0.8}}, "rise in that order"),
    "another week": ({"profile": "other"}, "week must be"),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXED)
def test_bases_are_never_mixed_within_a_card(name: str) -> None:
    change, phrase = MIXED[name]
    with pytest.raises(InputError, match=phrase):
        card(**change)


def test_energy_on_another_basis_is_not_given() -> None:
    server = card(published_j_per_token=0.9, power_basis="server_ac")
    assert published_energy_j_per_token(server, "output", "server_ac") == 0.9
    assert published_energy_j_per_token(server, "output", "gpu_board") is None
    assert published_energy_j_per_token(server, "output", "all_in") is None
    assert published_energy_j_per_token(server, "total_input_plus_output", "server_ac") is None


def test_a_week_is_relative_to_its_highest_hour() -> None:
    tree = {"key": "p", "title": "P", "hours": "local", "weekday_frac": [0.9] * 24, "weekend_frac": [0.5] * 24}
    with pytest.raises(InputError, match="highest hour"):
        validate({**tree, "provenance": PROVENANCE}, Profile, "p")


# ---- which pods a card speaks for


def test_own_proxy_and_none() -> None:
    stand_in = card(proxy_for=["T2"])
    assert [match(stand_in, name) for name in ("T1", "T2", "T3")] == ["own", "proxy", None]
    own = card(key="own", accelerator="T2")
    assert [w.key for w in cards_for((stand_in, own), "T2")] == ["own", "chat"]
    assert cards_for((stand_in, own), "T3") == ()


def test_only_proxies_and_prompts_are_marked() -> None:
    stand_in = card(proxy_for=["T2", "T3"])
    assert why_not_comparable(stand_in, ["T1", "T9"]) == ""
    mixed = why_not_comparable(stand_in, ["T1", "T3", "T2", "T2"])
    assert "T2 and T3" in mixed
    assert "T1 stands in" in mixed
    assert "prompts" in why_not_comparable(card(token_basis="total_input_plus_output"), ["T1"])


@pytest.mark.parametrize("path", POD_FILES, ids=lambda p: p.stem)
def test_every_pod_can_be_chosen_by_some_card(path: Path) -> None:
    it = tomllib.loads(path.read_text(encoding="utf-8")).get("it")
    if it is None:
        pytest.skip("not a pod of accelerators")
    cards = cards_for(CARDS, it["accelerator"])
    assert cards or cards_for(STORED, it["accelerator"])
    # The chip boundary lies inside the rack: accelerators draw less than their pod.
    for found in cards:
        assert found.accelerator_w * it["accelerators_count"] / 1000 < it["measured_kw"], found.key


@pytest.mark.parametrize("chip", ACCELERATORS, ids=lambda a: a.key)
def test_every_accelerator_has_a_card_and_only_unbuilt_ones_go_without_figures(chip: Accelerator) -> None:
    kinds = {match(w, chip.name) for w in CARDS}
    assert "proxy" in kinds if chip.name == "Rubin Ultra" else "own" in kinds


# ---- mistakes across files


@pytest.mark.parametrize("card", with_weeks(CARDS, PROFILES), ids=lambda w: w.key)
def test_a_plan_with_the_card_carries_the_sources_of_its_week_too(card: Workload) -> None:
    assert card.week is not None
    assert {p.source for p in card.week.provenance} <= {p.source for p in card.provenance}


def test_weeks_are_filled_in_by_key() -> None:
    bare = card(week=None)
    filled = with_weeks([bare, card(key="lost", profile="none", week=None)], [LEVEL])
    assert [w.week for w in filled] == [LEVEL, None]


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"profile": "gone", "week": None}, "chat: profile: 'gone' is not in profiles/; allowed: level"),
        ({"accelerator": "T9"}, "chat: accelerator: 'T9' is not in accelerators/; allowed: T1"),
        ({"proxy_for": ["T8"]}, "chat: proxy_for: 'T8' is not in accelerators/; allowed: T1"),
        ({"accelerator_w": 1400.0, "idle_frac": 0.1}, "chat: accelerator_w: 1400 W exceeds the board limit"),
        ({"idle_frac": 0.3}, "chat: idle_frac: 210 W idle, accelerators/ says 140 W"),
    ],
)
def test_files_that_disagree_are_named(change: dict[str, Any], phrase: str) -> None:
    assert check_workloads([card()], [LEVEL], [CHIP]) == []
    mistakes = check_workloads([card(**change)], [LEVEL], [CHIP])
    assert len(mistakes) == 1
    assert phrase in mistakes[0]
