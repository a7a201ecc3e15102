# SPDX-License-Identifier: Apache-2.0
"""HAProxy: the master is root, its worker is haproxy; there is no depth limit."""

import re
import signal
from pathlib import Path

from server import Server


class Haproxy(Server):
    product = "haproxy"
    config_name = "haproxy.cfg"
    reload_signal = signal.SIGUSR2
    user = "haproxy"

    def command(self, path):
        return ["haproxy", "-W", "-f", path]

    def write_own(self, certificate, key):
        super().write_own(certificate, key)
        both = self.room / "srv" / "server-both.pem"
        both.write_bytes(certificate + key)
        both.chmod(0o640)

    def bind(self, settings):
        words = [f"bind 127.0.0.1:{self.port} ssl crt {self.room}/srv/server-both.pem"]
        if settings.anchors:
            words.append(f"ca-file {settings.anchors}")
        words.append("verify none" if settings.verify == "off" else "verify required")
        if settings.verify == "ignore":
            words.append("ca-ignore-err all crt-ignore-err all")
        if settings.crls:
            words.append(f"crl-file {settings.crls}")
        if settings.ciphers:
            words.append(f"ciphers {settings.ciphers}")
        return " ".join(words + settings.extra)

    def text(self, settings):
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
    {self.bind(settings)}
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
