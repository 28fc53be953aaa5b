"""config show and configure: what is in effect, where it comes from, and changes of the file that leave the rest alone."""
import pytest

pytestmark = pytest.mark.ours


@pytest.fixture
def ini(new_client, area):
    path = area / "settings.ini"
    path.write_text("# mine\njobs = 2 # few\n\nno-reuse-key = true\n")
    return path


def settings(client, *args):
    return {row["name"]: row for row in client.run("config", "show", "--json", *args).json()["settings"]}


def test_origins(new_client, ini):
    shown = settings(new_client, "--config", str(ini), "--email", "a@b.test")
    assert shown["jobs"] == {"name": "jobs", "value": "2", "origin": "file", "file": str(ini), "line": 2}
    assert (shown["email"]["value"], shown["email"]["origin"]) == ("a@b.test", "command-line")
    assert (shown["reuse-key"]["value"], shown["reuse-key"]["line"]) == ("false", 4)
    assert (shown["key-type"]["value"], shown["key-type"]["origin"]) == ("ecdsa", "default")
    text = new_client.run("config", "show", "--config", str(ini), "--eab-kid", "k", "--eab-hmac-key", "c2VjcmV0").out
    head, tail = text.split("Not set:\n")
    assert f"# {ini}, line 2\n" in head and "eab-hmac-key = (secret)" in head and "c2VjcmV0" not in text
    assert "  key-type = ecdsa" in tail
    new_client.run("config", status=2).says("config show")


def test_configure(new_client, ini):
    change = ["configure", "--config", str(ini)]
    ini.chmod(0o640)
    new_client.run(*change, "jobs=4", "reuse-key=true", "deploy-hook=echo a # b").says(f"{ini} was changed")
    assert ini.read_text() == "# mine\njobs = 4\n\nreuse-key = true\ndeploy-hook = \"echo a # b\"\n"
    assert ini.stat().st_mode & 0o7777 == 0o640
    shown = settings(new_client, "--config", str(ini))
    assert [shown[name]["value"] for name in ("jobs", "reuse-key", "deploy-hook")] == ["4", "true", "echo a # b"]
    before = ini.stat().st_ino
    new_client.run(*change, "jobs=4").says("says so already")
    assert ini.stat().st_ino == before
    new_client.run(*change, "jobs=", "deploy-hook=").says("was changed")
    assert ini.read_text() == "# mine\n\nreuse-key = true\n"


@pytest.mark.parametrize("word, why", [
    ("jobs=65", "value must be between 0 and 64"), ("jobz=4", "did you mean jobs?"), ("jobs", "OPTION=VALUE"),
    ("reuse-key=perhaps", "is true or false"), ("eab-hmac-key=x", "by hand"), ("eab-hmac-k=x", "by hand"),
    ("config=/x", "has no meaning"),
])
def test_refused(new_client, ini, word, why):
    before = ini.read_bytes()
    new_client.run("configure", "--config", str(ini), word, status=2).says(why)
    assert ini.read_bytes() == before


def test_asked(new_client, ini):
    said = new_client.run("configure", "--config", str(ini), "--force-interactive", input="a@b.test\n\n\n7\n")
    said.says("An empty answer leaves a setting as it is", "was changed")
    assert ini.read_text().endswith("email = a@b.test\nhistory-keep = 7\n")
    new_client.run("configure", "--config", str(ini), "-n", status=2).says("OPTION=VALUE")
