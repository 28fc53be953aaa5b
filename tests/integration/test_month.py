"""A month of six-day certificates, with the clock of the program and of Pebble moved, and a CA that cannot be reached for two of
its days, just when a certificate is due: no moment without a valid one.
"""
import datetime
import re
import shlex
import signal
from pathlib import Path

import certs
import pytest
from client import wait_for
from conftest import programs_of
from peers.gate import Gate
from peers.pebble import Pebble
from peers.played_time import PlayedTime

pytestmark = [pytest.mark.ours, pytest.mark.slow]

HOUR, DAY = 3600, 86400
LIFE = 6 * DAY
OUTAGE = (9 * DAY - HOUR, 11 * DAY - HOUR)  # the third renewal is due when nine days are over


class Month:
    def __init__(self, make_client, area, trust):
        self.time = PlayedTime(area)
        # One that says nothing of renewals: they are due when half of the life is over.
        self.ca = self.time.pebble(Pebble, area / "pebble", programs_of("old"), trust, settings={
            "certificateValidityPeriod": LIFE}).start()
        self.gate = Gate(self.ca.port, lambda: OUTAGE[0] <= self.time.ahead < OUTAGE[1])
        self.client = make_client(self.ca)
        self.client.server = f"https://localhost:{self.gate.port}/dir"
        self.env = self.time.with_sanitizer(self.client.environment()["ASAN_OPTIONS"])
        self.issued = area / "issued"
        self.client.certonly(["a.test"], "--deploy-hook", f"cat $RENEWED_LINEAGE/cert.pem >>{self.issued}", env=self.env)

    def close(self):
        self.gate.stop()
        self.ca.stop()

    def argv(self, *words):
        """What is handed on by a schedule, and nothing else."""
        dirs = ["--config-dir", self.client.config, "--work-dir", self.client.work, "--logs-dir", self.client.logs]
        return [*words, *map(str, dirs)]

    def certificates(self):
        return certs.load_chain(self.issued.read_bytes())

    def check(self, fewest):
        """From one certificate to the next, and to the end of the month."""
        issued = sorted(self.certificates(), key=lambda cert: cert.not_valid_before)
        assert len(issued) >= fewest, len(issued)
        gaps = [before.not_valid_after - after.not_valid_before for before, after in zip(issued, issued[1:])]
        assert min(gaps) >= datetime.timedelta(hours=20), gaps
        assert self.gate.refused >= 16, "nobody has tried during the outage"
        assert any(gap < datetime.timedelta(hours=30) for gap in gaps), "the outage has put nothing off"
        assert issued[-1].not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp() > self.time.now()
        self.client.store.check(["a.test"], lock_may_stay=True)


@pytest.fixture
def month(make_client, area, trust):
    made = Month(make_client, area, trust)
    yield made
    made.close()


def test_by_the_timer(month, area):
    """Its command, at the times that it says; whatever one run comes to, the next one is there."""
    (area / "root" / "run" / "systemd" / "system").mkdir(parents=True)
    month.client.run(*month.argv("schedule", "install", "--schedule-root", area / "root"), raw=True)
    units = area / "root" / "etc" / "systemd" / "system"
    service, = units.glob("*.service")
    timer, = units.glob("*.timer")
    hours, = re.findall(r"^OnCalendar=\*-\*-\* 00/(\d+):00:00$", timer.read_text(), re.MULTILINE)
    assert hours == "3"
    command = shlex.split(re.search("^ExecStart=(.*)$", service.read_text(), re.MULTILINE)[1])
    assert Path(command[0]).resolve() == Path(month.client.program).resolve()
    for hour in range(0, 30 * 24, 3):
        month.time.ahead = hour * HOUR
        month.client.run(*command[1:], raw=True, env=month.env, status=None)
    month.check(fewest=9)


def test_by_the_daemon(month):
    month.time.stop_at(30 * DAY)
    process = month.client.start(*month.argv("daemon"), raw=True, env=month.env)
    try:
        wait_for(lambda: month.time.ahead >= 30 * DAY or process.poll() is not None, 300, "the month's end")
    finally:
        process.send_signal(signal.SIGTERM)
    said = month.client.finish(process, None)
    assert said.status == 0, said
    said.says("The daemon renews the certificates in", "for a.test", "renew ended with status 1", "The daemon has stopped.")
    month.check(fewest=9)
