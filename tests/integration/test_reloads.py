"""A run over many certificates reloads each server once, when all are done; what a reload was owed for is never forgotten."""
import os
import re
import shlex
import signal

import pytest

from test_delivery import KILL_PARENT, findings, lines, script

pytestmark = pytest.mark.ours

NAMES = ["a.test", "b.test", "c.test"]


@pytest.fixture
def server(area):
    """A plugin that installs and reloads, in a directory of its own. What `area/trouble` holds is done before a reload."""
    plugins = area / "plugins"
    plugins.mkdir(mode=0o755)
    describe = ('{"ok":true,"protocol":1,"name":"server","description":"a test","kinds":["installer"],'
                '"options":[{"name":"root","help":"of the server","required":true}]}')
    script(plugins / "server", "\n".join([
        "while IFS= read -r q; do", "case $q in",
        f"""*'"request":"describe"'*) echo '{describe}';;""",
        f"""*'"request":"reload"'*) if [ -e {area}/trouble ]; then . {area}/trouble; fi""",
        f"""  echo "$q" | sed 's/.*"root":"//; s/".*//' >>{area}/reloads; echo '{{"ok":true}}';;""",
        """*) echo '{"ok":true}';;""", "esac", "done", ""]))
    return plugins


@pytest.fixture
def served(new_client, area, server):
    """Three certificates, of which the last is another server's."""
    for name in NAMES:
        root = area / ("other" if name == NAMES[-1] else "one")
        new_client.certonly([name], "--plugin-dir", server, "-i", "server", "--server-root", root,
                            "--deploy-hook", f"echo {name} >>{area}/hooks")
    (area / "reloads").unlink()
    (area / "hooks").unlink()
    return new_client


def reloads(area):
    return [line.rsplit("/", 1)[-1] for line in lines(area / "reloads")]


def records(client):
    folder = client.config / "deliveries"
    return sorted(path.stem for path in folder.iterdir()) if folder.exists() else []


def named_certbot(client, area):
    program = area / "bin" / "certbot"
    program.parent.mkdir()
    program.symlink_to(client.program)
    client.program = program


def test_one_reload_for_each_server(served, area):
    said = served.renew("--force-renewal").out
    assert sorted(reloads(area)) == ["one", "other"]
    assert said.count("Reloading server server after certificate renewal") == 2
    assert sorted(lines(area / "hooks")) == NAMES
    assert records(served) == []
    served.renew()
    assert len(reloads(area)) == 2


def test_a_reload_that_fails_is_owed_to_all(served, area):
    (area / "trouble").write_text("""echo '{"ok":false,"error":"the server is down"}'; continue\n""")
    said = served.renew("--force-renewal", status=1)
    said.says("the server is down", "(success)", "(not delivered)", "3 certificate(s) not delivered")
    assert records(served) == NAMES and reloads(area) == []
    assert findings(served, 1) == ["not-delivered"] * 3
    (area / "trouble").unlink()
    served.renew()
    assert sorted(reloads(area)) == ["one", "other"]
    assert sorted(lines(area / "hooks")) == NAMES, "what had run for these certificates ran again"
    assert records(served) == [] and findings(served, 0) == []


@pytest.mark.parametrize("name", ["evercert", "certbot"])
def test_killed_at_the_reload(served, area, name):
    if name == "certbot":
        named_certbot(served, area)
    (area / "trouble").write_text(f"{KILL_PARENT}; exit\n")
    served.run("renew", "--force-renewal", status=-signal.SIGKILL)
    assert records(served) == NAMES
    (area / "trouble").unlink()
    served.renew()
    assert sorted(reloads(area)) == ["one", "other"]
    assert sorted(lines(area / "hooks")) == NAMES
    assert records(served) == []


def test_as_certbot_a_reload_that_fails_is_a_failed_renewal(served, area):
    named_certbot(served, area)
    (area / "trouble").write_text("""echo '{"ok":false,"error":"the server is down"}'; continue\n""")
    said = served.renew("--force-renewal", status=1)
    said.says("All renewals failed", "(failure)", "3 renew failure(s)")
    assert "not delivered" not in said.text, "Certbot has no such line"
    assert records(served) == NAMES


INTERRUPT = KILL_PARENT.replace("kill -9", "kill -INT")


def test_after_an_interrupt_who_has_a_new_certificate_is_reloaded(served, area):
    served.run("reconfigure", "-n", "--cert-name", NAMES[1], "--deploy-hook", f"echo {NAMES[1]} >>{area}/hooks; {INTERRUPT}")
    served.run("renew", "--force-renewal", "--jobs", "1", status=1).says("Exiting due to user request", "(success)", "(not begun)")
    assert reloads(area) == ["one"]
    assert records(served) == []


@pytest.mark.parametrize("name", ["evercert", "certbot"])
def test_an_interrupt_at_the_reload_is_noticed_when_all_are_done(served, area, name):
    if name == "certbot":
        named_certbot(served, area)
    (area / "trouble").write_text(f"{INTERRUPT}\n")
    served.run("renew", "--force-renewal", status=1).says("Exiting due to user request", "(success)")
    assert sorted(reloads(area)) == ["one", "other"]
    assert records(served) == []


def test_a_version_that_never_went_live_hides_no_debt(served, area):
    """The live one is owed a reload; two runs are killed before theirs goes live."""
    (area / "trouble").write_text("""echo '{"ok":false,"error":"the server is down"}'; continue\n""")
    served.run("renew", "--force-renewal", "--cert-name", NAMES[0], status=1)
    record = served.config / "deliveries" / f"{NAMES[0]}.txt"
    owed = re.search("certificate sha256: (.*)", record.read_text())[1]
    for never in ("ab" * 32, "cd" * 32):
        text = record.read_text()
        record.write_text(f"certificate sha256: {never}\nsuperseded sha256: {owed}\n" + text[text.index("not before"):])
    served.run("renew", "--force-renewal", "--cert-name", NAMES[0], "--server", "https://localhost:1/dir", status=1)
    (area / "trouble").unlink()
    (area / "reloads").unlink(missing_ok=True)
    served.renew()
    assert reloads(area) == ["one"] and records(served) == []


def test_a_record_of_another_run_is_left_alone(served, area):
    """Between the renewal and the reload of a long run, another process renews one of the certificates."""
    environment = {name: value for name, value in served.environment().items() if os.environ.get(name) != value}
    command = ["env", *(f"{name}={value}" for name, value in environment.items()),
               *served.argv("renew", "--force-renewal", "--no-random-sleep-on-renew", "--cert-name", NAMES[0])]
    again = script(area / "again", f"{shlex.join(map(str, command))} >{area}/inner 2>&1\n")
    served.run("reconfigure", "-n", "--cert-name", NAMES[-1], "--deploy-hook", again)
    served.renew("--force-renewal", "--jobs", "1")
    assert "(success)" in (area / "inner").read_text()
    assert served.store.versions(NAMES[0]) == [1, 2, 3]
    assert records(served) == [] and reloads(area) == ["one", "one", "other"]
