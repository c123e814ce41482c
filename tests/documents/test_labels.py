"""Short texts that several documents share."""

import pytest

from prefab.documents.labels import counted, figure_title, figures_of, installed_it_kw
from prefab.results import Finding


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("rejection.approach_min_k", "Rejection: approach min, K"),
        ("derating.dry_bulb_frac_per_k", "Derating: dry bulb, fraction per K"),
        ("needs.kw_per_kw", "Needs, kW/kW"),
        ("rejection.cop", "Rejection: COP"),
        ("deployment.fat_days", "Deployment: factory test, days"),
        ("all other figures", "All other figures"),
    ],
)
def test_a_figure_is_named_with_its_unit(path, title):
    assert figure_title(path) == title


def test_figures_have_three_digits_and_whole_numbers_in_full():
    finding = Finding("ups_autonomy", "x", True, 6.783780886, 5.0, "min", ">=")
    assert figures_of(finding) == "6.78 ≥ 5 min"
    assert figures_of(Finding("x", "y", True, 33671.9355, 51600.0, "L", "<=")) == "33,672 ≤ 51,600 L"
    assert figures_of(Finding("x", "y", True, 41.0, 45.0, "degC", "<=")) == "41 ≤ 45 °C"


def test_one_is_singular():
    assert counted(1, "module") == "1 module"
    assert counted(1200, "module") == "1,200 modules"


def test_installed_counts_every_pod(proposal):
    assert installed_it_kw(proposal.plan) == 2000.0
