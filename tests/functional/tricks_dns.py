#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions as no library asks them, and answers as no resolver gives them.
usage: tricks_dns.py ask TRICK NAME ADDRESS
           prints "served NAME" when an answer has an address of NAME
       tricks_dns.py serve ADDRESS OTHER-ADDRESS LIE
           a resolver that knows every name, and tells lies where the first label
           of a question says so: LIE is the address it lies about
"""
import os
import socket
import struct
import sys
import threading
import time

ALLOWED = "www.example.org"
OTHER = "evil.example.com"
TRUTH = "192.0.2.80"
VICTIM = "victim.example.org"
HEAD = 12


def u16(n):
    return struct.pack("!H", n)


def wire(name):
    labels = [label for label in name.encode().split(b".") if label]
    return b"".join(bytes([len(x)]) + x for x in labels) + b"\0"


def question(name, kind=1, cls=1):
    return wire(name) + u16(kind) + u16(cls)


def message(questions, ident=0x1234, flags=0x0100, counts=None, rest=b""):
    n = counts or (len(questions), 0, 0, 0)
    return u16(ident) + u16(flags) + b"".join(map(u16, n)) + b"".join(questions) + rest


def opt(options=b"", size=4096):
    return b"\0" + u16(41) + u16(size) + struct.pack("!I", 0) + u16(len(options)) + options


def option(code, data):
    return u16(code) + u16(len(data)) + data


def record(owner, data, kind=1, cls=1, ttl=60):
    return owner + u16(kind) + u16(cls) + struct.pack("!I", ttl) + u16(len(data)) + data


def turned(name):
    return "".join(c.upper() if i % 2 else c for i, c in enumerate(name))


def with_opts(name, *opts):
    return message([question(name)], counts=(1, 0, 0, len(opts)), rest=b"".join(opts))


def behind(name):
    """The name of the question stands behind it, in a record."""
    at = HEAD + 6
    return message([u16(0xC000 | at) + u16(1) + u16(1)], counts=(1, 0, 0, 1),
                   rest=record(wire(name), b"\1\2\3\4"))


def tail_behind(name):
    """Only the first label stands in the question."""
    first, rest = name.split(".", 1)
    at = HEAD + 1 + len(first) + 6
    return message([bytes([len(first)]) + first.encode() + u16(0xC000 | at) + u16(1) + u16(1)],
                   counts=(1, 0, 0, 1), rest=record(wire(rest), b"\1\2\3\4"))


NTP = b"\x23" + b"\0" * 47
STUN = u16(1) + u16(0) + b"\x21\x12\xa4\x42" + b"123456789012"
# a long header of version 1 with nothing that opens
QUIC = b"\xc3\0\0\0\1\x08" + b"12345678" + b"\0\0\x44\xd0" + b"\0" * 1232

# Each is a datagram; None: what was answered so far is none of the last.
DATAGRAMS = {
    "plain": lambda n: [message([question(n)])],
    "case": lambda n: [message([question(turned(n))])],
    "edns": lambda n: [with_opts(n, opt())],
    "edns-options": lambda n: [with_opts(n, opt(option(10, b"cookie!!") + option(12, b"\0" * 64)))],
    "edns-big": lambda n: [with_opts(n, opt(option(12, b"\0" * 1100)))],
    "edns-unknown": lambda n: [with_opts(n, opt(option(65001, wire(ALLOWED))))],
    "edns-two": lambda n: [with_opts(n, opt(), opt())],
    "trailing-byte": lambda n: [message([question(n)]) + b"\0"],
    "trailing-question": lambda n: [message([question(ALLOWED)]) + question(n)],
    "trailing-allowed": lambda n: [message([question(n)]) + question(ALLOWED)],
    "second-question": lambda n: [message([question(ALLOWED), question(n)])],
    "first-question": lambda n: [message([question(n), question(ALLOWED)])],
    "counted-one-of-two": lambda n: [message([question(n), question(ALLOWED)], counts=(1, 0, 0, 0))],
    "counted-two-of-one": lambda n: [message([question(n)], counts=(2, 0, 0, 0))],
    "in-the-answers": lambda n: [message([question(ALLOWED)], counts=(1, 1, 0, 0),
                                         rest=record(wire(n), b"\1\2\3\4"))],
    "name-behind": lambda n: [behind(n)],
    "tail-behind": lambda n: [tail_behind(n)],
    "pointer-loop": lambda n: [message([u16(0xC000 | HEAD) + u16(1) + u16(1)])],
    "pointer-into-header": lambda n: [message([u16(0xC000) + u16(1) + u16(1)])],
    "pointer-to-nowhere": lambda n: [message([u16(0xFFFF) + u16(1) + u16(1)])],
    "class-chaos": lambda n: [message([question(n, cls=3)])],
    "class-any": lambda n: [message([question(n, cls=255)])],
    "class-0": lambda n: [message([question(n, cls=0)])],
    "class-unicast": lambda n: [message([question(n, cls=0x8001)])],
    "type-any": lambda n: [message([question(n, kind=255)])],
    "type-0": lambda n: [message([question(n, kind=0)])],
    "opcode-inverse": lambda n: [message([question(n)], flags=0x0900)],
    "opcode-status": lambda n: [message([question(n)], flags=0x1100)],
    "opcode-notify": lambda n: [message([question(n)], flags=0x2100)],
    "opcode-update": lambda n: [message([question(n)], flags=0x2900)],
    "opcode-15": lambda n: [message([question(n)], flags=0x7900)],
    "flag-response": lambda n: [message([question(n)], flags=0x8100)],
    "flag-truncated": lambda n: [message([question(n)], flags=0x0300)],
    "flag-answered": lambda n: [message([question(n)], flags=0x0103)],
    "flags-checked": lambda n: [message([question(n)], flags=0x0130)],
    "flag-reserved": lambda n: [message([question(n)], flags=0x0140)],
    "no-recursion": lambda n: [message([question(n)], flags=0)],
    "id-0": lambda n: [message([question(n)], ident=0)],
    "behind-allowed": lambda n: [message([question(ALLOWED)], 1), message([question(n)])],
    "behind-junk": lambda n: [b"junk that is none of it", message([question(n)])],
    "behind-nothing": lambda n: [b"", message([question(n)])],
    "behind-ntp": lambda n: [NTP, message([question(n)])],
    "behind-stun": lambda n: [STUN, message([question(n)])],
    "behind-quic": lambda n: [QUIC, message([question(n)])],
    "behind-much-junk": lambda n: [b"junk %d" % i for i in range(8)] + [message([question(n)])],
    "behind-answer": lambda n: [message([question(ALLOWED)], flags=0x8180), message([question(n)])],
    "behind-no-recursion": lambda n: [b"junk", message([question(n)], flags=0)],
    "behind-edns": lambda n: [b"junk", with_opts(n, opt(option(12, b"\0" * 64)))],
    "behind-sloppy": lambda n: [b"junk", message([question(n)]) + b"\0"],
    "between-junk": lambda n: [message([question(ALLOWED)], 1), b"junk", message([question(n)])],
    # from a port that another socket has just been refused with
    "after-other": lambda n: [message([question(OTHER)], 1), message([question(n)])],
    "after-junk-and-other": lambda n: [b"junk", message([question(OTHER)], 1), message([question(n)])],
    "after-allowed-and-other": lambda n: [message([question(ALLOWED)], 1), message([question(OTHER)], 1),
                                          None, message([question(n)])],
    "behind-half": lambda n: [message([question(n)])[:15], message([question(n)])],
}


def framed(m, length=None):
    return u16(len(m) if length is None else length) + m


def pieces(data, *cuts):
    ends = [*cuts, len(data)]
    return [data[a:b] for a, b in zip([0, *cuts], ends)]


def two(n):
    return framed(message([question(ALLOWED)], 1)) + framed(message([question(n)]))


def one(n):
    return framed(message([question(n)]))


# Each piece is a segment; None: wait for an answer.
STREAMS = {
    "tcp": lambda n: [one(n)],
    "tcp-bytes": lambda n: [bytes([b]) for b in one(n)],
    "tcp-length-apart": lambda n: pieces(one(n), 2),
    "tcp-length-halves": lambda n: pieces(one(n), 1, 2),
    "tcp-in-the-header": lambda n: pieces(one(n), 7),
    "tcp-in-the-name": lambda n: pieces(one(n), 18, 22),
    "tcp-pipelined": lambda n: [two(n)],
    "tcp-pipelined-cut": lambda n: pieces(two(n), 36, 52),
    "tcp-pipelined-length-cut": lambda n: pieces(two(n), 36),
    "tcp-one-after-another": lambda n: [framed(message([question(ALLOWED)], 1)), None, one(n)],
    "tcp-case": lambda n: [framed(message([question(turned(n))]))],
    "tcp-edns": lambda n: [framed(with_opts(n, opt(option(12, b"\0" * 300))))],
    "tcp-empty-first": lambda n: [framed(b"") + one(n)],
    "tcp-short-first": lambda n: [framed(b"\0" * 5) + one(n)],
    "tcp-longer-length": lambda n: [framed(message([question(n)]), 900), b"\0" * 900],
    "tcp-shorter-length": lambda n: [framed(message([question(n)]), 20) + one(n)],
    "tcp-trailing-bytes": lambda n: [framed(message([question(n)]) + b"\0\0\0")],
    "tcp-second-question": lambda n: [framed(message([question(ALLOWED), question(n)]))],
    "tcp-in-http": lambda n: [b"GET / HTTP/1.1\r\nHost: " + ALLOWED.encode() + b"\r\n\r\n" + one(n)],
    "tcp-name-behind": lambda n: [framed(behind(n))],
    "tcp-long-first": lambda n: [framed(with_opts(ALLOWED, opt(option(12, b"\0" * 2000)))), None, one(n)],
}


def tells(answer, name):
    return (len(answer) > HEAD and answer[2] & 0x80 and answer[6:8] != b"\0\0"
            and wire(name).lower() in answer.lower() and socket.inet_aton(TRUTH) in answer)


def send(s, datagram):
    try:
        s.send(datagram)
    except OSError:  # of the one before
        s.send(datagram)


def drain(s):
    until = time.time() + 0.3
    while time.time() < until:
        s.settimeout(0.1)
        try:
            s.recv(65535)
        except OSError:
            pass


def ask_datagrams(datagrams, name, address):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((address, 53))
    last = "nothing"
    for d in datagrams:
        try:
            drain(s) if d is None else send(s, d)
        except OSError as e:
            last = str(e)
        time.sleep(0.05)
    until = time.time() + 2
    while time.time() < until:
        s.settimeout(max(0.01, until - time.time()))
        try:
            answer = s.recv(65535)
        except OSError as e:
            last = str(e)
            continue
        if tells(answer, name):
            return "served " + name
        last = "result %d" % (answer[3] & 15) if len(answer) > 3 else "short"
    return last


def ask_stream(parts, name, address):
    s = socket.create_connection((address, 53), 3)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.settimeout(5)
    got = b""
    for part in parts:
        if part is None:
            got += s.recv(65535)
        else:
            s.sendall(part)
            time.sleep(0.005)
    try:
        while not tells(got[2:], name):
            more = s.recv(65535)
            if not more:
                break
            got += more
    except OSError as e:
        return "served " + name if tells(got[2:], name) else str(e)
    return "served " + name if tells(got[2:], name) else "closed"


# --- a resolver that lies -------------------------------------------------------


def answers(query, lie, tcp=False):
    """(datagrams, from where: 0 the resolver, 1 another port, 2 another address)"""
    at = HEAD
    while query[at]:
        at += 1 + query[at]
    asked = query[HEAD:at + 5]
    label = query[HEAD + 1:HEAD + 1 + query[HEAD]].decode("latin-1")
    ident = struct.unpack("!H", query[:2])[0]
    owner = u16(0xC000 | HEAD)
    lied, true = socket.inet_aton(lie), socket.inet_aton(TRUTH)
    victim = wire(VICTIM)

    def reply(*records, i=ident, q=asked, flags=0x8180, counts=None, rest=b""):
        return message([q], i, flags, counts or (1, len(records), 0, 0), b"".join(records) + rest)

    good = reply(record(owner, true))
    lies = {
        "foreign": [(reply(record(owner, true), record(victim, lied)), 0)],
        "foreign-first": [(reply(record(victim, lied), record(owner, true)), 0)],
        "additional": [(reply(record(owner, true), counts=(1, 1, 0, 1),
                              rest=record(victim, lied)), 0)],
        "authority": [(reply(record(owner, true), counts=(1, 1, 1, 0),
                             rest=record(victim, lied)), 0)],
        "alias-apart": [(reply(record(wire("x.example.org"), victim, 5),
                               record(victim, lied), record(owner, true)), 0)],
        "alias-from": [(reply(record(victim, wire("y.example.org"), 5),
                              record(wire("y.example.org"), lied), record(owner, true)), 0)],
        "wrong-id": [(reply(record(victim, lied), i=ident ^ 1, q=question(VICTIM)), 0), (good, 0)],
        "unasked": [(reply(record(victim, lied), q=question(VICTIM)), 0), (good, 0)],
        "wrong-port": [(reply(record(victim, lied), q=question(VICTIM)), 1), (good, 0)],
        "wrong-source": [(reply(record(victim, lied), q=question(VICTIM)), 2), (good, 0)],
        "two-questions": [(message([asked, question(VICTIM)], ident, 0x8180, (2, 1, 0, 0),
                                   record(victim, lied)), 0), (good, 0)],
        "chaos": [(reply(record(victim, lied, cls=3)), 0), (good, 0)],
        "no-answer-flag": [(reply(record(victim, lied), flags=0x0100, q=question(VICTIM)), 0), (good, 0)],
        "loop": [(reply(record(u16(0xC000 | len(asked) + HEAD), lied)), 0), (good, 0)],
        "hints": [(reply(record(victim, u16(1) + b"\0" + option(4, lied), 65), record(owner, true)), 0)],
        "trailing": [(reply(record(owner, true)) + record(victim, lied), 0)],
    }
    return lies.get(label, [(good, 0)])


def serve_stream(s, lie):
    while True:
        c, _ = s.accept()
        try:
            n = struct.unpack("!H", c.recv(2))[0]
            q = c.recv(n)
            for m, _ in answers(q, lie):
                c.sendall(framed(m))
            time.sleep(0.2)
        except (OSError, struct.error):
            pass
        c.close()


def serve(address, other, lie):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    ways = []
    for a, port in ((address, 53), (address, 5353), (other, 53)):
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.bind((a, port))
        ways.append(s)
    t = socket.socket(family)
    t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    t.bind((address, 53))
    t.listen(8)
    threading.Thread(target=serve_stream, args=(t, lie), daemon=True).start()
    while True:
        q, who = ways[0].recvfrom(65535)
        try:
            for m, way in answers(q, lie):
                ways[way].sendto(m, who)
                time.sleep(0.02)
        except (IndexError, OSError):
            pass


def main():
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:5])
    trick, name, address = sys.argv[2:5]
    if trick in STREAMS:
        return ask_stream(STREAMS[trick](name), name, address)
    return ask_datagrams(DATAGRAMS[trick](name), name, address)


try:
    print(main())
except (OSError, IndexError) as e:
    print(e)
    os._exit(1)
