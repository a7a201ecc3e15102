# SPDX-License-Identifier: Apache-2.0
"""Healthy worlds of many shapes, some of which look odd: nothing critical may be said of them."""

import damage
from fault import fault, nothing, with_crl_directory, with_crls, with_directory, with_renewed
from world import blocks


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


healthy("renewed-and-old", setup=with_renewed)(nothing)
healthy("chroot", setup=lambda world: world.use_chroot(), servers=("apache",))(nothing)
healthy("container", setup=lambda world: world.use_container(), modes=("restart", "running"))(nothing)
healthy("crl-directory", setup=with_crl_directory, servers=("apache",))(nothing)


def with_optional(world):
    world.settings.verify = "optional"


healthy("optional", setup=with_optional)(nothing)


def with_included(world):
    world.use_crls()
    world.settings.included = True


healthy("included", setup=with_included)(nothing)
healthy("without-privileges", setup=lambda world: world.unprivileged(),
        servers=("nginx", "haproxy"))(nothing)
healthy("through-links", setup=lambda world: world.use_links())(nothing)


def with_depth_to_spare(world):
    world.settings.depth = 9


healthy("depth-to-spare", setup=with_depth_to_spare, servers=("nginx", "apache"))(nothing)


def with_whole_chain(world):
    world.good["thorough"] = world.pki.client("bob", sends=world.pki.chain)


healthy("client-sends-the-root", setup=with_whole_chain)(nothing)


def with_impostor_known(world):
    world.known_extra = {"impostor.pem": world.pki.pem("impostor")}


healthy("impostor-known", setup=with_impostor_known, known=("copy", "none"))(nothing)


def with_older_lists_known(world):
    world.use_crls()
    world.known_crls = world.pki.crls("old")


healthy("older-lists-known", setup=with_older_lists_known, known=("copy", "split"))(nothing)


@healthy("list-ends-soon", setup=with_crls)
def list_ends_soon(world):
    world.swap_crl("good-issuing", "soon-issuing")


@healthy("more-cas")
def more_cas(world):
    """CAs of which no client is known, and one of them is in the store twice."""
    world.append("partner", "twin", "partner", "server-ca")


@healthy("written-over", modes=("restart", "down"))
def written_over(world):
    """Another order and other line ends, as another tool writes the same."""
    data = b"".join(reversed(blocks(world.anchors.read_bytes())))
    world.anchors.write_bytes(b"# client CAs\r\n\r\n" + damage.windows_lines(data))
