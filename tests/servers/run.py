# SPDX-License-Identifier: Apache-2.0
"""One run: a case is built, injected, diagnosed, repaired, proved and rolled back; what went wrong."""

import json
import os
import re
import subprocess
import tempfile
import time

from world import World, differences, take_snapshot

TOOL_SECONDS = 120
WRITES = ("openat", "open", "creat", "rename", "renameat", "renameat2", "unlink", "unlinkat",
          "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat", "link", "linkat",
          "symlink", "symlinkat", "mkdir", "mkdirat", "rmdir", "truncate", "utimensat", "setxattr",
          "fsetxattr", "lsetxattr")
SIGNALS = ("kill", "tkill", "tgkill", "pidfd_send_signal")


class Tool:
    """trustmend, for one world."""

    def __init__(self, program, world):
        self.program, self.world = program, world
        self.seconds = {}

    def command(self, name, *arguments):
        state = self.world.room / "state"
        return [self.program, "--state", str(state), "--json", name, *arguments]

    def examine(self, name, *arguments):
        """A command with the target, the clients and what is known to be good."""
        return self.command(name, self.world.server.target, "--clients",
                            str(self.world.room / "clients"), *self.world.known_options,
                            *arguments)

    def run(self, command):
        """Exit status and document."""
        begin = time.monotonic()
        done = subprocess.run(command, capture_output=True, timeout=TOOL_SECONDS)
        self.seconds[command[4] if command[0] == self.program else "strace"] = (
            time.monotonic() - begin)
        try:
            return done.returncode, json.loads(done.stdout or b"{}")
        except ValueError:
            return done.returncode, {"stderr": (done.stdout + done.stderr)[-300:].decode(
                errors="replace")}


