#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reading and finding stores, beside what else does it.

inspect of many certificates in PEM beside a loop of PEM_read_bio_X509, `openssl storeutl` and `keytool
-list` of the same in a JKS; `inspect --scan` of a tree beside `grep -rl` and ripgrep, which look for PEM
alone. All run in turn, each round; the medians and the medians of the ratios per round are shown, and peak
memory. Results count first: each must find what is there, or the exit status is 1. The figures themselves
fail nothing. What is not installed is said to be absent.
"""
import argparse
import base64
import hashlib
import importlib.util
import json
import os
import pathlib
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
PASSWORD = "s3cret"
FILES_IN_DIRECTORY = 200

spec = importlib.util.spec_from_file_location("bench", HERE / "bench.py")
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(BUILD / "src" / "cli" / "trustmend"))
    parser.add_argument("--tools", default=str(BUILD / "tests" / "bench"))
    parser.add_argument("--json", default=str(BUILD / "bench-stores.json"))
    parser.add_argument("--certificates", type=int, default=20000)
    parser.add_argument("--files", type=int, default=100000)
    parser.add_argument("--stores", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


class Row:
    """One program: how it is called, and how many it says that there are."""

    def __init__(self, name, command, count, wanted):
        self.name, self.command, self.count, self.wanted = name, [str(word) for word in command], count, wanted
        self.runs, self.wrong = [], None

    def run(self, measure):
        result = bench.measure(measure, self.command)
        found = self.count(result["output"])
        if found != self.wanted:
            self.wrong = f"{self.name}: {found} instead of {self.wanted}, exit {result['exit']}"
        self.runs.append(result)

    def figures(self, first):
        ratios = [theirs["wall"] / ours["wall"] for ours, theirs in zip(first.runs, self.runs)]
        return {
            "name": self.name, "rounds": len(self.runs), "ratio_wall": round(statistics.median(ratios), 2),
            **{what: round(statistics.median(run[what] for run in self.runs), 4) for what in ("wall", "cpu", "mib")},
        }  # fmt: skip


def compare(title, rows, options):
    """All in turn, some rounds; the first of them is ours."""
    for _ in range(options.rounds):
        for row in rows:
            row.run(f"{options.tools}/measure")
    print(f"{title}\n{'':34} {'wall s':>8} {'cpu s':>8} {'MiB':>8} {'/ ours':>8}")
    figures = [row.figures(rows[0]) for row in rows]
    for row in figures:
        print(f"  {row['name']:32} {row['wall']:8.3f} {row['cpu']:8.3f} {row['mib']:8.1f} {row['ratio_wall']:7.2f}x", flush=True)
    return {"title": title, "rows": figures, "wrong": [row.wrong for row in rows if row.wrong]}


def number(pattern):
    """The number that the output says, or how many lines are like that."""

    def count(output):
        found = re.findall(pattern, output, re.MULTILINE)
        return int(found[0].replace(",", "")) if found and found[0].strip().isdigit() else len(found)

    return count


def bench_inspect(folder, options):
    count = options.certificates
    subprocess.run([f"{options.tools}/generate", folder / "ca", str(count), str(options.seed)], check=True)
    store, jks = folder / "ca" / "store.pem", folder / "store.jks"
    (folder / "password").write_text(PASSWORD)
    ours = [options.program, "--state", folder / "state"]
    # What held once is remembered, so the first time is another row: it checks every root's own signature.
    subprocess.run([*ours, "inspect", store], check=True, stdout=subprocess.DEVNULL)
    first = f"rm -rf '{folder}/none'; exec '{options.program}' --state '{folder}/none' inspect '{store}'"
    held = number(r": pem, (\d+) certificates")
    rows = [
        Row("trustmend inspect", [*ours, "inspect", store], held, count),
        Row("the same, the first time ever", ["sh", "-c", first], held, count),
        Row("PEM_read_bio_X509 loop", [f"{options.tools}/pem_loop", store], number(r"^(\d+)$"), count),
        Row("openssl storeutl -certs", ["openssl", "storeutl", "-noout", "-certs", store], number(r"Total found: (\d+)"), count),
    ]
    if shutil.which("keytool"):
        subprocess.run(
            [*ours, "convert", "--new-password-file", folder / "password", store, jks, "--to", "jks"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        rows.append(Row("trustmend inspect, JKS", [*ours, "--password-file", folder / "password", "inspect", jks],
                        number(r": jks, (\d+) certificates"), count))  # fmt: skip
        rows.append(Row("keytool -list, JKS", ["keytool", "-list", "-keystore", jks, "-storepass", PASSWORD],
                        number(r"(trustedCertEntry)"), count))  # fmt: skip
    else:
        print("keytool is not there")
    return compare(f"{count:,} certificates in one store", rows, options)


def make_tree(folder, options):
    """Files of all sizes and kinds; of the stores 70 % PEM, a fifth of these behind text, and 30 % DER."""
    chance = random.Random(options.seed)
    subprocess.run([f"{options.tools}/generate", folder / "few", "50", str(options.seed)], check=True)
    texts = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n",
                       (folder / "few" / "store.pem").read_text(), re.DOTALL)  # fmt: skip
    noise = random.Random(options.seed).randbytes(1 << 20)
    words = "".join(f"{hashlib.sha256(bytes([i % 256, i // 256])).hexdigest()} lorem ipsum dolor\n" for i in range(12000))
    stores = set(chance.sample(range(options.files), options.stores))
    pem = 0
    for index in range(options.files):
        directory = folder / "tree" / f"{index // FILES_IN_DIRECTORY:03}"
        if index % FILES_IN_DIRECTORY == 0:
            directory.mkdir(parents=True)
        size = int(min(chance.expovariate(1 / 12000) + 100, 500000))
        at = chance.randrange(len(words) - size) if size < len(words) else 0
        text = chance.choice(texts)
        if index not in stores:
            content = noise[at : at + size] if chance.random() < 0.4 else words[at : at + size].encode()
        elif chance.random() < 0.3:
            content = base64.b64decode("".join(text.split("\n")[1:-2]))
        else:
            pem += 1
            content = (words[at : at + min(size, 6000)] + "\n" + text if chance.random() < 0.2 else text).encode()
        (directory / f"{index:06}").write_bytes(content)
    return folder / "tree", pem


def bench_scan(folder, options):
    tree, pem = make_tree(folder, options)
    mark = "-----BEGIN CERTIFICATE"
    rows = [
        Row("trustmend inspect --scan", [options.program, "--state", folder / "state", "inspect", "--scan", tree],
            number(r"^(\d+) stores among"), options.stores),
        Row("grep -rlaF, PEM alone", ["env", "LC_ALL=C", "grep", "-rlaF", "-e", mark, tree], number(r"^(/)"), pem),
    ]  # fmt: skip
    if shutil.which("rg"):
        rows.append(Row("rg -uuu -l -F, PEM alone", ["rg", "-uuu", "-l", "-F", "-e", mark, tree], number(r"^(/)"), pem))
    else:
        print("rg is not there")
    return compare(f"{options.stores:,} stores among {options.files:,} files, page cache warm", rows, options)


def main():
    options = options_read()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trustmend-bench-"))
    results = []
    try:
        results.append(bench_inspect(folder, options))
        results.append(bench_scan(folder, options))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    wrong = [text for result in results for text in result["wrong"]]
    for text in wrong:
        print("wrong: " + text)
    machine = {"processors": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()}
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "seed": options.seed, "results": results}, file, indent=1)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
