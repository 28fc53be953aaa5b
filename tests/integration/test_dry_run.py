"""--dry-run keeps nothing: each subcommand, by both names, on a store that asks for every kind of change."""
import os
import re
import shutil

import pytest

pytestmark = pytest.mark.ours

# What each subcommand is given besides --dry-run; every one that there is has a row.
REFUSED = "--dry-run currently only works with the 'certonly' or 'renew' subcommands"
CONFLICT = "--server value conflicts with --staging"  # so does Certbot say it, after the option has counted as --staging
MORE_SETTINGS = ["--post-hook", "true", "--deploy-hook", "true", "--key-type", "rsa", "--key-mode", "640", "--run-deploy-hooks"]
ROWS = {
    "run": [(["--standalone", "-d", "x.test"], REFUSED)],
    "certonly": [
        (["--standalone", "-d", "new.test"], "The dry run was successful."),
        (["--standalone", "--cert-name", "whole.test", *MORE_SETTINGS], "The dry run was successful."),
        (["--standalone", "--cert-name", "waits.test"], "The dry run was successful."),
        (["--standalone", "--cert-name", "moved.test"], "The dry run was successful."),
        (["--standalone", "-d", "whole.test", "-d", "more.test", "--expand"], "The dry run was successful."),
        (["--standalone", "-d", "recorded.test"], "The dry run was successful."),
    ],
    "renew": [
        (["--cert-name", "whole.test", *MORE_SETTINGS], "all simulated renewals succeeded"),
        (["--cert-name", "waits.test"], "all simulated renewals succeeded"),
        ([], "broken.test.conf (parsefail)"),
    ],
    "certificates": [([], REFUSED)],
    "revoke": [(["--cert-name", "whole.test"], REFUSED)],
    "delete": [(["--cert-name", "whole.test"], REFUSED)],
    "doctor": [(["--fix"], REFUSED)],
    "reconfigure": [
        (["--cert-name", "whole.test", *MORE_SETTINGS], {"evercert": "Nothing was changed", "certbot": CONFLICT}),
        (["--cert-name", "whole.test", "--cert-group", "0"], {"evercert": "Nothing was changed", "certbot": CONFLICT}),
        (["--cert-name", "moved.test", "--pre-hook", "true"], {"evercert": "Nothing was changed", "certbot": CONFLICT}),
        (["--cert-name", "waits.test", "--pre-hook", "true"], {"evercert": "Nothing was changed", "certbot": CONFLICT}),
    ],
    "install": [(["--cert-name", "whole.test"], REFUSED)],
    "enhance": [(["--cert-name", "whole.test", "--redirect"], REFUSED)],
    "rollback": [([], REFUSED)],
    "register": [([], REFUSED)],
    "update_account": [(["-m", "a@b.test"], REFUSED)],
    "unregister": [([], REFUSED)],
    "show_account": [([], REFUSED)],
    "plugins": [([], REFUSED)],
    "preflight": [(["-d", "whole.test"], REFUSED)],
    "caa": [(["-d", "whole.test"], REFUSED)],
    "ip": [([], REFUSED)],
    "dns": [(["test", "cloudflare", "-d", "whole.test"], REFUSED)],
    "notify": [(["test"], REFUSED)],
    "ct": [([], REFUSED)],
    "watch": [(["127.0.0.1:1"], REFUSED)],
    "status": [([], REFUSED)],
    "audit": [(["show"], REFUSED), (["verify"], REFUSED)],
    "config": [(["show"], REFUSED)],
    "configure": [(["jobs=1"], REFUSED)],
    "schedule": [(["status"], REFUSED)],
    "daemon": [([], REFUSED)],
    "emergency": [([], "Nothing was changed"), (["stop-gap"], "Nothing was changed")],
    "incident": [(["collect"], "Nothing was changed"), (["key-compromise", "--cert-name", "whole.test"], "Nothing was changed")],
    "setup": [(["--yes"], REFUSED)],
    "history": [(["restore", "whole.test", "1"], REFUSED), (["prune", "--history-keep", "1"], REFUSED)],
    "backup": [(["create"], "there is no dry run of backup create"), (["restore", "/nowhere"], "cannot read /nowhere")],
    "store": [(["convert", "--layout", "versioned"], "Would convert whole.test"), (["convert", "--layout", "certbot"], "whole.test")],
}


