"""A TLS server on loopback that shows what it is told to, at once or after the dialogue of a protocol that begins without TLS."""
import socket
import ssl
import threading

# What is said, and what has to come before the next is: {protocol: [(say, until this has come), ...]}.
DIALOGUES = {
    "smtp": [(b"220-mx\r\n220 mx ESMTP\r\n", b"\r\n"), (b"250-mx\r\n250 STARTTLS\r\n", b"STARTTLS\r\n"), (b"220 go\r\n", None)],
    "imap": [(b"* OK IMAP4rev1 ready\r\n", b"a STARTTLS\r\n"), (b"a OK begin\r\n", None)],
    "pop3": [(b"+OK ready\r\n", b"STLS\r\n"), (b"+OK begin\r\n", None)],
    "ftp": [(b"220 ready\r\n", b"AUTH TLS\r\n"), (b"234 go\r\n", None)],
    "sieve": [(b'"STARTTLS"\r\nOK "ready"\r\n', b"STARTTLS\r\n"), (b'OK "go"\r\n', None)],
    "xmpp": [(b"", b"version='1.0'>"), (b"<stream:stream><stream:features><starttls/></stream:features>", b"/>"), (b"<proceed/>", None)],
    "ldap": [(b"", b"1.3.6.1.4.1.1466.20037"), (b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00", None)],
    "postgres": [(b"", b"\x16\x2f"), (b"S", None)],
}


class TlsHost:
    """how: "at once", a protocol of DIALOGUES, "silent" (takes connections and says nothing), "plain" (no TLS)"""

    def __init__(self, chain, key, how="at once", address="127.0.0.1", seclevel=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if seclevel is not None:
            self.context.set_ciphers(f"ALL:@SECLEVEL={seclevel}")
        self.context.load_cert_chain(chain, key)
        self.names = []  # that were asked for
        self.context.sni_callback = lambda connection, name, context: self.names.append(name)
        self.how, self.open = how, []
        self.socket = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET, backlog=200)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.socket.close()
        for connection in self.open:
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            if self.how == "silent":
                self.open.append(connection)
            else:
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection.settimeout(60)
            for say, until in DIALOGUES.get(self.how, []):
                connection.sendall(say)
                heard = b""
                while until is not None and until not in heard:  # byte by byte: what follows may be TLS
                    byte = connection.recv(1)
                    if not byte:
                        return
                    heard += byte
            if self.how == "plain":
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            with self.context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(1)
        except OSError:
            pass
        finally:
            connection.close()
