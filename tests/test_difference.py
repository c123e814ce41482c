"""What differs between two catalogs, from folders and git revisions, and what that does to the stored layouts."""

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from prefab.brief import read_brief
from prefab.connecting import make_connected
from prefab.difference import Change, export_revision, lines_of, make_difference, read_entries, text_of
from prefab.effects import counts, make_effects
from prefab.errors import InputError
from prefab.plan import FORMAT, Sized
from prefab.shipped import shipped
from prefab.sizing import make_sized
from prefab.solver import QUICK

MODULE = """
sku = "{sku}"
title = "A"
mass_kg = {mass}
[price]
amount = 100
[[gives]]
carrier = "coolant"
capacity_kw = 5.0
[[gives]]
carrier = "control"
capacity_units = 3
[[provenance]]
of = "*"
source = "one"
"""


def write(folder, **files):
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def module(sku="AB-1", mass=10):
    return MODULE.format(sku=sku, mass=mass)


def differ(a, b):
    return make_difference(read_entries(a), read_entries(b))


def test_nothing(tmp_path):
    a = write(tmp_path / "a", modules__x__ab=module(), costs="x = 1\n")
    b = write(tmp_path / "b", modules__x__ab="# Said otherwise.\n" + module(), costs="x = 1.0\n")
    assert differ(a, b).is_empty


def test_added_removed_changed(tmp_path):
    a = write(tmp_path / "a", modules__x__ab=module(), modules__x__old=module("OLD"))
    b = write(tmp_path / "b", modules__y__ab=module(mass=12), modules__x__new=module("NEW"))
    found = differ(a, b)
    assert (found.added, found.removed) == (("modules/new",), ("modules/old",))
    assert found.changed == {"modules/ab": (Change("mass_kg", 10, 12),)}
    assert list(lines_of(found.changed["modules/ab"])) == ["mass_kg: 10 -> 12 (+20.0%)"]


def test_lists_are_compared_by_name_not_by_place(tmp_path):
    a = write(tmp_path / "a", modules__x__ab=module())
    turned = module().replace("capacity_kw = 5.0", "capacity_kw = 6.0")
    head, first, second, rest = turned.replace("[[provenance]]", "[[gives]]").split("[[gives]]")
    b = write(tmp_path / "b", modules__x__ab=f"{head}[[gives]]{second}[[gives]]{first}[[provenance]]{rest}")
    assert differ(a, b).changed == {"modules/ab": (Change("gives[coolant].capacity_kw", 5.0, 6.0),)}


def test_a_source_is_the_same_in_whatever_file(tmp_path):
    one, two = '[[source]]\nkey = "one"\ntitle = "1"\n', '[[source]]\nkey = "two"\ntitle = "2"\n'
    a = write(tmp_path / "a", sources=one + two)
    b = write(tmp_path / "b", sources__general=one, sources__other=two.replace('"2"', '"3"'))
    assert differ(a, b).changed == {"source/two": (Change("title", "2", "3"),)}


def test_an_overlay_lies_over_its_base(tmp_path):
    base = write(tmp_path / "a", modules__x__ab=module(), costs="x = 1\n")
    over = write(tmp_path / "b", modules__x__ab="[price]\namount = 150\n")
    found = make_difference(read_entries(base), read_entries(base, over))
    assert found.changed == {"modules/ab": (Change("price.amount", 100, 150),)}
    assert not found.removed


def test_keys_that_todays_types_do_not_know(tmp_path):
    a = write(tmp_path / "a", modules__x__ab="colour = 'red'\nmass_t = 1\n")
    b = write(tmp_path / "b", modules__x__ab="colour = 'blue'\nfirst = true\n")
    assert list(lines_of(differ(a, b).changed["modules/ab"])) == [
        "colour: 'red' -> 'blue'",
        "mass_t: 1 -> (none)",
        "first: (none) -> true",
    ]


def test_every_broken_file_is_named(tmp_path):
    a = write(tmp_path / "a", modules__x__ab="x = ", modules__x__cd="= 3", costs="x = 1\n")
    with pytest.raises(InputError) as caught:
        read_entries(a)
    assert [m.split(": ")[0] for m in caught.value.mistakes] == [str(a / f"modules/x/{n}.toml") for n in ("ab", "cd")]


def test_relative_change_of_numbers_only():
    assert Change("x", 100, 90).relative == pytest.approx(-0.1)
    assert Change("x", 0, 90).relative is None
    assert Change("x", "a", 3).relative is None
    assert Change("x", True, False).relative is None


def test_control_characters_are_escaped():
    assert "\x1b" not in text_of("\x1b[31m")
    assert "\u202e" not in "".join(lines_of([Change("\u202ex", 1, ["\u202e"])]))


# Git


@pytest.fixture
def repository(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")

    def git(*arguments):
        name = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path / "r"), *name, *arguments], check=True, capture_output=True)

    home = write(tmp_path / "r" / "catalog", modules__x__ab=module())
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "one")
    git("tag", "first")
    write(home, modules__x__ab=module(mass=15))
    (home / "notes.md").write_text("not a catalog file")
    (home / "link.toml").symlink_to("/etc/hostname")
    git("add", ".")
    git("commit", "--quiet", "-m", "two")
    write(home, modules__x__ab=module(mass=99))
    return home


