"""Checkpoints of a web server's configuration: Certbot takes back what Evercert changed, and the other way round.

The packaged Certbot and its own nginx plugin work on a scratch nginx; Evercert's half is tests/crash/web_driver.c.
"""
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from client import SANITIZER

CERTBOT = shutil.which("certbot", path="/usr/bin")
SITE = "server {\n    listen HTTP;\n    server_name one.test;\n    root HOME/www;\n}\n"
DEPLOY = """
import sys
from certbot import configuration, reverter
work, root = sys.argv[1:]
class Config: pass
Config.work_dir, Config.backup_dir = work, work + "/backups"
Config.temp_checkpoint_dir, Config.in_progress_dir = work + "/temp_checkpoint", work + "/IN_PROGRESS"
Config.strict_permissions = False
changes = reverter.Reverter(Config)
def edit(path, title):
    text = open(path).read()
    with open(path, "w") as out:
        out.write("# by Certbot: " + title + "\\n" + text)
"""
COMMIT = DEPLOY + """
site, new = root + "/sites-enabled/one", root + "/new.conf"
for title in ("Deployed ACME Certificate", "Add enhancement redirect"):
    changes.add_to_checkpoint({site, root + "/nginx.conf"}, "some notes\\n")
    if title.startswith("Dep"):
        changes.register_file_creation(False, new)
        open(new, "w").write("# new\\n")
        changes.register_undo_command(False, ["touch", root + "/../undone, with a \\"comma\\""])
    edit(site, title)
    edit(root + "/nginx.conf", title)
    if not sys.argv[1].endswith("unfinished"):
        changes.finalize_checkpoint(title)
"""
TEMPORARY = DEPLOY + """
changes.add_to_temp_checkpoint({root + "/nginx.conf"}, "a challenge\\n")
changes.register_file_creation(True, root + "/challenge.conf")
open(root + "/challenge.conf", "w").write("# a challenge\\n")
edit(root + "/nginx.conf", "challenge")
"""
pytestmark = [pytest.mark.ours, pytest.mark.skipif(not CERTBOT, reason="needs the packaged Certbot with its nginx plugin")]


class Both:
    """One nginx, and the two programs that change it, with the same work directory."""

    def __init__(self, host, driver, area):
        self.host, self.driver, self.area = host, driver, area
        self.work = area / "work"
        self.work.mkdir()

    def ours(self, *args):
        done = subprocess.run([self.driver, self.work, self.host.root, *map(str, args)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        assert not SANITIZER.search(done.stderr), done.stderr
        assert done.returncode == 0, done.stderr
        return done.stderr

    def certbot(self, *args):
        done = subprocess.run([CERTBOT, *args, "-n", "--config-dir", self.area / "config", "--work-dir", self.work,
                               "--logs-dir", self.area / "logs", "-i", "nginx", "--nginx-server-root", self.host.root,
                               "--nginx-ctl", self.host.control], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=120)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def reverter(self, script, work=None):
        done = subprocess.run(["/usr/bin/python3", "-c", script, work or self.work, self.host.root],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        assert done.returncode == 0, done.stdout

    def state(self):
        """Also the times of files: both bring them back."""
        found = self.host.snapshot()
        return {name: (*what, (self.host.root / name).lstat().st_mtime_ns if what[3] is not None else 0)
                for name, what in found.items() if not (self.host.root / name).is_symlink()} | {
                    name: what for name, what in found.items() if (self.host.root / name).is_symlink()}

    def backups(self):
        return sorted(os.listdir(self.work / "backups"))


@pytest.fixture
def both(request, area, make_nginx_host):
    driver = Path(request.config.program).resolve().parent / "tests" / "crash" / "web-driver"
    if not driver.exists():
        pytest.skip("the driver is not built with this program")
    host = make_nginx_host()
    host.write("one", SITE)
    host.main.chmod(0o640)
    host.start()
    return Both(host, driver, area)


def test_certbot_takes_back_what_we_have_changed(both):
    before = both.state()
    both.ours("commit")
    after = both.state()
    assert len(both.backups()) == 2
    both.certbot("rollback")
    assert (both.host.root / "sites-enabled" / "one").read_text().startswith("# deployed\nserver")
    both.certbot("rollback", "--checkpoints", "1")
    assert both.state() == before and after != before
    assert both.backups() == []


def test_we_take_back_what_certbot_has_changed(both):
    before = both.state()
    both.reverter(COMMIT)
    assert len(both.backups()) == 2
    both.ours("rollback", 1)
    assert (both.host.root / "sites-enabled" / "one").read_text().startswith("# by Certbot: Deployed")
    assert not (both.host.home / 'undone, with a "comma"').exists()
    both.ours("rollback", 1)
    assert both.state() == before
    assert (both.host.home / 'undone, with a "comma"').exists()
    assert both.backups() == []


def test_checkpoints_of_both_are_one_series(both):
    states = [both.state()]
    both.ours("commit")
    states.append(both.state())
    both.reverter(COMMIT.replace("new.conf", "newer.conf"))
    states.append(both.state())
    both.host.main.write_text("# by a user\n" + both.host.main.read_text())
    (both.host.root / "new.conf").unlink()
    (both.host.root / "sites-enabled" / "new").unlink()
    both.ours("commit")
    assert len(both.backups()) == 6
    both.certbot("rollback", "--checkpoints", "2")
    assert both.host.main.read_text().startswith("# by a user\n# by Certbot")
    both.ours("rollback", 2)
    assert (both.host.root / "sites-enabled" / "one").read_text() == states[1]["sites-available/one"][3].decode()
    assert both.ours("rollback", 9).count("only 2 exist") == 1
    assert both.state() == states[0]


def test_the_other_repairs_what_was_left_of_a_challenge(both):
    before = both.state()
    both.ours("temporary")
    assert both.state() != before
    both.certbot("plugins", "--prepare")
    assert both.state() == before and not (both.work / "temp_checkpoint").exists()
    both.reverter(TEMPORARY)
    assert both.state() != before
    both.ours("recover")
    assert both.state() == before and not (both.work / "temp_checkpoint").exists()


def test_certbot_finds_nothing_to_take_back_once_a_challenge_has_ended(both):
    """Though the server is still to be told, so that the directory is there."""
    before = both.state()
    both.ours("temporary")
    both.ours("end")
    assert both.state() == before and (both.work / "temp_checkpoint").is_dir()
    both.host.main.write_text("# by a user\n" + both.host.main.read_text())
    edited = both.state()
    both.certbot("plugins", "--prepare")
    assert both.state() == edited and not (both.work / "temp_checkpoint").exists()


def test_the_other_repairs_what_was_left_of_an_installation(both):
    before = both.state()
    unfinished = both.area / "unfinished"
    unfinished.mkdir()
    both.reverter(COMMIT, unfinished)
    assert (unfinished / "IN_PROGRESS").is_dir() and both.state() != before
    both.work = unfinished
    both.ours("recover")
    assert both.state() == before and not (unfinished / "IN_PROGRESS").exists()
    # Ours, as a kill between the changes and their title leaves them.
    both.ours("commit")
    newest = both.backups()
    shutil.rmtree(unfinished / "backups" / newest[1])
    (unfinished / "backups" / newest[0]).rename(unfinished / "IN_PROGRESS")
    both.certbot("plugins", "--prepare")
    assert both.state() == before and not (unfinished / "IN_PROGRESS").exists()
