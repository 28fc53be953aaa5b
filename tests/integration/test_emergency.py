"""What a frightened administrator meets: keys and certificates are gone, and the web server does not start."""
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

pytestmark = pytest.mark.ours

NEW_ACCOUNT = ["--agree-tos", "--register-unsafely-without-email"]
NGINX = "server {\n    listen HTTP;\n    server_name a.test www.a.test;\n    root HOME/www;\n}\n"
APACHE = """<VirtualHost *:HTTP>
    ServerName a.test
    ServerAlias www.a.test
    DocumentRoot HOME/www
</VirtualHost>
"""
NAMES = ["a.test", "www.a.test"]


class Scene:
    """A certificate that a server uses, and the program with the options that find both."""

    def __init__(self, client, host, kind):
        self.client, self.host, self.kind = client, host, kind
        options = [str(part) for part in host.options()]
        at = options.index("--http-01-port")
        self.options = options[:at] + options[at + 2:]  # the client's own is the same
        host.write("one", NGINX if kind == "nginx" else APACHE)
        host.start()
        self.run("run", f"--{kind}", "-n", *NEW_ACCOUNT, "-d", "a.test", "-d", "www.a.test")
        host.stop()

    def run(self, *args, **more):
        return self.client.run(*args, *self.options, **more)

    def emergency(self, *args, status=0, **more):
        return self.run("emergency", *args, *NEW_ACCOUNT, status=status, **more)

    def look(self):
        return self.emergency("--json", "--dry-run", status=None).json()

    def starts(self):
        """The server starts, and shows what the store has."""
        if not self.host.pid():
            self.host.start()
        try:
            shown = self.host.certificate("a.test")
        finally:
            self.host.stop()
        return shown == self.client.store.cert("a.test").public_bytes(serialization.Encoding.DER)

    def refuses(self):
        return self.host.call(*self.host.TEST).returncode != 0



@pytest.fixture
def scene(new_client, new_ca, make_nginx_host):
    return Scene(new_client, make_nginx_host(http=new_ca.http_port), "nginx")


@pytest.fixture
def apache(new_client, new_ca, make_apache_host):
    return Scene(new_client, make_apache_host(http=new_ca.http_port), "apache")


def lose_key(scene):
    (scene.client.store.live("a.test") / "privkey.pem").unlink()


def wrong_key(scene):
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                    scene.client.store.live("a.test") / "privkey.pem"], check=True, stderr=subprocess.DEVNULL)


def lose_files(scene):
    shutil.rmtree(scene.client.store.live("a.test"))
    shutil.rmtree(scene.client.store.archive("a.test"), ignore_errors=True)


def lose_all(scene):
    shutil.rmtree(scene.client.config)


def snapshot(folder):
    return {str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
            for path in sorted(folder.rglob("*")) if path.name not in (".evercert.lock", ".certbot.lock")}


def check_found_again(scene):
    """The server starts with a new certificate from the CA, and another run finds nothing to do."""
    assert scene.starts() and not is_stop_gap(scene)
    scene.client.store.check(["a.test"])
    assert names_of(scene.client) == NAMES
    assert scene.emergency("--yes").says("all is well", "1 of 1 certificate(s) are well").text.count("What was done") == 0


def names_of(client):
    return client.store.cert("a.test").extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)


def is_stop_gap(scene):
    return "Evercert stop-gap" in scene.client.store.cert("a.test").issuer.rfc4514_string()


@pytest.mark.parametrize("loss, word", [(lose_key, "broken"), (wrong_key, "broken"), (lose_files, "broken"), (lose_all, "lost")])
def test_all_is_found_again(scene, loss, word):
    loss(scene)
    assert scene.refuses()
    before = snapshot(scene.client.config) if scene.client.config.exists() else {}
    found = scene.look()
    assert word == "lost" or snapshot(scene.client.config) == before
    assert [(one["name"], one["state"], one["names"]) for one in found["certificates"]] == [("a.test", word, NAMES)]
    assert [one["accepted"] for one in found["servers"]] == [False] and not found["well"]
    assert found["certificates"][0]["commands"][0].startswith("evercert emergency --yes --cert-name a.test --config-dir")
    if word != "lost":
        scene.emergency("-n", status=1).says("a.test: its files are missing, or do not belong together", "`evercert emergency --yes")
        assert snapshot(scene.client.config) == before and scene.refuses()
    said = scene.emergency("--yes")
    said.says("a.test has a self-signed stop-gap for 7 days", "a.test was issued anew", "nginx accepts its configuration again",
              "systemctl start nginx", "all is well")
    check_found_again(scene)
    if loss in (lose_key, wrong_key):  # what had to give way is kept
        kept = sorted(path.name for path in (scene.client.config / ".set-aside" / "a.test").rglob("*.pem"))
        assert kept == sorted(before_name.rsplit("/")[-1] for before_name in before if before_name.startswith(("live/a.test/", "archive/a.test/"))
                              and before_name.endswith(".pem"))