def test_revisions(repository, tmp_path):
    for name in ("first", "HEAD"):
        (tmp_path / name).mkdir()
        export_revision(name, repository, tmp_path / name)
        # Only what a catalog consists of, and no links out of it.
        assert [p.name for p in (tmp_path / name).rglob("*") if p.is_file()] == ["ab.toml"]
    assert differ(tmp_path / "first", tmp_path / "HEAD").changed == {"modules/ab": (Change("mass_kg", 10, 15),)}
    (repository / "link.toml").unlink()
    assert differ(tmp_path / "HEAD", repository).changed["modules/ab"] == (Change("mass_kg", 15, 99),)


@pytest.mark.parametrize("revision", ["nonsense", "--output=/tmp/x", "-x", "", "HEAD; ls", "HEAD~99", "first..HEAD"])
def test_no_such_revision(repository, tmp_path, revision):
    with pytest.raises(InputError, match="neither a folder nor a git revision"):
        export_revision(revision, repository, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folder_not_in_the_revision(repository, tmp_path):
    other = repository.parent / "other"
    other.mkdir()
    with pytest.raises(InputError, match="has no other/"):
        export_revision("HEAD", other, tmp_path / "out")


def test_no_repository(tmp_path, monkeypatch):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(InputError, match="not in a git repository; name two folders"):
        export_revision("HEAD", tmp_path, tmp_path)


def test_no_git(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="git: not installed"):
        export_revision("HEAD", tmp_path, tmp_path)


# Layouts


@pytest.fixture(scope="module")
def layouts(tmp_path_factory, catalog):
    """The edge layout alone, its plan made with today's catalog."""
    folder = tmp_path_factory.mktemp("layouts")
    (folder / "edge").mkdir()
    brief = folder / "edge" / "brief.toml"
    shutil.copy(shipped("layouts") / "edge-2mw" / "brief.toml", brief)
    sized = make_sized(read_brief(brief), catalog, QUICK)
    (folder / "edge" / "plan.json").write_text(json.dumps({"sized": sized.model_dump(mode="json")}))
    return folder


def used_skus(layouts):
    tree = json.loads((layouts / "edge" / "plan.json").read_text())["sized"]
    return counts(Sized.model_validate_json(json.dumps(tree)))


def with_module(catalog, sku, **update):
    modules = tuple(m.model_copy(update=update) if m.sku == sku else m for m in catalog.modules)
    return catalog.model_copy(update={"modules": modules})


def test_the_same_catalog_changes_no_layout(layouts, catalog):
    (effect,) = make_effects(layouts, catalog)
    assert effect.is_empty, effect


def test_a_dearer_pod_changes_the_layout(layouts, catalog):
    pod = next(m for m in catalog.modules if m.it is not None and m.sku in used_skus(layouts))
    dear = with_module(catalog, pod.sku, price=pod.price.model_copy(update={"amount": pod.price.amount * 3}))
    (effect,) = make_effects(layouts, dear)
    assert not effect.trouble
    assert effect.cost_usd is not None
    assert effect.cost_usd.new > effect.cost_usd.old
    assert effect.cost_usd.key == "cost_usd"


def test_a_longer_lead_time_of_a_module_that_stays_is_named(layouts, catalog, tmp_path):
    plan = json.loads((layouts / "edge" / "plan.json").read_text())
    pod = next(m for m in catalog.modules if m.it is not None and m.sku in used_skus(layouts))
    shutil.copytree(layouts / "edge", tmp_path / "edge")
    modules = [m.model_dump(mode="json") for m in catalog.modules if m.sku in used_skus(layouts)]
    (tmp_path / "edge" / "plan.json").write_text(json.dumps({**plan, "format": FORMAT, "modules": modules}))
    slow = pod.deployment.model_copy(update={"lead_weeks": pod.deployment.lead_weeks + 1})
    (effect,) = make_effects(tmp_path, with_module(catalog, pod.sku, deployment=slow))
    assert effect.figures == (
        Change(f"{pod.sku} deployment.lead_weeks", pod.deployment.lead_weeks, pod.deployment.lead_weeks + 1),
    )
    assert not effect.is_empty
    (same,) = make_effects(tmp_path, catalog)
    assert same.is_empty


def test_a_module_that_is_gone_is_replaced_or_missed(layouts, catalog):
    pod = next(m for m in catalog.modules if m.it is not None and m.sku in used_skus(layouts))
    rest = catalog.model_copy(update={"modules": tuple(m for m in catalog.modules if m.sku != pod.sku)})
    (effect,) = make_effects(layouts, rest)
    assert not effect.is_empty
    gone = [c for c in effect.modules if c.key == pod.sku]
    assert effect.trouble or gone == [Change(pod.sku, used_skus(layouts)[pod.sku], 0)]


def test_a_stored_plan_that_cannot_be_read_says_so(layouts, catalog, tmp_path):
    shutil.copytree(layouts / "edge", tmp_path / "edge")
    (tmp_path / "edge" / "plan.json").write_text("{")
    (effect,) = make_effects(tmp_path, catalog)
    assert "not valid JSON" in effect.trouble


def test_counts_are_those_of_the_equipment(layouts, catalog):
    """Against the list of modules that a later stage makes of the same sizing."""
    brief = read_brief(layouts / "edge" / "brief.toml")
    sized = make_sized(brief, catalog, QUICK)
    assert counts(sized) == Counter(e.sku for e in make_connected(brief, catalog, sized).equipment)


def test_layouts_folder_without_any(tmp_path, catalog):
    assert list(make_effects(Path(tmp_path), catalog)) == []
