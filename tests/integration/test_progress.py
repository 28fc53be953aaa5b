"""What a user sees while something happens, and what the log has afterwards."""
import os
import re
import signal

import pytest
from client import wait_for
from peers.ports import free_port


def script(path, *lines):
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


def listen_to(process):
    """A function that returns all that came on standard output so far."""
    heard = []
    os.set_blocking(process.stdout.fileno(), False)

    def so_far():
        try:
            heard.append(os.read(process.stdout.fileno(), 1 << 16))
        except BlockingIOError:
            pass
        return b"".join(heard).decode()

    return so_far


def all_logs(client):
    return "".join(path.read_text(errors="replace") for path in client.logs.glob("letsencrypt.log*"))


@pytest.fixture
def three(client):
    names = ["a.test", "b.test", "c.test"]
    for name in names:
        client.certonly([name])
    return names


@pytest.mark.ours
@pytest.mark.parametrize("jobs", ["1", "3"])
def test_what_the_first_unfinished_lineage_says_is_seen_at_once(client, three, area, jobs):
    """While a hook works, the user reads how far the first lineage has come, and nothing of those behind it."""
    hook = script(area / "hook", f'until [ -e {area}/go.{jobs}."${{RENEWED_LINEAGE##*/}}" ] || [ -e {area}/go ]; do sleep 0.02; done',
                  'echo "hook of $RENEWED_DOMAINS"')
    process = client.start("renew", "--force-renewal", "--jobs", jobs, "--deploy-hook", hook)
    heard = listen_to(process)
    for at, name in enumerate(three if jobs == "1" else three[:1]):  # side by side, any hook may be the first
        wait_for(lambda: f"Renewing an existing certificate for {name}\n" in heard(), what=f"the words about {name}")
        assert f"hook of {name}" not in heard()
        assert all(f"Processing {client.store.renewal(later)}" not in heard() for later in three[at + 1:]), heard()
        (area / f"go.1.{name}").touch()
    (area / "go").touch()
    so_far = heard()
    told = so_far + client.finish(process).out
    places = [told.index(f" hook of {name}\n") for name in three]
    assert places == sorted(places)
    assert "Congratulations, all renewals succeeded" in told


@pytest.mark.ours
@pytest.mark.parametrize("by_name", [None, "certbot"])
def test_after_ctrl_c_the_summary_tells_how_far_it_came(client, second_name, three, area, by_name):
    client.program = second_name if by_name else client.program
    started = area / "started"
    hook = script(area / "hook", f'[ "$1" != b.test ] || {{ touch {started}; exec sleep 600; }}')
    for name in three[1:]:
        with open(client.store.renewal(name), "a", encoding="utf-8") as conf:
            conf.write(f"pre_hook = {hook} {name}\n")
    process = client.start("renew", "--force-renewal")
    heard = listen_to(process)
    wait_for(started.exists, what="the pre-hook of the second")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    so_far = heard()
    done = client.finish(process, 1)
    done.out = so_far + done.out
    done.says(f"Processing {client.store.renewal('b.test')}")
    assert f"{client.store.renewal('c.test')}" not in done.out, "nothing was done for it"
    done.says("The following renewals succeeded:", f"  {client.store.live('a.test', 'fullchain')} (success)",
              "The following renewals were not made, because the run was interrupted:",
              f"  {client.store.live('b.test', 'fullchain')} (interrupted)",
              f"  {client.store.live('c.test', 'fullchain')} (not begun)", "Exiting due to user request.")
    assert [client.store.versions(name) for name in three] == [[1, 2], [1], [1]]
    client.store.check(three)


def test_what_hooks_say_is_in_the_log_whatever_is_shown(client, area):
    client.certonly(["a.test"])
    hook = script(area / "hook", "echo on standard output; echo on standard error >&2; echo the end")
    done = client.renew("-q", "--force-renewal", "--deploy-hook", hook)
    assert "on standard output" not in done.out
    assert re.search(r"Hook 'deploy-hook' ran with output:\n on standard output\n the end\n", client.log())
    assert re.search(r"Hook 'deploy-hook' ran with error output:\n on standard error\n", client.log())


@pytest.mark.ours
def test_what_a_hook_says_is_never_cut(client, area):
    """More than a megabyte on each stream: whole on the terminal and in the log, which moves on at a megabyte."""
    client.certonly(["a.test"])
    lines, last = 40000, "line 40000 of a hook that says much"
    hook = script(area / "hook", f"seq -f 'line %.0f of a hook that says much' 1 {lines} | tee /dev/stderr")
    done = client.renew("--force-renewal", "--deploy-hook", hook)
    for text in (done.out, done.err):
        assert text.count("of a hook that says much\n") == lines and f" {last}\n" in text
    assert all_logs(client).count("of a hook that says much\n") == 2 * lines


@pytest.mark.parametrize("quiet", [[], ["-q"]], ids=["aloud", "quiet"])
def test_a_failed_challenge_is_understood_from_the_log(client, quiet, area):
    """What the CA answered and what was said to the user, also with -q."""
    client.register()
    (area / "www").mkdir()
    client.http_port = client.http_port or free_port()
    failed = client.certonly(["nobody.test"], "-w", area / "www", *quiet, authenticator="--webroot", status=1)
    assert ("Detail: " in failed.text) == (not quiet)
    log = client.log()
    assert re.search(r"Notifying user: \n?.* failed to authenticate some domains \(authenticator: webroot\)", log)
    assert re.search(r"  (Identifier|Domain): nobody\.test\n  Type:   connection\n  Detail: ", log)
    assert re.search(r'"detail": ?"', log), "the problem document of the challenge"
    assert "Some challenges have failed." in log


@pytest.mark.ours
def test_who_came_to_the_standalone_responder_is_in_the_log(client):
    client.certonly(["a.test"])
    assert re.search(r"127\.0\.0\.1 asked the responder: GET /\.well-known/acme-challenge/[\w-]+ HTTP/1\.1: HTTP status 200",
                     client.log())
    assert '"status": "valid"' in client.log(), "what the CA answered"


def test_results_are_in_the_log(client):
    client.certonly(["a.test"], "-q")
    assert "Successfully received certificate." in client.log()
    skipped = client.renew("-q")
    assert skipped.out == ""
    assert re.search(rf"{re.escape(str(client.store.live('a.test', 'fullchain')))} expires on \d{{4}}-\d\d-\d\d \(skipped\)",
                     client.log()), "public scripts look for it"
    client.renew("-q", "--force-renewal")
    assert f"  {client.store.live('a.test', 'fullchain')} (success)" in client.log()
