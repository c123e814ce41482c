"""The figures of a module, each with the provenance that speaks of it."""

from build import a_module

from prefab.figures import figures


def test_figures_are_the_numbers_of_the_file_with_their_nearest_source() -> None:
    module = a_module(
        "CDU-1",
        "cdu",
        gives=[{"carrier": "coolant", "capacity_kw": 500}, {"carrier": "hot", "capacity_kw": 20}],
        losses={"points": [[0.0, 1.0], [0.3, 2.0], [0.6, 3.0], [1.0, 4.0]]},
        provenance=[
            {"of": "*", "source": "rest", "basis": "judgement"},
            {"of": "gives", "source": "table", "basis": "fact"},
            {"of": "price.amount", "source": "key", "basis": "interpolated", "low": 5.0, "high": 9.0},
        ],
    )
    found = [(key, value, p.source) for key, value, p in figures(module)]
    assert found.count(("gives.capacity_kw", 500.0, "table")) == 1
    assert found.count(("gives.capacity_kw", 20.0, "table")) == 1
    assert ("price.amount", 100_000.0, "key") in found
    assert ("mass_kg", 10_000, "rest") in found
    assert ("losses.points", ((0.0, 1.0), (0.3, 2.0), (0.6, 3.0), (1.0, 4.0)), "rest") in found
    keys = {key for key, _, _ in found}
    assert not any(key.startswith("provenance") for key in keys), "a band is no figure"
    assert keys.isdisjoint({"sku", "bays_count", "gives.parallel_max", "derating.altitude_free_m"}), "not in the file"
