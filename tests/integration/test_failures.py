"""A renewal that keeps failing at the CA is tried less and less often by unattended runs, and never forgotten."""
import json
import re
import time

import pytest
from fleet import Fleet

from test_delivery import findings

pytestmark = pytest.mark.ours

NAME = "f.test"


@pytest.fixture
def failing(new_client):
    """A lineage that is due, and whose proof nobody serves."""
    new_client.register()
    Fleet(new_client.config, new_client.server, new_client.store.account_id(), new_client.http_port).add(NAME, days_left=8)
    return new_client


def record(client):
    return client.config / "failures" / f"{NAME}.txt"


def wait(client, hours):
    """Sets until when: a minute may be over on a slow machine."""
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + hours * 3600))
    record(client).write_text(re.sub("not before: .*", f"not before: {later}", record(client).read_text()))


def fails(client, *args, status=1):
    """The CA asks at a port where nobody answers for us."""
    return client.run("renew", "--no-random-sleep-on-renew", "--http-01-port", "1", *args, status=status)


def test_an_order_that_fails_again_waits(failing):
    fails(failing).says("(failure)")
    assert "failures: 1\nfailed orders: 1\n" in record(failing).read_text()
    fails(failing).says("(failure)")  # once more at once: somebody may have mended it
    wait(failing, hours=1)
    said = fails(failing)
    said.says("is not tried before", "2 attempt(s) have failed", "(put off)", "renewal(s) put off after failures", "next: see above for what failed")
    assert "(failure)" not in said.out + said.err
    assert "failures: 2\n" in record(failing).read_text()
    assert "renewal-failing" in findings(failing, 1)
    fails(failing, "--force-renewal").says("(failure)")
    assert "failures: 3\n" in record(failing).read_text()


def test_success_forgets_them(failing):
    for _ in range(3):
        fails(failing, "--force-renewal")
    wait(failing, hours=1)
    failing.renew(status=1).says("(put off)")
    failing.renew("--force-renewal")
    assert not record(failing).exists() and not record(failing).parent.exists()
    assert "renewal-failing" not in findings(failing, 0)


def test_who_waited_is_tried_when_it_is_time(failing):
    for _ in range(3):
        fails(failing, "--force-renewal")
    text = record(failing).read_text()
    record(failing).write_text(re.sub("not before: .*", "not before: 2020-01-01T00:00:00Z", text))
    failing.renew().says("(success)")
    assert not record(failing).exists()


def test_a_wait_written_by_a_wrong_clock_does_not_count(failing):
    for _ in range(3):
        fails(failing, "--force-renewal")
    wait(failing, hours=40 * 24)
    failing.renew().says("(success)")


def test_what_fails_before_the_ca_is_asked_does_not_wait(failing):
    for attempt in range(1, 5):
        failing.run("renew", "--no-random-sleep-on-renew", "--server", "https://localhost:1/dir", status=1).says("(failure)")
        assert f"failures: {attempt}\n" in record(failing).read_text()
    failing.renew().says("(success)")


def test_certbot_never_waits(failing, area):
    program = area / "bin" / "certbot"
    program.parent.mkdir()
    program.symlink_to(failing.program)
    failing.program = program
    for _ in range(4):
        fails(failing).says("(failure)")
    assert not record(failing).exists(), "its store has nothing that Certbot's has not"


def test_a_dry_run_neither_waits_nor_counts(failing):
    for _ in range(2):
        fails(failing, "--force-renewal")
    before = record(failing).read_bytes()
    fails(failing, "--dry-run").says("(failure)")
    assert record(failing).read_bytes() == before


def test_certonly_does_not_wait_and_clears_it(failing):
    for _ in range(3):
        fails(failing, "--force-renewal")
    failing.certonly([NAME], "--force-renewal")
    assert not record(failing).exists()


def test_an_unreadable_record_is_no_obstacle(failing):
    fails(failing)
    record(failing).write_text("failures: many\n")
    assert "failures-unreadable" in findings(failing, 0)
    fails(failing).says("(failure)")
    assert "failures: 1\n" in record(failing).read_text()
    failing.renew()
    assert not record(failing).exists()


def test_deleting_takes_the_record_along(failing):
    fails(failing)
    failing.run("delete", "-n", "--cert-name", NAME)
    assert not record(failing).parent.exists()


def test_a_stray_record_is_removed(new_client):
    new_client.certonly([NAME])
    folder = new_client.config / "failures"
    folder.mkdir()
    (folder / "gone.test.txt").write_text("last attempt: 2026-01-01T00:00:00Z\nfailures: 1\nnot before: 2026-01-01T00:00:00Z\n")
    found = json.loads(new_client.run("doctor", "--json", status=0).out)["findings"]
    assert [f["code"] for f in found] == ["failures-stray"]
    new_client.run("doctor", "--fix")
    assert not folder.exists()


def test_other_names_that_cannot_be_had_say_nothing_of_its_renewal(new_client):
    new_client.certonly([NAME])
    new_client.give_up_authorizations()
    new_client.certonly([NAME, "other.test"], "--expand", "--http-01-port", "1", status=1)
    assert not record(new_client).exists()
    assert findings(new_client, 0) == []


def test_put_off_beside_others(failing):
    fleet = Fleet(failing.config, failing.server, failing.store.account_id(), failing.http_port)
    fails(failing)
    wait(failing, hours=1)
    fleet.add("good.test", days_left=5)
    said = failing.renew(status=1)
    said.says("The following renewals succeeded", "(put off)")
    assert "Congratulations" not in said.out
