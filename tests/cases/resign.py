#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""resign.py IN.pem KEY.pem SERIAL OUT.pem: the certificate with other bytes of its serial number, signed anew.

As a CA with a faulty program issues it: the signature is good, the number need not be. SERIAL is the
hex of the INTEGER's content; the key is Ed25519.
"""

import base64
import subprocess
import sys
import tempfile


def element(data, at=0):
    """Tag, content and end of the DER element that begins there."""
    length, begin = data[at + 1], at + 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(data[at + 2 : begin], "big")
    return data[at], data[begin : begin + length], begin + length


def encode(tag, content):
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def sign(tbs, key):
    with tempfile.NamedTemporaryFile() as file:
        file.write(tbs)
        file.flush()
        command = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file.name]
        return subprocess.run(command, check=True, capture_output=True).stdout


def main(source, key, serial, target):
    lines = open(source, encoding="ascii").read().split("\n")
    der = base64.b64decode("".join(line for line in lines if not line.startswith("-----")))
    _, whole, _ = element(der)
    _, tbs, tbs_end = element(whole)
    _, algorithm, _ = element(whole, tbs_end)
    _, _, version_end = element(tbs)  # [0] version
    _, _, serial_end = element(tbs, version_end)
    tbs = encode(0x30, tbs[:version_end] + encode(0x02, bytes.fromhex(serial)) + tbs[serial_end:])
    der = encode(0x30, tbs + encode(0x30, algorithm) + encode(0x03, b"\0" + sign(tbs, key)))
    with open(target, "w", encoding="ascii") as file:
        text = base64.encodebytes(der).decode().replace("\n", "")
        text = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
        file.write(f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
