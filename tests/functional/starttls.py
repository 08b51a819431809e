#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMTP server that does no more than to begin TLS.
usage: starttls.py CERTIFICATE KEY PORT ADDRESS...
"""
import socket
import ssl
import sys
import threading


def serve(listener, context):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection, context), daemon=True).start()


def talk(connection, context):
    try:
        connection.settimeout(20)
        connection.sendall(b"220 mx.example.org ESMTP\r\n")
        for line in connection.makefile("rb", buffering=0):
            if line.upper().startswith(b"EHLO"):
                connection.sendall(b"250-mx.example.org\r\n250 STARTTLS\r\n")
            elif line.upper().startswith(b"STARTTLS"):
                connection.sendall(b"220 go on\r\n")
                context.wrap_socket(connection, server_side=True).close()
                return
            else:
                connection.sendall(b"250 ok\r\n")
    except OSError:
        pass
    finally:
        connection.close()


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
for address in sys.argv[4:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, int(sys.argv[3])), family=family)
    threading.Thread(target=serve, args=(listener, context)).start()
