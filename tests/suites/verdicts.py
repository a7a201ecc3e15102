#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Engines' verdicts through `trustmend verify --engine`: ours of each engine against what that engine said.

verdicts.py [--program PATH] [--suites DIR] [--engine NAME,NAME] [--only TEXT] [--list]

Nothing of the suites is in this tree: their archives are read where they are, and without them the
test is skipped, visibly. The annotations were made by calling each engine's library: the trusted
certificates are its anchors, what is untrusted stands beside the leaf, the time is the case's, the
purpose is that of the peer (none for `any`; NSS, which knows none without, was asked for a client or
a server, as the leaf is for), and the host is compared by the engine's own function.

A case passes where our verdict of the engine is the engine's own. What differs and may is in KNOWN,
each with its reason; a difference that is there and does not happen fails too. Known or not, it
counts as a difference in the figure, and each engine's figure has its demand.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import paths

# Our engine, what the annotations call it, and the least agreement of the two in per cent.
ENGINES = (
    ("openssl", "openssl30", 99.5),
    ("gnutls", "gnutls37", 99.5),
    ("nss", "nss", 99),
    ("jsse", "java17", 99),
    ("go", "go127", 99),
    ("mbedtls", "mbedtls", 98),
)

# Of every engine: what is no certificate to our reader is refused before an engine is asked.
UNREAD = (
    ("its version is 4, which RFC 5280 4.1.2.1 does not have; our reader refuses it", "botan-bsi/common_11"),
)

# Per engine: why they differ, and what the names begin with.
KNOWN = {
    "openssl": (
        *UNREAD,
        ("OpenSSL's level 3, which is 128 bits; strict is 112", "openssl-verify/118 "),
    ),
    "nss": (
        *UNREAD,
        ("an extension comes twice in it (RFC 5280 4.2); our reader refuses it", "botan-bsi/ext_05"),
        ("an extension of it is not of the type that belongs there (RFC 5280 4.2.1); our reader refuses it", "botan-bsi/ext_10"),
    ),
    "gnutls": (
        *UNREAD,
        ("an extension of it is not of the type that belongs there (RFC 5280 4.2.1); our reader refuses it", "botan-bsi/ext_10"),
        (
            "the annotation was made without a profile; the servers' priority NORMAL has LOW, which is 80 bits",
            "chromium/target-has-512bit-rsa-key/main.test",
            "openssl-verify/120 ",
            "openssl-verify/122 ",
            "openssl-verify/124 ",
            "openssl-verify/131 ",
        ),
    ),
    "go": (
        ("Go refuses a negative serial number since 1.23 but where GODEBUG or an old go.mod says x509negativeserial=1", "botan-bsi/common_06"),
        (
            "Go refuses signatures by RSA keys below 1024 bits since 1.24 but where GODEBUG or an old go.mod says rsa1024min=0",
            "openssl-verify/120 ",
            "openssl-verify/122 ",
        ),
    ),
    "jsse": (
        (
            "Java checks ECDSA with SHA-3, which libcrypto 3.0 does not for certificates: we say that we cannot tell",
            "openssl-verify/134 ",
            "openssl-verify/135 ",
            "openssl-verify/136 ",
            "openssl-verify/137 ",
        ),
    ),
    "mbedtls": (
        (
            "the annotation was made without the host where that is an address; Mbed TLS 2.28 compares no addresses, and a host that is one fits nothing",
            "limbo/bettertls::nameconstraints::tc4",
            "limbo/bettertls::nameconstraints::tc7378",
            "limbo/bettertls::nameconstraints::tc8026",
        ),
    ),
}