def test_apache_and_a_lost_store(apache):
    lose_all(apache)
    assert apache.refuses()
    apache.emergency("--yes").says("apache accepts its configuration again", "systemctl start apache2", "a.test was issued anew")
    check_found_again(apache)
    params = apache.client.store.conf("a.test")["renewalparams"]
    assert (params["authenticator"], params["installer"]) == ("apache", "apache")


def test_the_ca_is_down(scene):
    """The server starts all the same, everybody says what it has, and any renewal replaces it."""
    mode = (scene.client.store.live("a.test") / "privkey.pem").stat().st_mode
    lose_files(scene)
    nobody = ["--server", "https://127.0.0.1:1/dir"]
    conf = scene.client.store.renewal("a.test")
    text = conf.read_text()
    conf.write_text(text.replace(scene.client.server, nobody[1]))
    said = scene.emergency("--yes", *nobody, status=1)
    said.says("a.test has a self-signed stop-gap", "a.test was not issued anew", "nginx accepts its configuration again",
              "a self-signed stop-gap stands in for it", "what helps: evercert renew --cert-name a.test")
    assert is_stop_gap(scene) and scene.starts()
    assert (scene.client.store.live("a.test") / "privkey.pem").stat().st_mode == mode
    assert not scene.host.call(*scene.host.TEST).returncode
    scene.run("doctor", status=1).says("[error] stop-gap", "renew --cert-name a.test")
    assert re.search(r"a self-signed stop-gap, which expires in [67] days", scene.run("status").text)
    conf.write_text(conf.read_text().replace(nobody[1], scene.client.server))
    scene.run("renew", "--no-random-sleep-on-renew").says("all renewals succeeded")
    check_found_again(scene)


def test_renewal_file_emptied(scene):
    scene.client.store.renewal("a.test").write_text("")
    live = snapshot(scene.client.store.live("a.test"))
    assert scene.look()["certificates"][0]["state"] == "no-renewal"
    said = scene.emergency("--yes", status=1)
    said.says("a.test has a new renewal file, in which authenticator or CA are guesses", "renew --force-renewal --cert-name a.test")
    assert scene.look()["certificates"][0]["state"] == "guessed"
    assert snapshot(scene.client.store.live("a.test")) == live
    scene.run("renew", "--force-renewal", "--no-random-sleep-on-renew", *NEW_ACCOUNT).says("all renewals succeeded")
    check_found_again(scene)


def test_renewal_file_with_a_bad_line(scene):
    """It is not lost: the line is told, and the file stays as it is."""
    conf = scene.client.store.renewal("a.test")
    conf.write_text(conf.read_text() + "[[broken\n")
    before = snapshot(scene.client.config)
    scene.emergency("--yes", status=1).says("its renewal file cannot be used as it is", conf.name, "doctor --cert-name a.test")
    assert snapshot(scene.client.config) == before
    lose_key(scene)
    scene.emergency("--yes", status=1).says("no stop-gap is put there before its renewal file is mended")
    assert conf.read_bytes() == before["renewal/a.test.conf"][1]


def site(scene):
    return scene.host.root / "sites-available" / "one"


