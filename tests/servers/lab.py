#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lab: real servers, real handshakes, faults injected one by one and several at once.

Runs as root on loopback, in a temporary directory, and ends what it starts. Needs nginx, apache2,
haproxy, openssl and strace.
"""

import argparse
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from apache import Apache
from cases import gaps, make_cases, spread
from haproxy import Haproxy
from nginx import Nginx
from pki import make_all
from run import run_case
from server import free_port

KINDS = {"nginx": Nginx, "apache": Apache, "haproxy": Haproxy}
TOP = Path(__file__).resolve().parents[2]
FIRST_PORT, PORTS_EACH, LABS = 10000, 1000, 7  # labs that run at once, each of three processes


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", "--only", action="append", choices=KINDS, help="this server's cases only")
    parser.add_argument("--case", help="cases whose name holds this text only")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--quick", type=int, metavar="N", help="only N cases, of each fault one at least")
    parser.add_argument("--keep", action="store_true", help="keep the directories of failed runs")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--program", default=str(TOP / "build/src/cli/trustmend"))
    parser.add_argument("--results", default=str(TOP / "build"), help="where the tables go")
    return parser.parse_args()


def choose(options):
    cases = make_cases()
    if options.server:
        cases = [case for case in cases if case.server in options.server]
    if options.case:
        cases = [case for case in cases if options.case in case.name]
    return spread(cases, options.quick) if options.quick else cases


def work(number, options, cases, pkis, base, tasks, results):
    """One of the processes: takes cases until there are none."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what is started is ended
    first = port = FIRST_PORT + (os.getppid() % LABS * 3 + number % 3) * PORTS_EACH
    while True:
        index = tasks.get()
        if index is None:
            return
        case = cases[index]
        port = free_port(port + 1)
        if port > first + PORTS_EACH - 100:
            port = first
        room = Path(base) / f"run-{index}"
        room.mkdir()
        begin = time.monotonic()
        run = run_case(options.program, case, pkis[case.shape], KINDS[case.server], room, port)
        results.put((index, {
            "problems": run.problems, "seconds": time.monotonic() - begin,
            "tool": run.tool.seconds, "repair": run.repair_exit,
            "found": {code: sorted(found) for code, found in sorted(run.found.items())}}))
        if not (options.keep and run.problems):
            shutil.rmtree(room)


def run_all(options, cases, base):
    """Yields (index, outcome) as they come."""
    pkis = make_all(os.path.join(base, "pki"), {case.shape for case in cases})
    tasks, results = multiprocessing.Queue(), multiprocessing.Queue()
    workers = [multiprocessing.Process(target=work, args=(
        number, options, cases, pkis, base, tasks, results))
               for number in range(min(options.jobs, len(cases)))]
    for task in [*range(len(cases)), *[None] * len(workers)]:
        tasks.put(task)
    for worker in workers:
        worker.start()
    try:
        for _ in cases:
            yield results.get(timeout=180)
    finally:
        for worker in workers:
            if sys.exc_info()[0] is not None:
                worker.terminate()
            worker.join(10)


def row_of(number, case, outcome):
    found = " ".join(f"{code}:{'/'.join(severities)}"
                     for code, severities in outcome["found"].items())
    return [str(number), "not ok" if outcome["problems"] else "ok", case.server, case.shape,
            "+".join(fault.name for fault in case.faults), case.known, case.mode,
            "-" if outcome["repair"] is None else str(outcome["repair"]),
            f"{outcome['seconds']:.2f}", found, "; ".join(outcome["problems"])]


HEAD = ["number", "result", "server", "shape", "faults", "known-good", "server was", "repair exit",
        "seconds", "found", "problems"]


def write_tables(options, rows):
    """lab-results.tsv for programs, lab-results.md for people."""
    folder = Path(options.results)
    if not folder.is_dir():
        return
    lines = ["\t".join(word.replace("\t", " ").replace("\n", " ") for word in row)
             for row in [HEAD, *rows]]
    (folder / "lab-results.tsv").write_text("\n".join(lines) + "\n")
    shown = [HEAD[:8] + HEAD[10:]] + [row[:8] + row[10:] for row in rows]
    lines = ["| " + " | ".join(word.replace("|", "/").replace("\n", " ") for word in row) + " |"
             for row in shown]
    lines.insert(1, "|" + "---|" * len(shown[0]))
    failed = sum(row[1] == "not ok" for row in rows)
    several = sum("+" in row[4] for row in rows)
    (folder / "lab-results.md").write_text(
        f"# Lab results\n\n{len(rows)} runs, {several} of them with several faults: "
        f"{len(rows) - failed} passed, {failed} failed\n\n" + "\n".join(lines) + "\n")


def report(number, case, outcome):
    print(f"{'not ok' if outcome['problems'] else 'ok'} {number} - {case.name}", flush=True)
    for problem in outcome["problems"]:
        print(f"#   {problem}", flush=True)


def main():
    options = read_options()
    cases = choose(options)
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    if os.geteuid() != 0:
        print("1..0 # SKIP the lab needs root: servers whose workers are other users")
        return 77
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    base = tempfile.mkdtemp(prefix="lab-")
    os.chmod(base, 0o755)
    print(f"1..{len(cases)}", flush=True)
    outcomes, begin = {}, time.monotonic()
    try:
        for index, outcome in run_all(options, cases, base):
            outcomes[index] = outcome
            report(index + 1, cases[index], outcome)
    finally:
        rows = [row_of(index + 1, cases[index], outcomes[index]) for index in sorted(outcomes)]
        write_tables(options, rows)
        if not options.keep:
            shutil.rmtree(base, ignore_errors=True)
    missing = gaps(make_cases())
    for told in missing:
        print(f"not ok - {told}")
    failed = sum(bool(outcome["problems"]) for outcome in outcomes.values()) + len(missing)
    print(f"# {time.monotonic() - begin:.0f} seconds; "
          f"{sum(len(case.faults) > 1 for case in cases)} with several faults")
    if options.keep:
        print(f"# {base}")
    print(f"{len(outcomes) + len(missing) - failed} passed, {failed} failed")
    return 1 if failed or len(outcomes) < len(cases) else 0


if __name__ == "__main__":
    sys.exit(main())