def ask(case, program, engine):
    """The verdict and the words of each engine, by name."""
    with tempfile.TemporaryDirectory(prefix="trustmend-suite-") as place:
        words = paths.command_of(case, pathlib.Path(place), program)
        command = [*words[:-1], "--engine", engine, words[-1]]
        try:
            done = subprocess.run(command, capture_output=True, timeout=paths.SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return {"": ("hang", "", "")}
    if done.returncode not in (0, 2, 3):
        return {"": (f"status {done.returncode}", "", done.stderr.decode(errors="replace").strip())}
    answers = {}
    for result in json.loads(done.stdout)["results"]:
        reason = result["reason"]
        verdict = paths.VERDICTS.get(result["verdict"], result["verdict"])
        answers[reason["engine"]] = (verdict, reason.get("rule") or "", reason["text"] or "")
    return answers


def read_annotations(folder):
    """What each engine said, by case."""
    with open(folder / "engine-verdicts" / "annotations.jsonl", encoding="utf-8") as lines:
        return {note["id"]: note for note in map(json.loads, lines)}


def excuse_of(engine, case):
    """Why we differ from the engine and mean to, or None."""
    for why, *names in KNOWN.get(engine, ()):
        if any(case["id"] == name or (name.endswith(" ") and case["id"].startswith(name)) for name in names):
            return why
    return None


class Tally:
    """One engine's figures."""

    def __init__(self, name, wanted):
        self.name, self.wanted = name, wanted
        self.same = self.count = self.passed = 0
        self.excused = collections.Counter()
        self.failures = []

    def add(self, case, answer, said, reason):
        """One case: our answer beside what the engine said."""
        excuse = excuse_of(self.name, case)
        agrees = answer[0] == said
        self.count += 1
        self.same += agrees
        if agrees == (excuse is None):
            self.passed += 1
            if not agrees:
                self.excused[excuse] += 1
            return
        if agrees:
            self.failures.append(f"{case['id']}: agrees, and KNOWN says that it does not")
            return
        self.failures.append(
            f"{case['id']} ({case['tier']}): it said {said} ({reason}), we {answer[0]} ({answer[1]}: {answer[2][:160]})")

    def share(self):
        """The agreement in per cent."""
        return 100 * self.same / self.count if self.count else 0

    def show(self):
        """Prints the figures and every difference; the number that failed."""
        enough = self.share() >= self.wanted
        print(f"{self.name}: {self.same} of {self.count} verdicts are the engine's own ({self.share():.2f} %, wanted {self.wanted} %)")
        for why, count in sorted(self.excused.items()):
            print(f"  {count} differ and may: {why}")
        for failure in self.failures:
            print(f"  FAILED {failure}")
        if not enough:
            print(f"  FAILED {self.name}: less than {self.wanted} % agree")
        return len(self.failures) + (not enough)


def judge(cases, program, engine):
    """Each case with our answers."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 4)) as pool:
        return list(zip(cases, pool.map(lambda case: ask(case, program, engine), cases)))


def compare(results, notes, wanted):
    """A tally for each engine that answered; cases that could not be asked at all."""
    tallies, broken = {}, []
    for case, answers in results:
        note = notes[case["id"]]
        if "" in answers:
            broken.append(f"{case['id']}: {answers[''][0]}: {answers[''][2]}")
            continue
        for name, column, demand in ENGINES:
            if name not in answers or column not in note["engines"] or (wanted and name not in wanted):
                continue
            tally = tallies.setdefault(name, Tally(name, demand))
            tally.add(case, answers[name], note["engines"][column], note["reasons"].get(column) or "no reason noted")
    return tallies, broken


def arguments_of():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=paths.ROOT / "build" / "src" / "cli" / "trustmend", type=pathlib.Path)
    parser.add_argument("--suites", default=paths.SUITES, type=pathlib.Path)
    parser.add_argument("--engine", default="", help="these alone")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--list", action="store_true", help="every case with every answer")
    return parser.parse_args()


def main():
    """Runs the suites."""
    arguments = arguments_of()
    missing = [name for name in paths.ARCHIVES if not (arguments.suites / name).exists()]
    if missing:
        print(f"SKIPPED: {', '.join(missing)} not in {arguments.suites}")
        return paths.SKIPPED
    wanted = [name for name in arguments.engine.split(",") if name]
    with tempfile.TemporaryDirectory(prefix="trustmend-suites-") as place:
        folder = pathlib.Path(place)
        paths.unpack(arguments.suites, folder)
        notes = read_annotations(folder)
        cases = [case for case in paths.read_cases(folder) if case["id"] in notes and arguments.only in case["id"]]
        skipped = collections.Counter(why for case in cases if (why := paths.unasked(case)) is not None)
        asked = [case for case in cases if paths.unasked(case) is None]
        results = judge(asked, arguments.program, wanted[0] if len(wanted) == 1 else "all")
    for why, count in sorted(skipped.items()):
        print(f"not asked: {count} of {why}")
    if arguments.list:
        for case, answers in results:
            print(case["id"], *(f"{name}={answer[0]}:{answer[1]}" for name, answer in sorted(answers.items())))
    tallies, broken = compare(results, notes, wanted)
    for line in broken:
        print(f"FAILED {line}")
    failed = len(broken) + sum(tally.show() for tally in tallies.values())
    passed = sum(tally.passed for tally in tallies.values())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
