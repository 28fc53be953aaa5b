"""Nothing that the network process says is believed: one that lies changes no byte of what is there (docs/privilege-separation.md)."""
import json
import shutil
import stat
from pathlib import Path

import pytest
from peers.forger import REFUSED
from test_gate import NAME, certonly, tree

pytestmark = pytest.mark.ours

HERE = Path(__file__).resolve().parent

# What it does instead of handing the certificate on, and what is said of it.
BROKEN = {
    "garbage": "network process",
    "huge": "network process",
    "larger_than_asked": "network process",
    "another_type": "network process",
    "unknown_type": "network process",
    "a_question": "network process",
    "another_id": "network process",
    "twice": "no beginning",
    "cut_fields": "network process",
    "more_fields": "network process",
    "too_many_headers": "network process",
    "a_nul_in_a_header": "network process",
    "rude_words": "words",
    "gone": "the network process",
}


@pytest.fixture
def place(request, area):
    """A copy of the program, whose network process is a liar."""
    program = request.config.program.resolve()
    folder = area / "bin"
    folder.mkdir()
    shutil.copy(program, folder / "evercert")
    shutil.copy(program.parent / "evercert-net", folder / "evercert-net-real")
    liar = folder / "evercert-net"
    liar.write_text("#!/usr/bin/python3 -B\n" + (HERE / "peers" / "liar.py").read_text())
    liar.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(path.stat().st_mode | stat.S_IROTH | stat.S_IXOTH)
    return folder


@pytest.mark.slow
def test_a_network_process_that_lies(make_client, new_ca, place):
    client = make_client(new_ca)
    honest = client.program
    client.run(*certonly("--agree-tos", "--register-unsafely-without-email"))
    before = tree(client.config / "live"), tree(client.config / "archive"), tree(client.config / "renewal")
    for lie, words in [*((lie, row[1]) for lie, row in REFUSED.items()), *BROKEN.items()]:
        (place / "liar.json").write_text(json.dumps({"tests": str(HERE), "lie": lie}))
        client.program = place / "evercert"
        failed = client.run("renew", "--force-renewal", status=1)
        shutil.rmtree(client.config / "pending", ignore_errors=True)
        try:
            failed.says(words)
            assert "\x1b" not in failed.text
            assert (tree(client.config / "live"), tree(client.config / "archive"), tree(client.config / "renewal")) == before
        except AssertionError as err:
            raise AssertionError(f"{lie}: {err}\n{failed}") from None
    client.program = honest
    client.renew("--force-renewal")
    client.store.check([NAME], lock_may_stay=True)
