"""Habits of CAs: what they leave out of their answers or write in their own way, one row each.

A row is the path of the answers that it changes and what it does with one, as a dict in place.
"""
import json

DIRECTORY, ACCOUNT, ORDER, AUTHZ = "/dir", "/sign-me-up", ("/order-plz", "/my-order/", "/finalize-order/"), "/authZ/"


def put(path, *keys, value):
    """Each member named gets that value; "outer.inner" is a member of a member."""
    def change(answer):
        for key in keys:
            target, names = answer, key.split(".")
            for name in names[:-1]:
                target = target[name]
            target[names[-1]] = value
    return path, change


def order(change, *when):
    """Only orders of that status."""
    def maybe(answer):
        if answer.get("status") in when:
            change(answer)
    return ORDER, maybe


def challenges(change, unused=False):
    def each(answer):
        for challenge in answer.get("challenges", []):
            if not unused or challenge["type"] != "http-01":
                change(challenge)
    return AUTHZ, each


HABITS = {
    "optional members of the directory": put(DIRECTORY, "renewalInfo", "keyChange", "newAuthz", value=""),
    "meta of other kinds": put(DIRECTORY, "meta.caaIdentities", "meta.externalAccountRequired", value="ca.example"),
    "profiles as a list": put(DIRECTORY, "meta.profiles", value=["default"]),
    "an account's members": put(ACCOUNT, "contact", "orders", "status", value=""),
    "no expires": put(ORDER, "expires", value=""),
    "expires in another form": put(ORDER, "expires", value="2037-01-30 20:33:39"),
    "expires of an authorization": put(AUTHZ, "expires", value="2037-01-30T20:33:39"),
    "no finalize once valid": order(lambda answer: answer.pop("finalize"), "valid"),
    "no authorizations once ready": order(lambda answer: answer.update(authorizations=None, replaces=""), "ready", "processing", "valid"),
    "certificate before valid": order(lambda answer: answer.update(certificate=""), "pending", "ready", "processing"),
    "challenges without status": challenges(lambda challenge: challenge.pop("status", None)),
    "others' challenges without url": challenges(lambda challenge: challenge.pop("url"), unused=True),
    "others' challenges without token": challenges(lambda challenge: challenge.update(token="a.b:c=="), unused=True),
}
DOUBLED = "a member twice"  # which no dict can hold


def rewrite(name):
    """For Recorder.rewrite."""
    paths, change = HABITS.get(name, (DIRECTORY, lambda answer: None))

    def rewritten(request, body):
        if not request.path.startswith(paths) or request.status >= 300 or not body:
            return body
        answer = json.loads(body)
        change(answer)
        body = json.dumps(answer).encode()
        return body.replace(b'"newNonce"', b'"newNonce": "https://wrong.test/", "newNonce"') if name == DOUBLED else body
    return rewritten
