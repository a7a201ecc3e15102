# SPDX-License-Identifier: Apache-2.0
"""The faults of the lab: a row each, with what it does to a world and what trustmend must say of it.

`setup` shapes the healthy world before it is laid out, `inject` spoils it. A row says which servers
it applies to and whether a repair is safe: "yes", "no" (nothing may change, exit 2), or "either"
(whichever is done must be whole). `touches` keeps two faults of one thing from being combined.
"""

from dataclasses import dataclass
from typing import Callable

import damage
from world import blocks

ALL = ("nginx", "apache", "haproxy")
EVERY_SHAPE = ("single", "deep", "cross")
KNOWN = ("copy", "split", "baseline")
MODES = ("restart", "running", "down")
REMEMBERED = ("copy", "baseline")  # these say of what a file of this name consisted


@dataclass
class Fault:
    code: str
    name: str
    inject: Callable
    setup: Callable = lambda world: None
    servers: tuple = ALL
    touches: str = "anchors"
    critical: bool = True       # else: named, and nobody suffers by it
    hurts: bool = True          # a restarted server refuses a good client, admits a bad one, or ends
    repair: str = "yes"
    also: frozenset = frozenset()   # codes that may be critical beside it: they are true as well
    modes: tuple = MODES        # of the server while trustmend works
    shapes: tuple = EVERY_SHAPE
    known: tuple = KNOWN
    alone: bool = False         # not combined with others
    avoid: tuple = ()           # faults that make no sense beside it
    again: bool = False         # one more way to do what another row does: one case is enough
    started_wrong: bool = False  # the fault is in what the process loaded before


FAULTS = []


def fault(code, name=None, **row):
    """Adds a row; the function that is decorated injects it."""
    def add(function):
        row.setdefault("again", any(other.code == code for other in FAULTS if code))
        FAULTS.append(Fault(code=code, name=name or code, inject=function, **row))
        return function
    return add


def nothing(_world):
    """The fault is in the setup."""


def with_crls(world):
    world.use_crls()


def with_directory(world):
    world.use_directory()


# Bytes of stores and of CRL files.

def add_damages():
    for code, change, hurts in damage.DAMAGES:
        name = f"{code}-{change.__name__}" if code in ("store.corrupt-entry",
                                                       "store.line-endings") else code
        fault(code, name, critical=hurts, hurts=hurts)(lambda world, change=change:
            world.anchors.write_bytes(change(world.anchors.read_bytes())))
        if not hurts:
            continue
        crl_code = "crl.wrong-format" if code == "store.wrong-container" else code
        fault(crl_code, name + "@crl", setup=with_crls, touches="crl")(
            lambda world, change=change:
            world.crls.write_bytes(change(world.crls.read_bytes())))


add_damages()


@fault("store.wrong-format", known=REMEMBERED, also=frozenset({"chain.intermediate-missing"}))
def wrong_format(world):
    world.anchors.write_bytes(damage.der(world.anchors.read_bytes()))


@fault("crl.wrong-format", "crl.wrong-format-der", setup=with_crls, touches="crl",
       also=frozenset({"crl.missing"}))
def crl_wrong_format(world):
    world.crls.write_bytes(damage.der(world.crls.read_bytes()))


@fault("crl.wrong-format", "crl.wrong-format-certificates", setup=with_crls, touches="crl",
       also=frozenset({"crl.missing"}))
def crl_of_certificates(world):
    """CA certificates where CRLs belong: it loads, and all is refused."""
    world.crls.write_bytes(world.anchors.read_bytes())


@fault("store.trust-settings")
def trust_settings(world):
    """The anchor as `openssl x509 -addtrust serverAuth -trustout` writes it."""
    trusted = damage.openssl("x509", "-addtrust", "serverAuth", "-trustout",
                             given=world.pki.pem(world.pki.top))
    world.anchors.write_bytes(world.anchors.read_bytes().replace(
        world.pki.pem(world.pki.top), trusted))


@fault("store.missing", avoid=("permission.writable",))
def missing(world):
    world.anchors.unlink()


@fault("store.missing", "store.missing@crl", setup=with_crls, touches="crl")
def crl_file_missing(world):
    world.crls.unlink()


@fault("store.wrong-store", repair="either", known=REMEMBERED)
def wrong_store(world):
    """The server's own chain in the place of the client CAs."""
    world.anchors.write_bytes(world.pki.pem("server") + world.pki.pem("server-ca"))


