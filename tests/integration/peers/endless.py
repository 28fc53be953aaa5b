"""What never ends, or is far larger than anybody needs: forms that a hostile server may give to any answer.

Each takes the handler of a request, and sends until the client has had enough; `talk` is over when it hangs up.
"""
import gzip
import time
import zlib

PIECE = b" " * 65536
MANY = 1_000_000  # so often nobody is served: whoever reads it all is not well


def _begin(handler, *headers):
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nReplay-Nonce: bm9uY2U\r\nContent-Type: application/json\r\n"
                        + b"".join(header + b"\r\n" for header in headers) + b"\r\n")


def chunked(handler):
    _begin(handler, b"Transfer-Encoding: chunked")
    for _ in range(MANY):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))


def without_length(handler):
    _begin(handler, b"Connection: close")
    for _ in range(MANY):
        handler.wfile.write(PIECE)


def long(handler):
    _begin(handler, b"Content-Length: 99999999999999")
    for _ in range(MANY):
        handler.wfile.write(PIECE)


def compressed(handler):
    """A gigabyte in a megabyte, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    _begin(handler, b"Content-Encoding: gzip", b"Connection: close")
    for _ in range(MANY):
        handler.wfile.write(packer.compress(PIECE * 64))


def compressed_often(handler):
    """Compressed four times, as the header says: a gigabyte in a few bytes."""
    body = b" " * (32 << 20)
    for _ in range(4):
        body = gzip.compress(body)
    _begin(handler, b"Content-Encoding: gzip, gzip, gzip, gzip", b"Content-Length: %d" % len(body))
    handler.wfile.write(body)


def headers(handler):
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(MANY):
        handler.wfile.write(b"X-%d: %s\r\n" % (number, b"x" * 1000))


def a_header(handler):
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nLink: ")
    for _ in range(MANY):
        handler.wfile.write(b"x" * 65536)


def interim(handler):
    """Always about to answer."""
    handler.close_connection = True
    for _ in range(MANY):
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * 100)


def cookies(handler):
    _begin(handler, *[b"Set-Cookie: c%d=%s" % (number, b"x" * 3000) for number in range(60)], b"Content-Length: 2")
    handler.wfile.write(b"{}")


def redirect(handler):
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: /dir?%d\r\n\r\n" % time.monotonic_ns())


def nested(handler):
    _json(handler, b'{"a":' * 80_000)


def lists(handler):
    """Of all that is read as JSON, what takes most memory for its length."""
    _json(handler, b'{"status":"pending","authorizations":[' + b"[]," * 170_000 + b"[]]}")


def members(handler):
    _json(handler, b"{" + b",".join(b'"%d":0' % number for number in range(45_000)) + b"}")


def _json(handler, body):
    _begin(handler, b"Content-Length: %d" % len(body))
    handler.wfile.write(body)


def drip(handler):
    """Always a sign of life: a byte a tenth of a second."""
    _begin(handler, b"Transfer-Encoding: chunked")
    for _ in range(MANY):
        handler.wfile.write(b"1\r\n \r\n")
        time.sleep(0.05)


def silence(handler):
    handler.close_connection = True
    handler.connection.settimeout(300)
    handler.rfile.read(1)  # until the other side hangs up


AT_ONCE = [chunked, without_length, long, compressed, compressed_often, headers, a_header, interim, cookies, redirect, nested, lists,
           members]
SLOW = [drip, silence]
OF_HEADERS = [headers, a_header, interim, redirect, silence]  # they say something in an answer to HEAD, too
WITH_AN_END = [cookies, nested, lists, members]               # as good as any where nobody reads what is said
