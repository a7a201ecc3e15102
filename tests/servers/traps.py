# SPDX-License-Identifier: Apache-2.0
"""Traps: what would mend it is not to be had, or not to be trusted. Nothing may be done."""

import damage
from fault import fault, nothing, with_crls


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


def add_crl_traps():
    """A newer CRL of that name is at hand, and its CA has not signed it; or it is an older one."""
    for name, variant in (("newer-crl-badly-signed", "spoilt-issuing"),
                          ("newer-crl-unsigned", "unsigned-issuing"),
                          ("newer-crl-of-an-impostor", "false-issuing"),
                          ("known-good-crl-is-older", "old-issuing")):
        def setup(world, variant=variant):
            world.use_crls()
            world.known_extra = {"issuing.crl": world.pki.crl(variant)}

        @fault("crl.expired", f"trap.{name}", setup=setup, repair="no", touches="crl",
               known=("none",), alone=True)
        def inject(world):
            world.swap_crl("good-issuing", "late-issuing")


add_crl_traps()


def with_client_that_sends_root(world):
    world.add_client("eager", world.pki.client("of-partner", sends=("partner",)))


fault("chain.unknown-ca", "trap.client-sends-its-root", setup=with_client_that_sends_root,
      repair="no", known=("copy",), touches="clients")(nothing)


@fault("store.truncated", "trap.nothing-known-good", repair="no", known=("none",), alone=True)
def trap_truncated(world):
    world.anchors.write_bytes(damage.truncated(world.anchors.read_bytes()))


@fault("store.truncated", "trap.impostor-for-a-damaged-root", setup=with_known_impostor, repair="no",
       known=("none",), alone=True)
def trap_impostor_for_damaged(world):
    """What is left of the root begins like the impostor of its name."""
    world.anchors.write_bytes(damage.truncated(world.anchors.read_bytes()))


@fault("chain.rollover-incomplete", "trap.impostor-in-the-store", setup=with_known_impostor,
       repair="no", known=("none",), alone=True)
def trap_impostor_in_the_store(world):
    """The impostor stands in the store as well: for all that is known it is the CA's older key."""
    world.swap(world.pki.top, "impostor")