@fault("store.wrong-store", "store.wrong-store-named", repair="no", touches="config", alone=True)
def wrong_store_named(world):
    """Who depends on that file is not known: it is reported, and not changed."""
    world.reconfigure(anchors=str(world.room / "srv/server.pem"))


@fault("store.foreign-object", "store.foreign-object-key", critical=False, hurts=False)
def foreign_key(world):
    world.anchors.write_bytes(world.pki.key("server-ca") + world.anchors.read_bytes())


@fault("store.foreign-object", "store.foreign-object-request", known=REMEMBERED,
       also=frozenset({"store.empty", "chain.root-missing", "chain.intermediate-missing"}))
def foreign_request(world):
    """A request in the place of all certificates."""
    world.anchors.write_bytes(world.pki.path("leaf-ec.csr").read_bytes())


@fault("store.generated", repair="either", also=frozenset({"chain.root-missing"}),
       critical=False, known=REMEMBERED)
def generated(world):
    """A tool has written it anew, without the root."""
    world.swap(world.pki.top, None)
    mark = b"# Ansible managed: this file is generated, do not edit\n"
    world.anchors.write_bytes(mark + world.anchors.read_bytes())


# Directories of hash links. Apache looks them up at each handshake.

def links_of(world):
    return sorted(path for path in world.anchors.iterdir() if path.is_symlink())


@fault("store.not-rehashed", setup=with_directory, servers=("apache",))
def not_rehashed(world):
    for link in links_of(world):
        link.unlink()


@fault("store.old-hash-links", setup=with_directory, servers=("apache",))
def old_hash_links(world):
    for link in links_of(world):
        old = damage.openssl("x509", "-in", link, "-noout", "-subject_hash_old").decode().strip()
        link.rename(world.anchors / f"{old}.0")


@fault("store.dangling-link", setup=with_directory, servers=("apache",))
def dangling_link(world):
    (world.anchors / f"{world.pki.top}.pem").unlink()


@fault("store.hash-collision", setup=with_directory, servers=("apache",))
def hash_collision(world):
    for link in links_of(world):
        link.rename(link.with_suffix(".1"))


@fault("store.multi-cert-link", setup=with_directory, servers=("apache",))
def multi_cert_link(world):
    """One bundle in the directory: rehash makes no link for it."""
    for path in sorted(world.anchors.iterdir()):
        path.unlink()
    (world.anchors / "bundle.pem").write_bytes(b"".join(map(world.pki.pem, world.store)))


@fault("store.corrupt-entry", "store.corrupt-entry-in-directory", setup=with_directory,
       servers=("apache", "haproxy"))
def corrupt_in_directory(world):
    path = world.anchors / f"{world.pki.top}.pem"
    path.write_bytes(damage.corrupt_entry(path.read_bytes()))


# Permissions: of servers without privileges, and of directories that workers read.

@fault("permission.unreadable", setup=lambda world: world.unprivileged(), touches="mode",
       servers=("nginx", "haproxy"), modes=("running",))
def unreadable(world):
    world.anchors.chmod(0o600)


@fault("permission.unreadable", "permission.unreadable-directory", setup=with_directory,
       servers=("apache",), touches="mode")
def unreadable_directory(world):
    (world.anchors / f"{world.pki.top}.pem").chmod(0o600)


@fault("permission.path-closed", setup=lambda world: world.unprivileged(), touches="mode",
       servers=("nginx", "haproxy"), modes=("running",))
def path_closed(world):
    world.anchors.parent.chmod(0o700)


@fault("permission.path-closed", "permission.path-closed-directory", setup=with_directory,
       servers=("apache",), touches="mode")
def path_closed_directory(world):
    world.anchors.parent.chmod(0o700)


@fault("permission.writable", touches="mode", critical=False, hurts=False)
def writable(world):
    world.anchors.chmod(0o666)


# The chain.

@fault("chain.intermediate-missing")
def intermediate_missing(world):
    world.swap("issuing", None)


@fault("chain.root-missing", known=REMEMBERED)
def root_missing(world):
    world.swap(world.pki.top, None)


@fault("chain.root-missing", "chain.root-missing-split", known=("split",))
def root_missing_split(world):
    world.swap(world.pki.top, None)


def with_partner(world):
    world.good["partner"] = world.pki.client("of-partner", sends=())
    world.known_store = world.store + ["partner"]
    world.more_crls.append("partner")


@fault("chain.unknown-ca", setup=with_partner, known=("split",))
def unknown_ca(_world):
    """A partner's clients come, and the store has never held the partner's root."""


def with_unknown_partner(world):
    world.more_crls.append("partner")
    world.add_client("partner", world.pki.client("of-partner", sends=("partner",)))


