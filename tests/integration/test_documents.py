"""What documents list is what the program has."""
import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.ours

ROOT = Path(__file__).resolve().parents[2]


def test_every_finding_of_doctor():
    others = ["ops/checkup.c", "notify/examine.c", "status/findings.c"]
    files = [*(ROOT / "src" / "health").glob("*.c"), *(ROOT / "src" / name for name in others)]
    sources = "".join(path.read_text() for path in files if not path.name.endswith("_test.c"))
    rows = [line.split("|")[1] for line in (ROOT / "docs" / "doctor.md").read_text().splitlines() if line.startswith("| `")]
    documented = set(re.findall(r"`([a-z-]+)`", "".join(rows)))
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', sources)) - {"renewal-hooks", "dns-persist"} | {"exchanged", "leftover"}
    schedule = (ROOT / "src" / "ops" / "schedule_look.c").read_text()  # names options, too
    codes |= set(re.findall(r'"(schedule-[a-z]+)"', schedule)) - {"schedule-root"}
    assert codes == documented


def test_every_finding_of_preflight():
    sources = "".join((ROOT / "src" / "preflight" / name).read_text() for name in ("rules.c", "rules_door.c"))
    rows = [line.split("|")[1] for line in (ROOT / "docs" / "preflight.md").read_text().splitlines() if line.startswith("| `")]
    assert set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', sources)) == set(re.findall(r"`([a-z0-9-]+)`", "".join(rows)))


def test_commands_that_the_security_guide_names(request):
    def page_of(topic):
        return subprocess.run([request.config.program, "--help", topic], stdout=subprocess.PIPE, text=True, check=True).stdout

    text = (ROOT / "docs" / "security-guide.md").read_text()
    everything = page_of("all")
    for verb, rest in set(re.findall(r"evercert ([a-z_]*)([^`\n#]*)", text)):
        page = page_of(verb) if verb else everything
        assert not verb or f"evercert {verb} " in page, verb
        for option in re.findall(r"--[a-z-]+", rest):
            assert re.search(rf"{option}\b", page), (verb, option)
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= set(re.findall(r"--[a-z0-9-]+", everything))
