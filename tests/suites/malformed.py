#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Odd and damaged certificates, CRLs and keystores of public collections, through every reader.

malformed.py [--program PATH] [--sanitized DIR] [--archive PATH]… [--results DIR] [-v]

The archives are no part of this tree: they are looked for in ../shared/suites beside it, and where they
are absent that is said, and nothing is tested. Their oracle says what OpenSSL and GnuTLS parse of each file.

What must hold, for each file:
- each reader of stores, of certificates and of CRLs, forced on it by its fuzz target, and `inspect` and
  `verify`, which choose one, do not crash and have nothing reported by the address and
  undefined-behaviour sanitizers, nor breaks a reader in its box;
- `inspect` of it alone takes less than 2.5 s of processor time and 256 MiB, all processes together;
- where both libraries parse a certificate or a CRL and we show none, a defect says where it is damaged;
  where none of them does and we show one, a defect says what is odd about it.

And a keystore of a kilobyte that asks for 2^31 - 1 rounds is refused in a millisecond.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHIVES = [ROOT.parent / "shared" / "suites" / f"malformed-{name}.tar.zst" for name in ("odd", "fuzz")]
READERS = ("cert", "crl", "der", "jks", "json", "kubernetes", "message", "nss", "p11kit", "pem", "pkcs11", "pkcs12",
           "pkcs7", "spiffe")
MOST_SECONDS, MOST_MIB = 2.5, 256
MOST_REFUSAL = 0.001
ROUNDS = 2**31 - 1
BATCH = 50  # files of one command
LIMIT = 600  # seconds of a batch: it hangs
REPORT = 99  # exit status where a sanitizer has something to say
SANITIZED = {
    "ASAN_OPTIONS": f"detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:exitcode={REPORT}",
    "UBSAN_OPTIONS": f"halt_on_error=1:print_stacktrace=1:exitcode={REPORT}",
}
SAID = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:")
UNSAFE = "cannot be read safely"  # a reader did not get through: stores/boxed.c


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "src" / "cli" / "trustmend")
    parser.add_argument("--sanitized", type=pathlib.Path, default=ROOT / "build-check-asan", help="a build folder")
    parser.add_argument("--archive", type=pathlib.Path, action="append", help="instead of the usual ones")
    parser.add_argument("--results", type=pathlib.Path, help="folder for malformed.json")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args()


class Suite:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.passed, self.failed, self.figures = 0, [], {}
        self.files, self.oracle = [], {}

    def unpack(self, archives):
        for archive in archives:
            subprocess.run(["tar", "--zstd", "-xf", archive, "-C", self.scratch], check=True)
        for oracle in sorted(self.scratch.glob("*/oracle_parse.tsv")):
            for line in oracle.read_text().splitlines():
                name, *views = line.split("\t")
                path = oracle.parent / name.removeprefix("./")
                self.oracle[path] = {view.split()[0]: dict(word.split("=") for word in view.split()[1:]) for view in views}
        self.files = sorted(path for path in self.scratch.glob("*/*/*") if path.is_file())

    def check(self, what, problem):
        self.passed += problem is None
        if problem is not None:
            self.failed.append({"what": what, "problem": problem})
            print(f"FAILED {what}: {problem}", flush=True)
        elif self.options.verbose:
            print(f"ok {what}")

    def state(self):
        return ["--state", self.scratch / "state"]


def sanitized_build(folder):
    """As tests/run builds it."""
    options = ["-Dwerror=false", "-Db_sanitize=address,undefined", "-Doptimization=1", "-Dtests=true"]
    if not (folder / "build.ninja").exists():
        subprocess.run(["meson", "setup", folder, *options], cwd=ROOT, env={**os.environ, "CC": "gcc"}, check=True,
                       stdout=subprocess.DEVNULL)
    targets = ["src/cli/trustmend", *(f"tests/fuzz/fuzz_{name}" for name in READERS)]
    subprocess.run(["ninja", "-C", folder, *targets], check=True, stdout=subprocess.DEVNULL)


def batches(files):
    return [files[i:i + BATCH] for i in range(0, len(files), BATCH)]


