"""The plan file: read back equal, one decision a line, clear about what it cannot read."""

import json

import pytest
from wired import hand_wired_plan

from prefab.errors import InputError
from prefab.plan import Plan, read_plan, write_plan


def test_reads_back_equal(tmp_path):
    plan = hand_wired_plan()
    path = tmp_path / "plan.json"
    path.write_text(write_plan(plan), encoding="utf-8")
    assert read_plan(path) == plan
    assert hash(read_plan(path)) == hash(plan)


def test_every_feed_has_a_line_of_its_own():
    plan = hand_wired_plan()
    lines = write_plan(plan).splitlines()
    assert sum('"consumer"' in line for line in lines) == len(plan.connected.feeds)
    assert all(line.count('"consumer"') <= 1 for line in lines)


def test_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        hand_wired_plan().sized.status = "feasible"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "is not a plan prefab reads"),
        ('{"format": "prefab-plan/0"}', "'prefab-plan/0' is not a plan prefab reads; allowed: 'prefab-plan/3'"),
        ('{"format": "prefab-plan/3"}', "brief: missing"),
    ],
)
def test_what_it_cannot_read(tmp_path, text, message):
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_plan(path)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_plan(tmp_path / "none.json")


def test_unknown_key_names_the_near_miss(tmp_path):
    tree = json.loads(write_plan(hand_wired_plan()))
    tree["sized"]["statsu"] = tree["sized"].pop("status")
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(tree))
    with pytest.raises(InputError, match="did you mean status"):
        read_plan(path)


def test_not_a_number_is_refused(tmp_path):
    text = write_plan(hand_wired_plan()).replace('"capacity_mw": 3.0', '"capacity_mw": NaN')
    assert "NaN" in text
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InputError, match="capacity_mw"):
        read_plan(path)


def test_no_optional_section_is_needed():
    plan = hand_wired_plan()
    assert plan.placed is None
    assert Plan.model_validate_json(write_plan(plan.model_copy(update={"connected": None}))).connected is None
