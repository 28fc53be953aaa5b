"""Orders whose proofs have to be waited for, as with name servers: a plugin that does nothing else plays the wait."""
import re

from fleet import Fleet

PLUGIN = """#!/bin/sh
while IFS= read -r question; do
    case $question in
    *'"request":"describe"'*) echo '{"ok":true,"protocol":1,"name":"slow","description":"Waits","kinds":["authenticator"],"challenges":["dns-01"],"limits":{"wait":%(limit)d}}' ;;
    *'"request":"wait"'*) sleep %(wait)d; echo '{"ok":true}' ;;
    *) echo '{"ok":true}' ;;
    esac
done
"""


def make_waiting(contender, count, wait_s, deployed):
    """`count` lineages that are due, each with a plugin that waits `wait_s` seconds and a hook that adds a line to the file
    `deployed`. Returns their names."""
    plugins = contender.home / "plugins"
    plugins.mkdir()
    (plugins / "slow").write_text(PLUGIN % {"limit": wait_s + 60, "wait": wait_s})
    (plugins / "slow").chmod(0o755)
    fleet = Fleet(contender.config, contender.ca.url, contender.account(), contender.ca.http_port, one_key=True)
    names = fleet.add_many(count, 5, "waits")
    for name in names:
        conf = contender.config / "renewal" / f"{name}.conf"
        text = re.sub("authenticator = .*", f"authenticator = slow\nplugin_dir = {plugins}\n"
                      f"renew_hook = echo $RENEWED_DOMAINS >>{deployed}", conf.read_text())
        conf.write_text(re.sub("http01_port = .*\n", "", text))
    return names