def complaint(command, statuses):
    """What is wrong with how this ended and what it said; and its standard output."""
    try:
        done = subprocess.run(command, capture_output=True, env={**os.environ, **SANITIZED}, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return f"no end in {LIMIT} s", b""
    said = done.stderr.decode(errors="replace")
    if done.returncode not in statuses or SAID.search(said):
        return f"exit {done.returncode}: {said.strip()[-2000:]}", done.stdout
    if UNSAFE.encode() in done.stdout:
        return f"a reader did not get through: {UNSAFE}", done.stdout
    return None, done.stdout


def narrowed(make, statuses, files):
    """The complaint about these files, as that of one of them where it can be had so."""
    problem, _ = complaint(make(files), statuses)
    if problem is None or len(files) == 1:
        return problem and f"{files[0].parent.name}/{files[0].name}: {problem}"
    for path in files:
        alone, _ = complaint(make([path]), statuses)
        if alone is not None:
            return f"{path.parent.name}/{path.name}: {alone}"
    return f"only together, from {files[0].name} on: {problem}"


def through_readers(suite):
    for name in READERS:
        reader = suite.options.sanitized / "tests" / "fuzz" / f"fuzz_{name}"
        for number, files in enumerate(batches(suite.files)):
            suite.check(f"reader {name}, batch {number}", narrowed(lambda some: [reader, *some], (0,), files))


def through_commands(suite):
    program = suite.options.sanitized / "src" / "cli" / "trustmend"
    front = [program, *suite.state(), "--json"]
    judged = suite.scratch / "judged.pem"
    make_certificate(suite.scratch, judged)

    def each(option):
        return lambda some: [*front, "verify", *(word for path in some for word in (option, path)), judged]

    commands = {
        "inspect": lambda some: [*front, "inspect", *some],
        "verify CERT": lambda some: [*front, "verify", "--trust", judged, "--explain", *some],
        "verify --trust": each("--trust"),
        "verify --untrusted": lambda some: [*each("--untrusted")(some), "--trust", judged],
        "verify --crl": lambda some: [*each("--crl")(some), "--trust", judged, "--crl-check", "chain"],
    }
    for name, make in commands.items():
        for number, files in enumerate(batches(suite.files)):
            # One that is no certificate at all is no input to verify.
            suite.check(f"{name}, batch {number}", narrowed(make, (0, 1, 2, 3, 65, 66), files))


def make_certificate(scratch, path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=Suite", "-days", "30", "-keyout", scratch / "judged.key", "-out", path],
                   check=True, capture_output=True)


def alone(suite, path):
    """Its store as `inspect` shows it, processor seconds, and MiB of the largest process."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([suite.options.program, *suite.state(), "--json", "inspect", path],
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        document = output.read()
    if process.returncode not in (0, 1, 2):
        raise ValueError(f"exit {process.returncode}")
    return json.loads(document)["stores"][0], usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def has(views, *names):
    return sum(int(views.get(name, 0)) for name in names) > 0


def stands_alone(path, entry):
    """Whether it is DER that OpenSSL reads, which was not shown it: it saw the file, and what stands first in it."""
    piece = path.read_bytes()[entry["offset"] : entry["offset"] + entry["length"]]
    reader = "crl" if entry["kind"] == "CRL" else "x509"
    return subprocess.run(["openssl", reader, "-inform", "DER", "-noout"], input=piece, capture_output=True, check=False).returncode == 0


def disagreement(path, views, store, kind):
    """None; what is wrong; or, where a defect explains it, that."""
    form = "cert" if kind == "certificate" else "crl"
    openssl = has(views["openssl"], f"pem_{form}", f"der_{form}", *(["pem_trusted"] if form == "cert" else []))
    gnutls = has(views["gnutls"], f"pem_{form}", f"der_{form}")
    # Of several in a row in DER the libraries were given the first, and nothing of what stands amid other bytes.
    ours = any(entry["kind"].lower() == kind and (entry["offset"] == 0 or store["format"] not in ("der", "unknown") or
                                                  store["format"] == "unknown" and not stands_alone(path, entry))
               for entry in store["entries"])  # fmt: skip
    damage = [defect["text"] for defect in store["defects"] if defect["code"] == "store.corrupt-entry"]
    odd = [defect["text"] for defect in store["defects"] if defect["code"] != "store.wrong-format"]
    if openssl and gnutls and not ours:
        return ("explained", damage[0]) if damage else ("wrong", f"both libraries parse a {kind}, and we show none")
    if ours and not openssl and not gnutls:
        return ("explained", odd[0]) if odd else ("wrong", f"no library parses a {kind}, and we show one without a defect")
    return None


def beside_oracle(suite):
    slowest, largest = (0, None), (0, None)
    explained = collections.Counter()
    for path in suite.files:
        name = f"{path.parent.name}/{path.name}"
        try:
            store, seconds, mib = alone(suite, path)
        except (ValueError, KeyError) as error:
            suite.check(f"inspect {name}", f"{type(error).__name__}: {error}")
            continue
        slowest, largest = max(slowest, (seconds, name)), max(largest, (mib, name))
        problem = None
        if seconds > MOST_SECONDS or mib > MOST_MIB:
            problem = f"{seconds:.2f} s and {mib:.0f} MiB"
        for kind in ("certificate", "crl"):
            found = disagreement(path, suite.oracle[path], store, kind) if path in suite.oracle else None
            if found and found[0] == "wrong":
                problem = found[1]
            elif found:
                explained[kind] += 1
                print(f"{name}: libraries and we differ on a {kind}: {found[1]}")
        suite.check(f"inspect {name}", problem)
    suite.figures |= {
        "slowest": {"seconds": round(slowest[0], 3), "file": slowest[1]},
        "largest": {"mib": round(largest[0], 1), "file": largest[1]},
        "explained": dict(explained),
    }


def impatient_keystore(suite):
    """A PKCS#12 of a kilobyte whose every count of rounds is 2^31 - 1; and how many counts that are."""
    usual, path = suite.scratch / "usual.p12", suite.scratch / "impatient.p12"
    certificate = suite.scratch / "judged.pem"
    # A count of four bytes, so that every length around it stays; no key, for it is to be small.
    subprocess.run(["openssl", "pkcs12", "-export", "-nokeys", "-in", certificate, "-passout", "pass:changeit", "-iter",
                    "16777217", "-out", usual, "-keypbe", "NONE", "-certpbe", "NONE"], check=True, capture_output=True)
    count = b"\x02\x04" + (16777217).to_bytes(4, "big")
    content = usual.read_bytes()
    path.write_bytes(content.replace(count, b"\x02\x04" + ROUNDS.to_bytes(4, "big")))
    return path, content.count(count)


def refusal(suite):
    path, counts = impatient_keystore(suite)
    store, _, _ = alone(suite, path)
    said = [defect["text"] for defect in store["defects"]]
    suite.check("2^31 - 1 rounds are refused by name",
                None if counts > 0 and any("iteration count" in text for text in said) else f"{counts} counts; {said}")
    reader = suite.options.program.parents[2] / "tests" / "fuzz" / "fuzz_pkcs12"
    many = 1000

    def seconds(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([reader, *[path] * times], check=True, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    took = statistics.median(seconds(many + 1) - seconds(1) for _ in range(3)) / many
    suite.figures["refusal"] = {"milliseconds": round(took * 1000, 3), "bytes": path.stat().st_size, "counts": counts}
    suite.check("2^31 - 1 rounds are refused in a millisecond", None if took <= MOST_REFUSAL else f"{took:.4f} s")


def main():
    options = arguments()
    archives = options.archive or ARCHIVES
    absent = [archive for archive in archives if not archive.exists()]
    if absent:
        print(f"SKIPPED: the collection is not at {absent[0]}")
        print("0 passed, 0 failed")
        return 0
    sanitized_build(options.sanitized)
    subprocess.run(["ninja", "-C", options.program.parents[2], "tests/fuzz/fuzz_pkcs12"], check=True,
                   stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="trustmend-malformed-") as folder:
        suite = Suite(options, pathlib.Path(folder))
        suite.unpack(archives)
        suite.figures["files"] = len(suite.files)
        for part in (through_readers, through_commands, beside_oracle, refusal):
            part(suite)
    print(json.dumps(suite.figures))
    if options.results:
        options.results.mkdir(parents=True, exist_ok=True)
        document = {"passed": suite.passed, "failed": suite.failed, "figures": suite.figures}
        (options.results / "malformed.json").write_text(json.dumps(document, indent=1))
    print(f"{suite.passed} passed, {len(suite.failed)} failed")
    return 1 if suite.failed or suite.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
