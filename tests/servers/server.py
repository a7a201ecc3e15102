# SPDX-License-Identifier: Apache-2.0
"""What the three servers have in common: settings, start and stop by pid, and whether a client gets in."""

import ctypes
import os
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from container import enter_container

START_SECONDS = 10
POLL_SECONDS = 0.01
CONTEXTS = {}
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def end_with_parent():
    """In a child, when its user is what it will be: a server must not outlive the lab, even where that is
    killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Settings:
    """What a configuration says about clients, in words that fit all three."""

    anchors: str = ""           # path of the store
    directory: bool = False     # it is a directory
    crls: str = ""              # path of the CRLs; empty: not checked
    crl_directory: bool = False
    depth: int | None = None    # intermediates; None: as the server has it by default
    verify: str = "on"          # on, optional, optional-no-ca, off, ignore
    ciphers: str = ""
    names_only: bool = False    # the anchors are named by the directive that means something else
    outer_crls: str = ""        # CRLs of the level above
    unchecked_crls: bool = False
    chroot: str = ""            # where the processes that serve are shut in
    included: bool = False      # all of this stands in a file that the configuration includes


class Server:
    """A server of one world: its configuration, and its process while it runs."""

    product = ""
    reload_signal = signal.SIGHUP

    def __init__(self, room, port, server_pem, server_key):
        self.room = Path(room)
        self.port = port
        self.configuration = self.room / "srv" / self.config_name
        self.running = self.room / "run"
        self.process = None
        self.as_worker = False  # also its master has no privileges
        self.volume = None      # it runs in a container, where this stands in the place of its stores
        self.write_own(server_pem, server_key)

    config_name = ""
    user = "www-data"

    @property
    def target(self):
        return f"{self.product}:{self.configuration}"

    def write_own(self, certificate, key):
        (self.room / "srv" / "server.pem").write_bytes(certificate)
        private = self.room / "srv" / "server.key"
        private.write_bytes(key)
        private.chmod(0o600)

    def configure(self, settings, path=None):
        lines = self.verify_lines(settings)
        if settings.included:
            self.included.write_text(self.included_text(lines))
        (path or self.configuration).write_text(self.text(settings, lines))

    @property
    def included(self):
        return self.room / "srv" / "tls.inc"

    def included_text(self, lines):
        return "".join(f"{line}\n" for line in lines)

    def verify_lines(self, settings):
        """What decides who gets in."""
        raise NotImplementedError

    def text(self, settings, lines):
        raise NotImplementedError

    def command(self, path):
        raise NotImplementedError

    # Its process.

    def start(self, path=None):
        """True once it answers; False where it ends instead."""
        command = [str(part) for part in self.command(path or self.configuration)]
        if self.as_worker:
            command = ["setpriv", "--reuid", self.user, "--regid", self.user, "--clear-groups",
                       *command]
        with open(self.running / "output", "ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, start_new_session=True,
                                            preexec_fn=self.prepare_child)
        return self.wait_ready()

    def prepare_child(self):
        if self.volume is not None:
            enter_container(self.volume, self.room / "srv" / "trust")
        end_with_parent()

    def wait_ready(self):
        """A port that is open tells nothing: Apache listens before it reads its stores."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.process = None
                return False
            if self.answers() and self.is_settled():
                return True
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"{self.target} neither answers nor ends")

    def answers(self):
        """Whether somebody behind the port speaks TLS: what it was started with is read by then."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        try:
            with socket.create_connection(("127.0.0.1", self.port), START_SECONDS) as raw:
                context.wrap_socket(raw, server_hostname="localhost").close()
        except ssl.SSLEOFError:
            return False
        except ssl.SSLError:
            return True  # an alert: no client without a certificate
        except OSError:
            return False
        return True

    def is_settled(self):
        """Whether it would take a signal now."""
        return True

    def stop(self):
        """Ends it and what it started, by their ids."""
        if self.process is None:
            return
        family = descendants(self.process.pid)
        for number, patience in ((signal.SIGTERM, 3), (signal.SIGKILL, 3)):
            if self.process.poll() is None:
                self.process.send_signal(number)
            try:
                self.process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        self.process = None
        for pid in family:
            end_process(pid)

    def restart(self):
        self.stop()
        return self.start()

    def fail_to_reload(self):
        """Asks for a reload that cannot succeed; returns when the server has said so."""
        before = self.count_refusals()
        self.process.send_signal(self.reload_signal)
        end = time.monotonic() + START_SECONDS
        while self.count_refusals() == before:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{self.target} does not say that its reload failed")
            time.sleep(POLL_SECONDS)
        while not (self.answers() and self.is_settled()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{self.target} did not survive its reload")
            time.sleep(POLL_SECONDS)

    def count_refusals(self):
        """How often it has said that a reload failed."""
        raise NotImplementedError

    @property
    def pids(self):
        return [] if self.process is None else [self.process.pid, *descendants(self.process.pid)]

    def admits(self, client):
        """"in", "out" or "down": by a handshake, a request and its answer."""
        try:
            context = client_context(client)
        except ssl.SSLError:
            return "out"  # a key that is not its certificate's: no client can present it
        try:
            raw = socket.create_connection(("127.0.0.1", self.port), 5)
        except OSError:
            return "down"
        try:
            with raw, context.wrap_socket(raw, server_hostname="localhost") as tls:
                tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = b""
                while part := tls.recv(4096):
                    answer += part
        except OSError:
            return "out"  # TLS 1.3: the alert comes with the first read
        return "in" if answer.startswith(b"HTTP/1.1 200") else "out"


def client_context(path):
    """Made once a file: with the lowest security level, for the server's is what counts."""
    key = (str(path), os.stat(path).st_mtime_ns)
    if key not in CONTEXTS:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(path)
        CONTEXTS.clear()
        CONTEXTS[key] = context
    return CONTEXTS[key]


def children(pid):
    try:
        return [int(word) for task in Path(f"/proc/{pid}/task").iterdir()
                for word in (task / "children").read_text().split()]
    except OSError:
        return []


def descendants(pid):
    found = children(pid)
    for child in found:
        found += children(child)
    return found


def end_process(pid):
    """A worker that outlived its master."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        end = time.monotonic() + 2
        while time.monotonic() < end:
            if not is_alive(pid):
                return
            time.sleep(POLL_SECONDS)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def free_port(start):
    """The first port from there on at which nobody listens."""
    for port in range(start, start + 1000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port is free from {start} on")
