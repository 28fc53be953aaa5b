"""An SMTP server (RFC 5321) on loopback that keeps what it is given."""
import socketserver
import threading


class Mail:
    def __init__(self, sender, recipients, data):
        self.sender, self.recipients, self.data = sender, recipients, data


class Handler(socketserver.StreamRequestHandler):
    timeout = 60

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def read_data(self):
        lines = []
        while (line := self.rfile.readline(65536)) not in (b".\r\n", b""):
            assert line.endswith(b"\r\n") and len(line) <= 1000, line  # RFC 5321 section 4.5.3.1.6
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def handle(self):
        sender, recipients = None, []
        self.say("220 mail.test ESMTP")
        while line := self.rfile.readline(2000).decode("ascii").rstrip("\r\n"):
            word = line.upper()
            if word.startswith(("EHLO", "HELO")):
                self.say("250 mail.test")
            elif word.startswith("MAIL FROM:"):
                sender = line[10:].split(">")[0].strip(" <")
                self.say("250 ok")
            elif word.startswith("RCPT TO:"):
                recipients.append(line[8:].split(">")[0].strip(" <"))
                self.say("550 nobody of that name" if "nobody" in line else "250 ok")
            elif word == "DATA":
                self.say("354 go on")
                self.server.mails.append(Mail(sender, recipients, self.read_data()))
                sender, recipients = None, []
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


class MailServer:
    def __init__(self):
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.mails = self.server.mails = []
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
