"""What `meson install` puts where, and the user of the network process."""
import os
import shutil
import subprocess

import pytest

pytestmark = [pytest.mark.ours, pytest.mark.skipif(not shutil.which("meson"), reason="needs meson")]


@pytest.fixture
def installed(request, area):
    build = os.path.dirname(os.path.realpath(request.config.program))
    if not os.path.exists(f"{build}/build.ninja"):
        pytest.skip("the program is not in the folder where it was built")
    root = area / "root"
    done = subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", root], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return root


def test_programs_and_the_user(installed):
    prefix = installed / "usr" / "local"
    assert os.access(prefix / "bin" / "evercert", os.X_OK)
    assert os.access(prefix / "libexec" / "evercert" / "evercert-net", os.X_OK)
    settings = prefix / "lib" / "sysusers.d" / "evercert.conf"
    assert settings.is_file()
    if not shutil.which("systemd-sysusers"):
        pytest.skip("no systemd-sysusers here")
    (installed / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={installed}", settings], check=True)
    name, _, uid, _, _, _, shell = (installed / "etc" / "passwd").read_text().strip().split(":")
    assert name == "evercert" and 0 < int(uid) < 1000 and shell.endswith("nologin")
