"""Completions are asked of the shells themselves, as a person would with the Tab key."""
import json
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

pytestmark = [pytest.mark.ours, pytest.mark.any_compiler]

BASH = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
function=$(complete -p "$1" | sed 's/.*-F \([^ ]*\).*/\1/')
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""

CASES = [  # the line, what must be offered, what must not
    (["evercert", ""], {"certonly", "renew", "certificates", "show_account"}, {"--domain", "rsa"}),
    (["evercert", "cert"], {"certonly", "certificates"}, {"renew"}),
    (["evercert", "renew", "--no-"], {"--no-autorenew", "--no-directory-hooks"}, {"--no-hsts", "--no-self-upgrade", "--domain"}),
    (["evercert", "--key-type", ""], {"rsa", "ecdsa"}, {"certonly", "secp256r1"}),
    (["evercert", "certonly", "--key-type", "r"], {"rsa"}, {"ecdsa"}),
    (["evercert", "revoke", "--reason", "key"], {"keycompromise"}, {"unspecified"}),
    (["evercert", "certonly", "--csr", "my"], {"my.csr"}, {"other"}),
    (["evercert", "certonly", "--pre-hook", ""], set(), {"certonly", "rsa"}),
    (["evercert", "history", ""], {"restore", "prune"}, {"certonly", "convert"}),
    (["evercert", "history", "re"], {"restore"}, {"renew", "prune"}),
    (["evercert", "backup", ""], {"create", "list", "verify", "restore"}, {"certonly", "convert"}),
    (["evercert", "store", ""], {"convert"}, {"certonly", "restore"}),
    (["evercert", "history", "restore", ""], set(), {"restore", "prune"}),
    (["evercert", "certonly", ""], set(), {"restore", "convert"}),
    (["evercert", "store", "convert", "--lay"], {"--layout"}, {"convert"}),
]


@pytest.fixture
def script(request, area):
    """script(shell, name): the path of the completion script for that shell."""
    generate = request.config.program.resolve().parent / "src" / "cmd" / "generate"
    if not generate.exists():
        pytest.skip("needs a build tree: the program `generate` is not installed")

    def write(shell, name="evercert"):
        if not shutil.which(shell):
            pytest.skip(f"no {shell} here")
        path = area / {"bash": name, "zsh": f"_{name}", "fish": f"{name}.fish"}[shell]
        path.write_bytes(subprocess.run([generate, shell, name], stdout=subprocess.PIPE, check=True).stdout)
        (area / "my.csr").write_text("")
        (area / "other").write_text("")
        return path

    return write


def offered_by_bash(path, words):
    done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", str(path), *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, cwd=path.parent, check=True)
    assert done.stderr == ""
    return set(done.stdout.split())


def offered_by_fish(path, words):
    line = " ".join(words)
    done = subprocess.run(["fish", "--no-config", "-c", f"source {path}; complete -C {json.dumps(line)}"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=path.parent,
                          env={**os.environ, "HOME": str(path.parent), "XDG_CONFIG_HOME": str(path.parent)})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


class Zsh:
    """A zsh on a terminal: completion in zsh exists only where somebody could press Tab."""

    def __init__(self, folder):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb"})
        self.pid = pid

    def type(self, text, until, seconds=20):
        os.write(self.fd, text.encode())
        seen, end = "", time.monotonic() + seconds
        while until not in seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            assert ready, f"zsh said only {seen!r}"
            seen += os.read(self.fd, 65536).decode(errors="replace")
        return seen

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


ZSH = r"""
PS1=; LISTMAX=100000; zstyle ':completion:*' verbose no
fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D
mark() {{ zle -I; print list-ends-here }}
zle -N mark; bindkey '^Y' mark; bindkey '^T' list-choices
print now-ready
"""


def offered_by_zsh(path, words):
    (path.parent / "setup").write_text(ZSH.format(folder=path.parent))
    zsh = Zsh(path.parent)
    try:
        zsh.type("source ./setup\n", "now-ready")
        said = zsh.type(" ".join(words) + "\x14\x19", "list-ends-here")
    finally:
        zsh.close()
    return set(said.partition("\n")[2].split()) - {*words, "list-ends-here"}  # the line itself is drawn again


@pytest.mark.parametrize("shell, offered", [("bash", offered_by_bash), ("zsh", offered_by_zsh), ("fish", offered_by_fish)])
def test_offers(script, shell, offered):
    path = script(shell)
    for words, wanted, unwanted in CASES:
        got = offered(path, words)
        assert wanted <= got, f"{shell}: {words}: {sorted(got)[:40]}"
        assert not unwanted & got, f"{shell}: {words}: {sorted(got)[:40]}"


def test_another_name(script):
    """For the link named certbot."""
    assert "certonly" in offered_by_bash(script("bash", "certbot"), ["certbot", "certo"])
