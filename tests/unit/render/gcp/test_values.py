"""Values in two forms: escapes are exact (asked of the real Terraform), references survive, labels never collide."""

import json
import os
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rayfence.render.gcp.values import escaped, label, literal, reference, template, text
from tests.unit.render.gcp.provider_schema import expressions

SIGNS = st.text('${}%"\\a\n', max_size=8)


def evaluated(documents: dict[str, str], folder: Path) -> dict[str, str]:
    """What the real Terraform makes of these templates; `local.x` is worth `X`."""
    outputs = {name: {"value": value} for name, value in documents.items()}
    (folder / "main.tf.json").write_text(json.dumps({"locals": {"x": "X"}, "output": outputs}), encoding="utf-8")
    environment = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["terraform", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("apply", "-auto-approve", "-input=false")
    return {name: item["value"] for name, item in json.loads(run("output", "-json")).items()}


def test_terraform_reads_every_literal_as_it_was_written(tmp_path: Path) -> None:
    hostile = [
        "${x}",
        "$${x}",
        "$$${x}",
        "%{if true}",
        "%%{",
        "$%{x}",
        "%${x}",
        "$",
        "$$",
        '"${a}"',
        "\\${a}",
        "\n${",
        "é${",
    ]
    x = reference("local.x", "X")
    values = [text(value) for value in hostile]
    values += [text(value, x, value) for value in hostile] + [
        text("$", "{local.x}"),
        text(text("$"), text("{local.x}")),
    ]
    values += [text("$", x), text("$$", x), text("%", x), text("$", x, "{", x, "$")]
    found = evaluated({f"o{number}": value.template for number, value in enumerate(values)}, tmp_path)
    assert found == {f"o{number}": value.literal for number, value in enumerate(values)}


@given(st.lists(SIGNS, max_size=4))
def test_literal_text_opens_no_expression_however_it_is_cut(parts: list[str]) -> None:
    made = text(*parts)
    assert made.literal == "".join(parts)
    assert list(expressions(made.template)) == []
    assert text(*map(text, parts)).template == escaped("".join(parts))


def test_containers_are_converted_all_the_way_down() -> None:
    value = {"${k}": [reference("a.b", "worth"), None, "%{x}"], "gone": None, "n": 1, "flag": True}
    assert literal(value) == {"${k}": ["worth", "%{x}"], "n": 1, "flag": True}
    assert template(value) == {"$${k}": ["${a.b}", "%%{x}"], "n": 1, "flag": True}


@given(st.lists(st.text(max_size=4), min_size=1, max_size=3), st.lists(st.text(max_size=4), min_size=1, max_size=3))
def test_labels_tell_different_names_apart(one: list[str], two: list[str]) -> None:
    assert (label(*one) == label(*two)) == (one == two) or not any(one) or not any(two)


def test_labels_are_terraform_names() -> None:
    assert label("a-b", "c.d") == "a-b__c_2e_d"
    assert label("1a") == "_31_a"
    assert label("group:ml@acme.com") == "group_3a_ml_40_acme_2e_com"
