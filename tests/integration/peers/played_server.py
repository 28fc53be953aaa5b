#!/usr/bin/python3
"""An installer of version 2 that plays a web server in the folder of --played-root.

sites.json is its configuration: names and the path of each certificate. running.json is what it serves: names and the digest
of the file that was there at the last reload. before.json is there while a change is under way, and holds what to go back to.
log has a line for each step. A line "STEP ACTION" in the file trouble makes that step fail, kill Evercert (`kill`), wait until
the file go is there (`wait`), or blame the lineage that the action names (`blame:NAME`).
"""
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

root = None


class Refused(Exception):
    def __init__(self, text, blamed=None):
        super().__init__(text)
        self.blamed = blamed


def read(name):
    return json.loads((root / name).read_text()) if (root / name).exists() else {}


def write(name, value):
    part = root / (name + ".part")
    part.write_text(json.dumps(value, sort_keys=True))
    os.replace(part, root / name)


def log(line):
    with open(root / "log", "a") as file:
        file.write(line + "\n")


def step(name, lineages=()):
    log(name)
    trouble = dict(line.split() for line in (root / "trouble").read_text().splitlines()) if (root / "trouble").exists() else {}
    action = trouble.get(name)
    if action == "kill":
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)
    if action == "wait":
        while not (root / "go").exists():
            time.sleep(0.02)
    if action == "fail":
        raise Refused(f"{name} failed")
    if action and action.startswith("blame:") and action[6:] in lineages:
        raise Refused(f"{name} failed", action[6:])


def serve():
    write("running.json", {name: hashlib.sha256(Path(path).read_bytes()).hexdigest() for name, path in read("sites.json").items()})


def undo():
    if (root / "before.json").exists():
        write("sites.json", read("before.json"))
        serve()
        (root / "before.json").unlink()


def recover(question):
    if (root / "before.json").exists():
        undo()
        log("recovered")


def change(deployments, lineages):
    before = read("sites.json")
    after = dict(before)
    for deployment in deployments:
        for enhancement in deployment["enhancements"]:
            log(f"{enhancement} {' '.join(deployment['names'])}")
        if not deployment["in_use"]:
            path = deployment["certificates"][0]["fullchain_path"]
            after.update({name: path for name in deployment["names"]})
    if after != before:
        write("before.json", before)
        step("record")
        write("sites.json", dict(list(after.items())[:len(after) // 2]))
        step("write")
        write("sites.json", after)
        step("test-after", lineages)
    step("reload")
    serve()
    step("compare", lineages)


def install(question):
    deployments = question["deployments"]
    lineages = [deployment.get("lineage") for deployment in deployments]
    log("install " + " ".join(map(str, lineages)))
    try:
        step("test-before")
        change(deployments, lineages)
    except Refused as refusal:
        undo()
        answer = {"ok": False, "error": str(refusal)}
        if refusal.blamed:
            answer["results"] = [{"ok": name != refusal.blamed, "error": f"{refusal} for {name}"} for name in lineages]
        return answer
    (root / "before.json").unlink(missing_ok=True)


def rollback(question):
    log(f"rollback {question['checkpoints']}")


def describe(question):
    return {"ok": True, "protocol": 1, "protocols": [1, 2], "name": "played", "description": "of a test", "kinds": ["installer"],
            "enhancements": ["hsts"], "options": [{"name": "root", "help": "its folder", "required": True}]}


for line in sys.stdin:
    asked = json.loads(line)
    root = Path(asked.get("options", {}).get("root", "/nonexistent"))
    print(json.dumps(globals()[asked["request"]](asked) or {"ok": True}), flush=True)
