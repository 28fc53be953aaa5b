"""Certbot's own parser, asked for hundreds of command lines in one process.

Run by Certbot's interpreter, never imported by the tests. First line of output: {"version", "options"}. Then for each line
of standard input, a command line as a JSON array of words, one JSON object with the keys that our own build program's
`generate parse` has: exit, message, verb, saved, webroot_map. It stops where Certbot would begin to act.
"""
import contextlib
import inspect
import io
import json
import os
import re
import sys

from certbot import configuration, errors
from certbot._internal import cli, storage
from certbot._internal.plugins import disco, selection

try:
    from certbot import __version__ as VERSION
except ImportError:
    VERSION = "0"


def text(value):
    """Newer Certbots have classes for names and addresses."""
    return str(getattr(value, "dns_name", None) or getattr(value, "ip_address", None) or value)


def texts(value):
    return [text(v) for v in value] if isinstance(value, (list, tuple)) else [text(value)]


def saved_of(config, namespace):
    """What Certbot would write into the renewal file, had it chosen the plugins that were asked for."""
    takes_config = "config" in inspect.signature(storage.relevant_values).parameters
    values = storage.relevant_values(config if takes_config else namespace.__dict__)
    roots = values.pop("webroot_map", None) or {}
    if "renew_hook" not in values and values.get("deploy_hook") is not None:
        values["renew_hook"] = values.pop("deploy_hook")
    return {k: texts(v) for k, v in values.items() if v is not None}, {text(k): texts(v) for k, v in roots.items()}


def parse(plugins, words):
    cli.helpful_parser = None
    if hasattr(cli, "set_by_cli"):
        cli.set_by_cli.detector = None
    parsed = cli.prepare_and_parse_args(plugins, words)
    config = parsed if isinstance(parsed, configuration.NamespaceConfig) else configuration.NamespaceConfig(parsed)
    namespace = config.namespace
    authenticator, installer = selection.cli_plugin_requests(config)
    config.authenticator, config.installer = authenticator or None, installer or None
    saved, roots = saved_of(config, namespace)
    if authenticator in ("webroot", None) and config.webroot_path:  # what the plugin itself adds when it is asked to act
        for name in config.domains:
            roots.setdefault(text(name), texts(config.webroot_path[-1]))
    return {"exit": 0, "message": None, "verb": config.verb, "saved": saved, "webroot_map": roots}


def refusal(status, message):
    return {"exit": status, "message": message}


def answer(plugins, words):
    out, err = io.StringIO(), io.StringIO()
    path = os.environ["PATH"]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            return parse(plugins, words)
    except SystemExit as end:
        found = re.search(r"^certbot: error: (.*)", err.getvalue(), re.M | re.S)
        return dict(refusal(end.code or 0, found[1].strip() if found else None), printed=out.getvalue())
    except errors.Error as problem:
        return refusal(1, str(problem))
    except Exception as problem:  # Certbot's "An unexpected error occurred"
        return dict(refusal(1, f"{type(problem).__name__}: {problem}"), unexpected=True)
    finally:
        os.environ["PATH"] = path  # looking for hooks lengthens it


def option_names(plugins):
    with contextlib.redirect_stdout(io.StringIO()):
        cli.prepare_and_parse_args(plugins, ["certificates"])
    return sorted({name for action in cli.helpful_parser.parser._actions for name in action.option_strings})


def main():
    plugins = disco.PluginsRegistry.find_all()
    print(json.dumps({"version": VERSION, "options": option_names(plugins)}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(plugins, json.loads(line))), flush=True)


main()
