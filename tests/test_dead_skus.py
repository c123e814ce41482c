"""Modules that no brief can choose, and the reason that `prefab catalog check` gives for each."""

from build import a_catalog, a_module

from prefab.catalog import load_layers
from prefab.catalog_check import dead_skus
from prefab.module import Module
from prefab.product import Bays, Content, Lifecycle


def reasons(*more: Module) -> dict[str, str]:
    """Why modules of the made-up catalog with `more` are dead; its pods get room for what stands inside."""
    whole = a_catalog()
    room = {"bays": (Bays(kind="row", count=8),)}
    modules = [m.model_copy(update=room) if m.it else m for m in (*whole.modules, *more)]
    return dict(dead_skus(whole.model_copy(update={"modules": tuple(sorted(modules, key=lambda m: m.sku))})))


def test_nothing_of_a_sound_catalog_is_dead() -> None:
    assert reasons() == {}


def test_what_is_withdrawn_is_dead() -> None:
    spare = a_module("FTK-099", "fuel", gives=[{"carrier": "fuel", "capacity_l": 1000}])
    assert reasons(spare) == {}
    life = Lifecycle(status="withdrawn")
    assert reasons(spare.model_copy(update={"lifecycle": life})) == {"FTK-099": "withdrawn"}


def test_what_nobody_asks_for_is_dead() -> None:
    steam = a_module("STM-1", "boiler", gives=[{"carrier": "steam", "capacity_kw": 100}])
    assert reasons(steam) == {"STM-1": "gives steam, which nothing that a brief can choose asks for"}


def test_what_only_a_dead_module_asks_for_is_dead() -> None:
    steam = a_module("STM-1", "boiler", gives=[{"carrier": "steam", "capacity_kw": 100}])
    needs = [{"carrier": "steam", "connection": "header"}]
    gives = [{"carrier": "power_of_steam", "capacity_kw": 100}]
    turbine = a_module("TRB-1", "turbine", gives=gives, needs=needs)
    assert set(reasons(steam, turbine)) == {"STM-1", "TRB-1"}


def test_what_cannot_be_supplied_is_dead_and_so_is_what_hangs_on_it() -> None:
    needs = [{"carrier": "steam", "connection": "header"}]
    hot = a_module("HOT-1", "power", gives=[{"carrier": "hot_ac", "capacity_kw": 10}], needs=needs)
    user = a_module(
        "USE-1",
        "fuel",
        gives=[{"carrier": "fuel", "capacity_l": 1000}],
        needs=[{"carrier": "hot_ac", "connection": "dual"}],
    )
    assert reasons(hot, user) == {
        "HOT-1": "needs steam, which no module that can be chosen gives",
        "USE-1": "needs hot_ac, which no module that can be chosen gives",
    }


def test_a_pod_without_a_card_is_dead() -> None:
    pod = next(m for m in a_catalog().modules if m.it)
    assert pod.it is not None
    other = pod.model_copy(update={"sku": "POD-2", "it": pod.it.model_copy(update={"accelerator": "T9"})})
    assert reasons(other) == {"POD-2": "no workload card is of, or stands in for, accelerator T9"}


def test_a_guest_without_its_host_is_dead() -> None:
    guest = a_module("UPS-9", "power", gives=[{"carrier": "critical_ac", "capacity_kw": 100}])
    inside = guest.model_copy(update={"stands": "inside:house", "bay": "house", "bays_count": 3})
    assert reasons(inside) == {"UPS-9": "no house that can be chosen has 3 bay 'house'"}


def test_what_comes_only_inside_a_composite_is_dead() -> None:
    inner = a_module("BAT-1", "ups_battery", gives=[{"carrier": "ups_dc", "capacity_kw": 100}])
    outer = next(m for m in a_catalog().modules if m.family == "power")
    outer = outer.model_copy(update={"sku": "UPS-2", "contains": (Content(sku="BAT-1", quantity=1),)})
    assert reasons(inner, outer)["BAT-1"].endswith("; it comes only inside UPS-2")


def test_what_is_laid_along_runs_lives() -> None:
    busway = a_module("BUS-1", "busway", gives=[{"carrier": "steam", "capacity_kw": 100}])
    assert reasons(busway.model_copy(update={"stands": "per_metre"})) == {}


def test_every_shipped_module_can_be_chosen_by_some_brief() -> None:
    assert dead_skus(load_layers().catalog) == ()
