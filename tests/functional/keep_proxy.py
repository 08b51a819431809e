#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy that keeps its clients' connections: it answers requests itself, and
opens tunnels to one address, whatever name they are asked for.
usage: keep_proxy.py ADDRESS PORT TUNNEL-ADDRESS TUNNEL-PORT"""
import socket
import sys
import threading
import time

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nkept\n"


def copy(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    b.close()


def serve(client, tunnel):
    got = b""
    while True:
        while b"\r\n\r\n" not in got:
            data = client.recv(65536)
            if not data:
                return
            got += data
        head, got = got.split(b"\r\n\r\n", 1)
        print(head.split(b"\r\n")[0].decode(), flush=True)
        if not head.startswith(b"CONNECT "):
            client.sendall(PAGE)
            continue
        server = socket.create_connection(tunnel)
        time.sleep(0.2)  # an answer that is not there at once
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        server.sendall(got)
        threading.Thread(target=copy, args=(server, client), daemon=True).start()
        copy(client, server)
        return


listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    c, _ = listener.accept()
    threading.Thread(target=serve, args=(c, (sys.argv[3], int(sys.argv[4]))), daemon=True).start()
