# SPDX-License-Identifier: Apache-2.0
"""The cases: each fault at each server it applies to, alone and in another shape of PKI beside a
second fault; one more way to do the same has one case. Which shape, known-good material and state
of the server a case has goes round."""

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


def both(first, second):
    """What two rows allow, in the order of the first; None stands for all."""
    return [value for value in first if value in second]


class Turns:
    """Takes each kind of value in turn, so that no two kinds go in step."""

    STRIDES = {"shapes": 1, "known": 3, "modes": 9}

    def __init__(self):
        self.count = 0

    def pick(self, faults, kind):
        """A value that all these faults allow."""
        values = getattr(faults[0], kind)
        for fault in faults[1:]:
            values = both(values, getattr(fault, kind))
        number = self.count // self.STRIDES[kind] + self.count
        return values[number % len(values)]

    def case(self, server, faults):
        made = Case(server, self.pick(faults, "shapes"), faults, self.pick(faults, "known"),
                    self.pick(faults, "modes"))
        self.count += 1
        return made


def companion(fault, server, candidates):
    for name in candidates:
        other = next(row for row in FAULTS if row.name == name)
        if (server in other.servers and name not in fault.avoid and other.touches != fault.touches and
                other.code != fault.code and
                all(both(getattr(fault, what), getattr(other, what))
                    for what in ("shapes", "known", "modes"))):
            return other
    return None


def make_cases():
    cases, turns = [], Turns()
    rings = {key: cycle(range(len(names))) for key, names in COMPANIONS.items()}
    for fault in FAULTS:
        for server in ALL:
            if server not in fault.servers:
                continue
            cases.append(turns.case(server, [fault]))
            if fault.again:
                continue
            other = None
            if not fault.alone and fault.touches in COMPANIONS:
                names, start = COMPANIONS[fault.touches], next(rings[fault.touches])
                other = companion(fault, server, names[start:] + names[:start])
            # The second case follows the first, and is so in another shape where there is one.
            cases.append(turns.case(server, [fault] if other is None else [fault, other]))
    return cases
