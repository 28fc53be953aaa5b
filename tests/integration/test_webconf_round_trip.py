"""The configurations that Debian's packages ship: read by our readers as by the servers, and edited without a trace.

The files are collected from packages by tools/web-configurations, not kept here. build*/src/web_round_trip reads and
edits them in memory; what nginx -t and apache2 -t say of the same files is compared, where they get as far as that.
"""
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.any_compiler

ROOT = Path(__file__).resolve().parents[2]
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
LEAST = 200

# By the path in the package: what is neither, though its name says so; then nginx, then Apache.
NEITHER = re.compile(
    r"lighttpd|cherokee|fail2ban|/modsecurity[^/]*$|unicode\.mapping|nginx_modsite|nginx/README|/(?:ufw|init\.d|default|logrotate\.d)/"
    r"|apache-asp|/mods?-available/.*\.load$|\.(?:html?|gif|png|svg|css|js|py|pl|pm|php|rb|sh|txt|md|rst|xml|gz|7|8|so|init|service)$")
NGINX = re.compile(
    r"etc/nginx/[^/]+$|nginx/(?:sites-available|snippets|conf\.d|include|examples)/[^/]+$|nginx/modules-available/"
    r"|nginx[^/]*\.conf$|nginx/[^/]*\.conf$|\.nginx$|examples/[^/]*nginx[^/.]*$|etc/groonga/httpd/")
APACHE = re.compile(
    r"etc/apache2/(?:conf|sites|mods)-available/|etc/apache2/(?:conf\.d/|includes/)|(?:apache|httpd)[^/]*/.*\.conf$"
    r"|(?:apache|httpd|vhost)[^/]*\.(?:conf|vhost|include)(?:\.example|\.template)?$|(?:apache|httpd)[^/]*-(?:vhost|conf)$")


def kind_of(path):
    if NEITHER.search(path):
        return None
    return "nginx" if NGINX.search(path) else "apache" if APACHE.search(path) else None


