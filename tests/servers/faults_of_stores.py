# SPDX-License-Identifier: Apache-2.0
"""Faults of stores: their bytes, directories of hash links, permissions."""

import damage
from fault import REMEMBERED, fault, with_crls, with_directory


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
       also=frozenset({"crl.missing"}),
       avoid=("chain.root-missing", "chain.intermediate-expired", "store.nul-bytes"))
def crl_of_certificates(world):
    """CA certificates where CRLs belong: it loads, and all is refused. They are trusted as well, so that
    the store beside it may lack one of them."""
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
       servers=("apache",), touches="mode", again=False)
def unreadable_directory(world):
    (world.anchors / f"{world.pki.top}.pem").chmod(0o600)


@fault("permission.path-closed", setup=lambda world: world.unprivileged(), touches="mode",
       servers=("nginx", "haproxy"), modes=("running",))
def path_closed(world):
    world.anchors.parent.chmod(0o700)


@fault("permission.path-closed", "permission.path-closed-directory", setup=with_directory,
       servers=("apache",), touches="mode", again=False)
def path_closed_directory(world):
    world.anchors.parent.chmod(0o700)


@fault("permission.writable", touches="mode", critical=False, hurts=False)
def writable(world):
    world.anchors.chmod(0o666)
