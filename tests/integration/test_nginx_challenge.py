"""nginx proves control of names: a real one, which Pebble asks, and whose configuration is as it was afterwards."""
import http.server
import os
import shutil
import signal
import subprocess
import threading
import time

import certs
import pytest
from client import leftovers, wait_for
from crash import CALL, EVERYTHING, NO_LEAKS

pytestmark = pytest.mark.ours

SITE = "server {\n    listen HTTP;\n    server_name a.ngx.test b.ngx.test;\n    root HOME/www;\n%s}\n"
NAMES = ["a.ngx.test", "b.ngx.test"]

# What sites do to requests that they do not expect.
SITES = {
    "plain": SITE % "",
    "redirect": SITE % "    return 301 https://$host$request_uri;\n",
    "redirect-if": SITE % "    if ($host = a.ngx.test) {\n        return 301 https://$host$request_uri;\n    }\n    return 404;\n",
    "redirect-snippet": SITE % "    include snippets/redirect.conf;\n",
    "hang-up": SITE % "    return 444;\n",
    "deny": SITE % "    deny all;\n",
    "satisfy": SITE % "    satisfy any;\n    deny all;\n    auth_basic x;\n    auth_basic_user_file HOME/nobody;\n",
    "password": SITE % "    auth_basic closed;\n    auth_basic_user_file HOME/nobody;\n",
    "well-known": SITE % "    location ^~ /.well-known/ {\n        return 403;\n    }\n",
    "hidden-files": SITE % "    location ~ /\\. {\n        deny all;\n    }\n",
    "same-path": SITE % "    location = /.well-known/acme-challenge/ {\n        return 403;\n    }\n",
    "front-controller": SITE % "    rewrite ^ /index.php last;\n    location / {\n        return 404;\n    }\n",
    "break": SITE % "    rewrite ^(.*)$ /other$1 break;\n",
    "methods": SITE % "    location / {\n        limit_except POST {\n            deny all;\n        }\n    }\n",
    "proxy": SITE % "    location / {\n        proxy_pass http://127.0.0.1:1;\n    }\n",
    "error-page": SITE % "    error_page 404 = @other;\n    location @other {\n        return 302 /;\n    }\n    location / {\n        return 404;\n    }\n",
    "regex": SITE.replace("a.ngx.test b.ngx.test", "\"~^(?<sub>[a-z]{1})\\.ngx\\.test$\"") % "    return 301 https://$sub.example/;\n",
    "wildcard": SITE.replace("a.ngx.test b.ngx.test", "*.ngx.test") % "    return 410;\n",
    "end-wildcard": SITE.replace("a.ngx.test b.ngx.test", "a.ngx.* b.ngx.*") % "    return 410;\n",
    "default": "server {\n    listen HTTP;\n    server_name other;\n}\nserver {\n    listen HTTP default_server;\n    server_name _;\n    return 444;\n}\n",
    "only-block": "server {\n    listen HTTP;\n    server_name other;\n    return 410;\n}\n",
    "one-line": "server { listen HTTP; server_name a.ngx.test b.ngx.test; return 301 https://$host/; }",
    "no-newline": "server {\n    listen HTTP;\n    server_name a.ngx.test b.ngx.test;} # it's {",
    "crlf": (SITE % "    deny all;\n").replace("\n", "\r\n"),
    "tabs-and-comments": "server # {\n{\n\tlisten HTTP; # a } \"\n\tserver_name a.ngx.test # '\n\t\tb.ngx.test;\n\tdeny all;\n}\n",
    "quoted": "\"server\" {\n    'listen' \"HTTP\";\n    server_name \"a.ngx.test\" 'b.ngx.test';\n    deny all;\n}\n",
    "two-blocks": (SITE % "    deny all;\n").replace(" b.ngx.test", "") + (SITE % "    return 301 /;\n").replace("a.ngx.test ", ""),
    "same-name-twice": SITE % "    deny all;\n" + SITE % "    return 410;\n",
    "specific-address": SITE % "    deny all;\n" + "server {\n    listen 127.0.0.1:HTTP;\n    server_name hides.it;\n    return 410;\n}\n",
    "specific-address-by-name": "server {\n    listen HTTP default_server;\n    return 410;\n}\n" + (SITE % "    deny all;\n").replace(
        "listen HTTP", "listen 127.0.0.1:HTTP"),
    "ipv6-too": (SITE % "    deny all;\n").replace("listen HTTP;", "listen HTTP;\n    listen [::]:HTTP;"),
    "host-name": (SITE % "    deny all;\n").replace("listen HTTP", "listen localhost:HTTP"),
    "reuseport": (SITE % "    deny all;\n").replace("listen HTTP;", "listen HTTP reuseport backlog=100;"),
    "other-port-only": (SITE % "").replace("listen HTTP;", "listen 127.0.0.1:HTTPS;"),
    "limits": "limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;\nlimit_req zone=one;\n" + SITE % "",
    "latin-1": SITE % "    # caf\xe9\n    deny all;\n",
}