@pytest.fixture(scope="session")
def files():
    """{"nginx": [paths], "apache": [paths]}"""
    found = subprocess.run([ROOT / "tools" / "web-configurations"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if found.returncode != 0:
        if os.environ.get("EVERCERT_REQUIRE_WEB_CONFIGURATIONS"):
            raise RuntimeError(found.stderr)
        pytest.skip(f"no configurations of packages: {found.stderr.strip()}")
    root = Path(found.stdout.strip())
    sorts = {"nginx": [], "apache": []}
    for path in sorted(root.rglob("*")):
        kind = kind_of(str(path.relative_to(root)))
        if kind and path.is_file() and not path.is_symlink():
            sorts[kind].append(path)
    return sorts


@pytest.fixture(scope="session")
def verdicts(files, request):
    """{path: (verdict, why)} of our readers."""
    program = Path(request.config.program).parent / "src" / "web_round_trip"
    if not program.exists():
        pytest.skip(f"{program} is not there: this build has no tests")
    said = {}
    for kind, paths in files.items():
        ran = subprocess.run([program, kind], input="".join(f"{path}\n" for path in paths), stdout=subprocess.PIPE, text=True,
                             check=True)
        lines = ran.stdout.splitlines()
        assert len(lines) == len(paths)
        said.update(zip(paths, ((line.split("\t") + [""])[:2] for line in lines)))
    return said


def test_there_are_many(files):
    counts = {kind: len(paths) for kind, paths in files.items()}
    assert sum(counts.values()) >= LEAST and counts["nginx"] >= 40, counts


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_edits_leave_no_trace(files, verdicts, kind):
    broken = {str(path): verdicts[path] for path in files[kind] if verdicts[path][0] == "broken"}
    assert broken == {}
    accepted = sum(verdicts[path][0] == "accepted" for path in files[kind])
    assert accepted >= 0.9 * len(files[kind])


# ---- what the servers say ----

NGINX_CONTEXTS = ["include {};", "events {{}} http {{ include {}; }}", "events {{}} http {{ server {{ include {}; }} }}",
                  "events {{}} http {{ server {{ location / {{ include {}; }} }} }}"]
# Words of nginx's reader of files, and not of one of its directives.
NGINX_SYNTAX = re.compile(r'unexpected "|unexpected end of (?:file|parameter)|directive "[^"]*" is not terminated by|has no opening "\{"'
                          r"|too long parameter|too many")
# Only when all was read does it open files, and look at what is missing in the whole.
NGINX_BEHIND = re.compile(r'(?:open|mkdir)\(\) "[^"]*" failed \(\d+: [^()]*\)$|no "events" section in configuration$')


def make_scratch(area, path):
    """A folder for one question, with a copy of the file that anybody may read."""
    scratch = Path(tempfile.mkdtemp(dir=area))
    scratch.chmod(0o755)
    copy = scratch / "copy"
    shutil.copyfile(path, copy)
    copy.chmod(0o644)
    return scratch, copy


def nginx_says(area, path):
    """"accepted", "refused" (its syntax), or None: nginx had another reason to stop, in a directive."""
    verdict = None
    for context in NGINX_CONTEXTS:
        scratch, copy = make_scratch(area, path)
        conf = scratch / "nginx.conf"
        conf.write_text("daemon off;\n" + context.format(copy) + "\n")
        ran = subprocess.run(["nginx", "-t", "-p", scratch, "-c", conf, "-e", "stderr"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120, **NOBODY)
        emerg = [line for line in ran.stdout.splitlines() if "[emerg]" in line] or [ran.stdout]
        if NGINX_SYNTAX.search(emerg[0]) and f"{copy}:" in emerg[0]:
            return "refused"
        if ran.returncode == 0 or NGINX_BEHIND.search(emerg[0]):
            verdict = "accepted"
    return verdict


APACHE_SYNTAX = re.compile(r"without matching|was not closed|Expected </|missing closing '>'|> directive")


@pytest.fixture(scope="session")
def apache_modules():
    """Lines that load what Debian's apache2 brings, but for what excludes each other."""
    lines = []
    for load in sorted(Path("/etc/apache2/mods-available").glob("*.load")):
        if load.stem in ("mpm_prefork", "mpm_worker", "cgi"):
            continue
        for line in load.read_text().splitlines():
            words = line.split()
            if words[:1] == ["LoadModule"] and Path(words[2]).exists():
                lines.append(line)
    return lines


def apache_says(area, modules, path):
    scratch, copy = make_scratch(area, path)
    conf = scratch / "apache2.conf"
    conf.write_text("\n".join([f'ServerRoot "{scratch}"', "ServerName localhost", f'PidFile "{scratch}/pid"', *modules,
                               f'ErrorLog "{scratch}/error.log"', f'Include "{copy}"', ""]))
    ran = subprocess.run(["/usr/sbin/apache2", "-t", "-f", conf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", timeout=120, **NOBODY)
    if ran.returncode == 0:
        return "accepted"
    return "refused" if APACHE_SYNTAX.search(ran.stdout) and str(copy) in ran.stdout else None


def disagreements(verdicts, said):
    return {str(path): (verdicts[path], server) for path, server in said.items()
            if server is not None and verdicts[path][0] != server}


def ask_all(paths, ask):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(paths, pool.map(ask, paths)))


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="no nginx")
def test_nginx_agrees(area, files, verdicts):
    said = ask_all(files["nginx"], lambda path: nginx_says(area, path))
    assert disagreements(verdicts, said) == {}
    unexplained = {str(path): verdicts[path] for path in files["nginx"]
                   if verdicts[path][0] == "refused" and said[path] != "refused"}
    assert unexplained == {}
    assert sum(server is not None for server in said.values()) >= len(said) / 2


@pytest.mark.skipif(not Path("/usr/sbin/apache2").exists(), reason="no Apache")
def test_apache_agrees(area, files, verdicts, apache_modules):
    said = ask_all(files["apache"], lambda path: apache_says(area, apache_modules, path))
    assert disagreements(verdicts, said) == {}
    unexplained = {str(path): verdicts[path] for path in files["apache"]
                   if verdicts[path][0] == "refused" and said[path] != "refused"}
    assert unexplained == {}
    assert sum(server is not None for server in said.values()) >= len(said) / 2