class Run:
    """The steps of one case; problems are collected, and the first that makes the rest senseless ends it."""

    def __init__(self, program, case, world):
        self.case, self.world = case, world
        self.tool = Tool(program, world)
        self.problems = []
        self.found = {}
        self.repair_exit = None

    def complain(self, text):
        self.problems.append(text)

    def carry_out(self):
        try:
            if self.prepare():
                self.diagnose()
                self.repair()
        finally:
            self.world.server.stop()

    # The world, healthy and then not.

    def prepare(self):
        world, case = self.world, self.case
        for fault in case.faults:
            fault.setup(world)
        world.lay_out()
        if not world.server.start():
            self.complain("lab: the healthy server does not start: " + self.last_output())
            return False
        if case.known == "baseline":
            status, document = self.tool.run(self.tool.command(
                "baseline", "save", world.server.target))
            if status != 0:
                self.complain(f"baseline save: exit {status} {json.dumps(document)[:400]}")
        for fault in case.faults:
            fault.inject(world)
        return self.bring_into_mode()

    def bring_into_mode(self):
        """Restarted, left running with what it loaded before, or down; and it must hurt if it should."""
        server, mode = self.world.server, self.case.mode
        started_wrong = any(fault.started_wrong for fault in self.case.faults)
        up = True
        if mode == "running" and not started_wrong:
            return True
        if not started_wrong:
            up = server.restart()
        wrong = self.world.who_is_wrong() if up else ["it does not start"]
        if mode == "down":
            server.stop()
        if self.case.hurts and not wrong:
            self.complain("lab: the fault hurts nobody")
        if not self.case.hurts and wrong:
            self.complain(f"lab: the server is not healthy: {', '.join(wrong)}")
        return not self.problems

    def last_output(self):
        path = self.world.running / "output"
        return path.read_text(errors="replace")[-200:].replace("\n", " ")

    # What trustmend says.

    def diagnose(self):
        case = self.case
        self.before = take_snapshot(self.world.room)
        status, document = self.tool.run(self.tool.examine("diagnose", "--all"))
        self.unchanged("diagnose", self.before)
        findings = document.get("findings")
        if findings is None:
            self.complain(f"diagnose: exit {status} {document.get('stderr', '')}")
            return
        for finding in findings:
            severities = self.found.setdefault(finding["code"], set())
            severities.add(finding["severity"])
        critical = {code for code, severities in self.found.items() if "critical" in severities}
        for code in sorted(case.codes - self.found.keys()):
            self.complain(f"diagnose: {code} is not named")
        for code in sorted(case.must_be_critical & self.found.keys() - critical):
            self.complain(f"diagnose: {code} is not critical but {', '.join(self.found[code])}")
        for code in sorted(critical - case.may_be_critical):
            self.complain(f"diagnose: {code} is a false critical")
        self.judge_exit(status, critical)
        self.judge_wording(findings)

    def judge_exit(self, status, critical):
        expected = (2,) if self.case.must_be_critical else (0, 1)
        if critical and not self.case.must_be_critical:
            expected = (2,)  # complained about above, or allowed
        if status not in expected:
            self.complain(f"diagnose: exit {status}")

    def judge_wording(self, findings):
        """What is not to be repaired by itself says why."""
        for fault in self.case.faults:
            for finding in findings:
                repair = finding["repair"]
                if finding["code"] != fault.code or finding["severity"] != "critical":
                    continue
                if fault.repair == "no" and repair["applicability"] == "automatic":
                    self.complain(f"diagnose: {fault.code} is said to be mended automatically")
                if repair["applicability"] != "automatic" and not repair.get("why"):
                    self.complain(f"diagnose: {fault.code} does not say why it is not mended")

    def unchanged(self, step, before):
        for told in differences(before, take_snapshot(self.world.room)):
            self.complain(f"{step}: {told}")

    # What trustmend does.

    def repair(self):
        status, document = self.tool.run(self.tool.examine("repair", "--yes"))
        result = document.get("result", document.get("stderr", "no document"))
        self.repair_exit = status
        kind = self.case.repair
        allowed = {"yes": (0,), "no": (2,), "partly": (2,), "either": (0, 2)}[kind]
        if status not in allowed:
            self.complain(f"repair: exit {status}, {result}: {document.get('text', '')}")
        changed = differences(self.before, take_snapshot(self.world.room))
        if result in ("refused", "nothing", "rolled-back"):
            for told in changed:
                self.complain(f"repair, {result}: {told}")
        if kind == "no" and changed:
            self.complain(f"repair: changed what it must not: {changed[0]}")
        if result != "applied":
            if status == 0 and self.case.must_be_critical:
                self.complain(f"repair: exit 0 and {result}")
            return
        written = any(step["kind"] not in ("directory", "reload") for step in document["plan"]["steps"])
        tested = document["config_test"]
        if written and tested["run"] != "before":
            self.complain(f"repair: the server's own test ran {tested['run']} the swap: {tested['why']}")
        self.prove()
        self.repair_again()
        self.roll_back()

    def prove(self):
        """All good clients get in and no bad one, as it runs now and after a restart."""
        server, lost = self.world.server, self.world.lost
        if self.case.repair == "either" and self.repair_exit != 0:
            lost = self.world.good.keys()  # the rest is not mended: but nobody wrong may get in
        running = server.process is not None and server.process.poll() is None
        if running and self.case.mode != "down":
            wrong = self.world.who_is_wrong(lost)
            if wrong:
                self.complain(f"after repair, as it runs: {', '.join(wrong)}")
        if not server.restart():
            self.complain("after repair: the server does not start: " + self.last_output())
            return
        wrong = self.world.who_is_wrong(lost)
        if wrong:
            self.complain(f"after repair and restart: {', '.join(wrong)}")

    def repair_again(self):
        """The second repair writes nothing, reloads nothing and exits as it should."""
        before = take_snapshot(self.world.room)
        processes = set(self.world.server.pids)
        calls = ",".join(WRITES + SIGNALS)
        with tempfile.NamedTemporaryFile(prefix="lab-trace-") as trace:
            command = ["strace", "-f", "-y", "-qq", "-s", "300", "-e", f"trace={calls}", "-e",
                       "signal=none", "-o", trace.name, *self.tool.examine("repair", "--yes")]
            status, document = self.tool.run(command)
            acts = list(outside_acts(open(trace.name, errors="replace"), self.world))
        if status != (2 if self.case.repair == "partly" else 0) and self.case.repair != "either":
            self.complain(f"second repair: exit {status} {document.get('result', '')}")
        if acts:
            self.complain(f"second repair: {len(acts)} acts, such as {acts[0]}")
        if not processes <= set(self.world.server.pids):
            self.complain("second repair: processes of the server have ended: it was reloaded")
        self.unchanged("second repair", before)

    def roll_back(self):
        status, document = self.tool.run(self.tool.command("rollback", "--yes"))
        if status != 0:
            self.complain(f"rollback: exit {status} {document.get('result', '')} "
                          f"{document.get('stderr', '')}")
        self.unchanged("rollback", self.before)


def outside_acts(lines, world):
    """Calls that write outside the state directory, or signal one of the server's processes."""
    pids = set(world.server.pids)
    state = f"{world.room}/state"
    for line in lines:
        call = re.match(r"\d+\s+(\w+)\((.*)", line)
        if call is None or " = -1 " in line:
            continue
        name, rest = call.groups()
        if name in SIGNALS:
            words = re.findall(r"[-\w]+", rest)
            if any(word.isdigit() and int(word) in pids for word in words[:2]) and "0" != words[1]:
                yield line.strip()
            continue
        if name.startswith(("open", "creat")) and not re.search(
                r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", rest):
            continue
        if state in rest or '"/dev/' in rest or '"/proc/' in rest:
            continue
        yield line.strip()


def run_case(program, case, pki, kind, room, port):
    """Problems, what was found, and how long the tool took."""
    os.chmod(room, 0o755)
    world = World(room, pki, kind, port, case.known)
    run = Run(program, case, world)
    try:
        run.carry_out()
    except Exception as error:  # one run that breaks must not hide the others
        run.complain(f"lab: {type(error).__name__}: {error}")
    return run
