"""Stands before a name server and lets its answers come late, cut, wrong or not at all.

    relay = DnsRelay(bind.port)
    relay.delay = 2             # seconds before each answer
    relay.drop = 3              # so many questions by UDP go unanswered; True: all
    relay.truncate = True       # answers by UDP are cut, so that one has to ask by TCP
    relay.rcode = "SERVFAIL"    # instead of what the server says
    relay.lame = True           # what it says is not authoritative, and nothing
    relay.refuse_tcp = True     # connections are closed at once
    relay.edit = function       # gets question and answer as bytes, returns the answer, or None for none

All may be changed while it runs. `seen` holds the questions, as dnspython has them, `raw` their bytes and ways.
"""
import socket
import struct
import threading
import time

import dns.flags
import dns.message
import dns.rcode

from .ports import free_port


def parse(wire):
    """A message as dnspython has it, without its signature, whose key is not known here."""
    try:
        return dns.message.from_wire(wire)
    except dns.message.UnknownTSIGKey:
        others = struct.unpack("!H", wire[10:12])[0] - 1
        return dns.message.from_wire(wire[:10] + struct.pack("!H", others) + wire[12:], ignore_trailing=True)


class DnsRelay:
    def __init__(self, to_port, *, port=None, address="127.0.0.1", to_address="127.0.0.1"):
        self.to, self.address, self.port = (to_address, to_port), address, port or free_port()
        self.delay, self.drop, self.truncate, self.rcode = 0, 0, False, None
        self.lame, self.refuse_tcp, self.edit = False, False, None
        self.seen, self.raw = [], []
        self.lock = threading.Lock()
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.udp = socket.socket(self.family, socket.SOCK_DGRAM)
        self.udp.bind((address, self.port))
        self.tcp = socket.socket(self.family, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((address, self.port))
        self.tcp.listen(64)
        self.stopped = False
        self.threads = [threading.Thread(target=run, daemon=True) for run in (self._serve_udp, self._serve_tcp)]
        for thread in self.threads:
            thread.start()

    def asked(self, kind):
        """How many questions (or updates) of a type were seen: "SOA", "TXT"."""
        return sum(1 for message in self.seen if any(dns.rdatatype.to_text(q.rdtype) == kind for q in message.question))

    def stop(self):
        self.stopped = True
        for listener in (self.udp, self.tcp):
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()

    # ---- what it does with a message ----

    def _note(self, wire, way):
        with self.lock:
            self.raw.append((way, wire))
            try:
                self.seen.append(parse(wire))
            except Exception:  # whatever a client sends, the server is to see it
                pass

    def _drops(self):
        with self.lock:
            if self.drop is True:
                return True
            if self.drop > 0:
                self.drop -= 1
                return True
        return False

    def _answer(self, wire, ask, way):
        """What the client gets: bytes, or None."""
        if self.delay:
            time.sleep(self.delay)
        if self.rcode or self.lame:
            answer = wire[:2] + bytes([(wire[2] & 0x79) | 0x80, dns.rcode.from_text(self.rcode or "NOERROR")])
            return answer + struct.pack("!4H", 1, 0, 0, 0) + self._question(wire)
        answer = ask(wire)
        if answer and self.edit:
            answer = self.edit(wire, answer)
        if answer and self.truncate and way == "udp":
            answer = answer[:2] + bytes([answer[2] | 0x02, answer[3]]) + struct.pack("!4H", 1, 0, 0, 0) + self._question(wire)
        return answer

    @staticmethod
    def _question(wire):
        at = 12
        while wire[at]:
            at += wire[at] + 1
        return wire[12:at + 5]

    # ---- ways ----

    def _ask_udp(self, wire):
        with socket.socket(socket.AF_INET6 if ":" in self.to[0] else socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(10)
            s.sendto(wire, self.to)
            try:
                return s.recv(65535)
            except OSError:
                return None

    def _ask_tcp(self, wire):
        try:
            with socket.create_connection(self.to, 10) as s:
                s.sendall(struct.pack("!H", len(wire)) + wire)
                return self._receive(s)
        except OSError:
            return None

    @staticmethod
    def _receive(connection):
        stream = connection.makefile("rb")
        head = stream.read(2)
        return stream.read(struct.unpack("!H", head)[0]) if len(head) == 2 else None

    def _serve_udp(self):
        while not self.stopped:
            try:
                wire, client = self.udp.recvfrom(65535)
            except OSError:
                return
            threading.Thread(target=self._one_udp, args=(wire, client), daemon=True).start()

    def _one_udp(self, wire, client):
        if len(wire) < 12:  # it is being stopped
            return
        self._note(wire, "udp")
        if self._drops():
            return
        answer = self._answer(wire, self._ask_udp, "udp")
        if answer and not self.stopped:
            self.udp.sendto(answer, client)

    def _serve_tcp(self):
        while not self.stopped:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._one_tcp, args=(connection,), daemon=True).start()

    def _one_tcp(self, connection):
        with connection:
            if self.refuse_tcp:
                return
            try:
                while wire := self._receive(connection):
                    self._note(wire, "tcp")
                    answer = self._answer(wire, self._ask_tcp, "tcp")
                    if not answer:
                        return
                    connection.sendall(struct.pack("!H", len(answer)) + answer)
            except OSError:
                pass
