#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of HTTP whose TCP and IP are made by hand, for what no kernel sends.
Prints "served NAME" for each page that comes back, or what came instead.
usage: tricks_tcp.py TRICK NAME ADDRESS PORT OWN-ADDRESS
NAME is asked for; the other of the two is what is said to hide it.
Its own kernel must not see the answers: drop them on its input.
"""
import os
import re
import select
import socket
import struct
import sys
import time

NAMES = ("www.example.org", "evil.example.com")
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << i for i in range(8))
# RFC 2385, RFC 5925, RFC 7413; option kinds, with what a host without keys says
MD5 = b"\x13\x12" + bytes(16) + b"\x01\x01"
AO = b"\x1d\x10\x01\x01" + bytes(12)
FAST_OPEN = b"\x22\x0a" + bytes(8) + b"\x01\x01"
UNKNOWN_OPTION = b"\xfd\x04\x00\x01"
FAR = 64  # hops; the wire behind the gateway lets nothing pass that has few
NEAR = 5


def u16(n):
    return struct.pack("!H", n & 0xFFFF)


def u32(n):
    return struct.pack("!I", n & 0xFFFFFFFF)


def checksum(data):
    total = sum(struct.unpack("!%dH" % ((len(data) + 1) // 2), data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Ip:
    """What carries segments between two addresses, in either family."""

    def __init__(self, own, other):
        self.v6 = ":" in own
        self.family = socket.AF_INET6 if self.v6 else socket.AF_INET
        self.own, self.other = (socket.inet_pton(self.family, a) for a in (own, other))
        self.to = (other, 0)
        self.out = socket.socket(self.family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.heard = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                   socket.htons(0x86DD if self.v6 else 0x0800))
        self.id = os.getpid() & 0xFFFF

    def pseudo(self, n):
        return self.own + self.other + struct.pack("!IBBH", n, 0, 0, 6) if self.v6 \
            else self.own + self.other + struct.pack("!BBH", 0, 6, n)

    def packet(self, payload, hops=FAR, kind=6, options=b"", more=False, at=0):
        """A packet, or in IPv4 a fragment."""
        if self.v6:
            return struct.pack("!IHBB", 6 << 28, len(payload), kind, hops) + self.own + self.other + payload
        words = 5 + len(options) // 4
        head = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), self.id,
                           (0x2000 if more else 0) | at // 8, hops, kind, 0) + self.own + self.other + options
        return head[:10] + u16(checksum(head)) + head[12:] + payload

    def send(self, *packets):
        for p in packets:
            self.out.sendto(p, self.to)

    def fragments(self, payload, size, hops=FAR):
        """[packets] of `size` bytes each."""
        return [self.fragment(payload[i:i + size], i, i + size < len(payload), hops)
                for i in range(0, len(payload), size)]

    def fragment(self, part, at, more, hops=FAR):
        if not self.v6:
            return self.packet(part, hops, more=more, at=at)
        return self.packet(struct.pack("!BBHI", 6, 0, at | more, self.id) + part, hops, 44)

    def hear(self, seconds):
        """The next segment from the other end, or None."""
        end = time.time() + seconds
        while (left := end - time.time()) > 0:
            if not select.select([self.heard], [], [], left)[0]:
                return None
            p = self.heard.recv(65535)
            if self.v6 and p[6] == 6 and p[8:24] == self.other:
                return p[40:40 + struct.unpack("!H", p[4:6])[0]]
            if not self.v6 and p[9] == 6 and p[12:16] == self.other:
                return p[(p[0] & 15) * 4:struct.unpack("!H", p[2:4])[0]]
        return None


class Tcp:
    """A connection; sequence numbers count from the first byte."""

    def __init__(self, ip, port, sport):
        self.ip, self.port, self.sport = ip, port, sport
        self.stamps = False
        self.begin(struct.unpack("!I", os.urandom(4))[0])

    def begin(self, isn):
        self.isn = isn
        self.acked, self.sent, self.got, self.reset = 0, 0, b"", False

    def segment(self, at, data=b"", flags=ACK | PSH, options=b"", ack=0, spoil=0, stamp=0, window=65535):
        if self.stamps:
            options += b"\x01\x01\x08\x0a" + u32(1000000 + stamp) + u32(self.echo)
        head = (u16(self.sport) + u16(self.port) + u32(self.isn + 1 + at) + u32(self.acked + ack)
                + bytes([(5 + len(options) // 4) << 4, flags]) + u16(window) + bytes(2)
                + u16(len(data) if flags & URG else 0) + options)
        tcp = head + data
        tcp = tcp[:16] + u16(checksum(self.ip.pseudo(len(tcp)) + tcp) ^ spoil) + tcp[18:]
        return tcp

    def say(self, at, data=b"", flags=ACK | PSH, hops=FAR, honest=True, **odd):
        """A segment; one that is `honest` counts as said."""
        if honest:
            self.sent = max(self.sent, at + len(data) + bool(flags & FIN))
        self.ip.send(self.ip.packet(self.segment(at, data, flags, **odd), hops))

    def open(self, data=b"", options=b"", twice=False, silent=False):
        self.echo = 0
        for _ in range(1 + twice):
            self.say(-1, data, SYN, options=options, honest=False)
        if self.listen(3, SYN | ACK) and not silent:
            self.say(0, flags=ACK)
        return self

    def stamped(self):
        """With time stamps (RFC 7323)."""
        self.stamps = True
        return self.open()

    def listen(self, seconds, wanted=0):
        """Take what comes, until a segment has these flags."""
        end = time.time() + seconds
        while (left := end - time.time()) > 0:
            s = self.ip.hear(left)
            if not s or s[:4] != u16(self.port) + u16(self.sport):
                continue
            seq, _, offset, flags = struct.unpack("!IIBB", s[4:14])
            data = s[(offset >> 4) * 4:]
            at = s[20:].find(b"\x08\x0a") if offset >> 4 > 5 else -1
            if at >= 0:
                self.echo = struct.unpack("!I", s[22 + at:26 + at])[0]
            self.reset |= bool(flags & RST)
            if flags & SYN:
                self.acked = seq + 1
            elif seq == self.acked & 0xFFFFFFFF and (data or flags & FIN):
                self.got += data
                self.acked += len(data) + (flags & FIN)
                self.say(self.sent, flags=ACK)
            if wanted and flags & wanted == wanted:
                return True
            if self.served() and not wanted:
                return True
        return False

    def served(self):
        return re.findall(rb"hello from ([a-z.]+)", self.got)


def asks(name, close=True):
    return (b"GET / HTTP/1.1\r\n" + (b"Connection: close\r\n" if close else b"")
            + b"Host: " + name.encode() + b"\r\n\r\n")


def pair(name):
    """A request for it, and one of the same length for the other name."""
    other = NAMES[name == NAMES[0]]
    n = max(map(len, NAMES))
    return [asks(x).replace(b"\r\nHost", b"\r\nX: " + b"x" * (n - len(x)) + b"\r\nHost") for x in (name, other)]


def whole(t, data):
    t.open().say(0, data)


def pieces(t, data, cuts):
    """[(offset, bytes)]"""
    at = [0, *cuts, len(data)]
    return [(a, data[a:b]) for a, b in zip(at, at[1:])]


def in_order(t, order, data):
    parts = pieces(t, data, range(7, len(data), 7))
    t.open()
    for at, part in order(parts):
        t.say(at, part)


def shuffled(parts):
    return parts[1::3] + parts[::3] + parts[2::3]


def decoy(t, data, other, opened=None, **odd):
    """What the server does not take comes first, in the place of what it does."""
    (opened or t.open)()
    t.say(0, other, honest=False, **odd)
    time.sleep(0.3)
    t.say(0, data)


def fragmented(t, data, size, order=lambda f: f):
    t.open()
    t.sent = len(data)
    t.ip.send(*order(t.ip.fragments(t.segment(0, data), size)))


def fragments_differ(t, data, other, first, hops=FAR):
    """The part that has the name twice, in two versions."""
    t.open()
    t.sent = len(data)
    a, b = (t.segment(0, d) for d in ((other, data) if first else (data, other)))
    tail = a[40:]
    lie = t.ip.fragment(b[40:], 40, False, hops)
    true = t.ip.fragment(tail, 40, False)
    head = t.ip.fragment(a[:40], 0, True)
    t.ip.send(*((lie, true, head) if first else (true, lie, head)))


def overlapping(t, data, other, order):
    """Two versions of the middle, behind a hole that is filled last."""
    t.open()
    half = len(data) // 2
    for kind in order:
        t.say(half, (data if kind == "d" else other)[half:])
    t.say(0, data[:half])


def extension(kind, data=b"\x01\x04\0\0\0\0", count=1):
    """IPv6: `count` of such headers before the segment."""
    def with_headers(t, payload):
        t.open()
        t.sent = len(payload)
        chain = b"".join(bytes([6 if i == count - 1 else kind, 0]) + data for i in range(count))
        t.ip.send(t.ip.packet(chain + t.segment(0, payload), kind=kind))
    return with_headers


def option(data):
    """IPv4: with options."""
    def with_option(t, payload):
        t.open()
        t.sent = len(payload)
        t.ip.send(t.ip.packet(t.segment(0, payload), options=data))
    return with_option


def again(t, data, other, end, further=1000000):
    """The same ports for another connection, soon after the first."""
    first = asks(NAMES[0])
    whole(t, first)
    t.listen(3)
    end(t)
    time.sleep(0.2)
    served = t.served()
    t.begin(t.isn + further)  # RFC 9293 3.10.7.8: larger than that of before
    t.open()
    if not t.acked:
        t.open()
    t.say(0, data)
    return served


def finish(t):
    t.say(t.sent, flags=FIN | ACK)
    t.listen(0.5, ACK)


def keep_alive(t, data, byte, between):
    first = asks(NAMES[0], close=False)
    t.open()
    if not between:
        t.say(-1, byte, ACK, honest=False)
        t.say(0, data)
        return
    t.say(0, first)
    t.listen(3)
    t.got = b""
    t.say(len(first) - 1, byte, ACK, honest=False)
    time.sleep(0.2)
    t.say(len(first), data)


# `d` is the request, `o` one for the other name.
TRICKS = {
    "plain": lambda t, d, o: whole(t, d),
    "pieces": lambda t, d, o: in_order(t, lambda p: p, d),
    "back-to-front": lambda t, d, o: in_order(t, lambda p: p[::-1], d),
    "shuffled": lambda t, d, o: in_order(t, shuffled, d),
    "all-twice": lambda t, d, o: in_order(t, lambda p: p + p, d),
    "larger-the-second-time": lambda t, d, o: (t.open().say(0, d[:20]), t.say(0, d)),
    "from-the-middle-again": lambda t, d, o: (t.open().say(0, d[:60]), t.say(30, d[30:])),
    "with-the-handshake": lambda t, d, o: t.open(silent=True).say(0, d),
    "syn-twice": lambda t, d, o: t.open(twice=True).say(0, d),
    "late-copy-of-the-syn": lambda t, d, o: (t.open().say(0, d[:30]), t.say(-1, flags=SYN, honest=False),
                                            time.sleep(0.2), t.say(30, d[30:])),
    "end-with-it": lambda t, d, o: t.open().say(0, d, FIN | ACK | PSH),
    "bits-of-congestion": lambda t, d, o: t.open().say(0, d, ACK | PSH | ECE | CWR),
    "option-nobody-knows": lambda t, d, o: t.open().say(0, d, options=UNKNOWN_OPTION),
    "time-stamps": lambda t, d, o: t.stamped().say(0, d, stamp=5),
    "no-window": lambda t, d, o: (t.open().say(0, flags=ACK, window=0), t.say(0, d)),
    "byte-to-keep-alive-first": lambda t, d, o: keep_alive(t, d, b"\0", False),
    "byte-to-keep-alive": lambda t, d, o: keep_alive(t, d, b"\0", True),
    "late": lambda t, d, o: (t.open(), time.sleep(8), t.say(0, d)),
    "broken-copy-first": lambda t, d, o: decoy(t, d, d, spoil=0x5555),
    "copy-that-dies-first": lambda t, d, o: decoy(t, d, d, hops=NEAR),
    "decoy-dies": lambda t, d, o: decoy(t, d, o, hops=NEAR),
    "decoy-is-broken": lambda t, d, o: decoy(t, d, o, spoil=0x5555),
    "decoy-acknowledges-too-much": lambda t, d, o: decoy(t, d, o, ack=100000),
    "decoy-acknowledges-old": lambda t, d, o: decoy(t, d, o, ack=-3000000),
    "decoy-without-ack": lambda t, d, o: decoy(t, d, o, flags=PSH),
    "decoy-without-flags": lambda t, d, o: decoy(t, d, o, flags=0),
    "decoy-syn": lambda t, d, o: decoy(t, d, o, flags=SYN | ACK),
    "decoy-reset": lambda t, d, o: decoy(t, d, o, flags=RST | ACK, hops=NEAR),
    "decoy-has-md5": lambda t, d, o: decoy(t, d, o, options=MD5),
    "decoy-has-ao": lambda t, d, o: decoy(t, d, o, options=AO),
    "decoy-is-stamped-old": lambda t, d, o: decoy(t, d, o, t.stamped, stamp=-500000),
    "decoy-of-a-syn": lambda t, d, o: (t.open(data=o), t.say(0, d)),
    "decoy-of-a-fast-open": lambda t, d, o: (t.open(data=o, options=FAST_OPEN), t.say(0, d)),
    "said-with-a-syn": lambda t, d, o: t.open(data=d),
    "said-without-a-handshake": lambda t, d, o: t.say(0, d),
    "said-without-ack": lambda t, d, o: t.open().say(0, d, PSH),
    "said-beyond-the-window": lambda t, d, o: (t.open().say(200000, o, honest=False), t.say(0, d)),
    "said-before-the-window": lambda t, d, o: (t.open().say(-len(o), o, honest=False), t.say(0, d)),
    "false-reset": lambda t, d, o: (t.open().say(90000, flags=RST, honest=False), t.say(0, d)),
    "reset-that-dies": lambda t, d, o: (t.open().say(0, flags=RST, hops=NEAR, honest=False),
                                       time.sleep(0.3), t.say(0, d)),
    "false-end": lambda t, d, o: (t.open().say(90000, flags=FIN | ACK, honest=False), t.say(0, d)),
    "end-that-dies": lambda t, d, o: (t.open().say(0, flags=FIN | ACK, hops=NEAR, honest=False),
                                     time.sleep(0.3), t.say(0, d)),
    "urgent-byte": lambda t, d, o: (t.open().say(0, d[:-20]), t.say(len(d) - 20, b"x", ACK | URG),
                                   t.say(len(d) - 19, d[-20:])),
    "two-versions-first-other": lambda t, d, o: overlapping(t, d, o, "od"),
    "two-versions-last-other": lambda t, d, o: overlapping(t, d, o, "do"),
    "three-versions": lambda t, d, o: overlapping(t, d, o, "odo"),
    "said-again-otherwise": lambda t, d, o: (t.open().say(0, o), t.say(0, d)),
    "ports-again-after-the-end": lambda t, d, o: again(t, d, o, finish),
    "ports-again-after-a-reset": lambda t, d, o: again(t, d, o, lambda t: t.say(t.sent, flags=RST | ACK)),
    "all-again-after-a-reset": lambda t, d, o: again(t, d, o, lambda t: t.say(t.sent, flags=RST | ACK), 0),
    "ports-again-without-an-end": lambda t, d, o: again(t, d, o, lambda t: None),
    "fragments": lambda t, d, o: fragmented(t, d, 64),
    "small-fragments": lambda t, d, o: fragmented(t, d, 8),
    "fragments-back-to-front": lambda t, d, o: fragmented(t, d, 32, lambda f: f[::-1]),
    "fragments-twice": lambda t, d, o: fragmented(t, d, 32, lambda f: f[:-1] + f),
    "one-fragment": lambda t, d, o: fragmented(t, d, 4096),
    "fragments-differ-first": lambda t, d, o: fragments_differ(t, d, o, True),
    "fragments-differ-last": lambda t, d, o: fragments_differ(t, d, o, False),
    "fragment-that-dies": lambda t, d, o: fragments_differ(t, d, o, True, NEAR),
    "hop-by-hop": lambda t, d, o: extension(0)(t, d),
    "destination-options": lambda t, d, o: extension(60)(t, d),
    "many-destination-options": lambda t, d, o: extension(60, count=12)(t, d),
    "routing-0": lambda t, d, o: extension(43, b"\0\0\0\0\0\0")(t, d),
    "routing-2": lambda t, d, o: extension(43, b"\2\0\0\0\0\0")(t, d),
    "routing-4": lambda t, d, o: extension(43, b"\4\0\0\0\0\0")(t, d),
    "atomic-fragment": lambda t, d, o: extension(44, b"\0\0\0\0\0\7")(t, d),
    "loose-source-route": lambda t, d, o: option(b"\x83\x07\x04" + t.ip.other + b"\x01")(t, d),
    "strict-source-route": lambda t, d, o: option(b"\x89\x07\x04" + t.ip.other + b"\x01")(t, d),
    "record-route": lambda t, d, o: option(b"\x07\x07\x04\0\0\0\0\x01")(t, d),
    "router-alert": lambda t, d, o: option(b"\x94\x04\0\0")(t, d),
}


def main():
    trick, name, address, port, own = sys.argv[1:]
    t = Tcp(Ip(own, address), int(port), 20000 + os.getpid() % 9000)
    data, other = pair(name)
    before = TRICKS[trick](t, data, other)
    t.listen(4)
    served = (before if isinstance(before, list) else []) + t.served()
    print("reset" if t.reset else "silence")
    for n in served:
        print("served", n.decode())


main()
