#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
# A tunnel asked for and its ClientHello in one segment, before the proxy has
# answered; then a request through it, whose answer is printed.  With FIRST there is
# a request to the proxy for that name before, on the same connection.
# usage: ahead.py ADDRESS PORT TARGET SERVER-NAME [FIRST]
import socket
import ssl
import sys

address, port, target, name = sys.argv[1:5]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(came, goes, server_hostname=name)
s = socket.create_connection((address, int(port)), timeout=10)


def until_done(step):
    """Let it have what comes, until it needs no more."""
    while True:
        try:
            return step()
        except ssl.SSLWantReadError:
            s.sendall(goes.read())
            data = s.recv(65536)
            if not data:
                sys.exit(1)
            came.write(data)


try:
    tls.do_handshake()
except ssl.SSLWantReadError:
    pass
for first in sys.argv[5:]:
    s.sendall(f"GET http://{first}/ HTTP/1.1\r\nHost: {first}\r\n\r\n".encode())
    page = b""
    while b"kept\n" not in page:
        more = s.recv(65536)
        if not more:
            sys.exit(1)
        page += more
s.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode() + goes.read())
answer = b""
while b"\r\n\r\n" not in answer:
    data = s.recv(65536)
    if not data:
        sys.exit(1)
    answer += data
head, rest = answer.split(b"\r\n\r\n", 1)
if b" 200 " not in head.split(b"\r\n")[0] + b" ":
    sys.exit(1)
came.write(rest)
until_done(tls.do_handshake)
tls.write(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
print(until_done(lambda: tls.read(65536)).decode(errors="replace"))
print(until_done(lambda: tls.read(65536)).decode(errors="replace"))