fault("chain.unknown-ca", "chain.unknown-ca-nowhere", setup=with_unknown_partner, repair="no",
      touches="clients")(nothing)


@fault("chain.wrong-key")
def wrong_key(world):
    world.swap(world.pki.top, "impostor")


@fault("chain.wrong-key", "chain.wrong-key-issuing")
def wrong_key_issuing(world):
    world.swap("issuing", "false-issuing")


def with_twins(world):
    world.more_crls.append("twin")
    world.known_store = world.store + ["twin", "false-twin"]
    world.add_client("twin", world.pki.client("of-twin", sends=()))


@fault("chain.same-subject", setup=with_twins, repair="no")
def same_subject(world):
    """Two roots of one name and no key identifiers; the one that did not sign comes first."""
    world.append("false-twin", "twin")


def with_renewed(world):
    world.store.append("renewed")
    world.more_crls.append("renewed")
    world.good["renewed"] = world.pki.client("of-renewed", sends=())


@fault("chain.rollover-incomplete", setup=with_renewed)
def rollover_incomplete(world):
    world.swap("renewed", None)


def with_new_root_known(world):
    """Known-good material has the new root as well: so it can be told what a cross-certificate is."""
    world.known_extra = {"new-root.pem": world.pki.pem("new-root")}


@fault("chain.cross-certificate", shapes=("cross",), known=("copy", "split"),
       setup=with_new_root_known)
def cross_missing(world):
    world.swap("new-cross", None)


@fault("chain.intermediate-missing", "chain.intermediate-missing-upper", shapes=("cross", "deep"))
def upper_missing(world):
    """The one below the anchor; of cross-signed CAs nothing tells that it is a cross-certificate."""
    world.swap(world.pki.chain[-2], None)


@fault("chain.cross-certificate", "chain.cross-certificate-expired", shapes=("cross",),
       known=("copy", "split"), setup=with_new_root_known)
def cross_expired(world):
    world.swap("new-cross", "cross-expired")


@fault("chain.root-expired")
def root_expired(world):
    world.swap(world.pki.top, "top-expired")


@fault("chain.depth-limit", servers=("nginx", "apache"), touches="config")
def depth_limit(world):
    world.reconfigure(depth=world.pki.depth - 1)


@fault("chain.depth-limit", "chain.depth-limit-default", servers=("apache",), touches="config")
def depth_limit_default(world):
    world.reconfigure(depth=None)


@fault("chain.depth-limit", "chain.depth-limit-default-deep", servers=("nginx",), touches="config",
       shapes=("deep", "cross"))
def depth_limit_default_deep(world):
    world.reconfigure(depth=None)


@fault("chain.path-length", shapes=("deep", "cross"))
def path_length(world):
    world.swap(world.pki.top, "top-path-length")


def add_variants():
    """The issuing CA, with one thing wrong in its certificate."""
    for code, variant in (("chain.intermediate-expired", "issuing-expired"),
                          ("chain.key-usage", "issuing-usage"),
                          ("chain.not-a-ca", "issuing-no-ca"),
                          ("chain.ca-purpose", "issuing-purpose"),
                          ("chain.name-constraints", "issuing-names"),
                          ("chain.critical-extension", "issuing-critical"),
                          ("chain.weak-signature", "issuing-sha1"),
                          ("chain.version-1-ca", "issuing-version-1"),
                          ("chain.key-id-mismatch", "issuing-key-id")):
        fault(code)(lambda world, variant=variant: world.swap("issuing", variant))


add_variants()


def with_weak(world):
    world.known_store = world.store + ["weak"]
    world.more_crls.append("weak")
    world.add_client("weak", world.pki.client("of-weak", sends=()))


@fault("chain.weak-key", setup=with_weak, repair="no")
def weak_key(world):
    world.append("weak")


def with_self_signed(world):
    world.add_client("self-signed", world.pki.client("self-signed", sends=()))


fault("chain.self-signed-client", setup=with_self_signed, repair="no", touches="clients")(nothing)


# Revocation.

def add_crl_variants():
    for code, variant in (("crl.expired", "late-issuing"), ("crl.not-yet-valid", "early-issuing"),
                          ("crl.wrong-key", "false-issuing"), ("crl.scope", "scope-issuing"),
                          ("crl.delta-only", "delta-issuing"),
                          ("crl.critical-extension", "critical-issuing"),
                          ("crl.valid-client-listed", "listed-issuing"),
                          ("crl.number-went-back", "old-issuing")):
        fault(code, setup=with_crls, touches="crl")(
            lambda world, variant=variant: world.swap_crl("good-issuing", variant))


