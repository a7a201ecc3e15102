# SPDX-License-Identifier: Apache-2.0
"""Faults of the chain and of revocation lists."""

from fault import (CROSS_SIGNED, NOT_SHORT, REMEMBERED, fault, nothing, with_crls, with_renewed)


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


@fault("chain.rollover-incomplete", setup=with_renewed)
def rollover_incomplete(world):
    world.swap("renewed", None)


def with_new_root_known(world):
    """Known-good material has the new root as well: so it can be told what a cross-certificate is."""
    world.known_extra = {"new-root.pem": world.pki.pem("new-root")}


@fault("chain.cross-certificate", shapes=CROSS_SIGNED, known=("copy", "split"),
       setup=with_new_root_known)
def cross_missing(world):
    world.swap("new-cross", None)


@fault("chain.intermediate-missing", "chain.intermediate-missing-upper", shapes=NOT_SHORT)
def upper_missing(world):
    """The one below the anchor; of cross-signed CAs nothing tells that it is a cross-certificate."""
    world.swap(world.pki.chain[-2], None)


@fault("chain.cross-certificate", "chain.cross-certificate-expired", shapes=CROSS_SIGNED,
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
       shapes=NOT_SHORT)
def depth_limit_default_deep(world):
    world.reconfigure(depth=None)


@fault("chain.path-length", shapes=NOT_SHORT)
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


def with_explicit(world):
    world.known_store = world.store + ["explicit"]
    world.more_crls.append("explicit")
    world.add_client("explicit", world.pki.client("of-explicit", sends=()))


@fault("chain.unusual-algorithm", setup=with_explicit, repair="no")
def unusual_algorithm(world):
    """A CA whose key spells out its curve."""
    world.append("explicit")


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
