"""`rayfence explain`."""

import json

import pytest
from click.testing import CliRunner

from rayfence.cli.explain import command
from rayfence.plan.explain import UnknownSubject
from tests.arch.tree import ROOT

ARTICLE = str(ROOT / "examples" / "article" / "platform.yaml")


def test_a_setting_is_explained_for_people_and_programs() -> None:
    text = CliRunner().invoke(command, ["gke.private_nodes", "-f", ARTICLE], standalone_mode=False)
    assert text.return_value == 0
    assert "gke.private_nodes = yes" in text.output
    data = CliRunner().invoke(command, ["gke.private_nodes", "-f", ARTICLE, "--json"], standalone_mode=False)
    assert json.loads(data.output)[0]["name"] == "gke.private_nodes"


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownSubject, match=r"gke\.private_node"):
        CliRunner().invoke(command, ["gke.private_node", "-f", ARTICLE], standalone_mode=False, catch_exceptions=False)


def test_the_examples_of_the_help_name_what_is_there() -> None:
    subjects = [example.split()[2] for example in (command.epilog or "").removeprefix("Examples:").split("·")]
    assert len(subjects) == 2
    for subject in subjects:
        assert CliRunner().invoke(command, [subject, "-f", ARTICLE], standalone_mode=False).return_value == 0


def test_a_field_of_the_spec_leads_to_its_settings() -> None:
    told = CliRunner().invoke(command, ["target.gke.pools.1.confidential", "-f", ARTICLE], standalone_mode=False)
    assert "gke.pools.workers.confidential = SEV" in told.output
