#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""OCSP beside the real ones: ocsp.py [--program PATH]

Answers that `openssl ocsp` makes are judged by `openssl ocsp` and by `verify --ocsp`: the two must
agree. Then `openssl ocsp` answers on loopback, and real nginx and Apache ask it about a client: what
they do to him, `diagnose --online` must have said, with its cause. Certificates are those of the
cases. The last line is "N passed, N failed"; 0 if all passed, 1 if not.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
CASES = TOP / "tests" / "cases"
SECONDS = 60
FIRST_PORT = 28000

NGINX = """daemon off;
user www-data;
pid {room}/nginx.pid;
error_log {room}/nginx.log info;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {room}/body;
    proxy_temp_path {room}/proxy;
    fastcgi_temp_path {room}/fastcgi;
    uwsgi_temp_path {room}/uwsgi;
    scgi_temp_path {room}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {pki}/server.pem;
        ssl_certificate_key {room}/server.key;
        ssl_client_certificate {room}/ca.pem;
        ssl_verify_client on;
{lines}
        location / {{ return 200 "hello"; }}
    }}
}}
"""

APACHE = """ServerRoot {room}
PidFile {room}/httpd.pid
ServerName localhost
Listen 127.0.0.1:{port} https
{modules}
User www-data
Group www-data
StartServers 1
ErrorLog {room}/apache.log
LogLevel info
DocumentRoot {room}/htdocs
Mutex file:{room} default
<Directory {room}/htdocs>
  Require all granted
</Directory>
<VirtualHost 127.0.0.1:{port}>
  ServerName localhost
  SSLEngine on
  SSLCertificateFile {pki}/server.pem
  SSLCertificateKeyFile {room}/server.key
  SSLCACertificateFile {room}/ca.pem
  SSLVerifyClient require
  SSLVerifyDepth 2
{lines}
</VirtualHost>
"""
MODULES = "\n".join(
    f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
    for name in ("mpm_event", "dir", "authz_core", "socache_shmcb", "ssl")
)


# RFC 6960 4.2.1: OCSPResponse { responseStatus tryLater }
TRY_LATER = b"\x30\x03\x0a\x01\x03"


class Failure(Exception):
    """What is not as it must be."""


def run(*words, **options):
    return subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
        **options,
    )


def free_port():
    port = FIRST_PORT + os.getpid() * 31 % 2000
    while True:
        port += 1
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Lab:
    def __init__(self, program, room):
        self.program, self.room, self.pki = program, room, room / "pki"
        done = run("sh", CASES / "pki.sh", self.pki)
        if done.returncode != 0:
            raise SystemExit(done.stdout.decode(errors="replace"))
        self.port, self.responder_port = free_port(), None
        (room / "htdocs").mkdir()
        (room / "htdocs" / "index.html").write_text("hello")
        shutil.copy(self.key("server"), room / "server.key")
        (room / "ca.pem").write_bytes(self.cert("issuing").read_bytes() + self.cert("root").read_bytes())
        (room / "clients" / "accept").mkdir(parents=True)
        self.client = room / "clients" / "accept" / "client.pem"

    def cert(self, name):
        return self.pki / f"{name}.pem"

    def key(self, name):
        return self.pki / f"{(self.pki / f'{name}.key-of').read_text().strip()}.key"

    def be(self, name):
        """Whom the servers are asked about."""
        self.client.write_bytes(self.cert(name).read_bytes() + self.key(name).read_bytes())

    def index(self, valid=(), revoked=()):
        """What the CA has issued, as `openssl ca` keeps it."""
        rows = [f"V\t491231000000Z\t\t{self.serial(name)}\tunknown\t/CN={name}\n" for name in valid]
        rows += [
            f"R\t491231000000Z\t200601000000Z,keyCompromise\t{self.serial(name)}\tunknown\t/CN={name}\n"
            for name in revoked
        ]
        (self.room / "index").write_text("".join(rows))

    def serial(self, name):
        return (self.pki / f"{name}.serial").read_text().strip()

    def signs(self, signer):
        return ["-index", self.room / "index", "-CA", self.cert("issuing"), "-rsigner", self.cert(signer),
                "-rkey", self.key(signer), "-ndays", "30"]


