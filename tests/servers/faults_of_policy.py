# SPDX-License-Identifier: Apache-2.0
"""Faults of clients, configuration, process and platform."""

import damage
from fault import fault, nothing, with_crls, with_renewed


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


@fault("policy.inheritance", servers=("nginx", "apache"), touches="config", repair="either",
       also=frozenset({"crl.missing"}), avoid=("crl.expired",))
def inheritance(world):
    path = world.room / "srv/trust/partner.crl"
    path.write_bytes(world.pki.crl("partner"))
    world.reconfigure(outer_crls=str(path))


@fault("crl.not-enforced", "crl.not-enforced-unasked", setup=with_crls, servers=("nginx", "haproxy"),
       touches="config", again=False, repair="no", alone=True, critical=False,
       also=frozenset({"policy.optional-or-required"}))
def crl_unasked(world):
    """Lists, and nobody is asked for a certificate."""
    world.reconfigure(verify="off")


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


@fault("store.truncated", "store.truncated-and-reload-failed", servers=("nginx", "haproxy"),
       modes=("running",), hurts=False, started_wrong=True, alone=True,
       also=frozenset({"process.reload-failed"}))
def reload_failed_still(world):
    """A reload failed, and what it failed at lies there still: the next start will fail as well."""
    world.anchors.write_bytes(damage.truncated(world.anchors.read_bytes()))
    world.server.fail_to_reload()


@fault("process.other-path", touches="process", modes=("running",), alone=True, repair="no",
       started_wrong=True)
def other_path(world):
    """The process was started with a copy of the configuration, which names another store."""
    other = world.configuration_elsewhere("partner")
    world.server.stop()
    world.server.start(other)


# The platform.

@fault("platform.security-level", touches="config", shapes=("single", "cross", "long-cross"), repair="no", alone=True)
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
