# SPDX-License-Identifier: Apache-2.0
"""What a fault of the lab is: a row with what it does to a world and what trustmend must say of it.

`setup` shapes the healthy world before it is laid out, `inject` spoils it. A row says which servers
it applies to and whether a repair is safe: "yes", "no" (nothing may change, exit 2), or "either"
(whichever is done must be whole). `touches` keeps two faults of one thing from being combined.
"""

from dataclasses import dataclass
from typing import Callable

ALL = ("nginx", "apache", "haproxy")
EVERY_SHAPE = ("single", "deep", "cross", "long-cross")
CROSS_SIGNED = ("cross", "long-cross")
NOT_SHORT = ("deep", "cross", "long-cross")  # more than one intermediate
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


def with_crl_directory(world):
    world.use_crls()
    world.use_crl_directory()


def with_directory(world):
    world.use_directory()


def with_renewed(world):
    world.store.append("renewed")
    world.more_crls.append("renewed")
    world.good["renewed"] = world.pki.client("of-renewed", sends=())
