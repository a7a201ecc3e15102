#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our models of engines beside the engines themselves, on chains of our own making.

oracles.py [--program PATH] [--chains PATH] [--seed N] [--count N] [-v]

tests/unit/verify/chains.c makes seeded graphs of CAs, with what divides the engines, and judges them by our models of
Go, JSSE and Mbed TLS; the programs in oracles/ ask these libraries. Every verdict must be the
engine's own, or differ for a reason in KNOWN, which looks at the certificates and not at the case.
Where chance decides within the engine we say that nobody can tell: that must stay rare. An engine
that is not installed is said to be absent; where none is there, nothing is tested.
"""

import argparse
import base64
import collections
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ORACLES = pathlib.Path(__file__).resolve().parent / "oracles"
SKIPPED = 77
CHAIN_FIELDS = 7
MOST_UNDETERMINED = 0.02  # of the cases
SECONDS = 300

# policyMappings, policyConstraints and inhibitAnyPolicy; an address of IPv4 written as one of IPv6.
POLICY_EXTENSIONS = (b"\x06\x03\x55\x1d\x21", b"\x06\x03\x55\x1d\x24", b"\x06\x03\x55\x1d\x36")
MAPPED_ADDRESS = b"\x87\x10" + bytes(10) + b"\xff\xff"
MAIL_HOST, WILDCARD = b"\x81\x0blab.example", b"\x82\x0d*.lab.example"


def has_any(certificates, needles):
    return any(needle in der for der in certificates for needle in needles)


# By engine: why it may differ, and whether that is in one of the certificates.
KNOWN = {
    "go": (
        ("Debian's Go 1.19 knows no policy constraints, our model is of Go 1.27", lambda ders: has_any(ders, POLICY_EXTENSIONS)),
        ("Debian's Go 1.19 takes an address of IPv4 that is written as one of IPv6, Go since 1.25 does not",
         lambda ders: has_any(ders, [MAPPED_ADDRESS])),
        ("to Debian's Go 1.19 a host in a constraint of mail addresses has subdomains, to Go of today it has not",
         lambda ders: has_any(ders, [MAIL_HOST])),
        ("to Debian's Go 1.19 a wildcard does not reach into an excluded host, to Go since 1.26 it does",
         lambda ders: has_any(ders, [WILDCARD])),
    ),
}  # fmt: skip


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, check=False, timeout=SECONDS, **options)


def go_program(folder):
    if shutil.which("go") is None:
        return None
    environment = {"HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin", "GO111MODULE": "off"}
    done = run("go", "build", "-o", folder / "judge-go", ORACLES / "judge.go", env=environment)
    return [folder / "judge-go"] if done.returncode == 0 else None


def java_program(folder):
    if shutil.which("javac") is None or shutil.which("java") is None:
        return None
    done = run("javac", "-d", folder, ORACLES / "Judge.java")
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", folder, "Judge"] if done.returncode == 0 else None


def mbedtls_program(folder):
    done = run("cc", "-o", folder / "judge-mbedtls", ORACLES / "judge_mbedtls.c", "-lmbedx509", "-lmbedcrypto")
    return [folder / "judge-mbedtls"] if done.returncode == 0 else None


PROGRAMS = {"go": go_program, "jsse": java_program, "mbedtls": mbedtls_program}


class Chain:
    """One case, and our verdicts of it by engine."""

    def __init__(self, line):
        fields = line.split("\t")
        self.line, self.number, self.purpose = line, fields[0], fields[2]
        objects = [text for field in fields[3:6] for text in field.split(",") if text]
        self.certificates = [base64.b64decode(text) for text in objects]
        self.ours = {}
        for answer in fields[CHAIN_FIELDS:]:
            engine, rest = answer.split("=", 1)
            self.ours[engine] = tuple(rest.split(":", 1))


def ask(program, text):
    """The engine's verdict and reason, by number."""
    done = run(*program, input=text.encode())
    return {number: (verdict, reason) for number, verdict, reason in (line.split("\t", 2) for line in done.stdout.decode().splitlines())}


def excuse_of(engine, chain):
    return next((why for why, applies in KNOWN.get(engine, ()) if applies(chain.certificates)), None)


def compare(engine, chains, theirs, verbose):
    """Prints the figures; how many failed."""
    counts, excused, failed = collections.Counter(), collections.Counter(), 0
    for chain in chains:
        verdict, text = chain.ours[engine]
        wanted, reason = theirs.get(chain.number, ("nothing", "no answer"))
        counts[wanted] += 1
        if verdict in (wanted, "undetermined"):
            counts["same" if verdict == wanted else "undetermined"] += 1
            continue
        excuse = excuse_of(engine, chain)
        if excuse is not None:
            excused[excuse] += 1
            continue
        failed += 1
        print(f"FAILED {engine}, chain {chain.number} ({chain.purpose}): it says {wanted} ({reason}), we {verdict} ({text})")
        if verbose:
            print(chain.line)
    print(f"{engine}: {counts['same']} of {len(chains)} verdicts are its own, {counts['undetermined']} cannot be told; "
          f"it accepts {counts['accept']} and refuses {counts['reject']}")  # fmt: skip
    for why, count in sorted(excused.items()):
        print(f"  {count} differ and may: {why}")
    if counts["undetermined"] > MOST_UNDETERMINED * len(chains):
        failed += 1
        print(f"FAILED {engine}: too many cannot be told")
    if not counts["accept"] or not counts["reject"]:
        failed += 1
        print(f"FAILED {engine}: it says the same of all, which tests nothing")
    return failed


def main():
    """Makes the chains, asks all engines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "src" / "cli" / "trustmend", help="beside which chains is")
    parser.add_argument("--chains", type=pathlib.Path, help="the generator; by default that of the program's build")
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("-v", "--verbose", action="store_true", help="the chains that fail, as they are given to the programs")
    options = parser.parse_args()
    generator = options.chains or options.program.parents[2] / "tests" / "unit" / "verify" / "chains"
    made = run(generator, options.seed, options.count)
    text = made.stdout.decode()
    chains = [Chain(line) for line in text.splitlines()]
    if made.returncode != 0 or len(chains) != options.count:
        print(f"FAILED {generator}: status {made.returncode}, {len(chains)} chains: {made.stderr.decode(errors='replace')}")
        return 1
    asked = passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="trustmend-oracles-") as name:
        for engine, make in PROGRAMS.items():
            program = make(pathlib.Path(name))
            if program is None:
                print(f"{engine} is not there: SKIPPED")
                continue
            asked += 1
            wrong = compare(engine, chains, ask(program, text), options.verbose)
            failed += wrong
            passed += len(chains) - wrong
    if not asked:
        print("no engine is there to be asked")
        return SKIPPED
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
