#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `inspect` says that each engine loads of a file, beside what the engine itself loads.

engines.py [--program PATH] [--seed N] [--count N] [-v]

Files of certificates are damaged in many ways, all of the frame and none within the DER (what a parser
makes of a certificate that is odd in itself is its own affair), and each is given to Node, Go, Mbed TLS and GnuTLS as a
server of theirs would take it: how many certificates they end up with must be what we say. An engine
that is not installed is said to be absent, and not asked; where none is, nothing is tested.
"""
import argparse
import json
import pathlib
import random
import re
import sys
import tempfile

from askers import ask, make_askers, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
CERTIFICATES = 6

def make_certificates(folder):
    """Self-signed CAs of different names, as PEM texts."""
    texts = []
    for number in range(CERTIFICATES):
        done = run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            folder / "key", "-subj", f"/CN=Engine test {number}", "-days", "3650",
        )  # fmt: skip
        texts.append(done.stdout.decode())
    return texts


# Each takes the texts of the certificates and a source of chance, and gives bytes.
def whole(texts, _):
    return "".join(texts)


def with_comments(texts, _):
    return "".join(f"# number {number}: a comment\nSubject: CN = x\n{text}" for number, text in enumerate(texts))


def crlf(texts, _):
    return "".join(texts).replace("\n", "\r\n")


def fused(texts, chance):
    at = chance.randrange(1, len(texts))
    return "".join(texts[:at]).rstrip("\n") + "".join(texts[at:])


def truncated(texts, chance):
    text = "".join(texts)
    return text[: chance.randrange(len(text))]


def lost_line(texts, chance):
    lines = "".join(texts).splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return "".join(lines)


def doubled_line(texts, chance):
    lines = "".join(texts).splitlines(keepends=True)
    at = chance.randrange(len(lines))
    return "".join(lines[:at] + [lines[at]] + lines[at:])


def changed_byte(texts, chance):
    text = list("".join(texts))
    text[chance.randrange(len(text))] = chance.choice("=- \t:!\n")
    return "".join(text)


def label(name):
    def relabelled(texts, chance):
        return "".join(text.replace("CERTIFICATE", name) if chance.randrange(2) else text for text in texts)

    return relabelled


def indented(texts, chance):
    return "".join(text if chance.randrange(3) else re.sub("(?m)^", "  ", text) for text in texts)


def trailing_blanks(texts, _):
    return "".join(texts).replace("\n", " \n")


def headers(texts, chance):
    return "".join(
        text.replace("-----\n", "-----\nFriendly: name\n\n", 1) if chance.randrange(2) else text for text in texts
    )


def one_line(texts, _):
    return "".join(
        "-----BEGIN CERTIFICATE-----\n" + "".join(text.splitlines()[1:-1]) + "\n-----END CERTIFICATE-----\n" for text in texts
    )


def empty_block(texts, chance):
    at = chance.randrange(len(texts))
    return "".join([*texts[:at], "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", *texts[at:]])


def no_last_newline(texts, _):
    return "".join(texts).rstrip("\n")


def leading_text(texts, _):
    return "some words -----BEGIN CERTIFICATE-----\n" + "".join(texts)


DAMAGES = [
    whole, with_comments, crlf, fused, truncated, lost_line, doubled_line, changed_byte, indented, trailing_blanks,
    headers, one_line, empty_block, no_last_newline, leading_text, label("TRUSTED CERTIFICATE"),
    label("X509 CERTIFICATE"), label("certificate"),
]  # fmt: skip


def make_files(folder, seed, count):
    """Each damage some times, with other certificates and places."""
    chance, texts = random.Random(seed), make_certificates(folder)
    files = []
    for damage in DAMAGES:
        for number in range(count):
            path = folder / f"{len(files):03}-{damage.__name__}-{number}.pem"
            chosen = texts[: chance.randrange(2, CERTIFICATES + 1)]
            path.write_bytes(damage(chosen, chance).encode())
            files.append(path)
    return files


def said_by_us(program, folder, path):
    done = run(program, "--state", folder / "state", "--json", "inspect", path)
    return json.loads(done.stdout)["stores"][0]["read_by"]


def engines(folder, files):
    """What each engine that is here makes of the files."""
    programs = make_askers(folder, ("go", "mbedtls", "gnutls", "node"))
    return {name: ask(program, files) for name, program in programs.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "src" / "cli" / "trustmend")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=6, help="files of each kind of damage")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="trustmend-engines-") as name:
        folder = pathlib.Path(name)
        files = make_files(folder, options.seed, options.count)
        found = engines(folder, files)
        for path in files:
            ours = said_by_us(options.program, folder, path)
            for engine, theirs in found.items():
                wanted, good, _ = theirs.get(path, (None, None, None))
                loaded, error = ours[engine]["loaded"], ours[engine]["error"]
                if (loaded, error is None) == (wanted, good):
                    passed += 1
                    continue
                failed += 1
                print(f"FAILED {engine}, {path.name}: loads {wanted}, {good}; we say {loaded}, {error}")
                if options.verbose:
                    print(path.read_text(encoding="utf-8", errors="replace"))
        if not found:
            print("no engine is there to be asked")
            return SKIPPED
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