class Process:
    """A program that is ended by its id."""

    def __init__(self, *words, log):
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

    def wait(self, ready):
        for _ in range(1000):
            if ready():
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise Failure(f"{self.process.args[0]} does not start: {self.log.read_text(errors='replace')[-400:]}")


def responder(lab, port, signer, *options):
    log = lab.room / "responder.log"
    return Process("openssl", "ocsp", *lab.signs(signer), "-port", port, *options, log=log).wait(
        lambda: "ACCEPT" in log.read_text(errors="replace")
    )


def replayer(lab, port, name="alice"):
    """The same answer, made ahead, to whoever asks."""
    answer = lab.room / "replayed.der"
    answer.unlink(missing_ok=True)
    make(lab, answer, "issuing", "-cert", lab.cert(name))
    return sender(lab, port, answer.read_bytes())


def sender(lab, port, body):
    """These bytes, to whoever asks."""
    answer = lab.room / "sent.der"
    answer.write_bytes(body)
    return Process(CASES / "replay.py", port, answer, log=lab.room / "responder.log").wait(lambda: is_open(port))


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make(lab, path, signer, *options):
    done = run("openssl", "ocsp", *lab.signs(signer), "-issuer", lab.cert("issuing"), *options,
               "-no_nonce", "-noverify", "-respout", path)
    if not path.exists():
        raise Failure(f"openssl ocsp makes no answer: {done.stdout.decode(errors='replace')}")


# Stored answers: what is made, who signs, the options of making, and what both must say of alice;
# None: it is not to be believed.
STORED = {
    "good": ("issuing", [], "good"),
    "good by key": ("issuing", ["-resp_key_id"], "good"),
    "good, by a delegate": ("delegate", [], "good"),
    "good, by a delegate, by key": ("delegate", ["-resp_key_id"], "good"),
    "good, by a delegate whose certificate is not there": ("delegate", ["-resp_no_certs"], None),
    "good, without the CA's certificate": ("issuing", ["-resp_no_certs"], "good"),
    "by one without OCSPSigning": ("false-delegate", [], None),
    "by a stranger": ("impostor", [], None),
    "by another CA of the same name": ("false-issuing", [], None),
    "by the root": ("root", [], None),
    "with a bad signature": ("issuing", ["-badsig"], None),
    "revoked": ("issuing", [], "revoked"),
    "revoked, by a delegate": ("delegate", [], "revoked"),
    "unknown": ("issuing", [], "unknown"),
    "of several, good": ("issuing", [], "good"),
    "of several, revoked": ("delegate", [], "revoked"),
    "of another certificate": ("issuing", [], None),
    "with SHA-256": ("issuing", [], "good"),
    "with SHA-384": ("delegate", [], "good"),
}


def stored_words(lab, name):
    """What the request asks about."""
    alice, bob = ["-cert", lab.cert("alice")], ["-cert", lab.cert("bob")]
    hashes = {"with SHA-256": ["-sha256"], "with SHA-384": ["-sha384"]}
    if name.startswith("of several"):
        return bob + alice
    if name == "of another certificate":
        return bob
    return hashes.get(name, []) + alice


def openssl_word(lab, path, hashing):
    """What openssl ocsp says of alice: "good", "revoked", "unknown"; None: not believed."""
    done = run("openssl", "ocsp", "-respin", path, "-issuer", lab.cert("issuing"), *hashing, "-cert", lab.cert("alice"),
               "-CAfile", lab.cert("root"), "-verify_other", lab.cert("issuing"), "-no_nonce")
    text = done.stdout.decode(errors="replace")
    if "Response verify OK" not in text:
        return None
    for line in text.splitlines():
        if line.startswith(f"{lab.cert('alice')}: "):
            word = line.rsplit(": ", 1)[1]
            return word if word in ("good", "revoked", "unknown") else None
    return None


def our_word(lab, path):
    done = run(lab.program, "--json", "verify", "--trust", lab.cert("root"), "--untrusted", lab.cert("issuing"),
               "--ocsp", path, lab.cert("alice"))
    result = json.loads(done.stdout)["results"][0]
    opinion = result["paths"][0]["ocsp"][0]
    if (result["verdict"] == "accept") != (opinion["status"] == "good"):
        raise Failure(f"verdict {result['verdict']}, and the status is {opinion['status']}")
    return opinion["status"] if opinion["status"] in ("good", "revoked", "unknown") else None


