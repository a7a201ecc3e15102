# SPDX-License-Identifier: Apache-2.0
"""The cases: each fault at each server it applies to, alone and in another shape of PKI beside a
second fault; one more way to do the same has one case. Which shape, known-good material and state
of the server a case has goes round."""

from collections import Counter
from dataclasses import dataclass
from itertools import cycle

from faults import ALL, FAULTS

# Which faults go well beside one that touches this.
COMPANIONS = {
    "anchors": ("crl.expired", "client.expired", "crl.missing-root", "store.truncated@crl",
                "policy.client-auth-missing", "crl.number-went-back", "chain.depth-limit",
                "permission.writable", "client.revoked", "store.missing@crl"),
    "crl": ("store.fused-blocks", "chain.root-missing", "client.not-yet-valid", "store.empty",
            "chain.intermediate-expired", "chain.depth-limit", "store.nul-bytes"),
    "clients": ("store.truncated", "crl.expired", "chain.wrong-key", "crl.missing",
                "chain.intermediate-missing"),
    "config": ("store.literal-newlines", "crl.expired", "chain.root-expired"),
    "mode": ("crl.expired", "client.expired"),
}


@dataclass
class Case:
    server: str
    shape: str
    faults: list
    known: str
    mode: str

    @property
    def name(self):
        faults = "+".join(fault.name for fault in self.faults)
        return f"{self.server} {faults} {self.shape} {self.known} {self.mode}"

    @property
    def codes(self):
        return {fault.code for fault in self.faults if fault.code}

    @property
    def may_be_critical(self):
        return {code for fault in self.faults for code in (fault.code, *fault.also)}

    @property
    def must_be_critical(self):
        return {fault.code for fault in self.faults if fault.critical}

    @property
    def hurts(self):
        return any(fault.hurts for fault in self.faults)

    @property
    def repair(self):
        """"yes", "no", "either"; "partly" where one is mended and another cannot be."""
        kinds = {fault.repair for fault in self.faults}
        if kinds == {"yes", "no"}:
            return "partly"
        return "either" if "either" in kinds else "no" if "no" in kinds else "yes"


def common(faults, kind):
    """The values of this kind that all these faults allow, in the order of the first."""
    first, *others = (getattr(fault, kind) for fault in faults)
    return [value for value in first if all(value in other for other in others)]


class Turns:
    """Takes each kind of value in turn, so that no two kinds go in step."""

    STRIDES = {"shapes": 1, "known": 3, "modes": 9}

    def __init__(self):
        self.count = 0

    def pick(self, faults, kind):
        """A value that all these faults allow."""
        values = common(faults, kind)
        stride = self.STRIDES[kind]
        number = self.count + (self.count // stride if stride > 1 else 0)
        return values[number % len(values)]

    def case(self, server, faults):
        made = Case(server, self.pick(faults, "shapes"), faults, self.pick(faults, "known"),
                    self.pick(faults, "modes"))
        self.count += 1
        return made


def companion(faults, server, candidates):
    """The first of these that touches something else than the faults do, and can be had with them."""
    for name in candidates:
        other = next(row for row in FAULTS if row.name == name)
        if server in other.servers and all(go_together(fault, other) for fault in faults) and all(
                common([*faults, other], kind) for kind in Turns.STRIDES):
            return other
    return None


def go_together(fault, other):
    return (other.touches != fault.touches and other.code != fault.code and
            other.name not in fault.avoid and fault.name not in other.avoid)


class Maker:
    """Makes the cases of all faults."""

    def __init__(self):
        self.cases, self.turns = [], Turns()
        self.rings = {key: cycle(range(len(names))) for key, names in COMPANIONS.items()}

    def company(self, fault, server, most):
        """The fault with up to so many others beside it."""
        faults = [fault]
        if fault.alone or fault.touches not in COMPANIONS:
            return faults
        names, start = COMPANIONS[fault.touches], next(self.rings[fault.touches])
        while len(faults) <= most:
            other = companion(faults, server, names[start:] + names[:start])
            if other is None:
                break
            faults.append(other)
        return faults

    def add(self, server, faults):
        self.cases.append(self.turns.case(server, faults))

    def add_fault(self, fault, server):
        """Alone, then in the next shape in company; one more way to do the same: either."""
        count = self.turns.count
        if fault.again:
            self.add(server, self.company(fault, server, 1 if count % 2 == 0 else 0))
            return
        self.add(server, [fault])
        self.add(server, self.company(fault, server, 2 if count % 4 == 0 else 1))


def make_cases():
    maker = Maker()
    for fault in FAULTS:
        for server in ALL:
            if server in fault.servers:
                maker.add_fault(fault, server)
    return maker.cases


def gaps(cases):
    """Sentences: what these cases, which should be all, do not show."""
    told = []
    for code in sorted({fault.code for fault in FAULTS if fault.code}):
        for server in sorted({name for fault in FAULTS if fault.code == code for name in fault.servers}):
            shapes = {case.shape for case in cases if case.server == server and code in case.codes}
            if len(shapes) < 2:
                told.append(f"{code} at {server} is not tried in two shapes of PKI")
    several = sum(len(case.faults) > 1 for case in cases)
    if 3 * several < len(cases):
        told.append(f"{several} of {len(cases)} cases have several faults: less than a third")
    return told


def spread(cases, most):
    """So many of the cases, in their order: of each fault one at least if they suffice, the servers by
    turns, then each fault at each server, in each shape, and in each state."""
    chosen, left, seen = [], list(enumerate(cases)), set()
    while left and len(chosen) < most:
        turns = Counter(case.server for _, case in chosen)
        best = max(left, key=lambda numbered: worth(numbered[1], seen, turns))
        left.remove(best)
        chosen.append(best)
        seen = seen.union(*marks(best[1]))
    return [case for _, case in sorted(chosen, key=lambda numbered: numbered[0])]


def marks(case):
    """What a run of this case shows, the most important first."""
    names = [fault.name for fault in case.faults]
    return [set(names), {(name, case.server) for name in names}, {(name, case.shape) for name in names},
            {(name, case.known, case.mode) for name in names}]


def worth(case, seen, turns):
    """What it shows that none has shown before."""
    first, *others = (len(told - seen) for told in marks(case))
    return [first, -turns[case.server], *others]
