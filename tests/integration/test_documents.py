"""What documents list is what the program has."""
import re
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.ours, pytest.mark.any_compiler]

ROOT = Path(__file__).resolve().parents[2]


def test_every_finding_of_doctor():
    others = ["ops/checkup.c", "lifecycle/last_run.c", "notify/examine.c", "status/findings.c"]
    files = [*(ROOT / "src" / "health").glob("*.c"), *(ROOT / "src" / name for name in others)]
    sources = "".join(path.read_text() for path in files if not path.name.endswith("_test.c"))
    rows = [line.split("|")[1] for line in (ROOT / "docs" / "doctor.md").read_text().splitlines() if line.startswith("| `")]
    documented = set(re.findall(r"`([a-z-]+)`", "".join(rows)))
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', sources)) - {"renewal-hooks", "dns-persist", "api-key"} | {"exchanged", "leftover"}
    schedule = "".join((ROOT / "src" / "ops" / name).read_text() for name in ("schedule_look.c", "scheduled_try.c"))  # names options, too
    codes |= set(re.findall(r'"(schedule-[a-z-]+)"', schedule)) - {"schedule-root"}
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


def test_when_a_key_may_have_leaked(new_client):
    """The commands of the security guide, as they stand there."""
    text = (ROOT / "docs" / "security-guide.md").read_text().split("## When a key may have leaked")[1].split("##")[0]
    commands = [line.split("#")[0].split()[1:] for line in text.splitlines() if line.startswith("    evercert ")]
    assert [words[0] for words in commands] == ["revoke", "renew", "update_account"]
    new_client.certonly(["leak.test"])
    serial, key = new_client.store.cert("leak.test").serial_number, new_client.store.live("leak.test", "privkey").read_bytes()
    for words in commands:
        new_client.run(*["leak.test" if word == "NAME" else word for word in words], "-n")
    new_client.store.check(["leak.test"])
    assert new_client.store.cert("leak.test").serial_number != serial
    assert new_client.store.live("leak.test", "privkey").read_bytes() != key
