# SPDX-License-Identifier: Apache-2.0
"""The same faults in other places: stores behind links, settings in files that are included,
directories of CRLs, files that only the workers read."""

import shutil

import damage
from fault import fault, with_crl_directory, with_crls, with_directory


# Behind links, as a deployment by versions leaves them: the links stay.

@fault("store.truncated", "store.truncated-behind-links", setup=lambda world: world.use_links())
def truncated_behind_links(world):
    world.anchors.write_bytes(damage.truncated(world.anchors.read_bytes()))


@fault("store.missing", "store.missing-behind-links", setup=lambda world: world.use_links(),
       known=("copy", "baseline"), avoid=("permission.writable",))
def link_leads_nowhere(world):
    world.anchors.resolve().unlink()


# In files that the configuration includes.

def with_included(world):
    world.settings.included = True


@fault("store.corrupt-entry", "store.corrupt-entry-of-included", setup=with_included)
def corrupt_of_included(world):
    world.anchors.write_bytes(damage.corrupt_entry(world.anchors.read_bytes()))


@fault("chain.depth-limit", "chain.depth-limit-of-included", setup=with_included,
       servers=("nginx", "apache"), touches="config")
def depth_of_included(world):
    world.reconfigure(depth=world.pki.depth - 1)


# Directories that are gone.

def remove_directory(world):
    shutil.rmtree(world.anchors)


fault("store.missing", "store.missing-directory", setup=with_directory, servers=("apache",),
      avoid=("permission.writable",), repair="no")(remove_directory)
# A file of that name will do.
fault("store.missing", "store.missing-directory-or-file", setup=with_directory,
      servers=("haproxy",), avoid=("permission.writable",))(remove_directory)


# Inside the chroot of the processes that serve.

@fault("permission.chroot", setup=lambda world: world.use_chroot(), servers=("apache",),
       touches="mode", repair="no")
def nothing_in_chroot(world):
    shutil.rmtree(world.jailed(world.anchors))


@fault("store.not-rehashed", "store.not-rehashed-in-chroot", setup=lambda world: world.use_chroot(),
       servers=("apache",))
def not_rehashed_in_chroot(world):
    for path in list(world.jailed(world.anchors).iterdir()):
        if path.is_symlink():
            path.unlink()


# In containers.

@fault("permission.container-uid", setup=lambda world: world.use_container(), touches="mode", modes=("running",),
       repair="no", alone=True)
def of_the_hosts_root(world):
    """Of the host's root alone, who is not the container's."""
    (world.server.volume / "ca.pem").chmod(0o600)


# Directories of CRLs. Apache looks them up at each handshake.

def crl_links(world):
    return sorted(path for path in world.crls.iterdir() if path.is_symlink())


@fault("store.not-rehashed", "store.not-rehashed@crl", setup=with_crl_directory, servers=("apache",),
       touches="crl")
def crls_not_rehashed(world):
    for link in crl_links(world):
        link.unlink()


@fault("store.dangling-link", "store.dangling-link@crl", setup=with_crl_directory, servers=("apache",),
       touches="crl")
def crl_link_dangles(world):
    world.crl_file("good-issuing").unlink()


@fault("crl.missing", "crl.missing-in-directory", setup=with_crl_directory, servers=("apache",),
       touches="crl")
def crl_missing_in_directory(world):
    path = world.crl_file("good-issuing")
    for link in crl_links(world):
        if link.resolve() == path.resolve():
            link.unlink()
    path.unlink()


@fault("crl.expired", "crl.expired-in-directory", setup=with_crl_directory, servers=("apache",),
       touches="crl")
def crl_expired_in_directory(world):
    world.crl_file("good-issuing").write_bytes(world.pki.crl("late-issuing"))


@fault("store.truncated", "store.truncated-in-crl-directory", setup=with_crl_directory,
       servers=("apache",), touches="crl")
def crl_truncated_in_directory(world):
    path = world.crl_file("good-issuing")
    path.write_bytes(damage.truncated(path.read_bytes()))


@fault("permission.unreadable", "permission.unreadable-crl-directory", setup=with_crl_directory,
       servers=("apache",), touches="mode")
def unreadable_in_crl_directory(world):
    world.crl_file("good-issuing").chmod(0o600)


# CRLs of a server whose master has no privileges.

def with_crls_unprivileged(world):
    with_crls(world)
    world.unprivileged()


@fault("permission.unreadable", "permission.unreadable@crl", setup=with_crls_unprivileged,
       touches="mode", servers=("nginx", "haproxy"), modes=("running",))
def crl_unreadable(world):
    world.crls.chmod(0o600)
