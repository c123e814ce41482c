"""Between which levels synchronous training swings, worked out by hand and against the shipped catalog."""

from dataclasses import replace

import pytest

from prefab.levels import Levels, levels_of

# 1100 kW at the peak; 800 accelerators of a kilowatt, of which 60 % swing away; idle at 180 kW.
BY_HAND = Levels(high_kw=1100.0, low_kw=620.0, idle_kw=180.0, period_s=10.0, high_frac=0.75)


def test_levels_by_hand():
    assert BY_HAND.swing_kw == 480.0
    assert BY_HAND.mean_kw == 620.0 + 0.75 * 480.0
    assert BY_HAND.step_kw == BY_HAND.mean_kw - 180.0


def shipped(catalog):
    """Every pod with every card of its accelerator."""
    for module in catalog.modules:
        for card in catalog.workloads:
            if module.it is not None and hasattr(card, "swing"):
                yield module.it, card, levels_of(module.it, card, catalog.accelerators)


def test_what_swings_lies_between_idle_and_the_peak(catalog):
    found = [(it, card, levels) for it, card, levels in shipped(catalog) if levels is not None]
    assert len(found) > 20
    for it, card, levels in found:
        assert it.idle_frac * it.measured_kw <= levels.idle_kw <= levels.low_kw < levels.high_kw == it.peak_kw
        # No more than the accelerators' share of it, and of that what the card says.
        assert levels.swing_kw <= card.swing.depth_frac.base * it.peak_kw
        assert levels.step_kw > 0


def test_only_accelerators_swing(catalog):
    """Half as many of them swing half as much; the fans and switches of a pod are steady."""
    it, card, levels = next(
        each for each in shipped(catalog) if each[2] is not None and each[2].low_kw > 1.2 * each[2].idle_kw
    )
    board_kw = next(a.board_limit_w for a in catalog.accelerators if a.name == it.accelerator) / 1000
    if it.accelerators_count * board_kw > it.peak_kw:
        pytest.fail("the first pod's boards are rated above its peak; choose another")
    half = levels_of(
        it.model_copy(update={"accelerators_count": it.accelerators_count // 2}), card, catalog.accelerators
    )
    assert half.swing_kw == pytest.approx(levels.swing_kw / 2, rel=1e-3)
    assert levels.swing_kw == pytest.approx(card.swing.depth_frac.base * it.accelerators_count * board_kw)


def test_single_requests_do_not_swing(catalog):
    steady = [levels for _, card, levels in shipped(catalog) if card.swing is None or card.swing.period_s is None]
    assert steady
    assert set(steady) == {None}


def test_never_below_idle():
    deep = replace(BY_HAND, low_kw=BY_HAND.idle_kw)
    assert deep.step_kw == pytest.approx(0.75 * deep.swing_kw)