def check_stored(lab, name):
    signer, options, wanted = STORED[name]
    revoked = ["alice"] if "revoked" in name else []
    valid = [] if name == "unknown" or revoked else ["alice"]
    lab.index(valid + ["bob"], revoked)
    path = lab.room / "answer.der"
    path.unlink(missing_ok=True)
    words = stored_words(lab, name)
    make(lab, path, signer, *words, *options)
    theirs = openssl_word(lab, path, [word for word in words if str(word).startswith("-sha")])
    if theirs != wanted:
        raise Failure(f"openssl ocsp says {theirs}, not {wanted}: the answer is not what it is to be")
    forms = [path, lab.room / "answer.pem"]
    text = run("openssl", "base64", "-in", path).stdout
    forms[1].write_bytes(b"-----BEGIN OCSP RESPONSE-----\n" + text + b"-----END OCSP RESPONSE-----\n")
    for form in forms:
        ours = our_word(lab, form)
        if ours != theirs:
            raise Failure(f"openssl ocsp says {theirs}, verify says {ours}")


# Live: how the responder is started, what the configuration says, and the cause that each server
# must be found to have; None: the client gets in.
def live_cases():
    delegate = lambda lab, port: responder(lab, port, "delegate")
    return [
        ("good", delegate, {}, {"nginx": None, "apache": None}),
        ("good, by the CA's key", lambda lab, port: responder(lab, port, "issuing", "-resp_key_id"), {},
         {"nginx": None, "apache": None}),
        ("revoked", delegate, {"revoked": ["alice"]}, {"nginx": "client.revoked", "apache": "client.revoked"}),
        ("unknown", delegate, {"valid": ["bob"]}, {"nginx": "ocsp.unknown", "apache": "ocsp.unknown"}),
        ("not authorised", lambda lab, port: responder(lab, port, "false-delegate"), {},
         {"nginx": "ocsp.signer-unauthorised", "apache": "ocsp.signer-unauthorised"}),
        ("bad signature", lambda lab, port: responder(lab, port, "delegate", "-badsig"), {},
         {"nginx": "ocsp.signer-unauthorised", "apache": "ocsp.signer-unauthorised"}),
        ("nobody there", None, {}, {"nginx": "ocsp.unreachable", "apache": "ocsp.unreachable"}),
        ("tryLater", lambda lab, port: sender(lab, port, TRY_LATER), {},
         {"nginx": "ocsp.unreachable", "apache": "ocsp.unreachable"}),
        ("a page in the place of an answer", lambda lab, port: sender(lab, port, b"<html>It works!</html>"), {},
         {"nginx": "ocsp.unreachable", "apache": "ocsp.unreachable"}),
        ("about another certificate", lambda lab, port: replayer(lab, port, "bob"), {},
         {"nginx": "ocsp.unreachable", "apache": "ocsp.unreachable"}),
        ("no responder named", None, {"url": False},
         {"nginx": "ocsp.no-responder-url", "apache": "ocsp.no-responder-url"}),
        ("a name, and no resolver", None, {"url": False, "client": "named"}, {"nginx": "ocsp.unreachable"}),
        ("a name that nobody knows", None, {"url": False, "client": "named"}, {"apache": "ocsp.unreachable"}),
        ("no responder named, and that is well", None, {"url": False, "apache": "SSLOCSPEnable leaf no_ocsp_for_cert_ok"},
         {"apache": None}),
        ("made ahead", replayer, {}, {"nginx": None, "apache": "ocsp.nonce"}),
        ("made ahead, no nonce sent", replayer, {"apache": "SSLOCSPUseRequestNonce off"}, {"apache": None}),
        ("too old", lambda lab, port: slowly(replayer(lab, port)),
         {"apache": "SSLOCSPUseRequestNonce off\nSSLOCSPResponseMaxAge 1"}, {"apache": "ocsp.out-of-window"}),
        ("not authorised, and not looked at", lambda lab, port: responder(lab, port, "false-delegate"),
         {"apache": "SSLOCSPNoVerify on"}, {"apache": None}),
        ("the whole chain, by a responder of its lower end", delegate, {"scope": "on"},
         {"nginx": "ocsp.signer-unauthorised", "apache": "ocsp.signer-unauthorised"}),
    ]


