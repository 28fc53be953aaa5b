"""What leads to programs that root runs: nobody else may write there. The advice is followed to its end."""
import os
import re
import subprocess

import pytest
from test_manual import hook

pytestmark = [pytest.mark.ours, pytest.mark.skipif(os.geteuid() != 0, reason="about what root runs")]

GROUP = 54321  # which is nobody's


@pytest.fixture
def client(new_client, area):
    """A lineage whose renewal runs a hook named by an option and one from a directory."""
    folder = new_client.config / "renewal-hooks" / "deploy"
    folder.mkdir(parents=True)
    hook(folder / "from-directory", f"echo directory >> {area}/ran")
    (area / "programs").mkdir()
    hook(area / "programs" / "from-option", f"echo option >> {area}/ran")
    new_client.certonly(["p.test"], "--deploy-hook", area / "programs" / "from-option")
    (area / "ran").unlink()
    return new_client


def give_to_group(path):
    os.chown(path, -1, GROUP)
    path.chmod(path.stat().st_mode & 0o7777 | 0o020)


SPOILT = {
    "hook directory": lambda c: c.config / "renewal-hooks" / "deploy",
    "directory above": lambda c: c.config / "renewal-hooks",
    "hook file": lambda c: c.config / "renewal-hooks" / "deploy" / "from-directory",
    "program of an option": lambda c: c.area.parent / "programs" / "from-option",
    "its directory": lambda c: c.area.parent / "programs",
    "renewal file": lambda c: c.config / "renewal" / "p.test.conf",
    "renewal": lambda c: c.config / "renewal",
    "configuration": lambda c: c.config,
}


@pytest.mark.parametrize("what", SPOILT)
def test_refused_before_anything_is_ordered(client, area, what):
    path = SPOILT[what](client)
    give_to_group(path)
    said = client.renew("--force-renewal", status=1)
    said.says(f"{path} can be written by its group ({GROUP})", f"chmod go-w {path}")
    assert client.store.versions("p.test") == [1] and not (area / "ran").exists()

    command = re.search(r"(chmod go-w \S+)", " ".join(said.text.split()))[1]
    subprocess.run(command, shell=True, check=True)
    client.renew("--force-renewal")
    assert client.store.versions("p.test") == [1, 2]
    assert (area / "ran").read_text().split() == ["directory", "option"]


@pytest.mark.parametrize("what", ["hook directory", "hook file", "renewal file", "program of an option"])
def test_a_warning_by_the_name_of_certbot(client, area, second_name, what):
    path = SPOILT[what](client)
    give_to_group(path)
    client.program = second_name
    client.renew("--force-renewal").says(f"{path} can be written by its group ({GROUP})", f"chmod go-w {path}")
    assert (area / "ran").read_text().split() == ["directory", "option"]


def test_configuration_file_of_root(client, area):
    ini = area / "cli.ini"
    ini.write_text("max-log-backups = 7\n")
    os.chown(ini, 12345, 0)
    said = client.run("certificates", "--config", ini, status=1)
    said.says(f"{ini} belongs to user 12345", f"chown 0 {ini}")
    subprocess.run(["chown", "0", ini], check=True)
    client.run("certificates", "--config", ini)


def test_hooks_of_the_manual_authenticator(client, area):
    path = hook(area / "programs" / "auth", "true")
    give_to_group(area / "programs")
    client.certonly(["m.test"], "--manual-auth-hook", area / "programs" / "auth", authenticator="--manual", status=1).says(
        f"{area}/programs can be written by its group")
    assert client.store.lineages() == ["p.test"]


def test_others_may_share_what_is_not_roots(client, area):
    """An ordinary user's own store: certificates are fetched, whoever may write there."""
    own = area / "own"
    own.mkdir()
    for path in (own / "c", own / "w", own / "l"):
        path.mkdir()
        os.chown(path, 54320, GROUP)
        path.chmod(0o775)
    client.config, client.work, client.logs = own / "c", own / "w", own / "l"
    client.store.root = client.config
    client.become(54320, GROUP)
    client.certonly(["u.test"])