@pytest.fixture
def host(new_client, make_nginx_host):
    made = make_nginx_host(http=new_client.http_port)
    made.put("snippets/redirect.conf", "if ($scheme = http) {\n    return 301 https://$host$request_uri;\n}\n")
    return made


def words(host, names, *args):
    return ["certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "-a", "nginx", *host.places(), "--https-port", host.https,
            *(part for name in names for part in ("-d", name)), *args]


def certonly(client, host, names, *args, **more):
    return client.run(*words(host, names, *args), **more)


def leave_no_trace(client, host, before, at=""):
    assert host.snapshot() == before, at
    assert not (client.work / "temp_checkpoint").exists() and not (client.work / "IN_PROGRESS").exists(), at
    host.test()


@pytest.mark.slow
@pytest.mark.parametrize("site", SITES)
def test_sites(new_client, host, site):
    """Whatever a site does to requests, the challenge is answered, and all is as it was afterwards."""
    host.write("site", host.fill(SITES[site]).encode("latin-1"))
    host.test()
    host.start()
    before = host.snapshot()
    certonly(new_client, host, NAMES)
    assert certs.names(new_client.store.cert("a.ngx.test")) == NAMES
    leave_no_trace(new_client, host, before)
    assert host.calls().count("-s reload") == 2, "one for both names, one to take it back"
    assert host.calls().count("-t") == 2, "before, and with the challenge in it"


@pytest.mark.skipif(not os.path.exists("/etc/nginx/sites-available/default"), reason="needs Debian's nginx")
def test_debians_own_site(new_client, host):
    """As it is packaged, but for its port."""
    with open("/etc/nginx/sites-available/default") as file:
        host.write("default", file.read().replace("80 default_server", "HTTP default_server"))
    host.start()
    before = host.snapshot()
    certonly(new_client, host, NAMES)
    leave_no_trace(new_client, host, before)


def test_no_site_at_all(new_client, host):
    host.call()
    before = host.snapshot()
    certonly(new_client, host, NAMES)
    leave_no_trace(new_client, host, before)


