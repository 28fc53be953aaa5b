"""An HTTP server on loopback that takes webhooks, and answers as it is told."""
import http.server
import threading


class Taken:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 60

    def answer(self):
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size).decode()
        self.server.taken.append(Taken(self.command, self.path, self.headers, body))
        behave = self.server.behave
        if callable(behave):
            return behave(self)
        status, headers, text = behave
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *args):
        pass


class HookServer:
    """behave: (status, header fields, body) of each answer, or a function that gets the handler."""

    FINE = (200, {"Content-Type": "application/json"}, b'{"ok":true,"status":1}')

    def __init__(self, behave=FINE):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.taken = self.server.taken = []
        self.server.behave = behave
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def behave(self, how):
        self.server.behave = how

    def close(self):
        self.server.shutdown()
        self.server.server_close()
