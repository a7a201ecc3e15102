# SPDX-License-Identifier: Apache-2.0
"""A container as far as a server's files go: a mount namespace with a volume of its own, and a user
namespace whose root is nobody to the files of the host."""

import ctypes
import os
from pathlib import Path

FIRST_ID, IDS = 100000, 65536  # of the container, on the host
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
LIBC = ctypes.CDLL(None, use_errno=True)


def must(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def map_ids_when_told(pid):
    """Starts a process that maps the ids of another one, which only the namespace above may do; what it
    waits for, and what ends with it."""
    told_read, told = os.pipe()
    done, done_write = os.pipe()
    if os.fork() == 0:
        os.close(told)
        os.read(told_read, 1)
        for kind in ("uid", "gid"):
            Path(f"/proc/{pid}/{kind}_map").write_text(f"0 {FIRST_ID} {IDS}\n")
        os._exit(0)
    os.close(told_read)
    os.close(done_write)
    return told, done


def enter_container(volume, place):
    """In a child, before it executes a server: the volume stands at that place from now on."""
    told, done = map_ids_when_told(os.getpid())
    must(LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNS))
    os.write(told, b".")
    os.read(done, 1)
    os.setgroups([])
    os.setgid(0)
    os.setuid(0)
    must(LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    must(LIBC.mount(os.fsencode(volume), os.fsencode(place), None, MS_BIND, None))


def give_to_container(paths):
    """To its root."""
    for path in paths:
        os.chown(path, FIRST_ID, FIRST_ID)
