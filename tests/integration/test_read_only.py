"""Where nothing can be written: commands that only read work all the same, and logs that cannot be kept cost no certificate."""
import os
import re
import shutil
import subprocess

import pytest

pytestmark = [pytest.mark.ours, pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount, and run it as somebody else")]

NAME = "r.test"
NOBODY = 65534
READING = [("certificates",), ("certificates", "--json"), ("history",), ("history", NAME, "--json"), ("doctor",), ("show_account",), ("status", "--nagios")]


@pytest.fixture
def mount(area):
    """mount(arguments, folder): as mount(8) takes them, for the test."""
    mounted = []

    def do(*args):
        done = subprocess.run(["mount", *map(str, args)], stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
        mounted.append(args[-1])

    def make_read_only(folder):
        do("--bind", folder, folder)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)

    do.read_only = make_read_only
    yield do
    for folder in reversed(mounted):
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(params=["certbot", "versioned"])
def client(new_client, request):
    new_client.certonly([NAME], "--store-layout", request.param)
    return new_client


def said(client):
    return [re.sub(r'"seconds_left": \d+|next_expiry=\d+s|least_life_left=\d+%', "", client.run(*command, status=None).out) for command in READING]


def tree(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("parts", [["config"], ["config", "work", "logs"]], ids=" ".join)
def test_reading_a_read_only_store(client, mount, parts):
    before = said(client)
    for part in parts:
        mount.read_only(getattr(client, part))
    now = said(client)
    doctor = READING.index(("doctor",))
    assert now[:doctor] + now[doctor + 1:] == before[:doctor] + before[doctor + 1:]
    assert "[error] read-only" in now[doctor] and "1 certificate(s) examined; 0 problem(s) repaired, 1 remain(s)." in now[doctor]
    for command in (["renew", "--force-renewal"], ["doctor", "--fix"], ["delete", "-n", "--cert-name", NAME], ["history", "prune"]):
        client.run(*command, status=1).says("Read-only file system")


def test_reading_a_store_of_somebody_else(client):
    """Who may read it, but not write."""
    for folder in (client.area, *client.area.parents):
        if folder.stat().st_mode & 0o001 == 0:
            pytest.skip(f"{folder} lets nobody pass")
    for path in [client.config, *client.config.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    before = tree(client.config)
    client.become(NOBODY, NOBODY)
    for command in READING[:4]:
        client.run(*command).says(NAME)
    client.run("doctor", status=1).says("key-open-to-others")  # as it was made for this test
    client.run("renew", status=1).says("Permission denied", "Either run as root")
    assert tree(client.config) == before


@pytest.mark.parametrize("how", ["full", "without inodes", "read-only"])
@pytest.mark.parametrize("part", ["logs", "work"])
def test_logs_and_work_are_not_worth_a_certificate(client, mount, how, part):
    folder = getattr(client, part)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    serial = client.store.cert(NAME).serial_number
    if how == "read-only":
        mount.read_only(folder)
    else:
        mount("-t", "tmpfs", "-o", "size=64k,mode=0700" + (",nr_inodes=1" if how == "without inodes" else ""), "tmpfs", folder)
        if how == "full":
            try:
                (folder / "ballast").write_bytes(bytes(1 << 20))
            except OSError:
                pass
    done = client.renew("--force-renewal").says("all renewals succeeded")
    if how != "full":  # an empty file may have room in a full file system
        done.says("Going on without")
    client.store.check([NAME])
    assert client.store.cert(NAME).serial_number != serial
