# SPDX-License-Identifier: Apache-2.0
"""The world of one run: a server with its stores, clients, known-good material, and snapshots.

Below its room: srv/ (configuration and stores), known/, clients/, run/ (what the server itself
writes: logs, pid, sockets), state/ (trustmend's). Snapshots leave out the last two.
"""

import hashlib
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

from container import give_to_container
from pki import openssl
from server import Settings

MARK = b"-----BEGIN "


def blocks(bundle):
    """The PEM blocks of a bundle, each with its line end."""
    return [MARK + part for part in bundle.split(MARK)[1:]]


def take_snapshot(room):
    """All below the room that only its owner may change: content, owner, mode, times, links, xattrs."""
    taken = {}
    for folder, names, files in os.walk(room):
        if Path(folder) == Path(room):
            names[:] = [name for name in names if name not in ("run", "state")]
        for path in [folder] + [os.path.join(folder, name) for name in files + names]:
            taken[os.path.relpath(path, room)] = describe(path)
    return taken


def describe(path):
    status = os.lstat(path)
    content = ""
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
    attributes = {name: os.getxattr(path, name, follow_symlinks=False)
                  for name in os.listxattr(path, follow_symlinks=False)}
    return {"mode": oct(status.st_mode), "owner": (status.st_uid, status.st_gid),
            "mtime": status.st_mtime_ns, "content": content, "xattrs": attributes,
            "links": status.st_nlink}


def differences(before, after):
    """Sentences: what is not as it was."""
    told = []
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            told.append(f"{path} is gone")
        elif path not in before:
            told.append(f"{path} is new")
        elif before[path] != after[path]:
            what = [key for key in before[path] if before[path][key] != after[path][key]]
            told.append(f"{path} differs in {', '.join(what)}")
    return told


