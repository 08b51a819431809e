#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS 1.2 client that says hello in ways that no library does, and prints
whose certificate comes back: "served NAME", or what came instead.
usage: tricks_tls.py TRICK NAME ADDRESS PORT [OTHER-NAME]
NAME is asked for; OTHER-NAME is an allowed one to hide it behind.
"""
import os
import socket
import struct
import sys
import time

NAMES = (b"www.example.org", b"evil.example.com")
VERSION = b"\x03\x03"


def u16(n):
    return struct.pack("!H", n)


def extension(number, data):
    return u16(number) + u16(len(data)) + data


def server_name(*names, kind=0):
    entries = b"".join(bytes([kind]) + u16(len(n)) + n for n in names)
    return extension(0, u16(len(entries)) + entries)


def others():
    groups = u16(0x001D) + u16(0x0017)
    signatures = u16(0x0403) + u16(0x0804) + u16(0x0401)
    return [
        extension(10, u16(len(groups)) + groups),
        extension(11, b"\x01\x00"),
        extension(13, u16(len(signatures)) + signatures),
        extension(23, b""),
    ]


def hello(extensions, session=b""):
    suites = b"".join(map(u16, (0xC02B, 0xC02C, 0xC02F, 0xC030, 0x00FF)))
    joined = b"".join(extensions)
    body = (VERSION + os.urandom(32) + bytes([len(session)]) + session + u16(len(suites)) + suites
            + b"\x01\x00" + u16(len(joined)) + joined)
    return b"\x01" + struct.pack("!I", len(body))[1:] + body


def usual(name):
    return hello([server_name(name)] + others())


def record(data, kind=22, version=b"\x03\x01"):
    return bytes([kind]) + version + u16(len(data)) + data


def records(data, size, between=b""):
    return between.join(record(data[i:i + size]) for i in range(0, len(data), size))


ALERT = record(b"\x01\x64", 21)  # a warning: no renegotiation
CCS = record(b"\x01", 20)

# What is sent, in pieces with pauses before them: (seconds, bytes).
def now(*parts):
    return [(0, b"".join(parts))]


def sized(data, size, pause=0.002):
    return [(pause, data[i:i + size]) for i in range(0, len(data), size)]


def cut(data, at, pause):
    return [(0, data[:at]), (pause, data[at:])]


TRICKS = {
    "plain": lambda n, o: now(record(usual(n))),
    "records-of-one-byte": lambda n, o: now(records(usual(n), 1)),
    "records-and-segments-of-one-byte": lambda n, o: sized(records(usual(n), 1), 6, 0.001),
    "segments-of-one-byte": lambda n, o: sized(record(usual(n)), 1),
    "cut-in-the-header": lambda n, o: cut(record(usual(n)), 3, 0.5),
    "cut-in-the-name": lambda n, o: cut(record(usual(n)), record(usual(n)).index(n) + 4, 1),
    "record-cut-in-the-name": lambda n, o: now(records(usual(n), usual(n).index(n) + 4)),
    "empty-records": lambda n, o: now(records(usual(n), 40, record(b""))),
    "empty-record-first": lambda n, o: now(record(b""), record(usual(n))),
    "hello-of-20000": lambda n, o: now(records(hello(
        others() + [extension(21, bytes(20000)), server_name(n)]), 16384)),
    "hello-of-12000": lambda n, o: now(record(hello(
        others() + [extension(21, bytes(12000)), server_name(n)]))),
    "ccs-first": lambda n, o: now(CCS, record(usual(n))),
    "ccs-between": lambda n, o: now(record(usual(n)[:50]), CCS, record(usual(n)[50:])),
    "alert-first": lambda n, o: now(ALERT, record(usual(n))),
    "alerts-first": lambda n, o: now(ALERT * 4, record(usual(n))),
    "alert-first-apart": lambda n, o: [(0, ALERT), (0.3, record(usual(n)))],
    "alert-in-two-records": lambda n, o: now(record(b"\x01", 21), record(b"\x64", 21),
                                             record(usual(n))),
    "alert-between": lambda n, o: now(record(usual(n)[:50]), ALERT, record(usual(n)[50:])),
    "data-first": lambda n, o: now(record(b"GET /", 23), record(usual(n))),
    "two-hellos": lambda n, o: now(record(usual(n) + usual(o))),
    "two-hellos-other-first": lambda n, o: now(record(usual(o) + usual(n))),
    "two-hellos-in-records": lambda n, o: now(record(usual(o)), record(usual(n))),
    "hello-request-first": lambda n, o: now(record(b"\0\0\0\0" + usual(n))),
    "sslv2-shape": lambda n, o: now(b"\x80\x2e\x01\x03\x03\x00\x15\0\0\0\x10"
                                    + b"\0\xc0\x2b\0\xc0\x2f\0\xc0\x30\0\0\x2f\0\0\x35\0\0\xff\0\xc0\x2c"
                                    + os.urandom(16)),
    "name-last": lambda n, o: now(record(hello(others() + [server_name(n)]))),
    "name-twice": lambda n, o: now(record(hello([server_name(n), server_name(n)] + others()))),
    "other-name-then-name": lambda n, o: now(record(hello(
        [server_name(o)] + others() + [server_name(n)]))),
    "name-then-other-name": lambda n, o: now(record(hello(
        [server_name(n)] + others() + [server_name(o)]))),
    "names-in-one-list": lambda n, o: now(record(hello([server_name(o, n)] + others()))),
    "names-in-one-list-turned": lambda n, o: now(record(hello([server_name(n, o)] + others()))),
    "other-kind-of-name": lambda n, o: now(record(hello([server_name(n, kind=1)] + others()))),
    "trailing-dot": lambda n, o: now(record(usual(n + b"."))),
    "two-trailing-dots": lambda n, o: now(record(usual(n + b".."))),
    "upper-case": lambda n, o: now(record(usual(n.upper()))),
    "nul-behind-other-name": lambda n, o: now(record(usual(o + b"\0." + n))),
    "nul-behind-name": lambda n, o: now(record(usual(n + b"\0" + o))),
    "space-behind": lambda n, o: now(record(usual(n + b" "))),
    "tab-before": lambda n, o: now(record(usual(b"\t" + n))),
    "wide-dots": lambda n, o: now(record(usual(n.replace(b".", "\u3002".encode())))),
    "bytes-above-127": lambda n, o: now(record(usual(n.replace(b"e", b"\xc3\xa9")))),
    "name-too-long": lambda n, o: now(record(usual(b"a" * 300 + b"." + n))),
    "label-below-other-name": lambda n, o: now(record(usual(o + b"." + n))),
    "without-name": lambda n, o: now(record(hello(others()))),
    "empty-name": lambda n, o: now(record(usual(b""))),
    "bytes-behind-the-list": lambda n, o: now(record(hello(
        [extension(0, u16(len(n) + 3) + b"\0" + u16(len(n)) + n + b"x")] + others()))),
    "version-of-record-3": lambda n, o: now(record(usual(n), version=b"\x03\x03")),
    "version-of-record-0": lambda n, o: now(record(usual(n), version=b"\x03\x00")),
    "version-of-record-9": lambda n, o: now(record(usual(n), version=b"\x03\x09")),
    "versions-of-records-differ": lambda n, o: now(
        record(usual(n)[:40], version=b"\x03\x01"), record(usual(n)[40:], version=b"\x03\x03")),
    "long-session": lambda n, o: now(record(hello([server_name(n)] + others(), os.urandom(32)))),
    "late-first-bytes": lambda n, o: cut(record(usual(n)), 2, 6),
    "late-rest": lambda n, o: cut(record(usual(n)), 60, 6),
}


def once(call):
    """The same random bytes wherever a trick asks for the hello again."""
    fixed = os.urandom(32)
    os.urandom, kept = lambda n: fixed[:n], os.urandom
    try:
        return call()
    finally:
        os.urandom = kept


def take(connection, seconds):
    said = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.settimeout(max(0.05, end - time.monotonic()))
        try:
            data = connection.recv(65536)
        except (socket.timeout, OSError):
            break
        if not data:
            break
        said += data
        if b"\x0e\x00\x00\x00" in said:  # the server has said all
            break
    return said


def main():
    trick, name, address, port = sys.argv[1:5]
    if trick == "list":
        print("\n".join(TRICKS))
        return
    name = name.encode()
    other = NAMES[0] if name != NAMES[0] else b"packages.example.org"
    slow = int(os.environ.get("LAB_SLOW", "1"))
    steps = once(lambda: TRICKS[trick](name, other))
    connection = socket.create_connection((address, int(port)), timeout=3 * slow)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        for pause, data in steps:
            time.sleep(pause)
            connection.sendall(data)
    except OSError:
        pass
    said = take(connection, 1.5 * slow)
    served = [n.decode() for n in NAMES if n in said]
    print("served " + " ".join(served) if served else
          "alert %s" % list(said[5:7]) if said[:1] == b"\x15" else "%d bytes" % len(said))


main()
