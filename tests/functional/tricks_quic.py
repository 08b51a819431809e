#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A QUIC client that sends its Initial packets (RFC 9000, RFC 9001) in ways of its
own, and prints "served NAME" when the server answers with its handshake.
usage: tricks_quic.py TRICK NAME ADDRESS PORT
"""
import os
import socket
import struct
import sys
import time

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives import hashes, hmac, serialization

SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")


def u16(n):
    return struct.pack("!H", n)


def expand(secret, label, length):
    label = b"tls13 " + label
    info = u16(length) + bytes([len(label)]) + label + b"\0\1"
    h = hmac.HMAC(secret, hashes.SHA256())
    h.update(info)
    return h.finalize()[:length]


def extract(salt, key):
    h = hmac.HMAC(salt, hashes.SHA256())
    h.update(key)
    return h.finalize()


def varint(n):
    return bytes([n]) if n < 64 else u16(0x4000 | n)


def extension(number, data):
    return u16(number) + u16(len(data)) + data


def hello(name, source):
    key = X25519PrivateKey.generate().public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    entry = b"\0" + u16(len(name)) + name
    share = u16(0x1D) + u16(32) + key
    parameters = b"".join(varint(i) + varint(len(v)) + v for i, v in (
        (1, varint(10000)), (3, varint(1472)), (4, varint(16000)), (5, varint(8000)),
        (6, varint(8000)), (7, varint(8000)), (8, varint(60)), (9, varint(60)), (15, source)))
    extensions = (extension(0, u16(len(entry)) + entry) + extension(10, u16(2) + u16(0x1D))
                  + extension(13, u16(6) + u16(0x0403) + u16(0x0804) + u16(0x0807))
                  + extension(16, u16(3) + b"\2h3") + extension(43, b"\2\3\4")
                  + extension(45, b"\1\1") + extension(51, u16(len(share)) + share)
                  + extension(57, parameters))
    body = (b"\3\3" + os.urandom(32) + b"\0" + u16(4) + u16(0x1301) + u16(0x1302) + b"\1\0"
            + u16(len(extensions)) + extensions)
    return b"\1" + struct.pack("!I", len(body))[1:] + body


def crypto(offset, data):
    return b"\6" + varint(offset) + varint(len(data)) + data


class Connection:
    def __init__(self, name, dcid=None):
        self.dcid = os.urandom(8) if dcid is None else dcid
        self.scid = os.urandom(8)
        self.hello = hello(name, self.scid)
        self.number = 0
        secret = expand(extract(SALT, self.dcid), b"client in", 32)
        self.key = expand(secret, b"quic key", 16)
        self.iv = expand(secret, b"quic iv", 12)
        self.hp = expand(secret, b"quic hp", 16)

    def packet(self, frames, first=0xC3, version=1, token=b"", least=1200, spoil=False):
        """An Initial, as long as the datagram has to be."""
        head = (bytes([first]) + struct.pack("!I", version) + bytes([len(self.dcid)]) + self.dcid
                + bytes([len(self.scid)]) + self.scid + varint(len(token)) + token)
        frames += bytes(max(0, least - len(head) - 2 - 4 - 16 - len(frames)))
        head += u16(0x4000 | (4 + len(frames) + 16)) + struct.pack("!I", self.number)
        nonce = bytearray(self.iv)
        for i, b in enumerate(struct.pack("!I", self.number)):
            nonce[8 + i] ^= b
        self.number += 1
        sealed = AESGCM(self.key).encrypt(bytes(nonce), frames, head)
        if spoil:
            sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        encryptor = Cipher(algorithms.AES(self.hp), modes.ECB()).encryptor()
        mask = encryptor.update(sealed[:16])
        head = bytearray(head)
        head[0] ^= mask[0] & 0x0F
        for i in range(4):
            head[-4 + i] ^= mask[1 + i]
        return bytes(head) + sealed

    def whole(self, **options):
        return self.packet(crypto(0, self.hello), **options)

    def pieces(self, size):
        return [crypto(i, self.hello[i:i + size]) for i in range(0, len(self.hello), size)]

    def cut(self):
        """Within the name."""
        return self.hello.index(b"example") + 3


def in_two(c, turned=False):
    at = c.cut()
    parts = [c.packet(crypto(0, c.hello[:at])), c.packet(crypto(at, c.hello[at:]))]
    return parts[::-1] if turned else parts


def disguised(c, o):
    """The same hello for the other name, as long as this one."""
    name = b"evil.example.com" if b"evil.example.com" in c.hello else b"www.example.org"
    return c.hello.replace(name, (o + b"." * 20)[:len(name)])


def long_header(c, version, first=0xC3):
    return (bytes([first]) + struct.pack("!I", version) + b"\x08" + c.dcid + b"\x08" + c.scid
            + bytes(1200))


def interleaved(c, o):
    other = Connection(o)
    a, b = in_two(c)
    return [a, other.whole(), b]


def same_id(c, o):
    other = Connection(o, c.dcid)
    return [other.whole(), c.whole()]


# Datagrams; a number is a pause.
TRICKS = {
    "plain": lambda c, o: [c.whole()],
    "pieces": lambda c, o: [c.packet(b"".join(c.pieces(40)))],
    "pieces-of-one": lambda c, o: [c.packet(b"".join(c.pieces(1)))],
    "pieces-turned": lambda c, o: [c.packet(b"".join(c.pieces(40)[::-1]))],
    "pings-between": lambda c, o: [c.packet(b"\1\0\0\1".join(c.pieces(40)))],
    "two-packets": lambda c, o: in_two(c),
    "two-packets-turned": lambda c, o: in_two(c, True),
    "two-packets-apart": lambda c, o: [in_two(c)[0], 0.4, in_two(c)[1]],
    "two-in-one-datagram": lambda c, o: [
        c.packet(crypto(0, c.hello[:c.cut()]), least=0) + c.packet(crypto(c.cut(), c.hello[c.cut():]))],
    "packets-of-many": lambda c, o: [c.packet(p) for p in c.pieces(24)],
    "overlap": lambda c, o: [c.packet(crypto(0, c.hello[:c.cut() + 9]) + crypto(
        c.cut() - 9, c.hello[c.cut() - 9:]))],
    "overlap-other-first": lambda c, o: [c.packet(crypto(0, disguised(c, o)[:-4])), c.whole()],
    "overlap-other-last": lambda c, o: [c.packet(crypto(0, c.hello[:-4])),
                                        c.packet(crypto(0, disguised(c, o)))],
    "overlap-other-in-one": lambda c, o: [c.packet(crypto(c.cut() - 9, disguised(c, o)[c.cut() - 9:])
                                                   + crypto(0, c.hello))],
    "sent-twice": lambda c, o: [c.whole()] * 2,
    "junk-behind": lambda c, o: [c.whole() + bytes(20)],
    "junk-packet-before": lambda c, o: [long_header(c, 1, 0xE3)[:40] + c.whole()],
    "handshake-packet-before": lambda c, o: [
        b"\xe3\0\0\0\1\x08" + c.dcid + b"\x08" + c.scid + u16(0x4000 | 40) + os.urandom(40) + c.whole()],
    "early-data-before": lambda c, o: [
        b"\xd3\0\0\0\1\x08" + c.dcid + b"\x08" + c.scid + u16(0x4000 | 40) + os.urandom(40) + c.whole()],
    "early-data-datagram-first": lambda c, o: [
        b"\xd3\0\0\0\1\x08" + c.dcid + b"\x08" + c.scid + u16(0x4000 | 1180) + os.urandom(1180),
        c.whole()],
    "short-header-first": lambda c, o: [b"\x43" + os.urandom(60), c.whole()],
    "greased-version-first": lambda c, o: [long_header(c, 0x1A2A3A4A), 0.2, c.whole()],
    "unknown-version-first": lambda c, o: [long_header(c, 0x12345678), 0.2, c.whole()],
    "negotiation-first": lambda c, o: [long_header(c, 0)[:23] + struct.pack("!I", 1), c.whole()],
    "long-id": lambda c, o: [Connection.whole(c)],
    "without-fixed-bit": lambda c, o: [c.whole(first=0x83)],
    "a-token": lambda c, o: [c.whole(token=b"\x36" + os.urandom(40))],
    "spoiled-other-first": lambda c, o: [Connection(o).whole(spoil=True), c.whole()],
    "other-first": lambda c, o: [Connection(o).whole(), 0.3, c.whole()],
    "other-between": interleaved,
    "same-id-as-other": same_id,
    "short-datagram": lambda c, o: [c.packet(crypto(0, c.hello), least=0)],
}


def served(datagram, scid):
    """A packet of the handshake to us, alone or behind an Initial."""
    while len(datagram) > 7 and datagram[0] & 0x80 and datagram[1:5] == b"\0\0\0\1":
        n = 6 + datagram[5]
        to = datagram[6:n]
        at = n + 1 + datagram[n]
        if datagram[0] & 0x30 == 0x20:
            return to == scid
        if datagram[0] & 0x30:
            return False
        at += 1 + datagram[at]
        width = 1 << (datagram[at] >> 6)
        size = int.from_bytes(datagram[at:at + width], "big") & ((1 << (8 * width - 2)) - 1)
        datagram = datagram[at + width + size:]
    return False


def main():
    trick, name, address, port = sys.argv[1:5]
    slow = int(os.environ.get("LAB_SLOW", "1"))
    other = b"www.example.org" if name != "www.example.org" else b"packages.example.org"
    c = Connection(name.encode(), os.urandom(20) if trick == "long-id" else None)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((address, int(port)))
    for step in TRICKS[trick](c, other):
        if isinstance(step, float):
            time.sleep(step)
            continue
        try:
            s.send(step)
        except OSError:
            pass
        time.sleep(0.01)
    end = time.monotonic() + 1.2 * slow
    n = 0
    while time.monotonic() < end:
        s.settimeout(max(0.05, end - time.monotonic()))
        try:
            datagram = s.recv(65536)
        except OSError:
            continue
        n += 1
        if served(datagram, c.scid):
            print("served " + name)
            return
    print("%d datagrams" % n)


main()
