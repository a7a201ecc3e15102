#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`trustmend verify --engine` beside the engines themselves: GnuTLS by certtool, NSS by vfychain.

judges.py [--program PATH] [--cases PATH] [--seed N] [--count N] [-v]

PKIs are made by a seed, each with a fault or none (tests/unit/verify/engine_cases.c), and each is
given to us and to the engine's own tool, as a client's and as a server's certificate. The verdicts
must be the same. An engine whose tool is not installed is said to be absent; where none is there,
nothing is tested.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
SECONDS = 60
PURPOSES = {"client": ("1.3.6.1.5.5.7.3.2", "0"), "server": ("1.3.6.1.5.5.7.3.1", "1")}


def run(*words):
    """A tool, with nothing to read."""
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)


def ours(program, case, purpose):
    """By engine: whether we say that it accepts, and by which rule it does not."""
    words = [program, "--json", "verify", "--engine", "all", "--purpose", purpose, "--trust", case / "trust.pem"]
    if (case / "untrusted.pem").exists():
        words += ["--untrusted", case / "untrusted.pem"]
    if (case / "crl.pem").exists():
        words += ["--crl", case / "crl.pem", "--crl-missing", "ok"]
    done = run(*words, case / "leaf.pem")
    results = json.loads(done.stdout)["results"]
    return {row["reason"]["engine"]: (row["verdict"] == "accept", f"{row['reason']['rule']}: {row['reason']['text']}") for row in results}


def certtool(case, purpose, scratch):
    """What GnuTLS says, with the profile of the priority NORMAL.

    certtool sets GNUTLS_VERIFY_DO_NOT_ALLOW_SAME, and no server does: it is not asked of a leaf that is trusted itself.
    """
    if (case / "leaf.pem").read_text() in (case / "trust.pem").read_text():
        return None
    chain = scratch / f"{case.name}-{purpose}.pem"
    parts = [case / "leaf.pem", case / "untrusted.pem"]
    chain.write_text("".join(part.read_text() for part in parts if part.exists()))
    words = ["certtool", "--verify", "--verify-profile", "low"]
    words += ["--verify-purpose", PURPOSES[purpose][0], "--load-ca-certificate", case / "trust.pem", "--infile", chain]
    if (case / "crl.pem").exists():
        words += ["--load-crl", case / "crl.pem"]
    done = run(*words)
    said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    return "The certificate is trusted" in said and done.returncode == 0, said.strip().splitlines()[-1:]


def vfychain(case, purpose, scratch):
    """What NSS says by libpkix; a list is for its database, which is not asked here."""
    if (case / "crl.pem").exists():
        return None
    words = ["vfychain", "-pp", "-d", f"sql:{scratch / 'nss'}", "-u", PURPOSES[purpose][1]]
    for number, pem in enumerate(blocks(case / "leaf.pem") + blocks(case / "untrusted.pem")):
        words += ["-a", part(scratch, case, purpose, number, pem)]
    for number, pem in enumerate(blocks(case / "trust.pem")):
        words += ["-t", "-a", part(scratch, case, purpose, f"t{number}", pem)]
    done = run(*words)
    said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    if "Chain is good!" not in said and "Chain is bad!" not in said:
        raise RuntimeError(f"vfychain, {case.name}: {said}")
    return "Chain is good!" in said, [line for line in said.splitlines() if "ERROR" in line]


def blocks(path):
    """The PEM blocks of a file, none where it is not there."""
    end = "-----END CERTIFICATE-----\n"
    return [block + end for block in path.read_text().split(end)[:-1]] if path.exists() else []


def part(scratch, case, purpose, name, pem):
    """A file with one certificate."""
    path = scratch / f"{case.name}-{purpose}-{name}.pem"
    path.write_text(pem)
    return path


def judges(scratch):
    """The engines whose tools are here."""
    found = {}
    if shutil.which("certtool"):
        found["gnutls"] = certtool
    if shutil.which("vfychain") and shutil.which("certutil"):
        (scratch / "nss").mkdir()
        if run("certutil", "-N", "--empty-password", "-d", f"sql:{scratch / 'nss'}").returncode == 0:
            found["nss"] = vfychain
    for name in ("gnutls", "nss"):
        if name not in found:
            print(f"skipped {name}: its tool is not here")
    return found


def compare(task):
    """One case for one purpose: a line for each engine that differs, and how many agree."""
    program, case, purpose, engines, scratch = task
    said = ours(program, case, purpose)
    same, accepted, lines = 0, collections.Counter(), []
    for name, judge in engines.items():
        truth = judge(case, purpose, scratch)
        if truth is None:
            continue
        accepted[name] += truth[0]
        if truth[0] == said[name][0]:
            same += 1
            continue
        what = (case / "what").read_text()
        lines.append(f"FAILED {name}, {purpose}, {case.name} ({what}): it {'accepts' if truth[0] else 'refuses'} {truth[1]}, we say {said[name]}")
    return same, accepted, lines


def main():
    """Makes the cases and compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "src" / "cli" / "trustmend")
    parser.add_argument("--cases", type=pathlib.Path, help="the program that makes them; beside the other's build")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    maker = arguments.cases or arguments.program.parents[2] / "tests" / "unit" / "verify" / "engine_cases"
    with tempfile.TemporaryDirectory(prefix="trustmend-judges-") as name:
        scratch = pathlib.Path(name)
        engines = judges(scratch)
        if not engines:
            print("no engine's tool is here")
            return SKIPPED
        (scratch / "cases").mkdir()
        made = run(maker, scratch / "cases", arguments.seed, arguments.count)
        if made.returncode != 0:
            print(made.stderr.decode(errors="replace"))
            return 1
        cases = sorted((scratch / "cases").iterdir())
        tasks = [(arguments.program, case, purpose, engines, scratch) for case in cases for purpose in PURPOSES]
        with concurrent.futures.ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 4)) as pool:
            results = list(pool.map(compare, tasks))
    accepted = sum((counter for _, counter, _ in results), collections.Counter())
    lines = [line for _, _, found in results for line in found]
    passed, failed = sum(same for same, _, _ in results), len(lines)
    print("\n".join(lines))
    for name in engines:
        print(f"# {name} accepts {accepted[name]} of {len(tasks)}")
        # Where it takes all or nothing the test has no teeth.
        if not 0 < accepted[name] < len(tasks):
            print(f"FAILED {name} accepts {accepted[name]} of {len(tasks)}: they are no test")
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