class World:
    """Laid out healthy by lay_out(); faults may change what is to be laid out, and then the files."""

    def __init__(self, room, pki, kind, port, known):
        self.room = Path(room)
        for name in ("srv/trust", "srv/htdocs", "clients/accept", "clients/reject", "known",
                     "run", "state"):
            (self.room / name).mkdir(parents=True, exist_ok=True)
        self.pki = pki
        self.known = known
        self.server = kind(self.room, port, pki.pem("server"), pki.key("server"))
        self.store = list(pki.chain)      # names of the certificates of the good store
        self.more_crls = []               # of CAs beside the chain
        self.known_store = None           # names for known-good; None: those of the good store
        self.known_crls = None
        self.known_extra = {}             # more files of known-good: name to bytes
        self.settings = Settings(anchors=str(self.room / "srv/trust/ca.pem"), depth=pki.depth)
        self.good = {"alice": pki.client("alice", sends=()), "bob": pki.client("bob"),
                     "carol": pki.client("carol")}
        self.bad = {"rogue": pki.client("rogue", sends=("false-issuing", "impostor")),
                    "expired": pki.client("expired"), "purpose": pki.client("server-only")}
        self.linked = False
        self.lost = set()                 # good clients that nothing here can help

    # What a fault's setup may ask for.

    def use_crls(self):
        self.settings.crls = str(self.room / "srv/trust/crl.pem")
        self.bad["revoked"] = self.pki.client("revoked")

    def use_directory(self):
        self.settings.directory = True
        self.settings.anchors = str(self.room / "srv/trust/ca.d")

    def use_chroot(self):
        self.use_directory()
        self.settings.chroot = str(self.room / "jail")

    def jailed(self, path):
        """Where those in the chroot find this path."""
        return Path(f"{self.settings.chroot}{path}")

    def use_crl_directory(self):
        self.settings.crl_directory = True
        self.settings.crls = str(self.room / "srv/trust/crl.d")

    def use_links(self):
        """The store's path is a link to a link, as a deployment by versions makes them."""
        self.linked = True

    def use_container(self):
        """Which sees the stores at their place; on the host they are in a volume."""
        self.server.volume = self.room / "volume"

    def unprivileged(self):
        self.server.as_worker = True

    def add_client(self, name, content):
        """A client that must get in and that nothing on this side can help."""
        self.good[name] = content
        self.lost.add(name)

    # Its files.

    @property
    def anchors(self):
        return Path(self.settings.anchors)

    @property
    def crls(self):
        return Path(self.settings.crls)

    @property
    def good_crls(self):
        return self.pki.crls() + self.more_crls

    def lay_out(self):
        """Writes the healthy world."""
        self.write_store(self.store)
        if self.settings.crls:
            self.write_crls(self.good_crls)
        self.server.configure(self.settings)
        (self.room / "srv/htdocs/index.html").write_text("hello\n")
        self._write_clients()
        self._write_known()
        if self.server.as_worker:
            self._give_to_worker()
        if self.server.volume is not None:
            self._fill_volume()
        if self.settings.chroot:
            for path in (self.room / "srv/trust", self.room / "srv/htdocs"):
                shutil.copytree(path, self.jailed(path), symlinks=True)

    def _fill_volume(self):
        place = self.room / "srv/trust"
        place.rename(self.server.volume)
        place.mkdir()
        give_to_container([place, self.room / "run", *(self.room / "srv").glob("server*")])

    def _give_to_worker(self):
        for path in (self.room / "run", *(self.room / "srv").glob("server*")):
            shutil.chown(path, self.server.user, self.server.user)

    def write_store(self, names):
        """The store of these certificates, as a file or as a directory."""
        if self.linked:
            version = self.room / "srv/versions/7"
            version.mkdir(parents=True)
            (self.room / "srv/versions/current").symlink_to("7")
            self.anchors.symlink_to("../versions/current/ca.pem")
        if not self.settings.directory:
            self.anchors.write_bytes(b"".join(map(self.pki.pem, names)))
            return
        self.anchors.mkdir(exist_ok=True)
        for name in names:
            (self.anchors / f"{name}.pem").write_bytes(self.pki.pem(name))
        self.rehash()

    def write_crls(self, names):
        """The CRLs of these names, as a file or as a directory."""
        if not self.settings.crl_directory:
            self.crls.write_bytes(b"".join(map(self.pki.crl, names)))
            return
        self.crls.mkdir()
        for name in names:
            self.crl_file(name).write_bytes(self.pki.crl(name))
        openssl("rehash", self.crls)

    def crl_file(self, name):
        """Of a directory."""
        return self.crls / f"{name}.pem"

    def rehash(self):
        if self.server.product == "apache":
            openssl("rehash", self.anchors)

    def swap(self, name, other):
        """Another certificate (or none) in the place of one in the store."""
        path = self.anchors / f"{name}.pem" if self.settings.directory else self.anchors
        new = self.pki.pem(other) if other else b""
        path.write_bytes(path.read_bytes().replace(self.pki.pem(name), new))
        if self.settings.directory and not new:
            path.unlink()

    def append(self, *names):
        """More certificates at the end of the store file."""
        with open(self.anchors, "ab") as file:
            file.write(b"".join(map(self.pki.pem, names)))

    def swap_crl(self, name, other):
        """Another CRL (or none) in the place of one in the CRL file."""
        new = self.pki.crl(other) if other else b""
        self.crls.write_bytes(self.crls.read_bytes().replace(self.pki.crl(name), new))

    def reconfigure(self, **changes):
        for name, value in changes.items():
            setattr(self.settings, name, value)
        self.server.configure(self.settings)

    def configuration_elsewhere(self, name):
        """A copy of the configuration that names another store: of this certificate alone."""
        store = self.room / "srv" / f"{name}.pem"
        store.write_bytes(self.pki.pem(name))
        copy = self.room / "srv" / f"other-{self.server.config_name}"
        self.server.configure(replace(self.settings, anchors=str(store)), copy)
        return copy

    def _write_clients(self):
        for folder, clients in (("accept", self.good), ("reject", self.bad)):
            for name, content in clients.items():
                path = self.room / "clients" / folder / f"{name}.pem"
                path.write_bytes(content)
                path.chmod(0o600)

    def _write_known(self):
        names = self.store if self.known_store is None else self.known_store
        crls = self.known_crls
        if crls is None:
            crls = self.good_crls if self.settings.crls else []
        folder = self.room / "known"
        if self.known == "copy":
            (folder / "ca.pem").write_bytes(b"".join(map(self.pki.pem, names)))
            if crls:
                (folder / "crl.pem").write_bytes(b"".join(map(self.pki.crl, crls)))
        if self.known == "split":
            for name in names:
                (folder / f"{name}.pem").write_bytes(self.pki.pem(name))
            for name in crls:
                (folder / f"{name}.crl").write_bytes(self.pki.crl(name))
        for name, content in self.known_extra.items():
            (folder / name).write_bytes(content)

    @property
    def known_options(self):
        """Of the command line."""
        if not any((self.room / "known").iterdir()):
            return []
        return ["--known-good", str(self.room / "known")]

    def who_is_wrong(self, lost=frozenset()):
        """Clients that are not treated as they must be, by the server that runs."""
        wrong = []
        for folder, clients, right in (("accept", self.good, "in"), ("reject", self.bad, "out")):
            for name in clients:
                if name in lost:
                    continue
                got = self.server.admits(self.room / "clients" / folder / f"{name}.pem")
                if got != right:
                    wrong.append(f"{folder}/{name} is {got}")
        return wrong
