# SPDX-License-Identifier: Apache-2.0
"""Faults of clients, configuration, process and platform; traps, and healthy worlds that look odd."""

import damage
from fault import fault, nothing, with_crls, with_directory, with_renewed
from world import blocks


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


@fault("policy.optional-or-required", "policy.optional-or-required-off", touches="config", again=False,
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
       also=frozenset({"crl.missing"}), avoid=("crl.expired",))
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
    world.server.fail_to_reload()
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
