"""When a lineage is renewed: the pause before the first, and how often the CA is asked."""
import datetime
import re
import signal

import pytest
from client import wait_for

pytestmark = pytest.mark.ours


def stopped_in_its_sleep(client, *args):
    """`renew` without the option that leaves the pause out, ended by Ctrl-C when it says that it sleeps; how long it would have."""
    argv = [a for a in client.argv("renew", *args) if a != "--no-random-sleep-on-renew"]
    process = client.start(*argv[1:], raw=True)
    found = wait_for(lambda: re.search(r"Non-interactive renewal: random delay of (\d+) seconds", client.log()), what="the pause")
    process.send_signal(signal.SIGINT)
    done = client.finish(process, status=1)
    assert "Running pre-hook" not in client.log(), done
    return int(found[1])


@pytest.mark.parametrize("args", [["--force-renewal"], ["--dry-run"]], ids=lambda a: a[0])
def test_pause_before_the_first_one(new_client, area, args):
    """Before hooks stop a server, and before the CA hears of it; a simulation simulates that, too."""
    new_client.certonly(["p.test"])
    assert 1 <= stopped_in_its_sleep(new_client, *args, "--pre-hook", f"touch {area}/stopped") <= 480
    assert not (area / "stopped").exists()
    assert new_client.store.versions("p.test") == [1]


def test_no_pause_when_nothing_is_due(new_client):
    new_client.certonly(["p.test"])
    argv = [a for a in new_client.argv("renew") if a != "--no-random-sleep-on-renew"]
    new_client.finish(new_client.start(*argv[1:], raw=True)).says("not due for renewal yet")
    assert "random delay" not in new_client.log()


def test_ca_that_cannot_be_reached_is_asked_again_later(new_client):
    """Six hours later, as one that has no renewal information; until then age decides, without a word."""
    new_client.certonly(["u.test"])
    path = new_client.store.renewal("u.test")
    path.write_text(re.sub(r"^server = .*", "server = https://127.0.0.1:1/dir", path.read_text(), flags=re.M))
    new_client.server = None
    new_client.renew().says("An error occurred requesting ACME Renewal Information (ARI).", "not due for renewal yet")
    again = datetime.datetime.fromisoformat(new_client.store.conf("u.test")["acme_renewal_info"]["ari_retry_after"])
    assert abs((again - datetime.datetime.now()).total_seconds() - 6 * 3600) < 120
    assert "ARI" not in new_client.renew().says("not due for renewal yet").err


def test_order_replaces_only_what_it_has_a_name_of(new_client, new_ca, record):
    """RFC 9773 section 5: a certificate for other names replaces none, and the CA would refuse an order that says so."""
    recorder = record(new_ca)
    new_client.server = recorder.url
    new_client.certonly(["one.test"])
    for names in (["two.test"], ["two.test", "three.test"]):
        new_client.certonly(names, "--cert-name", "one.test", "--renew-with-new-domains")
    assert new_client.store.versions("one.test") == [1, 2, 3]
    said = ["replaces" in order.payload for order in recorder.of("/order-plz")]
    assert said[:3] == [False, False, True] and not any(said[3:])  # a fourth: see test_new_order_says_what_it_replaces
