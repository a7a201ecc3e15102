#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Repairs that meet a hard world: full disks, locks, signals, mounts, links, other people's directories.

The lab is that of the crash tests: a real nginx with three faults on disk, which one plan mends. Each case
puts one obstacle in the way, and asks of the repair the right exit status, one clear line, every file as it
was (or all of them mended), no staged file, and no transaction that is still open.

All of it runs in a mount namespace of its own, so that whatever is mounted here ends with this program.
"""
import argparse
import fcntl
import json
import os
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time

import crash
from crash import CLOSED, NOBODY, ROLLED_BACK, Lab, Pki, count_calls, ledger_states, which_end

CASES = []
ACL = "system.posix_acl_access"


def case(function):
    CASES.append(function)
    return function


class Trouble(Exception):
    """What a case found wrong."""


def expect(condition, *told):
    if not condition:
        raise Trouble(" ".join(str(part) for part in told))


def command(lab, *words, wrapper=(), **options):
    """trustmend on this lab's ledger, from another directory."""
    return subprocess.run([*wrapper, crash.PROGRAM, "--state", lab.state, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=180, cwd="/", **options)


def told(result):
    return result.stdout + result.stderr


def is_clean(lab, *directories):
    """Nothing of ours lies about, and the ledger waits for nothing."""
    for directory in directories or (lab.etc,):
        left = [name for name in os.listdir(directory) if "trustmend" in name]
        expect(not left, "left behind:", left)
    sound, states = ledger_states(lab)
    expect(sound and all(state in (CLOSED, ROLLED_BACK) for state in states), "ledger:", sound, states)


def refused(lab, result, status, words):
    """It says no, and why, and has changed nothing."""
    expect(result.returncode == status, "exit", result.returncode, "not", status, told(result))
    expect(re.search(words, told(result)), f"'{words}' is not in", told(result))
    expect("Traceback" not in told(result) and len(result.stderr.splitlines()) <= 1, result.stderr)
    is_clean(lab)


def unchanged(lab, before, what="the directory"):
    expect(lab.snapshot(times=True) == before, what, "is not as it was")


def try_refusal(lab, status, words):
    before = lab.snapshot(times=True)
    refused(lab, lab.call(), status, words)
    unchanged(lab, before)


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def unmount(path):
    subprocess.run(["umount", "-l", path], check=True)


@case
def lock_held(lab):
    """another trustmend is at work"""
    lab.call("--dry-run")
    with open(os.path.join(lab.state, "lock"), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = lab.snapshot(times=True)
        result = lab.call()
        expect(result.returncode == 75 and "held by process" in result.stderr, told(result))
        unchanged(lab, before)
    is_clean(lab)


def on_small_disk(lab, directory):
    """What is in the directory, on a file system without a byte to spare."""
    kept = directory + ".kept"
    shutil.copytree(directory, kept, symlinks=True)
    mount("-t", "tmpfs", "-o", "size=256k,mode=0755", "tmpfs", directory)
    shutil.copytree(kept, directory, dirs_exist_ok=True)
    shutil.rmtree(kept)
    try:
        with open(os.path.join(lab.etc if directory == lab.etc else directory, "filler"), "wb", 0) as filler:
            while True:
                filler.write(b"x" * 4096)
    except OSError:
        pass


@case
def disk_full(lab):
    """no room for the staged files"""
    on_small_disk(lab, lab.etc)
    try:
        try_refusal(lab, 3, "No space left on device")
    finally:
        unmount(lab.etc)


@case
def ledger_full(lab):
    """no room for the journal"""
    lab.call("--dry-run")
    on_small_disk(lab, lab.state)
    try:
        before = lab.snapshot(times=True)
        result = lab.call()
        expect(result.returncode in (73, 74), told(result))
        expect("full" in result.stderr or "No space" in result.stderr, told(result))
        unchanged(lab, before)
    finally:
        unmount(lab.state)


def fails_from(call, number, error):
    return ["strace", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
            f"inject={call}:error={error}:when={number}+"]


def whole(lab, label, result):
    """Old or new as the exit status says; what the journal could not take down the next start does."""
    end = which_end(lab)
    expect(end is not None, label, "mixed:", crash.differences(lab, lab.snapshot(times=True)), told(result))
    expect((end == "new") == (result.returncode == 0), label, "exit", result.returncode, "on", end, told(result))
    expect(not [name for name in os.listdir(lab.etc) if "trustmend" in name], label, os.listdir(lab.etc))
    following = lab.call("--dry-run")
    expect(following.returncode in (0, 2), label, "then", following.returncode, told(following))
    expect(which_end(lab) == end, label, "a later start changed", crash.differences(lab, lab.snapshot(times=True)))
    is_clean(lab)


def sample(total, wanted):
    return sorted({1 + index * total // wanted for index in range(wanted)} & set(range(1, total + 1)))


@case
def journal_fails(lab):
    """the disk of the journal fills up at any of its writes"""
    lab.reset()
    total = count_calls(lab, ["pwrite64"]).get("pwrite64", 0)
    expect(total > 10, "the journal makes", total, "writes")
    for number in sample(total, 12):
        lab.reset()
        whole(lab, f"pwrite64 {number}", lab.call(wrapper=fails_from("pwrite64", number, "ENOSPC")))


@case
def swap_fails(lab):
    """renaming, changing a mode or syncing fails at any place"""
    lab.reset()
    totals = count_calls(lab, ["rename", "fchmod", "fsync", "chmod"])
    for call, total in sorted(totals.items()):
        for number in sample(total, 4):
            lab.reset()
            once = [word.removesuffix("+") for word in fails_from(call, number, "EIO")]
            whole(lab, f"{call} {number}", lab.call(wrapper=once))


@case
def signals(lab):
    """SIGTERM, SIGINT and SIGHUP undo what is half done, at once"""
    for number, (call, when) in enumerate((("rename", 1), ("rename", 2), ("chmod", 1), ("fchownat", 1),
                                           ("pidfd_send_signal", 1))):
        lab.reset()
        name = ("TERM", "INT", "HUP")[number % 3]
        wrapper = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                   f"inject={call}:signal={name}:when={when}"]
        result = lab.call(wrapper=wrapper)
        expect(result.returncode == 3, call, when, "exit", result.returncode, told(result))
        expect("interrupted by SIG" + name in result.stderr, told(result))
        expect(which_end(lab) == "old", call, when, crash.differences(lab, lab.snapshot(times=True)))
        is_clean(lab)
        expect(lab.server.poll() is None, "the server is gone")


@case
def server_dies(lab):
    """the server ends while it is repaired"""
    fresh = os.path.join(lab.directory, "known/a.pem")

    def end_it():
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with open(lab.etc + "/a.pem", "rb") as present, open(fresh, "rb") as good:
                if present.read() == good.read():
                    break
        os.killpg(lab.server.pid, signal.SIGKILL)
        lab.server.wait()

    thread = threading.Thread(target=end_it)
    thread.start()
    # Held back before the reload, so that the server is gone by then.
    result = lab.call(wrapper=["strace", "-qq", "-o", "/dev/null", "-e", "trace=pidfd_open", "-e",
                               "inject=pidfd_open:delay_enter=300000"])
    thread.join()
    expect(result.returncode in (3, 4), told(result))
    expect(len(result.stderr.splitlines()) == 1, result.stderr)
    expect(which_end(lab) == "old", crash.differences(lab, lab.snapshot(times=True)))
    again = lab.call()
    # Whom it runs as is not known any more, so that the mode of one store is left to its owner.
    expect(again.returncode in (0, 2) and "Applied" in again.stdout, "while it is down:", told(again))


@case
def read_only(lab):
    """the stores are on a read-only file system"""
    mount("--bind", lab.etc, lab.etc)
    try:
        mount("-o", "remount,bind,ro", lab.etc)
        try_refusal(lab, 2, "read-only")
    finally:
        unmount(lab.etc)


@case
def immutable(lab):
    """somebody has fixed the store with chattr"""
    for path in (lab.etc + "/a.pem", lab.etc):
        if subprocess.run(["chattr", "+i", path], stderr=subprocess.DEVNULL).returncode != 0:
            return "this file system knows no immutable files"
        try:
            try_refusal(lab, 2, "immutable.*chattr -i")
        finally:
            subprocess.run(["chattr", "-i", path], check=True)
    return None


@case
def mount_point(lab):
    """the store is a mount point by itself"""
    other = os.path.join(lab.directory, "mounted.pem")
    shutil.copy2(lab.etc + "/a.pem", other)
    mount("--bind", other, lab.etc + "/a.pem")
    try:
        try_refusal(lab, 2, "mount point")
    finally:
        unmount(lab.etc + "/a.pem")


@case
def hard_links(lab):
    """the store has a second name"""
    os.link(lab.etc + "/a.pem", lab.etc + "/same.pem")
    try_refusal(lab, 2, "2 names.*same.pem.*cp -a")
    os.rename(lab.etc + "/same.pem", os.path.join(lab.directory, "elsewhere.pem"))
    try_refusal(lab, 2, "find / -xdev -samefile")
    os.unlink(os.path.join(lab.directory, "elsewhere.pem"))


@case
def foreign_directory(lab):
    """others could put a link in the place of the store"""
    os.chown(lab.etc, NOBODY, NOBODY)
    try_refusal(lab, 2, "could be replaced by others.*nobody")
    os.chown(lab.etc, 0, 0)
    os.chmod(lab.etc, 0o777)
    try_refusal(lab, 2, "could be replaced by others.*everyone")
    os.chmod(lab.etc, 0o755)


def mended(lab, result):
    expect(result.returncode == 0, "exit", result.returncode, told(result))
    expect(lab.answer("alice", 0) == 200 and lab.answer("bob", 1) == 200, "clients are still refused")
    is_clean(lab)


def taken_back(lab, before):
    result = command(lab, "rollback", "--yes")
    expect(result.returncode == 0, told(result))
    unchanged(lab, before)
    return result


@case
def no_permission(lab):
    """who may not write there is told so, by the status as well"""
    os.chmod(lab.etc + "/b.pem", 0o644)
    state = os.path.join(lab.directory, "theirs")
    os.mkdir(state)
    os.chown(state, NOBODY, NOBODY)
    before = lab.snapshot(times=True)
    words = ["--state", state] + lab.command()[3:]
    result = subprocess.run(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
                             crash.PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/")
    expect(result.returncode == 77 and len(result.stderr.splitlines()) == 1, result.returncode, told(result))
    unchanged(lab, before)
    shutil.rmtree(state)


@case
def sticky_directory(lab):
    """the store is another user's, in a sticky directory"""
    os.chown(lab.etc + "/a.pem", NOBODY, NOBODY)
    os.chmod(lab.etc, 0o1777)
    before = lab.snapshot(times=True)
    mended(lab, lab.call())
    expect(os.stat(lab.etc + "/a.pem").st_uid == NOBODY, "it has another owner now")
    taken_back(lab, before)
    os.chmod(lab.etc, 0o755)


@case
def linked_store(lab):
    """the store is a link into another directory"""
    elsewhere = os.path.join(lab.directory, "elsewhere")
    os.mkdir(elsewhere)
    os.rename(lab.etc + "/a.pem", elsewhere + "/real.pem")
    os.symlink("../elsewhere/real.pem", lab.etc + "/a.pem")
    damaged = open(elsewhere + "/real.pem", "rb").read()
    before = lab.snapshot(times=True)
    mended(lab, lab.call())
    is_clean(lab, elsewhere)
    expect(os.path.islink(lab.etc + "/a.pem"), "the link is gone")
    expect(open(elsewhere + "/real.pem", "rb").read() != damaged, "what it leads to is as before")
    taken_back(lab, before)
    expect(open(elsewhere + "/real.pem", "rb").read() == damaged, "what it leads to was not taken back")
    shutil.rmtree(elsewhere)


def acl(*entries):
    """acl(5) as the kernel has it: version 2, then tag, permissions, id."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


ANYBODY = 0xFFFFFFFF
DEFAULT_ACL = acl((1, 7, ANYBODY), (2, 7, 4242), (4, 5, ANYBODY), (16, 7, ANYBODY), (32, 5, ANYBODY))
ACCESS_ACL = acl((1, 6, ANYBODY), (2, 4, 4242), (4, 4, ANYBODY), (16, 4, ANYBODY), (32, 4, ANYBODY))


def attributes(path):
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


@case
def attributes_stay(lab):
    """ACLs, capabilities, attributes and SUID bits are those that were, and none is inherited"""
    store = lab.etc + "/a.pem"
    os.setxattr(lab.etc, "system.posix_acl_default", DEFAULT_ACL)
    os.setxattr(store, "user.note", b"kept")
    os.setxattr(store, "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    os.chmod(store, 0o4644)
    for with_acl in (False, True):
        if with_acl:
            os.setxattr(store, ACL, ACCESS_ACL)
        kept = attributes(store), stat.S_IMODE(os.stat(store).st_mode)
        before = lab.snapshot(times=True)
        mended(lab, lab.call())
        expect((attributes(store), stat.S_IMODE(os.stat(store).st_mode)) == kept, kept, attributes(store))
        taken_back(lab, before)
        expect((attributes(store), stat.S_IMODE(os.stat(store).st_mode)) == kept, "taken back:", attributes(store))
    os.removexattr(lab.etc, "system.posix_acl_default")


@case
def missing_directory(lab):
    """the directory of a store is gone"""
    lost = os.path.join(lab.directory, "lost")
    config = lab.etc + "/nginx.conf"
    text = open(config).read().replace(lab.etc + "/a.pem", lost + "/deep/a.pem")
    open(config, "w").write(text)
    before = lab.snapshot(times=True)
    mended(lab, lab.call())
    for made in (lost, lost + "/deep"):
        status = os.stat(made)
        expect((status.st_uid, stat.S_IMODE(status.st_mode)) == (0, 0o755), made, status)
    taken_back(lab, before)
    expect(not os.path.exists(lost), "it was left behind")
    mended(lab, lab.call())
    open(lost + "/deep/mine", "w").close()
    taken_back(lab, before)
    expect(os.listdir(lost + "/deep") == ["mine"], "what somebody put there is gone, or more is left")
    shutil.rmtree(lost)


@case
def rehearsal(lab):
    """the server's own test sees the new files first, and leaves nothing behind"""
    mounts = open("/proc/self/mountinfo").read()
    result = lab.call("--dry-run", "--json")
    document = json.loads(result.stdout)
    expect(document["config_test"] == {"run": "before", "why": None}, document["config_test"])
    lab.stop()
    for name in ("nginx.pid", "error.log"):
        if os.path.exists(os.path.join(lab.run, name)):
            os.unlink(os.path.join(lab.run, name))
    names, before = sorted(os.listdir(lab.run)), lab.snapshot(times=True)
    result = lab.call("--dry-run")
    expect(result.returncode in (0, 2) and "before anything was changed" in result.stdout, told(result))
    expect(sorted(os.listdir(lab.run)) == names, "the test made", sorted(os.listdir(lab.run)))
    unchanged(lab, before)
    expect(open("/proc/self/mountinfo").read() == mounts, "something is still mounted")


@case
def rehearsal_fails(lab):
    """what the server itself would not start from is never put in place"""
    key = os.path.join(lab.run, "server.key")
    os.rename(key, key + ".away")
    try:
        try_refusal(lab, 2, "own test of its configuration fails on the mended files")
    finally:
        os.rename(key + ".away", key)


@case
def no_namespaces(lab):
    """where nothing can be mounted, the server's own test runs after the swap, and it is said"""
    result = lab.call("--json", wrapper=["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"])
    document = json.loads(result.stdout) if result.stdout else {}
    expect(result.returncode == 0, told(result))
    expect(document["config_test"]["run"] == "after" and document["config_test"]["why"], document["config_test"])


def plan_of(lab, name="plan.json"):
    path = os.path.join(lab.directory, name)
    result = lab.call("--dry-run", "--plan", path)
    expect(result.returncode == 0 and os.path.exists(path), told(result))
    expect(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "others may read it")
    return path


@case
def plan_carried_out(lab):
    """a plan is written, changes nothing, and is carried out as written"""
    before = lab.snapshot(times=True)
    plan = plan_of(lab)
    unchanged(lab, before)
    document = json.load(open(plan))
    expect([step["kind"] for step in document["plan"]["steps"]].count("write") == 1, document["plan"])
    expect(all(item["sha256"] for item in document["preconditions"]), document["preconditions"])
    result = command(lab, "repair", "--plan", plan, "--yes")
    mended(lab, result)
    expect(which_end(lab) == "new", "it is not what an undisturbed repair does")
    again = command(lab, "repair", "--plan", plan, "--yes")
    expect(again.returncode == 75, "a second time:", told(again))
    taken_back(lab, before)


@case
def plan_with_options(lab):
    """with the target and the options given, the ledger need not know the plan"""
    plan = plan_of(lab)
    shutil.rmtree(lab.state)
    result = command(lab, "repair", "--plan", plan, "--yes")
    expect(result.returncode == 75 and "written elsewhere" in result.stderr, told(result))
    mended(lab, lab.call("--plan", plan))


def append(path, content):
    status = os.stat(path)
    with open(path, "ab") as file:
        file.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@case
def plan_stale(lab):
    """whatever changed since makes a plan stale, and nothing is written"""
    client = os.path.join(lab.directory, "clients/accept/carol.pem")
    known = os.path.join(lab.directory, "known/more.pem")
    changes = (lambda: append(lab.etc + "/a.pem", b"# more\n"), lambda: append(lab.etc + "/nginx.conf", b"# more\n"),
               lambda: os.chmod(lab.etc + "/b.pem", 0o400), lambda: os.chown(lab.etc + "/a.pem", 0, NOBODY),
               lambda: lab.put("clients/accept/carol.pem", lab.pki.read("alice.pem", "alice.key")),
               lambda: lab.put("known/more.pem", lab.pki.read("stranger.pem")))
    for number, change in enumerate(changes):
        lab.reset()
        plan = plan_of(lab)
        try:
            change()
            before = lab.snapshot(times=True)
            result = command(lab, "repair", "--plan", plan, "--yes")
            expect(result.returncode == 75 and "stale" in result.stderr, "change", number, told(result))
            unchanged(lab, before)
            is_clean(lab)
        finally:
            for path in (client, known):
                if os.path.exists(path):
                    os.unlink(path)


@case
def plan_hostile(lab):
    """nothing can be put into a plan: not a step, not material, not a file that is none"""
    evil = os.path.join(lab.directory, "evil")
    os.makedirs(evil, exist_ok=True)
    lab.put("evil/stranger.pem", lab.pki.read("stranger.pem"))
    plan = plan_of(lab)
    written = open(plan).read()
    before = lab.snapshot(times=True)
    forged = (written.replace('"known_good":["', '"known_good":["' + evil + '","', 1),
              written.replace('"ssl_verify_depth', '"ssl_verify_client off', 1).replace("0640", "0666"),
              written.replace('"exit":0', '"exit":0 '), re.sub(r'"sha256":"..', '"sha256":"00', written, count=1))
    for number, text in enumerate(forged):
        open(plan, "w").write(text)
        expect(text != written, "forgery", number, "is none")
        result = command(lab, "repair", "--plan", plan, "--yes")
        expect(result.returncode == 75, "forgery", number, told(result))
        if number != 2:  # a blank is no difference to who is given the options
            expect(lab.call("--plan", plan).returncode == 75, "forgery", number, "with the options")
        unchanged(lab, before)
    for text in ("", "{}", "[1]", "not JSON", '{"schema":"trustmend.report/1","kind":"diagnose","options":{}}', "[" * 9999):
        open(plan, "w").write(text)
        result = command(lab, "repair", "--plan", plan, "--yes")
        expect(result.returncode == 65 and len(result.stderr.splitlines()) == 1, repr(text[:20]), told(result))
    os.unlink(plan)
    os.mkfifo(plan)
    expect(command(lab, "repair", "--plan", plan, "--yes").returncode == 65, "a fifo is taken for a plan")
    os.unlink(plan)
    expect(command(lab, "repair", "--plan", plan, "--yes").returncode == 66, "a missing plan")
    config = lab.etc + "/nginx.conf"
    result = lab.call("--dry-run", "--plan", config)
    expect(result.returncode == 73 and "no plan" in result.stderr, told(result))
    unchanged(lab, before)
    plan_of(lab)
    plan_of(lab)
    shutil.rmtree(evil)


@case
def rolled_back_unloaded(lab):
    """a running server is not made to load what it would not start from, and it is said"""
    before = lab.snapshot(times=True)
    mended(lab, lab.call())
    result = taken_back(lab, before)
    expect("was not reloaded" in result.stdout and "serves on" in result.stdout, told(result))
    expect(lab.answer("alice", 0) == 200, "the server does not serve any more")


@case
def changed_since(lab):
    """what somebody changed after a repair is not rolled back"""
    mended(lab, lab.call())
    os.chmod(lab.etc + "/b.pem", 0o600)
    before = lab.snapshot(times=True)
    result = command(lab, "rollback", "--yes")
    expect(result.returncode == 75 and "changed after" in result.stderr, told(result))
    unchanged(lab, before)


def run_case(lab, function):
    try:
        lab.reset()
        skipped = function(lab)
    except Trouble as trouble:
        print(f"not ok - {function.__name__}: {function.__doc__}\n# {trouble}", flush=True)
        return False
    print(f"ok - {function.__name__}: {function.__doc__}" + (f" # SKIP {skipped}" if skipped else ""), flush=True)
    return True


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=crash.PROGRAM)
    parser.add_argument("--case", help="cases whose name holds this text only")
    return parser.parse_args()


def run_all(options, directory):
    lab = Lab(os.path.join(directory, "lab"), Pki(os.path.join(directory, "pki")))
    try:
        lab.reset()
        first = lab.call()
        if first.returncode != 0:
            raise SystemExit("1 failed: without an undisturbed repair there is nothing to disturb\n" + told(first))
        lab.new = lab.snapshot(times=False)
        chosen = [function for function in CASES if not options.case or options.case in function.__name__]
        passed = sum(run_case(lab, function) for function in chosen)
        print(f"{passed} passed, {len(chosen) - passed} failed")
        return 0 if passed == len(chosen) > 0 else 1
    finally:
        lab.stop()


def main():
    options = read_options()
    crash.PROGRAM = os.path.abspath(options.program)
    if os.geteuid() != 0 or not all(map(shutil.which, ("nginx", "strace", "openssl", "unshare"))):
        print("not ok - the lab needs root, nginx, strace and openssl\n0 passed, 1 failed")
        return 1
    if "TRUSTMEND_HARDSHIP" not in os.environ:
        os.environ["TRUSTMEND_HARDSHIP"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # nothing is left behind then either
    directory = tempfile.mkdtemp(prefix="trustmend-hardship-")
    os.chmod(directory, 0o755)
    try:
        return run_all(options, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
