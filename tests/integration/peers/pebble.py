"""Pebble, the CA for tests, with the DNS server that belongs to it."""
import base64
import json
import os
import shutil
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from .ports import free_port, is_listening
from .process import Server

# Key identifiers and MAC keys (base64url) for external account binding.
MAC_KEYS = {
    "kid-1": base64.urlsafe_b64encode(bytes(range(48))).decode().rstrip("="),
    "kid-2": base64.urlsafe_b64encode(bytes(range(100, 164))).decode().rstrip("="),
}


class Pebble:
    """One CA on free ports. `url` is its directory; `http_port` is where it looks for http-01 responses.

    programs      folder with pebble and pebble-challtestsrv
    nosleep       validate at once; otherwise up to sleeptime seconds go by first
    nonce_reject  percentage of good nonces refused
    authz_reuse   percentage of names for which an authorization that is valid is good again; one in a hundred with 0, too
    alternates    number of further roots, each with its chain
    dns_server    "127.0.0.1:5353": a name server that it asks instead of its own
    settings      added to Pebble's own configuration
    run_by        words in front of its command line
    env           added to its environment
    """

    def __init__(self, directory, programs, trust, *, nosleep=True, sleeptime=None, nonce_reject=0, authz_reuse=0,
                 alternates=0, always_valid=False, dns_server=None, settings=None, run_by=(), env=None):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.programs = Path(programs)
        self.trust = trust
        self.settings = settings or {}
        self.dns_server = dns_server
        self.is_new = self._understands("-version")
        self.env = {**os.environ, "PEBBLE_WFE_NONCEREJECT": str(nonce_reject), "PEBBLE_AUTHZREUSE": str(authz_reuse),
                    **(env or {})}
        self.run_by = list(run_by)
        if nosleep:
            self.env["PEBBLE_VA_NOSLEEP"] = "1"
        if sleeptime:
            self.env["PEBBLE_VA_SLEEPTIME"] = str(sleeptime)
        if alternates:
            self.env["PEBBLE_ALTERNATE_ROOTS"] = str(alternates)
        if always_valid:
            self.env["PEBBLE_VA_ALWAYS_VALID"] = "1"
        self.servers = []

    def _understands(self, flag):
        return Server([self.programs / "pebble", flag], self.directory / "version.log").process.wait(10) == 0

    def start(self):
        for attempt in range(3):  # a port may be taken between our choice and the bind
            if self._start_once():
                return self
            self.stop()
        raise RuntimeError(f"pebble does not start:\n{self.logs()}")

    def _start_once(self):
        self.port, self.management, self.http_port, self.tls_port = (free_port() for _ in range(4))
        self.dns_port, self.dns_management = free_port(), free_port()
        self.url = f"https://localhost:{self.port}/dir"
        config = {"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(self.trust.cert),
            "privateKey": str(self.trust.key),
            "httpPort": self.http_port,
            "tlsPort": self.tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            # Pebble 2.10 asks for patience by default; a client that obeys would make each test seconds long.
            "retryAfter": {"authz": 1, "order": 1},
            **self.settings,
        }}
        path = self.directory / "pebble.json"
        path.write_text(json.dumps(config, indent=2))
        dns_flag = "-dnsserver" if self.is_new else "-dns01"
        off = ["-http01", "", "-https01", "", "-tlsalpn01", ""] + (["-doh", ""] if self.is_new else [])
        dns = Server([self.programs / "pebble-challtestsrv", dns_flag, f"127.0.0.1:{self.dns_port}", "-management",
                      f"127.0.0.1:{self.dns_management}", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", *off],
                     self.directory / "challtestsrv.log")
        ca = Server([*self.run_by, self.programs / "pebble", "-strict", "-config", path, "-dnsserver",
                     self.dns_server or f"127.0.0.1:{self.dns_port}"], self.directory / "pebble.log", env=self.env)
        self.servers = [dns, ca]
        return (dns.wait_until(lambda: is_listening(self.dns_management))
                and ca.wait_until(lambda: is_listening(self.port) and is_listening(self.management)))

    @property
    def pid(self):
        return self.servers[1].process.pid

    def stop(self):
        for server in self.servers:
            server.stop()

    def log(self):
        return (self.directory / "pebble.log").read_text(errors="replace")

    def logs(self):
        return "".join(f"--- {p.name} ---\n{p.read_text(errors='replace')[-6000:]}\n"
                       for p in sorted(self.directory.glob("*.log")))

    # The management interface.

    def _request(self, url, body=None):
        context = ssl.create_default_context(cafile=str(self.trust.ca))
        with urllib.request.urlopen(urllib.request.Request(url, data=body), context=context, timeout=10) as answer:
            return answer.read()

    def manage(self, path, body=None):
        return self._request(f"https://localhost:{self.management}/{path}", body)

    def directory_object(self):
        return json.loads(self._request(self.url))

    def root(self, number=0):
        return self.manage(f"roots/{number}")

    def intermediate(self, number=0):
        return self.manage(f"intermediates/{number}")

    def status(self, cert):
        """What the CA thinks of a certificate: a dict with Status ("Valid", "Revoked") and Reason."""
        return json.loads(self.manage(f"cert-status-by-serial/{cert.serial_number:x}"))

    def set_renewal_window(self, pem, start, end):
        """Makes the CA suggest this window (datetimes in UTC) for the certificate. New Pebble only."""
        window = {"suggestedWindow": {"start": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                                      "end": end.strftime("%Y-%m-%dT%H:%M:%SZ")}}
        body = {"certificate": pem.decode(), "ariResponse": json.dumps(window)}
        self.manage("set-renewal-info/", json.dumps(body).encode())

    # The DNS server. Hosts end in a dot.

    def dns(self, verb, **body):
        self._request(f"http://127.0.0.1:{self.dns_management}/{verb}", json.dumps(body).encode())

    def add_a(self, host, *addresses):
        self.dns("add-a", host=host + ".", addresses=list(addresses))

    def add_aaaa(self, host, *addresses):
        self.dns("add-aaaa", host=host + ".", addresses=list(addresses))

    def set_txt(self, host, value):
        self.dns("set-txt", host=host + ".", value=value)

    def clear_txt(self, host):
        self.dns("clear-txt", host=host + ".")

    def set_default_ipv4(self, address):
        self.dns("set-default-ipv4", ip=address)


def find_programs(version, tools):
    """The folder with the programs of the `old` (this system's) or the `new` Pebble; raises when there is none."""
    if version == "old":
        program = shutil.which("pebble")
        if not program:
            raise RuntimeError("pebble is not installed: tools/packages install test")
        return Path(program).parent
    import subprocess
    found = subprocess.run([str(tools / "pebble-new")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if found.returncode != 0:
        raise RuntimeError(found.stderr.strip())
    return Path(found.stdout.strip())