def test_files_of_other_names(scene):
    """Made by hand, or by another program: the server starts with them, and nothing is done to them."""
    live = scene.client.store.live("a.test")
    texts = {kind: (live / f"{kind}.pem").read_bytes() for kind in ("fullchain", "privkey")}
    lose_files(scene)
    live.mkdir()
    (live / "shop.crt").write_bytes(texts["fullchain"])
    (live / "shop.key").write_bytes(texts["privkey"])
    scene.client.store.renewal("a.test").unlink()
    site(scene).write_text(site(scene).read_text().replace("fullchain.pem", "shop.crt").replace("privkey.pem", "shop.key"))
    assert not scene.refuses()
    before = snapshot(live)
    scene.emergency("stop-gap").says("all is well")
    (live / "shop.key").unlink()
    scene.emergency("stop-gap", status=1).says("whose names are none of this store's", "shop.key is missing", "nginx does not accept")
    (live / "shop.key").write_bytes(texts["privkey"])
    assert snapshot(live).keys() == before.keys() and not scene.refuses()


def test_looking_leaves_no_trace(scene):
    lose_all(scene)
    area = scene.client.config.parent
    before = sorted(str(path) for path in area.rglob("*"))
    assert not scene.emergency("look", "--json", status=1).json()["well"] and not scene.look()["well"]
    assert sorted(str(path) for path in area.rglob("*")) == before


def test_tls_options_are_asked_for(scene):
    """Files that servers include are written in the step of stop-gaps, not without a question."""
    options = scene.client.config / "options-ssl-nginx.conf"
    options.unlink()
    assert scene.refuses()
    scene.emergency("-n", status=1)
    assert not options.exists()
    scene.emergency("stop-gap").says("options-ssl-nginx.conf, which nginx may include, is there again", "nginx accepts its configuration again")
    assert options.exists() and scene.starts()


def test_never_over_what_a_server_can_use(scene):
    """With an intermediate too many, and with a file missing that no server reads."""
    live = scene.client.store.live("a.test")
    chain = (live / "fullchain.pem").read_bytes()
    (live / "fullchain.pem").resolve().write_bytes(chain + chain)
    assert not scene.refuses()
    key = (live / "privkey.pem").read_bytes()
    scene.emergency("stop-gap", status=1).says("no stop-gap is put there", "is valid until")
    assert (live / "privkey.pem").read_bytes() == key and not is_stop_gap(scene) and not scene.refuses()
    (live / "fullchain.pem").resolve().write_bytes(chain)
    (live / "chain.pem").resolve().unlink()
    scene.emergency("stop-gap", status=None)
    assert (live / "privkey.pem").read_bytes() == key and not is_stop_gap(scene) and not scene.refuses()


def test_never_over_what_works(scene):
    before = snapshot(scene.client.config)
    scene.emergency("stop-gap", "--cert-name", "a.test").says("all is well")
    scene.emergency("--yes").says("all is well")
    assert snapshot(scene.client.config) == before
    scene.emergency("stop-gap", "--cert-name", "b.test", status=1).says("No certificate found with name b.test")
    scene.emergency("panic", status=2).says("emergency has no step")


def test_one_that_was_killed_is_repeated(scene):
    """Between setting aside and putting the stop-gap: the names are found where the files went."""
    place = scene.client.config / ".set-aside" / "a.test" / "20261201T000000Z"
    place.mkdir(parents=True)
    shutil.move(scene.client.store.live("a.test"), place / "live")
    (scene.host.root / "sites-available" / "one").write_text("")  # so the server tells nothing
    assert scene.look()["certificates"][0]["names"] == NAMES
    scene.emergency("stop-gap", status=1).says("a.test has a self-signed stop-gap")
    assert is_stop_gap(scene) and names_of(scene.client) == NAMES


def shelf(scene):
    return sorted(path.name for path in (scene.client.area / "shelf").glob("*.tar.gz*"))


def has_archiver(scene):
    if not (Path(scene.client.program).resolve().parent / "evercert-archive").exists():
        pytest.skip("built without libarchive")
    return ["--backup-dir", scene.client.area / "shelf"]


