#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A repair that is killed: whatever the instant, the next start ends in old or new, whole.

A real nginx, run by nobody on loopback ports, has three things wrong on disk at once, so that one plan
holds steps of every kind that it can have: a store that is cut (write), a depth that is too small (splice
of the configuration), a store that its user may not read (owner, mode), and then the reload. `trustmend
repair` is killed with SIGKILL

  - at every journal step: before the first, second, third… call of each system call that changes anything
    on disk or tells the server anything (strace -e inject), until a run passes without being killed;
  - at random instants within its measured duration, from a printed seed;
  - and its recovery is killed as well, at each of its own steps.

After each kill the next start (`repair --dry-run`) must find or make the lab all old (content, owner, mode,
times, links, the directory's own times) or all new (as an undisturbed repair leaves it), leave no staged
file and no open transaction, find the server alive, and change nothing when it is run once more.
"""
import argparse
import json
import os
import queue
import random
import shutil
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "..", "build", "src", "cli", "trustmend")
NOBODY = 65534
# enum transaction_state of src/ledger/ledger.h: the two that a transaction may end in.
CLOSED, ROLLED_BACK = 4, 5

# What makes a step of the journal or of the repair durable or visible.
STEPS = ["fdatasync", "fsync", "rename", "renameat", "renameat2", "unlink", "unlinkat", "chmod", "fchmod",
         "fchmodat", "chown", "fchown", "lchown", "fchownat", "utimensat", "symlink", "symlinkat", "link",
         "linkat", "kill", "pidfd_send_signal"]
# The bytes below those steps: SQLite's own pages, the staged content, the lock file.
BYTES = ["pwrite64", "write", "ftruncate", "mkdir", "fsetxattr", "lsetxattr"]


def run_quietly(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Pki:
    """root > one > two > alice, and other > bob: with a depth of 1 nginx refuses alice."""

    def __init__(self, directory):
        self.directory = directory
        os.mkdir(directory)
        self.ca("root", None)
        self.ca("one", "root")
        self.ca("two", "one")
        self.ca("other", None)
        self.ca("stranger", None)
        for name, issuer in (("alice", "two"), ("bob", "other"), ("mallory", "stranger"), ("server", "root")):
            self.leaf(name, issuer)

    def path(self, name):
        return os.path.join(self.directory, name)

    def read(self, *names):
        return b"".join(open(self.path(name), "rb").read() for name in names)

    def make(self, name, issuer, extensions):
        with open(self.path("extensions"), "w") as file:
            file.write(extensions)
        run_quietly("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", self.path(name + ".key"), "-out", self.path(name + ".csr"), "-subj", "/CN=" + name)
        signer = (["-signkey", self.path(name + ".key")] if issuer is None else
                  ["-CA", self.path(issuer + ".pem"), "-CAkey", self.path(issuer + ".key"), "-CAcreateserial"])
        run_quietly("openssl", "x509", "-req", "-days", "30", "-in", self.path(name + ".csr"), "-out",
                    self.path(name + ".pem"), "-extfile", self.path("extensions"), *signer)

    def ca(self, name, issuer):
        self.make(name, issuer, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
                                "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")

    def leaf(self, name, issuer):
        self.make(name, issuer, "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                                "extendedKeyUsage=clientAuth,serverAuth\nsubjectAltName=IP:127.0.0.1\n")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


CONFIG = """worker_processes 1;
pid {run}/nginx.pid;
error_log {run}/error.log info;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {run}/1; proxy_temp_path {run}/2; fastcgi_temp_path {run}/3;
  uwsgi_temp_path {run}/4; scgi_temp_path {run}/5;
  ssl_certificate {run}/server.pem;
  ssl_certificate_key {run}/server.key;
  ssl_verify_client on;
  server {{
    listen 127.0.0.1:{ports[0]} ssl;
    ssl_client_certificate {etc}/a.pem;
    ssl_verify_depth 1; # too small for the chain of these clients
    location / {{ return 200 "in\\n"; }}
  }}
  server {{
    listen 127.0.0.1:{ports[1]} ssl;
    ssl_client_certificate {etc}/b.pem;
    location / {{ return 200 "in\\n"; }}
  }}
}}
"""


class Lab:
    """One nginx with its files. What a repair may change is in etc/, what nginx writes in run/."""

    def __init__(self, directory, pki):
        self.directory = directory
        self.etc, self.run = os.path.join(directory, "etc"), os.path.join(directory, "run")
        self.state, self.master = os.path.join(directory, "state"), os.path.join(directory, "master")
        self.ports = [free_port(), free_port()]
        self.server = None
        self.pki = pki
        for made in (self.etc, self.run, self.master):
            os.makedirs(made)
        self.write_sides()
        self.write_files(self.master, broken=False)
        for made in (directory, self.run):
            os.chmod(made, 0o755)
        os.chown(self.run, NOBODY, NOBODY)
        self.old = self.new = None

    def write_sides(self):
        """What the repair works from: known-good stores, clients; and the server's own key."""
        for name in ("known", "clients/accept", "clients/reject"):
            os.makedirs(os.path.join(self.directory, name))
        self.put("known/a.pem", self.pki.read("root.pem", "one.pem", "two.pem"))
        self.put("known/b.pem", self.pki.read("other.pem"))
        for name, side in (("alice", "accept"), ("bob", "accept"), ("mallory", "reject")):
            self.put(f"clients/{side}/{name}.pem", self.pki.read(name + ".pem", name + ".key"))
        for name in ("server.pem", "server.key"):
            self.put("run/" + name, self.pki.read(name))
            os.chown(os.path.join(self.run, name), NOBODY, NOBODY)

    def put(self, name, content, mode=0o644):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)

    def write_files(self, target, broken):
        name = os.path.basename(target)
        store = self.pki.read("root.pem", "one.pem", "two.pem")
        self.put(name + "/a.pem", store[:-37] if broken else store)
        self.put(name + "/b.pem", self.pki.read("other.pem"), 0o600 if broken else 0o644)
        self.put(name + "/nginx.conf", CONFIG.format(run=self.run, etc=self.etc, ports=self.ports).encode())
        # Times in the past, so that a restored time cannot be mistaken for a fresh one.
        for file in ("a.pem", "b.pem", "nginx.conf", ""):
            os.utime(os.path.join(target, file), ns=(1_700_000_000_123_456_789, 1_700_000_000_987_654_321))

    def stop(self):
        if self.server is None:
            return
        try:
            os.kill(self.server.pid, signal.SIGTERM)
            self.server.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            self.server.kill()
            self.server.wait()
        self.server = None

    def start(self):
        self.stop()
        shutil.rmtree(self.etc)
        os.mkdir(self.etc)
        os.chmod(self.etc, 0o755)
        self.write_files(self.etc, broken=False)
        self.server = subprocess.Popen(
            ["nginx", "-e", self.run + "/error.log", "-c", self.etc + "/nginx.conf", "-g", "daemon off;"],
            user=NOBODY, group=NOBODY, extra_groups=[], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 20
        while self.answer("alice", 0) is None:
            if time.monotonic() > deadline or self.server.poll() is not None:
                raise SystemExit("the lab's nginx does not start: see " + self.run + "/error.log")
            time.sleep(0.01)

    def answer(self, client, index):
        """The HTTP status that a client gets, or None where nothing answers."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        side = "reject" if client == "mallory" else "accept"
        context.load_cert_chain(os.path.join(self.directory, "clients", side, client + ".pem"))
        try:
            with socket.create_connection(("127.0.0.1", self.ports[index]), 5) as plain:
                with context.wrap_socket(plain) as secure:
                    secure.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    return int(secure.recv(100).split()[1])
        except (OSError, IndexError, ValueError):
            return None

    def reset(self):
        """The server as it was when all was well; then the damage, a ledger that knows nothing."""
        self.start()
        self.write_files(self.etc, broken=True)
        shutil.rmtree(self.state, ignore_errors=True)
        self.old = self.snapshot(times=True)

    def snapshot(self, times):
        files = {}
        for name in sorted(os.listdir(self.etc)) + ["."]:
            path = os.path.join(self.etc, name)
            status = os.lstat(path)
            content = open(path, "rb").read() if stat.S_ISREG(status.st_mode) else b""
            files[name] = (content, status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode),
                           status.st_nlink, status.st_mtime_ns if times else 0)
        return files

    def command(self, *words):
        return [PROGRAM, "--state", self.state, "repair", "nginx:" + self.etc + "/nginx.conf", "--clients",
                self.directory + "/clients", "--known-good", self.directory + "/known", "--yes", *words]

    def call(self, *words, wrapper=()):
        return subprocess.run([*wrapper, *self.command(*words)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=120)


class Verdicts:
    """The outcome of each group of checks; a failure is told with how to see it again."""

    def __init__(self):
        self.lock = threading.Lock()
        self.failures = []
        self.counts = {}
        self.ends = {"old": 0, "new": 0}

    def check(self, group, passed, text):
        with self.lock:
            self.counts[group] = self.counts.get(group, 0) + 1
            if not passed:
                self.failures.append((group, text))
                print(f"# {group}: {text}", flush=True)
        return passed


GROUPS = {
    "whole": "every file is all old or all new, never mixed",
    "staged": "no staged file is left",
    "ledger": "the ledger is sound and no transaction is open",
    "agrees": "the ledger says of the transaction what the files show",
    "server": "the server runs and answers",
    "idempotent": "a second start changes nothing",
    "recovers": "the next start succeeds",
    "again": "a repair after it mends everything",
}


def ledger_states(lab):
    path = os.path.join(lab.state, "ledger.db")
    if not os.path.exists(path):
        return True, []
    database = sqlite3.connect(path)
    try:
        sound = database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        has = database.execute("SELECT count(*) FROM sqlite_master WHERE name='repair'").fetchone()[0]
        return sound, [row[0] for row in database.execute("SELECT state FROM repair ORDER BY id")] if has else []
    finally:
        database.close()


def differences(lab, reached):
    names = [name for name in sorted(set(lab.old) | set(reached)) if lab.old.get(name) != reached.get(name)]
    return ", ".join(f"{name} differs from old in " + ",".join(
        word for word, a, b in zip(("content", "owner", "group", "mode", "links", "mtime"),
                                   lab.old.get(name, (None,) * 6), reached.get(name, (None,) * 6)) if a != b)
        for name in names)


def which_end(lab):
    """Old with all its times, or new as an undisturbed repair leaves it."""
    if lab.snapshot(times=True) == lab.old:
        return "old"
    return "new" if lab.snapshot(times=False) == lab.new else None


def check_end(lab, verdicts, label, thorough):
    first = lab.call("--dry-run")
    # 2 is right as well: where the old files cannot be loaded by a server that was reloaded with the new ones.
    verdicts.check("recovers", first.returncode in (0, 2), f"{label}: exit {first.returncode}: {first.stderr.strip()}")
    end = which_end(lab)
    verdicts.check("whole", end is not None, f"{label}: {differences(lab, lab.snapshot(times=True))}")
    left = [name for name in os.listdir(lab.etc) if "trustmend" in name]
    verdicts.check("staged", not left, f"{label}: {left}")
    sound, states = ledger_states(lab)
    # Whatever was done or undone is told as such; nothing stands between.
    closed = [state for state in states if state not in (CLOSED, ROLLED_BACK)]
    verdicts.check("ledger", sound and not closed, f"{label}: sound {sound}, states {states}")
    verdicts.check("agrees", (end == "new") == (CLOSED in states), f"{label}: {end} on disk, states {states}")
    alive = lab.server.poll() is None
    answers = [lab.answer("alice", 0), lab.answer("bob", 1), lab.answer("mallory", 0)]
    wanted = ((200,), (200,), (400,)) if end == "new" else ((200, 400), (200, 400), (400,))
    verdicts.check("server", alive and all(a in w for a, w in zip(answers, wanted)),
                   f"{label}: alive {alive}, answers {answers} on {end}")
    before = lab.snapshot(times=True)
    second = lab.call("--dry-run")
    verdicts.check("idempotent", lab.snapshot(times=True) == before and "interrupted" not in second.stderr,
                   f"{label}: {second.stderr.strip()}")
    if thorough:
        again = lab.call()
        verdicts.check("again", again.returncode == 0 and which_end(lab) == "new",
                       f"{label}: exit {again.returncode}: {again.stderr.strip()} {differences(lab, lab.snapshot(True))}")
    with verdicts.lock:
        verdicts.ends[end or "old"] += 1


def injection(call, number):
    return ["strace", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
            f"inject={call}:signal=KILL:when={number}"]


def was_killed(result):
    return result.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)


def count_calls(lab, calls, *words):
    """How often the main process makes each call: each number is one place to die."""
    trace = os.path.join(lab.directory, "calls")
    lab.call(*words, wrapper=["strace", "-qq", "-o", trace, "-e", "trace=" + ",".join(calls)])
    counts = {}
    with open(trace, errors="replace") as file:
        for line in file:
            name = line.split("(", 1)[0]
            if name in calls:
                counts[name] = counts.get(name, 0) + 1
    return counts


def kill_at(lab, verdicts, case):
    lab.reset()
    result = lab.call(wrapper=injection(case["call"], case["number"]))
    case["killed"] = was_killed(result)
    check_end(lab, verdicts, f"repair killed at {case['call']} {case['number']}", case["thorough"])


def kill_after(lab, verdicts, case):
    lab.reset()
    process = subprocess.Popen(lab.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        process.wait(case["delay"])
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    case["killed"] = process.returncode == -signal.SIGKILL
    check_end(lab, verdicts, f"repair killed after {case['delay'] * 1000:.1f} ms", case["thorough"])


def kill_in_recovery(lab, verdicts, case):
    lab.reset()
    lab.call(wrapper=injection(*case["first"]))
    result = lab.call("--dry-run", wrapper=injection(case["call"], case["number"]))
    case["killed"] = was_killed(result)
    check_end(lab, verdicts,
              f"repair killed at {case['first'][0]} {case['first'][1]}, its recovery at {case['call']} {case['number']}",
              case["thorough"])


def work(lab, verdicts, cases):
    while True:
        try:
            do, case = cases.get_nowait()
        except queue.Empty:
            return
        try:
            do(lab, verdicts, case)
        except Exception as failure:  # a broken lab is a failed check, not a lost worker
            verdicts.check("recovers", False, f"{case}: {failure!r}")


def run_cases(labs, verdicts, cases):
    waiting = queue.SimpleQueue()
    for case in cases:
        waiting.put(case)
    threads = [threading.Thread(target=work, args=(lab, verdicts, waiting)) for lab in labs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def learn(labs, verdicts):
    """What new is: how an undisturbed repair leaves each lab; how long it takes; where it can die."""
    for lab in labs:
        lab.reset()
        begun = time.monotonic()
        result = lab.call("--json")
        lab.duration = time.monotonic() - begun
        lab.new = lab.snapshot(times=False)
        plan = json.loads(result.stdout) if result.returncode == 0 else {}
        kinds = {step.get("kind") for step in plan.get("plan", {}).get("steps", [])}
        verdicts.check("undisturbed", result.returncode == 0 and which_end(lab) == "new" and
                       lab.answer("alice", 0) == 200 and lab.answer("bob", 1) == 200 and len(kinds) >= 4,
                       f"exit {result.returncode}, steps {sorted(map(str, kinds))}: {result.stderr.strip()}")
        if verdicts.failures:
            raise SystemExit("1 failed: without an undisturbed repair there is nothing to kill")


def step_cases(lab, options):
    lab.reset()
    counts = count_calls(lab, STEPS + ([] if options.quick else BYTES))
    cases = []
    for call in sorted(counts):
        for number in range(1, counts[call] + 1):
            cases.append((kill_at, {"call": call, "number": number, "thorough": len(cases) % 10 == 0}))
    return cases


def random_cases(labs, options):
    chance = random.Random(options.seed)
    longest = max(lab.duration for lab in labs)
    rounds = options.random if options.random is not None else (40 if options.quick else 200)
    return [(kill_after, {"delay": chance.uniform(0, longest), "thorough": number % 10 == 0})
            for number in range(rounds)]


def recovery_cases(lab, options):
    """Killed after its last rename, and after the reload: each recovery has most to do then."""
    cases = []
    for first in (("rename", 2), ("pidfd_send_signal", 1)):
        lab.reset()
        lab.call(wrapper=injection(*first))
        counts = count_calls(lab, STEPS, "--dry-run")
        cases += [(kill_in_recovery, {"first": first, "call": call, "number": number, "thorough": False})
                  for call in sorted(counts) for number in range(1, counts[call] + 1)]
    chance = random.Random(options.seed)
    return chance.sample(cases, min(20 if options.quick else 60, len(cases)))


def summary(verdicts, groups):
    failed = 0
    for group, text in groups:
        bad = sum(1 for name, _ in verdicts.failures if name == group)
        failed += bad > 0
        print(f"{'not ok' if bad else 'ok'} - {text} ({verdicts.counts.get(group, 0) - bad} of "
              f"{verdicts.counts.get(group, 0)})")
    return failed


def report(verdicts, phases):
    # A random instant may fall behind the end of a run that was quicker than the one that was measured.
    for name, cases in phases:
        for _, case in cases:
            verdicts.check(name, case.get("killed") or "delay" in case, f"was not killed: {case}")
    killed = sum(bool(case.get("killed")) for _, cases in phases for _, case in cases)
    print(f"# {sum(len(cases) for _, cases in phases)} rounds, {killed} killed")
    print(f"# ended old {verdicts.ends['old']}, new {verdicts.ends['new']}")
    groups = [("undisturbed", "an undisturbed repair mends by write, splice, owner, mode and reload")]
    groups += [(name, name) for name, _ in phases]
    groups += list(GROUPS.items())
    failed = summary(verdicts, groups)
    print(f"{len(groups) - failed} passed, {failed} failed")
    return 1 if failed else 0


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="every step of the journal, and fewer of the rest")
    parser.add_argument("--random", type=int, help="how many random instants (200; 40 with --quick)")
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), help="labs side by side")
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--json", help="write the figures there")
    return parser.parse_args()


def main():
    global PROGRAM
    options = read_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # nothing is left behind then either
    PROGRAM = os.path.abspath(options.program)
    if os.geteuid() != 0 or not all(map(shutil.which, ("nginx", "strace", "openssl"))):
        print("not ok - the crash lab needs root, nginx, strace and openssl\n0 passed, 1 failed")
        return 1
    verdicts, begun = Verdicts(), time.monotonic()
    directory = tempfile.mkdtemp(prefix="trustmend-crash-")
    os.chmod(directory, 0o755)
    labs = []
    try:
        pki = Pki(os.path.join(directory, "pki"))
        labs = [Lab(os.path.join(directory, f"lab{number}"), pki) for number in range(options.jobs)]
        learn(labs, verdicts)
        phases = [("killed at every step", step_cases(labs[0], options)),
                  ("killed at random instants", random_cases(labs, options)),
                  ("killed in recovery", recovery_cases(labs[0], options))]
        for _, cases in phases:
            run_cases(labs, verdicts, cases)
        print(f"# seed {options.seed}, {time.monotonic() - begun:.0f} s")
        status = report(verdicts, phases)
        if options.json:
            with open(options.json, "w") as file:
                json.dump({"seed": options.seed, "seconds": round(time.monotonic() - begun, 1),
                           "rounds": {name: len(cases) for name, cases in phases}, "ended": verdicts.ends,
                           "failures": [text for _, text in verdicts.failures]}, file, indent=1)
        return status
    finally:
        for lab in labs:
            lab.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
