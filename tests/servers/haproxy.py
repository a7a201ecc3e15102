# SPDX-License-Identifier: Apache-2.0
"""HAProxy: the master is root, its worker is haproxy; there is no depth limit."""

import re
import signal
from pathlib import Path

from server import Server

VERIFY = {"on": "required", "optional": "optional", "off": "none", "ignore": "required"}


class Haproxy(Server):
    product = "haproxy"
    config_name = "haproxy.cfg"
    reload_signal = signal.SIGUSR2
    user = "haproxy"

    def command(self, path):
        return ["haproxy", "-W", "-f", path]

    def write_own(self, certificate, key):
        super().write_own(certificate, key)
        self.both.write_bytes(certificate + key)
        self.both.chmod(0o640)

    @property
    def both(self):
        return self.room / "srv" / "server-both.pem"

    def verify_lines(self, settings):
        """The words of a bind line, or of a line of a list of certificates."""
        words = []
        if settings.anchors:
            words.append(f"ca-file {settings.anchors}")
        words.append(f"verify {VERIFY[settings.verify]}")
        if settings.verify == "ignore":
            words.append("ca-ignore-err all crt-ignore-err all")
        if settings.crls:
            words.append(f"crl-file {settings.crls}")
        if settings.ciphers:
            words.append(f"ciphers {settings.ciphers}")
        return words

    def included_text(self, lines):
        return f"# certificate [options] names\n{self.both} [{' '.join(lines)}]\n"

    def text(self, settings, lines):
        own = ["crt-list", self.included] if settings.included else ["crt", self.both, *lines]
        identity = "" if self.as_worker else "    user haproxy\n    group haproxy\n"
        return f"""# made by the lab
global
{identity}    stats socket {self.running}/haproxy.sock mode 600 level admin
    log stdout format raw local0
defaults
    mode http
    log global
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend fe
    bind 127.0.0.1:{self.port} ssl {' '.join(map(str, own))}
    http-request return status 200 content-type text/plain string "hello"
"""

    def count_refusals(self):
        return (self.running / "output").read_bytes().count(b"Loading failure")

    def is_settled(self):
        """A master that has loaded executes itself once more, to wait; until then SIGUSR2 is lost."""
        process = Path(f"/proc/{self.process.pid}")
        try:
            if b"HAPROXY_MWORKER_WAIT_ONLY" not in (process / "environ").read_bytes():
                return False
            caught = re.search(r"^SigCgt:\s*(\w+)", (process / "status").read_text(), re.MULTILINE)
        except OSError:
            return False  # it has ended: wait_ready sees that
        return bool(int(caught[1], 16) >> (self.reload_signal - 1) & 1)
