"""Every rule and breaker is one file of one thought, with a stanza, a test and a requirement."""

from dataclasses import fields
from pathlib import Path

import pytest

from tests.risk.worlds import rule_class
from trader.config.policy_yaml import Breakers, Risk
from trader.risk.rules import ORDER

ROOT = Path(__file__).resolve().parents[2]
FROM_OTHER_FILES = {"budgets", "allocations", "fees"}
NO_RULE = {"caps"}


def names(species):
    return {path.stem for path in (ROOT / "trader/risk" / species).glob("*.py")} - {"__init__"}


EVERY = [("rules", name) for name in ORDER] + [("breakers", name) for name in sorted(names("breakers"))]


def stanzas(model):
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def test_the_order_names_every_rule_once():
    assert sorted(ORDER) == sorted(names("rules"))


def test_every_rule_and_breaker_has_a_stanza_and_every_stanza_one():
    assert stanzas(Risk).keys() - NO_RULE == names("rules")
    assert stanzas(Breakers).keys() == names("breakers")


@pytest.mark.parametrize(("species", "name"), EVERY)
def test_the_stanzas_keys_are_the_fields(species, name):
    stanza = stanzas(Risk if species == "rules" else Breakers)[name]
    keys = set(stanza.model_fields)

    assert keys == {field.name for field in fields(rule_class(name, species))} - FROM_OTHER_FILES


@pytest.mark.parametrize(("species", "name"), EVERY)
def test_it_is_short_says_what_it_does_and_is_proved(species, name):
    source = (ROOT / "trader/risk" / species / f"{name}.py").read_text()
    test = ROOT / "tests/risk" / f"test_{name}.py"

    assert len(source.splitlines()) <= 40, "one thought"
    assert rule_class(name, species).__doc__
    assert "pytest.mark.req(" in test.read_text()
