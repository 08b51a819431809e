#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of HTTP as no library makes them; prints "served NAME" for each page
that comes back.
usage: tricks_http.py TRICK NAME ADDRESS PORT
NAME is asked for, and hidden behind another one that is allowed.
"""
import os
import socket
import sys
import time

NAMES = ("www.example.org", "packages.example.org", "evil.example.com")


def get(name, *more, line="GET / HTTP/1.1", close=True):
    lines = [line, "Host: " + name] + list(more) + (["Connection: close"] if close else [])
    return "\r\n".join(lines) + "\r\n\r\n"


def with_host(field):
    """One Host field as it stands here, between others."""
    return "GET / HTTP/1.1\r\nAccept: */*\r\n%s\r\nConnection: close\r\n\r\n" % field


def smuggled(name, fields, body):
    return get(*((name,) + fields), line="POST / HTTP/1.1", close=False) + body


TRICKS = {
    "plain": lambda n, o: [get(n)],
    "pieces": lambda n, o: list(get(n)),
    "pieces-of-three": lambda n, o: [get(n)[i:i + 3] for i in range(0, len(get(n)), 3)],
    "late-rest": lambda n, o: [get(n)[:30], 6.0, get(n)[30:]],
    "upper-case": lambda n, o: [with_host("HOST: " + n.upper())],
    "no-space": lambda n, o: [with_host("Host:" + n)],
    "spaces": lambda n, o: [with_host("Host:   %s  " % n)],
    "tabs": lambda n, o: [with_host("Host:\t%s\t" % n)],
    "space-before-colon": lambda n, o: [with_host("Host : " + n)],
    "space-before-field": lambda n, o: [with_host(" Host: " + n)],
    "folded": lambda n, o: [with_host("Host:\r\n " + n)],
    "folded-behind-other": lambda n, o: [with_host("Host: %s\r\n %s" % (o, n))],
    "first-field-folded": lambda n, o: ["GET / HTTP/1.1\r\n Host: %s\r\nHost: %s\r\n\r\n" % (n, o)],
    "twice": lambda n, o: [with_host("Host: %s\r\nHost: %s" % (n, n))],
    "other-then-name": lambda n, o: [with_host("Host: %s\r\nHost: %s" % (o, n))],
    "name-then-other": lambda n, o: [with_host("Host: %s\r\nHost: %s" % (n, o))],
    "two-in-one": lambda n, o: [with_host("Host: %s, %s" % (o, n))],
    "port": lambda n, o: [with_host("Host: %s:80" % n)],
    "odd-port": lambda n, o: [with_host("Host: %s:80x" % n)],
    "empty-port": lambda n, o: [with_host("Host: %s:" % n)],
    "trailing-dot": lambda n, o: [with_host("Host: %s." % n)],
    "user-before": lambda n, o: [with_host("Host: %s@%s" % (o, n))],
    "slash-behind": lambda n, o: [with_host("Host: %s/%s" % (n, o))],
    "nul-behind": lambda n, o: [with_host("Host: %s\0%s" % (n, o))],
    "absolute-form": lambda n, o: [get(n, line="GET http://%s/ HTTP/1.1" % n)],
    "absolute-form-other-host": lambda n, o: [get(o, line="GET http://%s/ HTTP/1.1" % n)],
    "other-absolute-form": lambda n, o: [get(n, line="GET http://%s/ HTTP/1.1" % o)],
    "absolute-form-of-user": lambda n, o: [get(o, line="GET http://%s@%s/ HTTP/1.1" % (o, n))],
    "absolute-form-upper-case": lambda n, o: [get(o, line="GET HTTP://%s/ HTTP/1.1" % n)],
    "absolute-form-https": lambda n, o: [get(o, line="GET https://%s/ HTTP/1.1" % n)],
    "absolute-form-without-host": lambda n, o: ["GET http://%s/ HTTP/1.1\r\n\r\n" % n],
    "lines-of-lf": lambda n, o: [get(n).replace("\r\n", "\n")],
    "bare-cr": lambda n, o: ["GET / HTTP/1.1\rHost: %s\r\nHost: %s\r\n\r\n" % (n, o)],
    "bare-cr-in-a-field": lambda n, o: [get(o, "X: a\rHost: " + n)],
    "lf-in-a-field": lambda n, o: ["GET / HTTP/1.1\r\nX: a\nHost: %s\r\nHost: %s\r\n\r\n" % (n, o)],
    "blank-lines-first": lambda n, o: ["\r\n\r\n" + get(n)],
    "blank-lines-of-lf-first": lambda n, o: ["\n\n" + get(n)],
    "many-blank-lines-first": lambda n, o: ["\r\n" * 40 + get(n)],
    "blank-lines-of-90000-first": lambda n, o: ["\r\n" * 45000 + get(n)],
    "spaces-first": lambda n, o: ["  " + get(n)],
    "spaces-in-the-line": lambda n, o: [get(n, line="GET   /   HTTP/1.1")],
    "tab-in-the-line": lambda n, o: [get(n, line="GET\t/\tHTTP/1.1")],
    "cr-in-the-line": lambda n, o: [get(n, line="GET\r/\rHTTP/1.1")],
    "form-feed-in-the-line": lambda n, o: [get(n, line="GET\f/ HTTP/1.1")],
    "version-0.9": lambda n, o: ["GET http://%s/\r\n" % n],
    "version-1.0": lambda n, o: [get(n, line="GET / HTTP/1.0")],
    "version-1.0-without-host": lambda n, o: ["GET http://%s/ HTTP/1.0\r\n\r\n" % n],
    "version-1.2": lambda n, o: [get(n, line="GET / HTTP/1.2")],
    "version-1.10": lambda n, o: [get(n, line="GET / HTTP/1.10")],
    "version-01.1": lambda n, o: [get(n, line="GET / HTTP/01.1")],
    "version-2.0": lambda n, o: [get(n, line="GET / HTTP/2.0")],
    "no-version": lambda n, o: [get(n, line="GET /")],
    "version-lower-case": lambda n, o: [get(n, line="GET / http/1.1")],
    "method-lower-case": lambda n, o: [get(n, line="get / HTTP/1.1")],
    "method-of-signs": lambda n, o: [get(n, line="G!ET / HTTP/1.1")],
    "pipelined": lambda n, o: [get(o, close=False) + get(n)],
    "pipelined-after-answer": lambda n, o: [get(o, close=False), 0.3, get(n)],
    "pipelined-three": lambda n, o: [get(o, close=False) * 2 + get(n)],
    "pipelined-cut": lambda n, o: [get(o, close=False) + get(n)[:3], 0.3, get(n)[3:]],
    "length-and-chunks": lambda n, o: [smuggled(
        o, ("Content-Length: 4", "Transfer-Encoding: chunked"), "0\r\n\r\n" + get(n))],
    "chunks-and-length": lambda n, o: [smuggled(
        o, ("Transfer-Encoding: chunked", "Content-Length: %d" % (5 + len(get(n)))), "0\r\n\r\n" + get(n))],
    "two-lengths": lambda n, o: [smuggled(
        o, ("Content-Length: 0", "Content-Length: %d" % len(get(n))), get(n))],
    "lengths-in-a-list": lambda n, o: [smuggled(o, ("Content-Length: 0, 0",), get(n))],
    "length-with-plus": lambda n, o: [smuggled(o, ("Content-Length: +%d" % len(get(n)),), get(n))],
    "length-in-hex": lambda n, o: [smuggled(o, ("Content-Length: 0x%x" % len(get(n)),), get(n))],
    "length-negative": lambda n, o: [smuggled(o, ("Content-Length: -1",), get(n))],
    "length-behind-space": lambda n, o: [smuggled(o, ("Content-Length : %d" % len(get(n)),), get(n))],
    "chunked-twice": lambda n, o: [smuggled(o, ("Transfer-Encoding: chunked, chunked",), "0\r\n\r\n" + get(n))],
    "chunked-tab": lambda n, o: [smuggled(o, ("Transfer-Encoding:\tchunked",), "0\r\n\r\n" + get(n))],
    "chunked-not-last": lambda n, o: [smuggled(
        o, ("Transfer-Encoding: chunked, identity",), "0\r\n\r\n" + get(n))],
    "chunked-other-word": lambda n, o: [smuggled(
        o, ("Transfer-Encoding: xchunked", "Content-Length: %d" % len(get(n))), get(n))],
    "chunked-in-1.0": lambda n, o: [get(o, "Transfer-Encoding: chunked", line="POST / HTTP/1.0", close=False)
                                    + "0\r\n\r\n" + get(n)],
    "chunk-size-overflow": lambda n, o: [smuggled(
        o, ("Transfer-Encoding: chunked",), "100000000000000000\r\n" + get(n))],
    "chunk-size-0x": lambda n, o: [smuggled(o, ("Transfer-Encoding: chunked",), "0x0\r\n\r\n" + get(n))],
    "chunk-extension-lf": lambda n, o: [smuggled(
        o, ("Transfer-Encoding: chunked",), "1;a\nb\r\nx\r\n0\r\n\r\n" + get(n))],
    "chunk-lines-of-lf": lambda n, o: [smuggled(
        o, ("Transfer-Encoding: chunked",), "1\nx\n0\n\n" + get(n))],
    "body-of-get": lambda n, o: [get(o, "Content-Length: 0", close=False) + get(n)],
    "request-in-a-body": lambda n, o: [smuggled(
        o, ("Content-Length: %d" % len(get(n)),), get(n)) + get(o)],
    "expect": lambda n, o: [smuggled(
        o, ("Expect: 100-continue", "Content-Length: 3"), "abc") + get(n)],
    "head-of-60000": lambda n, o: [get(n, *["X-%d: %s" % (i, "a" * 1000) for i in range(6)])],
    "many-fields-before": lambda n, o: ["GET / HTTP/1.1\r\n" + "".join(
        "X-%d: b\r\n" % i for i in range(90)) + "Host: %s\r\nConnection: close\r\n\r\n" % n],
    "empty-host": lambda n, o: [with_host("Host: ")],
    "upgrade-h2c": lambda n, o: [get(
        o, "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__", "Connection: Upgrade, HTTP2-Settings",
        close=False) + get(n)],
    "upgrade-nothing": lambda n, o: [get(o, "Upgrade: websocket", "Connection: Upgrade", close=False) + get(n)],
    "connect-other": lambda n, o: ["CONNECT %s:80 HTTP/1.1\r\nHost: %s\r\n\r\n" % (o, o) + get(n)],
    "connect": lambda n, o: ["CONNECT %s:80 HTTP/1.1\r\nHost: %s\r\n\r\n" % (n, n), 0.4, get(n)],
    "connect-then-name": lambda n, o: ["CONNECT %s:80 HTTP/1.1\r\nHost: %s\r\n\r\n" % (o, o), 0.4, get(n)],
    "connect-in-connect": lambda n, o: ["CONNECT %s:80 HTTP/1.1\r\nHost: %s\r\n\r\n" % (o, o), 0.4,
                                        "CONNECT %s:80 HTTP/1.1\r\nHost: %s\r\n\r\n" % (n, n), 0.4, get(n)],
    "proxy-line-first": lambda n, o: ["PROXY TCP4 10.0.0.1 10.0.0.2 1 80\r\n" + get(n)],
    "junk-line-first": lambda n, o: ["junk\r\n" + get(n)],
    "other-protocol-first": lambda n, o: ["SSH-2.0-x\r\n" + get(n)],
}


def main():
    trick, name, address, port = sys.argv[1:5]
    slow = int(os.environ.get("LAB_SLOW", "1"))
    other = NAMES[0] if name != NAMES[0] else NAMES[1]
    connection = socket.create_connection((address, int(port)), timeout=3 * slow)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for step in TRICKS[trick](name, other):
        if isinstance(step, float):
            time.sleep(step)
            continue
        try:
            connection.sendall(step.encode("latin-1"))
        except OSError:
            break
        if len(step) < 4:
            time.sleep(0.001)
    said = b""
    end = time.monotonic() + 1.0 * slow
    while time.monotonic() < end:
        connection.settimeout(max(0.05, end - time.monotonic()))
        try:
            data = connection.recv(65536)
        except OSError:
            break
        if not data:
            break
        said += data
    served = [n for n in NAMES if b"hello from " + n.encode() in said]
    # what is asked for last tells how far it went
    print("served " + served[-1] if name not in served and served else
          "served " + name if served else "nothing: " + repr(said[:40]))


main()
