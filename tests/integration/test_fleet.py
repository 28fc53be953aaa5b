"""Many lineages at once."""
import os
import shutil

import pytest
from fleet import Fleet

COUNT = int(os.environ.get("EVERCERT_FLEET", "500"))


def due(client, count):
    client.register()
    fleet = Fleet(client.config, client.server, client.store.account_id(), client.http_port)
    return fleet.add_many(count, days_left=5)


def succeeded(result):
    return result.out.count("(success)")


def test_a_few_due(client):
    """The same as below, small, so that any client can show it."""
    names = due(client, 3)
    done = client.renew()
    assert succeeded(done) == 3
    client.store.check(names)
    assert all(client.store.versions(name) == [1, 2] for name in names)


@pytest.mark.ours
@pytest.mark.slow
def test_all_due(make_client, ca):
    client = make_client(ca)
    names = due(client, COUNT)
    done = client.renew(timeout=600)
    assert succeeded(done) == COUNT
    client.store.check(names)
    assert all(client.store.versions(name) == [1, 2] for name in names)
    again = client.renew(timeout=300)
    assert again.out.count("(skipped)") == COUNT


@pytest.mark.ours
@pytest.mark.parametrize("jobs", ["1", "7", "64"])
def test_jobs(make_client, new_ca, jobs):
    client = make_client(new_ca)
    names = due(client, 40)
    done = client.renew("--jobs", jobs)
    assert succeeded(done) == 40
    client.store.check(names)
    # Whatever the order of work, what is printed about one lineage stays together.
    for name in names:
        start = done.out.index(f"Processing {client.store.renewal(name)}")
        assert f"Renewing an existing certificate for {name}\n" in done.out[start:start + 400]


@pytest.mark.ours
@pytest.mark.parametrize("jobs", ["-1", "65", "many"])
def test_jobs_out_of_range(client, jobs):
    client.run("renew", f"--jobs={jobs}", status=2)


@pytest.mark.ours
def test_connections_are_shared(make_client, new_ca, record):
    """Forty renewals by eight workers take a handful of connections to the CA, not hundreds."""
    recorder = record(new_ca)
    client = make_client(new_ca)
    client.server = recorder.url
    due(client, 40)
    before, asked = recorder.httpd.connections, len(recorder.requests)
    done = client.renew("--jobs", "8")
    assert succeeded(done) == 40
    assert len(recorder.requests) - asked > 40 * 5
    assert recorder.httpd.connections - before <= 16


@pytest.mark.ours
def test_half_of_them_fail(make_client, new_ca):
    client = make_client(new_ca)
    names = due(client, 20)
    lost = names[::2]
    for name in lost:
        new_ca.add_a(name, "127.0.0.97")
    try:
        done = client.renew("--http-01-address", "127.0.0.1", status=1)
    finally:
        for name in lost:
            new_ca.dns("clear-a", host=name + ".")
    done.says("10 renew failure(s), 0 parse failure(s)")
    assert succeeded(done) == 10
    client.store.check(names)
    assert [n for n in names if client.store.versions(n) == [1]] == lost


@pytest.mark.ours
def test_hooks_of_many(make_client, new_ca, area):
    """Deploy hooks run once per lineage, pre and post hooks once per run."""
    client = make_client(new_ca)
    names = due(client, 10)
    ran = area / "ran"
    client.renew("--deploy-hook", f'echo "deploy $RENEWED_DOMAINS" >> {ran}', "--pre-hook", f"echo pre >> {ran}",
                 "--post-hook", f"echo post >> {ran}")
    lines = ran.read_text().splitlines()
    assert lines[0] == "pre" and lines[-1] == "post"
    assert sorted(lines[1:-1]) == [f"deploy {name}" for name in names]


def renewal_files_opened(client, *command, **more):
    """How often a renewal file is opened by a command."""
    trace, program, wrapper = client.area / "trace", client.program, client.area / "traced"
    wrapper.write_text(f'#!/bin/sh\nexec strace -f -e trace=openat -o {trace} {program} "$@"\n')
    wrapper.chmod(0o755)
    client.program = wrapper
    client.run(*command, env={"ASAN_OPTIONS": "detect_leaks=0:exitcode=99"}, **more)
    client.program = program
    return sum("/renewal/" in line and '.conf"' in line for line in trace.read_text().splitlines())


@pytest.mark.ours
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_doctor_does_not_read_everything_for_each_finding(make_client, new_ca):
    """Four times as many damaged certificates cost four times as much, not sixteen times."""
    def opened(count):
        client = make_client(new_ca)
        client.register()
        fleet = Fleet(client.config, client.server, client.store.account_id(), client.http_port)
        for name in fleet.add_many(count, days_left=60):
            client.store.live(name, "privkey").resolve().chmod(0o644)
        return renewal_files_opened(client, "doctor", status=1), renewal_files_opened(client, "doctor", "--fix")

    for few, many in zip(opened(10), opened(40)):
        assert 0 < many < 6 * few
