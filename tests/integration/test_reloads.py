"""A run over many certificates reloads each server once, when all are done; what a reload was owed for is never forgotten."""
import os
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
    said.says("the server is down", "(failure)")
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
        program = area / "bin" / "certbot"
        program.parent.mkdir()
        program.symlink_to(served.program)
        served.program = program
    (area / "trouble").write_text(f"{KILL_PARENT}; exit\n")
    served.run("renew", "--force-renewal", status=-signal.SIGKILL)
    assert records(served) == NAMES
    (area / "trouble").unlink()
    served.renew()
    assert sorted(reloads(area)) == ["one", "other"]
    assert sorted(lines(area / "hooks")) == NAMES
    assert records(served) == []


def test_an_interrupt_leaves_the_reload_to_the_next_run(served, area):
    interrupt = KILL_PARENT.replace("kill -9", "kill -INT")
    served.run("reconfigure", "-n", "--cert-name", NAMES[1], "--deploy-hook", f"echo {NAMES[1]} >>{area}/hooks; {interrupt}")
    served.run("renew", "--force-renewal", "--jobs", "1", status=1).says("not delivered")
    assert reloads(area) == []
    assert set(records(served)) >= {NAMES[0]}
    served.run("reconfigure", "-n", "--cert-name", NAMES[1], "--deploy-hook", f"echo {NAMES[1]} >>{area}/hooks")
    served.renew()
    assert "one" in reloads(area)
    assert records(served) == []


def test_a_record_of_another_run_is_left_alone(served, area):
    """Between the renewal and the reload of a long run, another process renews one of the certificates."""
    environment = {name: value for name, value in served.environment().items() if os.environ.get(name) != value}
    command = ["env", *(f"{name}={value}" for name, value in environment.items()),
               *served.argv("renew", "--force-renewal", "--no-random-sleep-on-renew", "--cert-name", NAMES[0])]
    again = shlex.join(map(str, command))
    marker = area / "again"
    (area / "trouble").write_text(f"[ -e {marker} ] || {{ touch {marker}; {again} >{area}/inner 2>&1; }}\n")
    served.renew("--force-renewal")
    assert "(success)" in (area / "inner").read_text()
    assert served.store.versions(NAMES[0]) == [1, 2, 3]
    assert records(served) == [] and "one" in reloads(area)