def tree(folder):
    """Every path with what it is: kind, mode, owner, and for files the very inode and its bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        st = path.lstat()
        what = (oct(st.st_mode), st.st_uid, st.st_gid)
        if path.is_symlink():
            what += (os.readlink(path),)
        elif path.is_file():
            what += (st.st_ino, st.st_mtime_ns, path.read_bytes())
        found[str(path.relative_to(folder))] = what
    return found


def interrupt_deployment(store, name):
    """As if the last renewal had been stopped after its files were written, before the links were changed."""
    for kind in ("cert", "chain", "fullchain", "privkey"):
        link = store.live(name, kind)
        link.unlink()
        link.symlink_to(f"../../archive/{name}/{kind}1.pem")


@pytest.fixture(scope="module")
def full_store(tmp_path_factory, request, start_pebble, trust):
    """A store in which there is something to change for every command, made once."""
    from client import Client
    folder = tmp_path_factory.mktemp("dry")
    client = Client(request.config.program, folder, trust, start_pebble("new"))
    for name in ("whole.test", "waits.test", "broken.test", "recorded.test"):
        client.certonly([name], "--store-layout", "certbot")
    for name in ("whole.test", "waits.test"):
        client.renew("--force-renewal", "--cert-name", name)
    interrupt_deployment(client.store, "waits.test")
    client.certonly(["moved.test"], "--store-layout", "versioned")
    client.renew("--force-renewal", "--cert-name", "moved.test")
    superseded, _ = client.store.version_dirs("moved.test")
    superseded.rename(superseded.with_name(f".{superseded.name}.gone"))  # about to be removed
    live = client.store.live("broken.test", "cert")
    target = live.resolve()
    live.unlink()
    shutil.copy(target, live)  # doctor --fix and renew make a link of it again
    record = client.config / "pending" / "recorded.test"
    record.mkdir(parents=True)
    (record / "order.txt").write_text("order: https://ca.test/order/1\n")
    (client.config / "renewal" / "whole.test.conf").open("a").write("# a line of the user's\n")
    return client


@pytest.mark.parametrize("name", ["evercert", "certbot"])
@pytest.mark.parametrize("verb", sorted(ROWS))
def test_nothing_is_kept(full_store, second_name, request, verb, name):
    client = full_store
    client.program = second_name if name == "certbot" else request.config.program
    before = tree(client.config)
    for args, words in ROWS[verb]:
        words = words[name] if isinstance(words, dict) else words
        said = client.run(verb, "--dry-run", "-n", "--agree-tos", *args, status=None)
        said.says(words)
        after = tree(client.config)
        assert after == before, f"{said}\nchanged: {sorted(k for k in {*after, *before} if after.get(k) != before.get(k))}"


def test_every_subcommand_has_a_row(full_store):
    listed = full_store.run("--help", raw=True).out.split("Subcommands:")[1].split("Most used options:")[0]
    assert set(re.findall(r"^  (\w+)", listed, re.M)) == set(ROWS)


def test_a_new_account_is_all_that_a_dry_run_leaves(new_client):
    new_client.run("certificates")
    before = tree(new_client.config)
    new_client.certonly(["first.test"], "--dry-run").says("The dry run was successful.")
    changed = {path for path, what in tree(new_client.config).items() if before.get(path) != what}
    assert changed and all(path.startswith(("accounts", "renewal", ".evercert.lock")) for path in changed), changed
    assert new_client.store.lineages() == []


def test_reconfigure_from_cli_ini(full_store, request):
    """As a line of cli.ini, too, and with the lineage's own server known from its renewal file alone."""
    full_store.program = request.config.program
    before = tree(full_store.config)
    ini = full_store.area / "dry.ini"
    ini.write_text(f"dry-run = true\nhttp-01-port = {full_store.http_port}\n")
    argv = ["reconfigure", "-c", ini, "--config-dir", full_store.config, "--work-dir", full_store.work, "--logs-dir", full_store.logs,
            "-n", "--cert-name", "whole.test", "--pre-hook", "true"]
    full_store.run(*argv, raw=True).says("Nothing was changed")
    assert tree(full_store.config) == before
