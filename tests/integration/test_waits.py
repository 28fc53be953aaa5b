"""Proofs that wait (for name servers, say) hold no job: other certificates are worked on meanwhile."""
import re

import pytest
from client import wait_for
from fleet import Fleet
from own_network import with_name_servers

from test_delivery import lines, script

pytestmark = pytest.mark.ours

COUNT = 24


@pytest.fixture
def waiting(new_client, area):
    """COUNT lineages that are due, of a plugin whose `wait` ends when as many as `area/all` says are waiting at the same time."""
    plugins = area / "plugins"
    plugins.mkdir(mode=0o755)
    (area / "waiting").mkdir()
    describe = ('{"ok":true,"protocol":1,"name":"slow","description":"a test","kinds":["authenticator"],'
                '"challenges":["dns-01"],"limits":{"wait":100}}')
    script(plugins / "slow", "\n".join([
        "while IFS= read -r q; do", "case $q in",
        f"""*'"request":"describe"'*) echo '{describe}';;""",
        f"""*'"request":"wait"'*) touch {area}/waiting/$$""",
        f"""  until [ -e {area}/enough ]; do [ $(ls {area}/waiting | wc -l) -ge $(cat {area}/all) ] && touch {area}/enough; sleep 0.1; done""",
        """  echo '{"ok":true}';;""",
        """*) echo '{"ok":true}';;""", "esac", "done", ""]))
    new_client.register()
    fleet = Fleet(new_client.config, new_client.server, new_client.store.account_id(), new_client.http_port)
    for name in fleet.add_many(COUNT, days_left=5):
        conf = new_client.store.renewal(name)
        text = re.sub("authenticator = .*", f"authenticator = slow\nplugin_dir = {plugins}", conf.read_text())
        conf.write_text(re.sub("http01_port = .*\n", "", text))
    return new_client


@pytest.fixture
def new_ca(start_pebble):
    return start_pebble("new", "easy", always_valid=True)


@pytest.mark.parametrize("jobs", ["2", "8"])
def test_all_wait_at_the_same_time(waiting, area, jobs):
    (area / "all").write_text(str(COUNT))
    said = waiting.renew("--jobs", jobs, "--deploy-hook", f"echo $RENEWED_DOMAINS >>{area}/hooks")
    assert said.out.count("(success)") == COUNT
    names = lines(area / "hooks")
    assert len(names) == COUNT and names == sorted(names), "deploy hooks run in the order of names"


def test_one_job_is_one_after_the_other(waiting, area):
    (area / "all").write_text("1")
    said = waiting.renew("--jobs", "1")
    assert said.out.count("(success)") == COUNT


def test_an_interrupt_ends_all_waits(waiting, area):
    (area / "all").write_text(str(COUNT))
    slow = area / "plugins" / "slow"
    good = slow.read_text()
    once = f"&& mkdir {area}/sent 2>/dev/null && kill -INT $PPID"  # all see that all wait; a third signal would kill
    slow.write_text(good.replace(f"&& touch {area}/enough", once))
    said = waiting.run("renew", "--no-random-sleep-on-renew", "--jobs", "2", status=1)
    assert "(success)" not in said.out and said.err.count("(interrupted)") == COUNT
    slow.write_text(good)
    (area / "enough").touch()
    waiting.renew("--jobs", "4")
    waiting.store.check()


HOOK = """#!/bin/sh
# for lego: EXEC_PATH=./update.sh lego --dns exec
case "$1" in
present | cleanup) touch AREA/calls/$$; until [ -e AREA/enough ]; do sleep 0.1; done ;;
esac
"""


def test_a_dns_provider_that_is_slow(new_client, area):
    """Holds no job either while it adds and removes records: nor do those that wait for it."""
    client = new_client
    client.program = with_name_servers(client.program, area / "nowhere", "127.53.53.53")
    (area / "hook").write_text(HOOK.replace("AREA", str(area)))
    (area / "hook").chmod(0o755)
    (area / "calls").mkdir()
    client.register()
    fleet = Fleet(client.config, client.server, client.store.account_id(), client.http_port)
    for name in fleet.add_many(12, days_left=5):
        conf = client.store.renewal(name)
        conf.write_text(conf.read_text().replace("authenticator = standalone", "authenticator = dns-script")
                        + f"[evercert]\ndns_script_path = {area}/hook\ndns_script_propagation_seconds = 0\n")
    other = fleet.add("z.test", 5)  # comes last
    process = client.start("renew", "--no-random-sleep-on-renew", "--jobs", "2")
    wait_for(lambda: list((area / "calls").iterdir()), what="a call")
    wait_for(lambda: client.store.versions(other) == [1, 2], what="the other one")
    assert len(list((area / "calls").iterdir())) == 1
    (area / "enough").touch()
    assert client.finish(process).out.count("(success)") == 13
    assert len(list((area / "calls").iterdir())) == 24
