# SPDX-License-Identifier: Apache-2.0
"""What happens to the bytes of a store: one function a kind of damage, from bytes to bytes."""

import base64
import tempfile

from pki import openssl
from world import blocks


def fused_blocks(data):
    return data.replace(b"-----\n-----BEGIN", b"----------BEGIN", 1)


def truncated(data):
    return data[:-len(blocks(data)[-1]) // 3]


def empty(_data):
    return b""


def interleaved_write(data):
    """Two writers, each with its own place in the file: lines of two copies, mixed."""
    first, second = data.split(b"\n"), blocks(data)[-1].split(b"\n")
    half = len(first) // 2
    mixed = [line for pair in zip(first[half:], second) for line in pair]
    return b"\n".join(first[:half] + mixed + [b""])


def nul_bytes(data):
    """A block of zeros between two entries: what a file system leaves after a crash."""
    head, *rest = blocks(data)
    return head + bytes(512) + b"\n" + b"".join(rest)


def corrupt_entry(data):
    """One character that is not base64, in the middle of the last block."""
    last = blocks(data)[-1]
    place = data.index(last) + len(last) // 2
    place += data[place:place + 1] == b"\n"
    return data[:place] + b"!" + data[place + 1:]


def corrupt_der(data):
    """Good base64 of bytes that are no certificate any more: a length of the first block is wrong."""
    lines = data.split(b"\n")
    body = bytearray(base64.b64decode(lines[1]))
    body[5] ^= 0x7f
    lines[1] = base64.b64encode(body)
    return b"\n".join(lines)


def utf16(data):
    return b"\xff\xfe" + data.decode().encode("utf-16-le")


def carriage_returns(data):
    return data.replace(b"\n", b"\r")


def indented(data):
    return b"".join(b"    " + line for line in data.splitlines(True))


def literal_newlines(data):
    return data.replace(b"\n", b"\\n") + b"\n"


def double_base64(data):
    return base64.encodebytes(data)


def byte_order_mark(data):
    return b"\xef\xbb\xbf" + data


def stray_text(data):
    """Comments, one of them not ASCII and not UTF-8."""
    first, *rest = blocks(data)
    return b"subject=Lab\n" + first + b"CA de l'\xe9tat-major\n" + b"".join(rest)


def windows_lines(data):
    return data.replace(b"\n", b"\r\n")


def duplicate(data):
    return data + blocks(data)[0]


def pkcs7(data):
    """The same entries in a PKCS#7 container, as a CA's portal hands them out."""
    if b"X509 CRL" in data:
        return through(data, "crl2pkcs7", "-in", "{}")
    return through(data, "crl2pkcs7", "-nocrl", "-certfile", "{}")


def der(data):
    """The last entry alone, as DER: what a download in a browser leaves."""
    tool = "crl" if b"X509 CRL" in data else "x509"
    return openssl(tool, "-outform", "DER", given=blocks(data)[-1])


def through(data, *command):
    """What openssl makes of the bytes, given as a file."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return openssl(*(file.name if word == "{}" else word for word in command))


# code, damage, whether a server suffers by it
DAMAGES = (
    ("store.fused-blocks", fused_blocks, True),
    ("store.truncated", truncated, True),
    ("store.empty", empty, True),
    ("store.interleaved-write", interleaved_write, True),
    ("store.nul-bytes", nul_bytes, True),
    ("store.corrupt-entry", corrupt_entry, True),
    ("store.corrupt-entry", corrupt_der, True),
    ("store.utf16", utf16, True),
    ("store.line-endings", carriage_returns, True),
    ("store.line-endings", indented, True),
    ("store.literal-newlines", literal_newlines, True),
    ("store.double-base64", double_base64, True),
    ("store.wrong-container", pkcs7, True),
    ("store.byte-order-mark", byte_order_mark, False),
    ("store.stray-text", stray_text, False),
    ("store.duplicate", duplicate, False),
)
