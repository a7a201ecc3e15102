#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`trustmend diagnose` beside `openssl verify`: the same ten clients, stores from 10 to 20,000 CAs.

Both are whole processes on the same files; the configuration is one that no process runs, the ledger of
trustmend is a new one each time. A and B run in turn, the ratio is taken per pair, and the median of the
ratios is what counts; a machine that is busy slows both. Verdicts count first: all ten clients must be
accepted by both, or the exit status is 1. The figures themselves fail nothing.
"""
import argparse
import glob
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "build")
CLIENTS = 10


def measure(program, command):
    """Wall and processor seconds, peak MiB, exit status and output."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as report:
        subprocess.run([program, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
                       preexec_fn=lambda: os.dup2(report.fileno(), 3), pass_fds=[3], check=True)
        output.seek(0)
        report.seek(0)
        wall, user, system, kib, status = report.read().split()
        return {"wall": float(wall), "cpu": float(user) + float(system), "mib": int(kib) / 1024,
                "exit": int(status), "output": output.read().decode(errors="replace")}


class Bench:
    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.wrong, self.states = [], 0

    def inputs(self, count):
        directory = os.path.join(self.directory, str(count))
        subprocess.run([self.options.generate, directory, str(count), str(self.options.seed)], check=True)
        return directory

    def trustmend(self, directory):
        # Never one that was used and removed: ext4 spends time on not giving out its inodes again at once.
        self.states += 1
        state = os.path.join(directory, f"state-{self.states}")
        result = measure(self.options.measure, [self.options.program, "--state", state, "--json", "diagnose",
                                                f"nginx:{directory}/nginx.conf", "--clients", f"{directory}/clients"])
        try:
            verdicts = [v for v in json.loads(result["output"])["verdicts"] if v["expected"] == "accept"]
        except (ValueError, KeyError):
            verdicts = []
        if len({v["client"] for v in verdicts}) != CLIENTS or any(v["verdict"] != "accept" for v in verdicts):
            self.wrong.append(f"trustmend, {directory}: {len(verdicts)} verdicts, exit {result['exit']}")
        return result

    def openssl(self, directory):
        clients = sorted(glob.glob(f"{directory}/clients/accept/*.pem"))
        result = measure(self.options.measure, ["openssl", "verify", "-CAfile", f"{directory}/store.pem", *clients])
        if result["output"].count(": OK\n") != CLIENTS or result["exit"] != 0:
            self.wrong.append(f"openssl, {directory}: exit {result['exit']}")
        return result

    def pairs(self, count):
        directory = self.inputs(count)
        rounds = self.options.rounds if count < 20000 else min(3, self.options.rounds)
        self.trustmend(directory), self.openssl(directory) if count < 20000 else None
        runs = []
        for number in range(rounds):
            ours, theirs = self.trustmend(directory), self.openssl(directory)
            runs.append((ours, theirs))
        return {
            "cas": count, "rounds": rounds,
            **{f"{name}_{what}": round(statistics.median(run[side][what] for run in runs), 4)
               for side, name in ((0, "trustmend"), (1, "openssl")) for what in ("wall", "cpu", "mib")},
            "ratio_wall": round(statistics.median(b["wall"] / a["wall"] for a, b in runs), 2),
            "ratio_wall_range": [round(f(b["wall"] / a["wall"] for a, b in runs), 2) for f in (min, max)],
            "ratio_cpu": round(statistics.median(b["cpu"] / a["cpu"] for a, b in runs), 2),
        }


def show(row):
    print(f"{row['cas']:>7,} {row['trustmend_wall']:>11.3f} {row['trustmend_cpu']:>9.3f} {row['trustmend_mib']:>7.1f}"
          f" {row['openssl_wall']:>11.3f} {row['openssl_cpu']:>9.3f} {row['openssl_mib']:>7.1f}"
          f" {row['ratio_wall']:>8.2f}x {row['ratio_cpu']:>6.2f}x", flush=True)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=os.path.join(BUILD, "src", "cli", "trustmend"))
    parser.add_argument("--generate", default=os.path.join(BUILD, "tests", "bench", "generate"))
    parser.add_argument("--measure", default=os.path.join(BUILD, "tests", "bench", "measure"))
    parser.add_argument("--json", default=os.path.join(BUILD, "bench.json"))
    parser.add_argument("--sizes", default="10,150,2000,20000")
    parser.add_argument("--rounds", type=int, default=7, help="pairs for each size (3 at 20,000)")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def main():
    options = read_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # nothing is left behind then either
    directory = tempfile.mkdtemp(prefix="trustmend-bench-")
    bench, rows = Bench(options, directory), []
    try:
        print("            trustmend diagnose            openssl verify              openssl/trustmend\n"
              "    CAs      wall s     cpu s     MiB      wall s     cpu s     MiB      wall    cpu")
        for size in options.sizes.split(","):
            rows.append(bench.pairs(int(size)))
            show(rows[-1])
            shutil.rmtree(os.path.join(directory, size), ignore_errors=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    for text in bench.wrong:
        print("wrong verdict: " + text)
    with open(options.json, "w") as file:
        json.dump({"machine": {"processors": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()},
                   "seed": options.seed, "rows": rows, "wrong": bench.wrong}, file, indent=1)
    return 1 if bench.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
