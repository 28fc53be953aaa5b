"""A network process that lies: stands where evercert-net does, passes everything on to the real one, and changes what it likes.

The file is copied beside a copy of the program under the name evercert-net, and the real one as evercert-net-real. liar.json beside
it says what to do: {"tests": folder of the tests, "lie": name}. It gets no environment and no arguments.
"""
import base64
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

REQUEST, READY, RESPONSE, DONE, FAILED = 2, 64, 65, 66, 67
HEAD = struct.Struct(">IBI")  # length of what follows, type, id


def frame(kind, number, fields=b""):
    return HEAD.pack(5 + len(fields), kind, number) + fields


def put(data):
    return struct.pack(">I", len(data)) + data


class Fields:
    def __init__(self, data):
        self.data = data

    def take(self, size):
        part, self.data = self.data[:size], self.data[size:]
        return part

    def number(self):
        return struct.unpack(">I", self.take(4))[0]

    def bytes(self):
        return self.take(self.number())


def response(fields):
    """(status, url, [(name, value)], body), which is whole: what is larger than a piece is not asked for here"""
    from_ = Fields(fields)
    status, url = from_.number(), from_.bytes()
    headers = [(from_.bytes(), from_.bytes()) for _ in range(from_.number())]
    return status, url, headers, from_.bytes()


def put_response(status, url, headers, body):
    return (struct.pack(">I", status) + put(url) + struct.pack(">I", len(headers))
            + b"".join(put(name) + put(value) for name, value in headers) + put(body) + b"\0")


class Liar:
    """What comes up from the real one passes answer(), which returns the frames that go on."""

    def __init__(self, up, down):
        self.up, self.down = up, down
        self.asked, self.csr = {}, None

    def question(self, kind, number, fields):
        if kind != REQUEST:
            return
        from_ = Fields(fields[1:])
        url, _, accept, body = from_.bytes(), from_.bytes(), from_.bytes(), from_.bytes()
        self.asked[number] = accept
        if b"/finalize-order/" in url:
            payload = json.loads(body)["payload"]
            text = json.loads(base64.urlsafe_b64decode(payload + "==="))["csr"]
            from cryptography import x509
            self.csr = x509.load_der_x509_csr(base64.urlsafe_b64decode(text + "==="))

    def is_certificate(self, kind, number):
        return kind == RESPONSE and self.asked.get(number) == b"application/pem-certificate-chain"

    def answer(self, kind, number, fields):
        return [frame(kind, number, fields)]


class Forging(Liar):
    """Another certificate in the place of the CA's."""

    row = None

    def answer(self, kind, number, fields):
        if self.is_certificate(kind, number):
            from peers.forger import REFUSED, Forger
            status, url, headers, body = response(fields)
            fields = put_response(status, url, headers, REFUSED[self.row][0](Forger(), self.csr, body))
        return super().answer(kind, number, fields)


class Breaking(Liar):
    """A message that must not come, in the place of the certificate."""

    def answer(self, kind, number, fields):
        if not self.is_certificate(kind, number):
            return super().answer(kind, number, fields)
        return getattr(self, self.lie)(number, fields)

    def garbage(self, number, fields):
        return [b"\xff" * 64]

    def huge(self, number, fields):
        return [HEAD.pack(0xffffffff, RESPONSE, number)]

    def larger_than_asked(self, number, fields):
        status, url, headers, body = response(fields)
        return [frame(RESPONSE, number, put_response(status, url, headers, body + b" " * (1 << 20)))]

    def another_type(self, number, fields):
        return [frame(DONE, number)]

    def unknown_type(self, number, fields):
        return [frame(200, number, fields)]

    def a_question(self, number, fields):
        return [frame(REQUEST, number, fields)]

    def another_id(self, number, fields):
        return [frame(RESPONSE, number + 1000, fields)]

    def twice(self, number, fields):
        return [frame(RESPONSE, number, fields.replace(b"-----BEGIN", b"-----begin")), frame(RESPONSE, number, fields)]

    def cut_fields(self, number, fields):
        return [frame(RESPONSE, number, fields[:-1])]

    def more_fields(self, number, fields):
        return [frame(RESPONSE, number, fields + b"x")]

    def too_many_headers(self, number, fields):
        status, url, headers, body = response(fields)
        return [frame(RESPONSE, number, put_response(status, url, [(b"a", b"b")] * 100_000, body))]

    def a_nul_in_a_header(self, number, fields):
        status, url, headers, body = response(fields)
        return [frame(RESPONSE, number, put_response(status, url, [(b"date", b"a\0b")], body))]

    def rude_words(self, number, fields):
        return [frame(FAILED, number, b"\0" + put(b"\x1b]0;gone\x07 words\nof more lines") + put(b"\x1b[2Jrun rm -rf /"))]

    def gone(self, number, fields):
        os._exit(7)


def make(lie, up, down):
    from peers.forger import REFUSED
    liar = (Forging if lie in REFUSED else Breaking)(up, down)
    liar.row = liar.lie = lie
    return liar


def frames(stream):
    """Takes whole frames off a stream: (type, id, fields), and how many bytes they were."""
    while len(stream) >= 4 and len(stream) >= 4 + struct.unpack(">I", stream[:4])[0]:
        size = 4 + struct.unpack(">I", stream[:4])[0]
        _, kind, number = HEAD.unpack(stream[:HEAD.size])
        yield kind, number, bytes(stream[HEAD.size:size])
        del stream[:size]


def questions(liar):
    """From the program to the real network process, with the descriptors that travel along."""
    stream = bytearray()
    while True:
        data, fds, _, _ = socket.recv_fds(liar.up, 65536, 8)
        if not data:
            break
        stream += data
        for each in frames(stream):
            liar.question(*each)
        if fds:
            socket.send_fds(liar.down, [data], fds)
            for fd in fds:
                os.close(fd)
        else:
            liar.down.sendall(data)
    liar.down.shutdown(socket.SHUT_WR)


def answers(liar):
    stream = bytearray()
    while True:
        data = liar.down.recv(65536)
        if not data:
            break
        stream += data
        for each in frames(stream):
            for said in liar.answer(*each):
                liar.up.sendall(said)


def main():
    here = Path(__file__).resolve().parent
    setup = json.loads((here / "liar.json").read_text())
    sys.path.insert(0, setup["tests"])
    sys.dont_write_bytecode = True
    up = socket.socket(fileno=3)
    down, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    os.set_inheritable(theirs.fileno(), True)
    command = f'exec 3<&{theirs.fileno()} {theirs.fileno()}<&-; exec "$0"'
    real = subprocess.Popen(["/bin/bash", "-c", command, str(here / "evercert-net-real")], pass_fds=[theirs.fileno()])
    theirs.close()
    liar = make(setup["lie"], up, down)
    asking = threading.Thread(target=questions, args=(liar,), daemon=True)
    asking.start()
    try:
        answers(liar)
    except OSError:
        pass  # the program has had enough
    up.close()
    down.close()
    real.wait()


if __name__ == "__main__":
    main()
