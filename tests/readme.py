"""The shell commands of README.md, and where each of them is really executed.

A README command that nothing executes is a promise nobody keeps. `tests/test_readme.py` compares this list with the
file in both directions and types it into a terminal.
"""

import re
from dataclasses import dataclass
from typing import Final

from tests.arch.tree import ROOT

README: Final = ROOT / "README.md"
#: Fences whose content a person would type.
SHELL: Final = frozenset({"sh", "bash", "shell", "console"})


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as the README has it. `answer` goes to its questions; `status` and `shows` are what must come of it."""

    command: str
    answer: str = ""
    status: int = 0
    shows: str = ""  # regular expression
    seconds: float = 60
    everyday: bool = True  # False: long, so that only the strict run types it


_PASSWORD: Final = "correct horse 41 battery"

#: All of it, in the order of the file; executed in that order in one shell.
COMMANDS: Final = (
    Typed("make run", shows=r"Estimated value of pi is 3\.1[34]", seconds=300),
    Typed('export PATH="$PWD/.venv/bin:$PATH"'),
    Typed("rayfence user add alice --role submitter", answer=_PASSWORD, shows="added alice as submitter"),
    Typed("rayfence login alice", answer=_PASSWORD, shows="logged in to default as alice"),
    Typed('eval "$(rayfence env)"'),
    Typed(
        'ray job submit -- python -c "$(cat examples/monte-carlo-pi.py)"',
        shows=r"Estimated value of pi is 3\.1[34]",
        seconds=180,
    ),
    Typed("ray job list", shows="SUCCEEDED"),
    Typed("rayfence logout"),
    Typed("rayfence plan", shows="(?i)nothing to do"),
    Typed("rayfence status", shows="(?i)gateway"),
    Typed("rayfence verify", seconds=300, everyday=False),
    Typed("rayfence trail query", shows=r"job\.submit"),
    Typed("rayfence trail verify"),
    Typed("rayfence plan -f examples/article/platform.yaml", shows="objects, no conflict"),
    Typed("rayfence explain gcp.resourceLocations -f examples/article/platform.yaml", shows="satisfied by a setting"),
    Typed("rayfence render -f examples/article/platform.yaml -o ~/platform", shows=r"terraform/cluster\.tf\.json"),
    Typed("rayfence plan -f examples/two-tenants/platform.yaml", shows="objects, no conflict"),
    Typed("make stop"),
)


def commands(text: str) -> list[str]:
    """Every command in the shell blocks, in order; comments cut, continued lines joined, prompts and output dropped."""
    found = []
    for fence, body in re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        if fence not in SHELL:
            continue
        prompted = any(line.startswith("$ ") for line in body.splitlines())
        for line in body.replace("\\\n", " ").splitlines():
            if prompted and not line.startswith("$ "):
                continue  # what the command answered
            command = re.sub(r"(?:^|\s+)#\s.*$", "", line.removeprefix("$ ")).strip()
            if command:
                found.append(command)
    return found