def test_behind_another_server(new_client, host, trust):
    """What has the http port sends everything to https, which is nginx's."""
    class Redirects(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(301)
            self.send_header("Location", f"https://{self.headers['Host'].split(':')[0]}:{host.https}{self.path}")
            self.end_headers()

        def log_message(self, *args):
            pass

    host.write("site", f"server {{\n    listen HTTPS ssl;\n    server_name a.ngx.test;\n    ssl_certificate {trust.cert};\n"
                       f"    ssl_certificate_key {trust.key};\n    return 410;\n}}\n")
    front = http.server.ThreadingHTTPServer(("127.0.0.1", host.http), Redirects)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    try:
        host.start()
        before = host.snapshot()
        certonly(new_client, host, ["a.ngx.test"])
        leave_no_trace(new_client, host, before)
        certonly(new_client, host, ["b.ngx.test"], status=1).says(
            f"nothing in the configuration of nginx listens on port {host.http}, or serves b.ngx.test")
        leave_no_trace(new_client, host, before)
    finally:
        front.shutdown()
        front.server_close()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_ip_address(new_client, host, address):
    host.write("site", "server {\n    listen HTTP;\n    listen [::]:HTTP;\n    server_name other;\n    deny all;\n}\n" + SITES["deny"])
    host.start()
    before = host.snapshot()
    certonly(new_client, host, [], "--ip-address", address)
    assert certs.names(new_client.store.cert(address)) == [address]
    leave_no_trace(new_client, host, before)


def test_renewal(new_client, host):
    """All that are due together: two tests, two reloads."""
    for name in ("a", "b", "c"):
        host.write(name, SITES["redirect"].replace("a.ngx.test b.ngx.test", f"{name}.ngx.test"))
    host.start()
    before = host.snapshot()
    for name in ("a", "b", "c"):
        certonly(new_client, host, [f"{name}.ngx.test"])
    conf = new_client.store.conf("a.ngx.test")["renewalparams"]
    assert conf["authenticator"] == "nginx" and "installer" not in conf
    assert conf["nginx_server_root"] == str(host.root) and conf["nginx_ctl"] == str(host.control)
    new_client.renew("--dry-run")
    assert new_client.store.versions("a.ngx.test") == [1]
    leave_no_trace(new_client, host, before)
    new_client.give_up_authorizations()
    host.forget_calls()
    new_client.renew("--force-renewal")
    assert [new_client.store.versions(f"{name}.ngx.test") for name in ("a", "b", "c")] == [[1, 2]] * 3
    leave_no_trace(new_client, host, before)
    assert host.calls().count("-s reload") == 2


def test_answers_all_the_time(new_client, host):
    """Visitors see nothing of it."""
    host.write("site", SITES["plain"])
    host.start()
    seen, done = [], threading.Event()

    def visit():
        while not done.is_set():
            seen.append(host.get("a.ngx.test")[::2])

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        certonly(new_client, host, NAMES)
    finally:
        done.set()
        visitor.join()
    assert len(seen) > 20 and set(seen) == {(200, "hello\n")}


def test_ordinary_user(new_client, make_nginx_host, area):
    if os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    user = (65534, 65534)
    host = make_nginx_host(http=new_client.http_port, user=user)
    host.write("site", SITES["redirect"])
    host.start()
    new_client.become(*user)
    own = area / "own"
    own.mkdir()
    new_client.config, new_client.work, new_client.logs = own / "c", own / "w", own / "l"
    new_client.store.root = new_client.config
    for path in (own, new_client.area, new_client.tmp):
        os.chown(path, *user)
    before = host.snapshot()
    certonly(new_client, host, NAMES)
    leave_no_trace(new_client, host, before)


def test_a_stopped_server_is_started(new_client, host):
    host.write("site", SITES["deny"])
    before = host.snapshot()
    certonly(new_client, host, NAMES)
    leave_no_trace(new_client, host, before)
    assert host.get("a.ngx.test")[0] == 403


def test_a_configuration_that_nginx_refuses(new_client, host):
    host.write("site", SITES["plain"])
    host.start()
    host.write("broken", "server {\n    listen HTTP;\n    no_such_thing;\n}\n")
    before = host.snapshot()
    certonly(new_client, host, NAMES, status=1).says("unknown directive \"no_such_thing\"", "sites-enabled/broken:3")
    assert host.snapshot() == before
    assert "-s reload" not in host.calls()


def test_a_name_that_leads_elsewhere(new_client, host):
    host.write("site", SITES["plain"].replace("listen HTTP", "listen 127.0.0.1:HTTP"))
    host.start()
    before = host.snapshot()
    new_client.ca.dns("add-a", host="b.ngx.test.", addresses=["127.0.0.9"])
    try:
        certonly(new_client, host, NAMES, status=1).says("b.ngx.test", "nginx itself answers on port")
    finally:
        new_client.ca.dns("clear-a", host="b.ngx.test.")
    leave_no_trace(new_client, host, before)


def pending(client, host, names, *args):
    """A run whose challenge is in place, and that the CA has been told of."""
    known = client.ca.log().count("chalZ/ -> calling handler")
    process = client.start(*words(host, names, *args))
    wait_for(lambda: process.poll() is not None or client.ca.log().count("chalZ/ -> calling handler") > known,
             what="the challenge")
    assert process.poll() is None, client.finish(process, None)
    return process


@pytest.fixture
def slow_client(make_client, sleepy_ca):
    client = make_client(sleepy_ca)
    client.register()
    return client


@pytest.fixture
def slow_host(slow_client, make_nginx_host):
    made = make_nginx_host(http=slow_client.http_port)
    made.write("a", SITES["redirect"])
    made.write("b", SITES["crlf"].replace("a.ngx.test b.ngx.test", "c.ngx.test"))
    return made.start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(slow_client, slow_host, number):
    before = slow_host.snapshot()
    process = pending(slow_client, slow_host, ["a.ngx.test", "c.ngx.test"])
    assert slow_host.snapshot() != before
    process.send_signal(number)
    slow_client.finish(process, None)
    leave_no_trace(slow_client, slow_host, before)
    wait_for(lambda: slow_host.get("a.ngx.test", "/.well-known/acme-challenge/x")[0] == 301, what="the reload")


NEXT = {
    "renew": ["renew"],
    "prepare": ["plugins", "--prepare"],
    "another": None,
}


@pytest.mark.parametrize("following", NEXT)
def test_killed(slow_client, slow_host, following, new_ca):
    """What is run next restores everything, byte for byte."""
    before = slow_host.snapshot()
    process = pending(slow_client, slow_host, ["a.ngx.test", "c.ngx.test"])
    process.kill()
    process.communicate()
    assert slow_host.snapshot() != before and leftovers(process.pid) == []
    options = slow_host.places()
    if NEXT[following] is None:
        slow_client.server = new_ca.url
        result = certonly(slow_client, slow_host, ["d.ngx.test"], "--server", new_ca.url, status=None)
    else:
        result = slow_client.run(*NEXT[following], *options)
    leave_no_trace(slow_client, slow_host, before, result)
    wait_for(lambda: slow_host.get("a.ngx.test", "/.well-known/acme-challenge/x")[0] == 301, what="the reload")


def test_two_runs_at_once(slow_client, make_client, new_ca, slow_host):
    """The second waits for the first one's challenge."""
    before = slow_host.snapshot()
    second = make_client(new_ca)
    second.work = slow_client.work
    first = pending(slow_client, slow_host, ["a.ngx.test"])
    other = second.start(*words(slow_host, ["c.ngx.test"]))
    wait_for(lambda: other.poll() is not None or "nginx" in second.log(), what="the second run")
    time.sleep(0.5)
    assert other.poll() is None
    first.send_signal(signal.SIGINT)
    slow_client.finish(first, 1)
    second.finish(other, None)
    leave_no_trace(slow_client, slow_host, before)


# ---- killed at any moment ----

CALLS = "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,mkdir,mkdirat,fchmod,fchmodat,fchown,fchownat,utimensat"


def traced(client, argv, *strace):
    return subprocess.run(["strace", "-f", *strace, *argv], env=client.environment(NO_LEAKS), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120,
                          cwd=client.area)


def calls_of(client, host, argv):
    """[(name of a call that touches nginx's files or a checkpoint, its number among those of that name in its thread)]."""
    trace = client.area / "trace"
    done = traced(client, argv, "-y", "-s", "256", "-o", trace, "-e", f"trace={CALLS}")
    assert done.returncode == 0, done.stdout
    seen, found = {}, []
    for line in trace.read_text(errors="replace").splitlines():
        match, thread = CALL.match(line), line.split()[0]
        if not match:
            continue
        seen[thread, match[1]] = seen.get((thread, match[1]), 0) + 1
        touches = "_checkpoint" in match[2] or f"{host.root}/" in match[2]
        if touches and (match[1] != "openat" or "O_CREAT" in match[2] or "_checkpoint" in match[2]):
            found.append((match[1], seen[thread, match[1]]))
    return list(dict.fromkeys(found))


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("strace"), reason="needs strace, as root")
def test_killed_at_every_call(make_client, start_pebble, make_nginx_host, capsys):
    client = make_client(start_pebble("new", "easy", always_valid=True))
    client.register()
    host = make_nginx_host(http=client.http_port)
    host.write("a", SITES["redirect"])
    host.write("b", SITES["crlf"].replace("a.ngx.test b.ngx.test", "c.ngx.test"))
    host.start()
    before = host.snapshot()
    names = ["a.ngx.test", "c.ngx.test"]
    calls = calls_of(client, host, [str(word) for word in client.argv(*words(host, names, "--cert-name", "calls"))])
    assert len(calls) > 20 and host.snapshot() == before
    work = calls[::1 if EVERYTHING else max(1, len(calls) // 15)]
    killed, left = 0, 0
    for number, (name, when) in enumerate(work):
        argv = [str(word) for word in client.argv(*words(host, names, "--cert-name", f"k{number}"))]
        done = traced(client, argv, "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={when}")
        at = f"killed at {name} {when}:\n{done.stdout}"
        killed += done.returncode == -9
        left += host.snapshot() != before
        host.test()
        client.run("plugins", "--prepare", *host.places())
        leave_no_trace(client, host, before, at)
    assert killed >= len(work) // 2 and left >= 1
    with capsys.disabled():
        print(f"\nkilled at {killed} of {len(calls)} calls, {left} times with a challenge in place", end=" ")