def test_from_a_backup(scene):
    """What was there is kept first; the newest backup that has the certificate is named, and its command restores it."""
    dir = has_archiver(scene)
    path = scene.run("backup", "create", "--json", *dir).json()["path"]
    cert, secret = scene.client.store.cert("a.test"), scene.client.area / "passphrase"
    secret.write_text("a long passphrase\n")
    secret.chmod(0o600)
    sealed = scene.run("backup", "create", "--json", *dir, "--backup-passphrase-file", secret).json()["path"]
    lose_files(scene)
    found = scene.emergency("--json", "look", *dir, status=1).json()
    assert found["certificates"][0]["backup"] == path and sealed in found["unread"][0]
    assert scene.emergency("--json", "look", *dir, "--backup-passphrase-file", secret, status=1).json()["certificates"][0]["backup"] == sealed
    (scene.client.area / "shelf" / Path(sealed).name).unlink()
    command = found["certificates"][0]["commands"][0]
    assert command.startswith(f"evercert backup restore {path} --cert-name a.test")
    said = scene.emergency("stop-gap", *dir, status=1).says("what was there is kept in a backup", "has it whole, with a certificate that is valid until", command)
    assert "or: " + command in said.text and len(shelf(scene)) == 2
    kept = shelf(scene)[-1]
    assert kept.endswith(".emergency.tar.gz")
    # The backup of what was broken is no source; nor is a stop-gap that a backup has.
    scene.run("backup", "create", *dir)
    found = scene.emergency("--json", "look", *dir, status=1).json()
    assert found["certificates"][0]["state"] == "stop-gap" and found["certificates"][0]["backup"] == path
    scene.run(*shlex.split(command)[1:], "--yes", "--no-directory-hooks", status=None)
    assert scene.client.store.cert("a.test") == cert and scene.starts()


def test_no_backup_is_to_be_had(scene):
    """A directory where none can be written: said, and asked; not gone on with unless somebody says so."""
    has_archiver(scene)
    (scene.client.area / "shelf").write_text("a file")
    dir = ["--backup-dir", scene.client.area / "shelf"]
    lose_files(scene)
    before = snapshot(scene.client.config)
    scene.emergency("stop-gap", *dir, status=1).says("no safety backup was made", "so nothing was changed; --yes goes on without")
    scene.emergency("stop-gap", "--force-interactive", *dir, input="n\n", status=1).says("There is no backup of what is there now")
    assert snapshot(scene.client.config) == before
    scene.emergency("stop-gap", "--yes", *dir, status=1).says("no safety backup was made", "a.test has a self-signed stop-gap")
    assert is_stop_gap(scene)


@pytest.mark.parametrize("layout", ["versioned", "certbot"])
def test_an_older_version(make_client, new_ca, layout):
    """It is better than a stop-gap, and needs no CA, so that nobody has to ask; unless it was revoked."""
    client = make_client(new_ca)
    client.certonly(NAMES, "--store-layout", layout)
    old = client.store.cert("a.test")
    client.renew("--force-renewal")
    (client.store.live("a.test") / "privkey.pem").resolve().unlink()
    servers = ["--nginx-server-root", "/nonexistent", "--apache-server-root", "/nonexistent"]
    client.run("emergency", "-n", *servers).says("of its history, which has not expired, is live again", "all is well")
    assert client.store.cert("a.test") == old
    client.store.check(["a.test"])
    trail = client.run("audit", "show", "--json").text
    assert '"version-restored"' in trail and '"emergency-step"' in trail
    client.renew("--force-renewal")
    client.store.check(["a.test"])


def test_asked_before_each_step(scene):
    lose_files(scene)
    said = scene.emergency("--force-interactive", input="y\ny\nn\n", status=1)
    said.says("Repair what has exactly one right answer, and make older versions live", "Put self-signed stop-gaps", "Obtain new certificates from the CA now?",
              "a.test has a self-signed stop-gap", "`evercert emergency --yes` does the rest")
    assert is_stop_gap(scene) and scene.starts()


def test_certbot_replaces_a_stop_gap(make_client, new_ca, certbot_new, trust):
    """In its own layout; it finds nothing strange, and takes it for due."""
    client = make_client(new_ca)
    client.certonly(NAMES, "--store-layout", "certbot")
    client.store.archive("a.test").joinpath("privkey1.pem").unlink()
    client.run("emergency", "--nginx-server-root", "/nonexistent", "--apache-server-root", "/nonexistent", "stop-gap", status=1)
    client.program = certbot_new
    client.run("certificates").says("Certificate Name: a.test", "Identifiers: a.test www.a.test")
    client.run("renew", "--no-random-sleep-on-renew").says("all renewals succeeded")
    client.store.check(["a.test"])
    assert names_of(client) == NAMES