add_crl_variants()


@fault("crl.expired", "crl.expired-root", setup=with_crls, touches="crl")
def crl_expired_root(world):
    world.swap_crl(f"good-{world.pki.top}", f"late-{world.pki.top}")


@fault("crl.missing", setup=with_crls, touches="crl")
def crl_missing(world):
    world.swap_crl("good-issuing", None)


@fault("crl.missing", "crl.missing-root", setup=with_crls, touches="crl")
def crl_missing_root(world):
    world.swap_crl(f"good-{world.pki.top}", None)


@fault("crl.signer-usage", setup=with_crls)
def crl_signer_usage(world):
    world.swap("issuing", "issuing-no-crl-sign")


@fault("crl.not-enforced", setup=with_crls, servers=("apache",), touches="config", repair="no", alone=True)
def crl_not_enforced(world):
    world.reconfigure(unchecked_crls=True)


@fault("crl.not-loaded", setup=with_crls, touches="process", modes=("running",), alone=True,
       started_wrong=True)
def crl_not_loaded(world):
    """The process has the list of before; the new one lies on disk."""
    new = world.crls.read_bytes()
    world.swap_crl("good-issuing", "old-issuing")
    world.server.restart()
    world.crls.write_bytes(new)


# Policy: what the client is, and what the configuration wants.

def add_client_faults():
    for code, client, needs in (("policy.client-auth-missing", "server-only", None),
                                ("policy.any-purpose-only", "any-purpose", None),
                                ("policy.digital-signature", "no-signature", None),
                                ("client.expired", "expired", None),
                                ("client.not-yet-valid", "future", None),
                                ("client.revoked", "revoked", with_crls)):
        def setup(world, client=client, needs=needs):
            if needs is not None:
                needs(world)
            world.bad.pop("purpose" if client == "server-only" else client, None)
            world.add_client("victim", world.pki.client(client))
        fault(code, setup=setup, repair="no", touches="clients")(nothing)


add_client_faults()


def with_mismatch(world):
    world.add_client("mismatch", world.pki.client("bob", key="leaf-rsa"))


fault("client.key-mismatch", setup=with_mismatch, repair="no", touches="clients")(nothing)


def with_anchor_only(world):
    """Clients send their chains, and the server has never had but the root."""
    world.store = world.store[1:]
    world.lost.add("alice")


fault("client.chain-incomplete", setup=with_anchor_only, repair="no")(nothing)


@fault("policy.optional-or-required", servers=("nginx", "apache"), touches="config", repair="no", alone=True)
def optional_no_ca(world):
    world.reconfigure(verify="optional-no-ca")


@fault("policy.optional-or-required", "policy.optional-or-required-off", touches="config",
       repair="no", alone=True)
def verify_off(world):
    world.reconfigure(verify="off")


@fault("policy.ignored-errors", servers=("haproxy",), touches="config", repair="no", alone=True)
def ignored_errors(world):
    world.reconfigure(verify="ignore")


@fault("policy.wrong-directive", servers=("nginx", "apache"), touches="config", repair="no", alone=True)
def wrong_directive(world):
    world.reconfigure(names_only=True)


@fault("policy.inheritance", servers=("nginx",), touches="config", repair="either",
       also=frozenset({"crl.missing"}))
def inheritance(world):
    path = world.room / "srv/trust/partner.crl"
    path.write_bytes(world.pki.crl("partner"))
    world.reconfigure(outer_crls=str(path))


# The process.

@fault("process.stale-store", setup=with_renewed, touches="process", modes=("running",),
       alone=True, started_wrong=True)
def stale_store(world):
    """The process has the store of before; the new one lies on disk."""
    new = world.anchors.read_bytes()
    world.swap("renewed", None)
    world.server.restart()
    world.anchors.write_bytes(new)


@fault("process.reload-failed", setup=with_renewed, servers=("nginx", "haproxy"),
       touches="process", modes=("running",), alone=True, started_wrong=True)
def reload_failed(world):
    """As above; and a reload failed while the store was half written."""
    new = world.anchors.read_bytes()
    world.swap("renewed", None)
    world.server.restart()
    world.anchors.write_bytes(damage.truncated(new))
    world.server.reload()
    world.anchors.write_bytes(new)


@fault("process.other-path", touches="process", modes=("running",), alone=True, repair="no",
       started_wrong=True)
