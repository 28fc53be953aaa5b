"""What documents list is what the program has."""
import re
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