def slowly(process):
    time.sleep(3)
    return process


def lines_of(server, settings, port):
    scope, url = settings.get("scope", "leaf"), settings.get("url", True)
    if server == "nginx":
        return [f"ssl_ocsp {scope};"] + ([f"ssl_ocsp_responder http://127.0.0.1:{port}/;"] if url else [])
    lines = [f"SSLOCSPEnable {scope}"] + ([f"SSLOCSPDefaultResponder http://127.0.0.1:{port}/"] if url else [])
    return lines + settings.get("apache", "").splitlines()


def start(lab, server, lines):
    text = (NGINX if server == "nginx" else APACHE).format(
        room=lab.room, pki=lab.pki, port=lab.port, lines="\n".join(lines), modules=MODULES
    )
    config = lab.room / f"{server}.conf"
    config.write_text(text)
    words = ["nginx", "-c", config] if server == "nginx" else ["apache2", "-f", config, "-DFOREGROUND"]
    return Process(*words, log=lab.room / "server.log").wait(lambda: is_open(lab.port)), config


def is_let_in(lab):
    """The status line of a request as the client; a failed handshake is a refusal."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(lab.client)
    try:
        with socket.create_connection(("127.0.0.1", lab.port), SECONDS) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
                return b" 200 " in tls.recv(4096).split(b"\r\n")[0]
    except (ssl.SSLError, ConnectionError):
        return False


def told(lab, server, config):
    """The causes on disk; empty where the client gets in."""
    done = subprocess.run(
        [str(lab.program), "--json", "--state", str(lab.room / "state"), "diagnose", "--online", "--no-probe", "--clients",
         str(lab.room / "clients"), f"{server}:{config}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, check=False,
    )
    for verdict in json.loads(done.stdout)["verdicts"]:
        if verdict["state"] == "disk":
            causes = verdict["causes"]
            if (verdict["verdict"] == "accept") == bool(causes):
                raise Failure(f"{verdict['verdict']}, for {causes}")
            return causes
    raise Failure("diagnose gives no verdict")


def check_live(lab, case, server):
    name, starter, settings, expected = case
    lab.be(settings.get("client", "alice"))
    revoked = settings.get("revoked", [])
    lab.index([who for who in settings.get("valid", ["alice", "bob"]) if who not in revoked], revoked)
    port = free_port()
    while port == lab.port:
        port += 1
    process = starter(lab, port) if starter is not None else None
    try:
        running, config = start(lab, server, lines_of(server, settings, port))
        with running:
            let_in, causes = is_let_in(lab), told(lab, server, config)
    finally:
        if process is not None:
            process.__exit__()
    wanted = [expected[server]] if expected[server] is not None else []
    if let_in != (not wanted):
        log = (lab.room / f"{server}.log").read_text(errors="replace")[-600:]
        raise Failure(f"{server} {'lets the client in' if let_in else 'refuses the client'}: {log}")
    # A cause may be there twice: behind a resolver that is missing stands a name that nobody knows.
    if sorted(set(causes)) != wanted:
        raise Failure(f"diagnose says {causes}, not {wanted}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("--program", type=pathlib.Path, default=TOP / "build" / "src" / "cli" / "trustmend")
    program = parser.parse_args().program.resolve()
    if os.geteuid() != 0:
        print("servers whose workers are other users need root")
        return 77
    sys.stdout.reconfigure(line_buffering=True)
    room = pathlib.Path(tempfile.mkdtemp(prefix="trustmend-ocsp-"))
    os.chmod(room, 0o755)
    passed = failed = 0
    try:
        lab = Lab(program, room)
        checks = [(f"stored: {name}", lambda name=name: check_stored(lab, name)) for name in STORED]
        checks += [
            (f"{server}: {case[0]}", lambda case=case, server=server: check_live(lab, case, server))
            for case in live_cases()
            for server in case[3]
        ]
        for name, check in checks:
            try:
                check()
                passed += 1
            except Failure as failure:
                failed += 1
                print(f"FAILED {name}: {failure}")
    finally:
        shutil.rmtree(room, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