def other_path(world):
    """The process was started with a copy of the configuration, which names another store."""
    other = world.configuration_elsewhere("partner")
    world.server.stop()
    world.server.start(other)


# The platform.

@fault("platform.security-level", touches="config", shapes=("single", "cross"), repair="no", alone=True)
def security_level(world):
    """The level asks for RSA of 3072 bits; the PKI has 2048."""
    world.reconfigure(ciphers="DEFAULT:@SECLEVEL=3")


def with_slow_clock(world):
    """All that was issued in the last minutes has not begun: certificate and CRLs."""
    world.use_crls()
    for name in ("alice", "bob", "carol"):
        world.good[name] = world.pki.client("fresh")
    world.lost |= {"alice", "bob", "carol"}
    world.known_crls = world.pki.crls("fresh")


@fault("platform.clock", setup=with_slow_clock, repair="no", touches="clients", alone=True,
       known=("copy", "split"), also=frozenset({"client.not-yet-valid", "crl.not-yet-valid"}))
def clock(world):
    world.crls.write_bytes(b"".join(map(world.pki.crl, world.pki.crls("fresh"))))


# Traps: what would mend it is not to be had, or not to be trusted.

@fault("chain.root-missing", "trap.root-nowhere", repair="no", known=("none",), alone=True)
def trap_root_nowhere(world):
    world.swap(world.pki.top, None)


def with_known_impostor(world):
    world.known_extra = {"root.pem": world.pki.pem("impostor"),
                         "issuing.pem": world.pki.pem("issuing")}


@fault("chain.root-missing", "trap.known-good-impostor", setup=with_known_impostor, repair="no",
       known=("none",), alone=True)
def trap_impostor(world):
    world.swap(world.pki.top, None)


def with_spoilt_crl(world):
    world.use_crls()
    world.known_extra = {"issuing.crl": world.pki.crl("spoilt-issuing")}


@fault("crl.expired", "trap.newer-crl-badly-signed", setup=with_spoilt_crl, repair="no",
       touches="crl", known=("none",), alone=True)
def trap_spoilt_crl(world):
    world.swap_crl("good-issuing", "late-issuing")


def with_older_crl(world):
    world.use_crls()
    world.known_extra = {"issuing.crl": world.pki.crl("old-issuing")}


@fault("crl.expired", "trap.known-good-crl-is-older", setup=with_older_crl, repair="no",
       touches="crl", known=("none",), alone=True)
def trap_older_crl(world):
    world.swap_crl("good-issuing", "late-issuing")


def with_client_that_sends_root(world):
    world.add_client("eager", world.pki.client("of-partner", sends=("partner",)))


fault("chain.unknown-ca", "trap.client-sends-its-root", setup=with_client_that_sends_root,
      repair="no", known=("copy", "none"), touches="clients", alone=True)(nothing)


@fault("store.truncated", "trap.nothing-known-good", repair="no", known=("none",), alone=True)
def trap_truncated(world):
    world.anchors.write_bytes(damage.truncated(world.anchors.read_bytes()))


# Healthy worlds with something that looks odd: nothing critical may be said of them.

def healthy(name, **row):
    row.setdefault("hurts", False)
    return fault("", "healthy." + name, critical=False, alone=True, **row)


healthy("plain")(nothing)
healthy("with-crls", setup=with_crls)(nothing)
healthy("directory", setup=with_directory, servers=("apache", "haproxy"))(nothing)


@healthy("of-root-alone")
def of_root_alone(world):
    """The master reads as root: nobody else needs to."""
    world.anchors.chmod(0o400)


@healthy("windows-lines")
def windows_lines(world):
    world.anchors.write_bytes(damage.windows_lines(world.anchors.read_bytes()))


@healthy("expired-beside-valid")
def expired_beside_valid(world):
    data = world.anchors.read_bytes()
    world.anchors.write_bytes(world.pki.pem("top-expired") + world.pki.pem("issuing-expired") +
                              data)


@healthy("lax-root")
def lax_root(world):
    """Without key identifier and key usage: the strict profile would refuse it, OpenSSL does not."""
    world.swap(world.pki.top, "top-lax")


@healthy("written-anew", modes=("running",))
def written_anew(world):
    """The same content, written after the process loaded it."""
    world.anchors.write_bytes(world.anchors.read_bytes())


@healthy("other-order")
def other_order(world):
    world.anchors.write_bytes(b"".join(reversed(blocks(world.anchors.read_bytes()))))


@healthy("explicit-curve")
def explicit_curve(world):
    """A CA with explicit curve parameters in the store, and no client of it."""
    world.append("explicit")
