#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`trustmend verify` of a whole population beside what else does it, and beside the signatures alone.

The population is made from a seed: half of the clients below P-256 CAs, half below RSA-2048; a store of
2,000 CAs with cross-certificates, and roots that share a subject. All of it is judged by

- trustmend, from one bundle, from a directory of files, and by OpenSSL itself (`--engine openssl`);
- `openssl verify` with all files as its arguments, one process;
- a tight loop of X509_verify_cert, in one thread and in as many as there are processors;
- `certtool --verify`, which is a process for each certificate, and the PKIX validator of Java: of these
  a sample, whose figures are scaled to all;
- EVP_PKEY_verify with all keys decoded and all digests ready: what the signatures alone take.

All run in turn, each round. The medians are shown, the peak of memory, and medians of ratios by round;
then the same of a tenth of the clients, which shows how all of it grows. Verdicts count first: whoever does
not accept every client fails the run; the figures themselves fail nothing.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
PARTS = ("trustmend", "directory", "engine", "openssl", "library", "certtool", "java", "raw")

spec = importlib.util.spec_from_file_location("bench", HERE / "bench.py")
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(BUILD / "src" / "cli" / "trustmend"))
    parser.add_argument("--tools", default=str(BUILD / "tests" / "bench"))
    parser.add_argument("--json", default=str(BUILD / "bench-verify.json"))
    parser.add_argument("--clients", type=int, default=100000)
    parser.add_argument("--authorities", type=int, default=2000)
    parser.add_argument("--sample", type=int, default=40, help="certificates of who takes a process for each")
    parser.add_argument("--java-sample", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--no-growth", action="store_true", help="only the whole population")
    parser.add_argument("--parts", default=",".join(PARTS), help="of " + ", ".join(PARTS))
    return parser.parse_args()


class Row:
    """One way to judge all: a command, what it must say how often, and how much of all it does."""

    def __init__(self, name, command, pattern, wanted, share=1.0, inner=False):
        self.name, self.command, self.pattern = name, [str(word) for word in command], pattern
        self.wanted, self.share, self.inner = wanted, share, inner
        self.runs, self.wrong = [], None

    def run(self, measure):
        result = bench.measure(measure, self.command)
        found = len(re.findall(self.pattern, result["output"], re.MULTILINE))
        if found != self.wanted:
            self.wrong = f"{self.name}: {found} instead of {self.wanted}, exit {result['exit']}"
        times = re.search(r"([0-9.]+) s wall, ([0-9.]+) s cpu", result["output"])
        # A loop tells what its work alone took: reading and preparing is not what it is here for.
        if self.inner and times:
            result["wall"], result["cpu"] = float(times[1]), float(times[2])
        for what in ("wall", "cpu"):
            result[what] /= self.share
        del result["output"]
        self.runs.append(result)

    def figures(self, first, clients):
        medians = {what: statistics.median(run[what] for run in self.runs) for what in ("wall", "cpu", "mib")}
        ratios = {
            f"ratio_{what}": round(statistics.median(theirs[what] / ours[what] for ours, theirs in zip(first.runs, self.runs)), 3)
            for what in ("wall", "cpu")
        }
        return {"name": self.name, "scaled": self.share < 1, "us_each": round(medians["cpu"] / clients * 1e6, 1),
                **{what: round(value, 4) for what, value in medians.items()}, **ratios}  # fmt: skip


def sample_of(folder, count):
    """Files spread over all of the population."""
    files = sorted((folder / "clients").iterdir())
    return files[:: max(1, len(files) // count)][:count]


def row_of_certtool(options, folder):
    files = sample_of(folder, options.sample)
    script = 'store=$1; shift; for file; do certtool --verify --load-ca-certificate "$store" --infile "$file"; done'
    return Row("certtool --verify, a process each", ["sh", "-c", script, "sh", folder / "store.pem", *files],
               r"Chain verification output: Verified", len(files), len(files) / options.clients)  # fmt: skip


def row_of_java(options, folder):
    classes = folder / "classes"
    subprocess.run(["javac", "-d", classes, HERE / "Pkix.java"], check=True)
    count = min(options.java_sample, options.clients)
    return Row("JSSE PKIX builder, warm", ["java", "-Xmx1g", "-cp", classes, "Pkix", folder / "store.pem", folder / "clients.pem", count],
               rf"^{count} good of {count}, ", 1, count / options.clients, inner=True)  # fmt: skip


def rows_of(options, folder, clients):
    store, bundle, files = folder / "store.pem", folder / "clients.pem", folder / "clients"
    ours = [options.program, "--state", folder / "state", "verify", "--trust", store]
    good = rf"^{clients} good of {clients}, "
    loop = f"{options.tools}/verify_loop"
    threads = len(os.sched_getaffinity(0))
    openssl = 'ulimit -s unlimited; cd "$2"; set --; ls >../names; exec xargs -s 200000000 -n 10000000 openssl verify -CAfile ../store.pem <../names'
    makers = {
        "trustmend": lambda: [Row("trustmend verify, one bundle", [*ours, bundle], r"^accept", clients)],
        "directory": lambda: [Row("trustmend verify, a directory", [*ours, files], r"^accept", clients)],
        "engine": lambda: [Row("trustmend verify --engine openssl", [*ours, "--engine", "openssl", bundle], r"^accept", clients)],
        "openssl": lambda: [Row("openssl verify, one process", ["bash", "-c", openssl, "sh", store, files], r": OK$", clients)],
        "library": lambda: [
            Row(f"X509_verify_cert loop, {count} thread{'s' if count > 1 else ''}", [loop, "library", store, bundle, count], good, 1, inner=True)
            for count in sorted({1, threads})
        ],
        "certtool": lambda: [row_of_certtool(options, folder)] if shutil.which("certtool") else [],
        "java": lambda: [row_of_java(options, folder)] if shutil.which("javac") else [],
        "raw": lambda: [Row(f"EVP_PKEY_verify alone, {threads} threads", [loop, "raw", store, bundle, threads], good, 1, inner=True)],
    }  # fmt: skip
    wanted = options.parts.split(",")
    for name, tool in (("certtool", "certtool"), ("java", "javac")):
        if name in wanted and not shutil.which(tool):
            print(f"{tool} is not there")
    return [row for name in PARTS if name in wanted for row in makers[name]()]


def compare(options, folder, clients):
    subprocess.run([f"{options.tools}/population", folder, str(clients), str(options.authorities), str(options.seed), "files"], check=True)
    options.clients = clients
    rows = rows_of(options, folder, clients)
    for _ in range(options.rounds):
        for row in rows:
            row.run(f"{options.tools}/measure")
    print(f"{clients:,} clients, {options.authorities:,} CAs\n{'':36} {'wall s':>9} {'cpu s':>9} {'us each':>8} {'MiB':>8}  / {rows[0].name}: wall, cpu")
    figures = [row.figures(rows[0], clients) for row in rows]
    for row in figures:
        print(f"  {row['name']:34} {row['wall']:9.3f} {row['cpu']:9.3f} {row['us_each']:8.1f} {row['mib']:8.1f}"
              f"  {row['ratio_wall']:8.3f}x {row['ratio_cpu']:8.3f}x{'  (scaled from a sample)' if row['scaled'] else ''}", flush=True)  # fmt: skip
    return {"clients": clients, "rows": figures, "wrong": [row.wrong for row in rows if row.wrong]}


def show_growth(small, large):
    """What ten times as many take more, of each."""
    factor = large["clients"] / small["clients"]
    print(f"from {small['clients']:,} to {large['clients']:,} clients, {factor:g} times as many")
    for row in large["rows"]:
        before = next((other for other in small["rows"] if other["name"] == row["name"]), None)
        if before and not row["scaled"]:
            print(f"  {row['name']:34} cpu {row['cpu'] / before['cpu']:6.2f}x   memory {row['mib'] - before['mib']:+9.1f} MiB")


def main():
    options = options_read()
    unknown = set(options.parts.split(",")) - set(PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 64
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trustmend-bench-"))
    whole, results = options.clients, []
    try:
        if not options.no_growth:
            results.append(compare(options, folder / "tenth", max(whole // 10, 1)))
            shutil.rmtree(folder / "tenth", ignore_errors=True)
        results.append(compare(options, folder / "whole", whole))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if len(results) > 1:
        show_growth(*results)
    wrong = [text for result in results for text in result["wrong"]]
    for text in wrong:
        print("wrong: " + text)
    machine = {"processors": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()}
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "seed": options.seed, "results": results}, file, indent=1)
    return 1 if wrong else 0


sys.exit(main())
