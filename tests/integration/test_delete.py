"""Deleting: what was cut short is finished, and what servers still use is kept."""

import pytest
from test_doctor import NAME, linked, make_store, store  # noqa: F401 (fixtures)

pytestmark = pytest.mark.ours


def cut_short(client):
    """A deletion that was killed when half of the files were gone."""
    gone = client.config / "renewal" / f".{NAME}.conf.gone"
    client.store.renewal(NAME).rename(gone)
    client.store.live(NAME, "cert").unlink()
    return gone


@pytest.mark.parametrize("how", ["delete", "renew", "renew by the name certbot"])
def test_a_deletion_cut_short_is_finished_by(store, how, second_name):
    cut_short(store)
    if how == "delete":
        store.run("delete", "-n", "--cert-name", NAME).says("Deleted all files")
    else:
        store.program = second_name if "certbot" in how else store.program
        store.renew().says(f"Finished the deletion of {NAME}, which had been interrupted.")
    store.store.check([])
    assert not list((store.config / "archive").iterdir()) and not list(store.config.rglob(".*.gone"))


def test_a_deletion_cut_short_is_not_finished_where_others_use_the_files(linked):
    gone = cut_short(linked)
    text = gone.read_text()
    (linked.config / "renewal" / "other.conf").write_text(text)
    linked.renew(status=None)
    assert gone.exists() and (linked.config / "archive" / NAME / "privkey2.pem").exists()


@pytest.mark.parametrize("by", ["--cert-name", "--cert-path"])
def test_a_revocation_with_deletion_cut_short(store, by):
    """Killed at the first file: said again, it is done; before that, what the CA has revoked already is revoked."""
    path = store.store.live(NAME, "cert")
    command = ["revoke", "-n", by, NAME if by == "--cert-name" else path, "--delete-after-revoke"]
    store.run(*command[:-1], "--no-delete-after-revoke")
    store.run(*command[:-1], "--no-delete-after-revoke").says("revoked this certificate already", "Congratulations!")
    text = store.store.renewal(NAME).read_text()
    gone = cut_short(store)
    store.run(*command, status=1).says("was not revoked before", f"delete --cert-name {NAME}")  # nobody can know of it
    gone.write_text("evercert_revoked = True\n" + text)
    store.run(*command).says(f"Deleted all files relating to certificate {NAME}.", "successfully revoked")
    store.store.check([])

def test_delete_refuses_while_a_server_names_the_files(store):
    nginx = store.area / "nginx"
    (nginx / "sites-enabled").mkdir(parents=True)
    site = nginx / "sites-enabled" / "site"
    site.write_text(f"server {{\n  ssl_certificate {store.store.live(NAME, 'fullchain')};\n"
                    f"  ssl_certificate_key {store.store.live(NAME, 'privkey')};\n}}\n")
    refused = store.run("delete", "-n", "--cert-name", NAME, "--server-config-dir", nginx, status=1)
    refused.says(f"{NAME} is not deleted", f"{site}:2", f"{site}:3", "--force")
    store.store.check([NAME])
    store.run("delete", "-n", "--cert-name", NAME, "--server-config-dir", nginx, "--force").says("Deleted all files")


@pytest.mark.parametrize("key", ["nginx_server_root", "apache_server_root", "apache_vhost_root"])
def test_delete_looks_where_it_was_installed(store, key):
    """As Debian has it: sites-enabled holds links, and the file that they lead to is told once."""
    root = store.area / "own-root"
    for name in "sites-available", "sites-enabled":
        (root / name).mkdir(parents=True)
    site = root / "sites-available" / "site-le-ssl.conf"
    site.write_text(f"<VirtualHost *:443>\nSSLCertificateFile {store.store.live(NAME, 'fullchain')}\n</VirtualHost>\n")
    (root / "sites-enabled" / site.name).symlink_to(f"../sites-available/{site.name}")
    conf = store.store.renewal(NAME)
    text = conf.read_text()
    assert "[renewalparams]\n" in text
    conf.write_text(text.replace("[renewalparams]\n", f"[renewalparams]\n{key} = {root}\n"))
    refused = store.run("delete", "-n", "--cert-name", NAME, status=1)
    refused.says(f"{NAME} is not deleted", "site-le-ssl.conf:2", "install another certificate")
    assert refused.err.count("site-le-ssl.conf") == 1
    site.unlink()
    store.run("delete", "-n", "--cert-name", NAME).says("Deleted all files")
    store.store.check([])


def test_delete_asks_no_more_when_nothing_names_the_files(store):
    nginx = store.area / "nginx"
    nginx.mkdir()
    (nginx / "nginx.conf").write_text(f"# {store.store.live(NAME, 'fullchain')}\n"
                                      f"ssl_certificate {store.store.live(NAME)}.org/fullchain.pem;\n")
    store.run("delete", "-n", "--cert-name", NAME, "--server-config-dir", nginx)
    store.store.check([])


def test_delete_by_the_name_certbot_does_as_certbot(new_client, second_name):
    client = make_store(new_client, "certbot")
    nginx = client.area / "nginx"
    nginx.mkdir()
    (nginx / "nginx.conf").write_text(f"ssl_certificate {client.store.live(NAME, 'fullchain')};\n")
    client.program = second_name
    client.run("delete", "-n", "--cert-name", NAME, "--server-config-dir", nginx)
    client.store.check([])


def test_force_is_for_delete_alone(new_client, second_name):
    """Nobody is to think that it forces a renewal; to Certbot it is the beginning of two options."""
    new_client.run("renew", "--force", status=2).says("ambiguous option: --force could match --force-interactive")
    new_client.program = second_name
    new_client.run("delete", "-n", "--cert-name", NAME, "--force", status=2).says("ambiguous option: --force could match")
