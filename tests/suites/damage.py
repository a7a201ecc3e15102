#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every form of a store under every kind of damage: what is salvaged is exactly what is whole.

damage.py [--program PATH] [--results DIR] [--quick] [--seed N] [--form NAME]… [--kind NAME]… [--keep DIR] [-v]

For each damaged file it must hold of `inspect`, in this order:
- exit: it ends well, with a document;
- lost: what is whole in the bytes is among its entries, by SHA-256;
- invented: its entries are whole ones, or altered ones with a defect on them;
- silent: a defect is named, unless nothing that a reader could see is damaged;
- views: what it says that an engine loads is what that engine loads.

The table of forms and kinds goes to DIR/damage.txt: files, and failures of each sort. --quick makes fewer files of
each kind, and asks all about them.
"""
import argparse
import base64
import collections
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from askers import ask, make_askers, nss_answer
from damage_forms import altered, make_forms, says_whose, streams
from damage_kinds import COSMETIC, DIRECTORY_KINDS, KINDS, Victim
from damage_material import Material, digest, pem

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIECE = 30  # bytes by which an entry is known again
SCRAP = 16  # characters that are left over and may be a comment
AT_ONCE = 100  # files for one run of inspect
QUICK = 2  # files of each form and kind
NSS_QUICK = 4  # databases that certutil is asked about, of every so many
OF_TWO = {"newer_begun", "longer_old_tail", "other_page", "other_first_block", "interleaved_chunks", "interleaved_lines"}
SORTS = ("exit", "lost", "invented", "silent", "view")


class File:
    """One damaged store: where it is, and what is whole in it."""

    def __init__(self, form, kind, path, data, is_changed):
        self.form, self.kind, self.path, self.data, self.is_changed = form, kind, path, data, is_changed
        self.whole = set()
        self.as_ber = set()  # the same in an encoding that not every form allows


def contents(data):
    """The bytes of a file, or of each file of a directory."""
    return [part for part in data.values() if isinstance(part, bytes)] if isinstance(data, dict) else [data]


def variants(form, kind, material, chance):
    """What a kind of damage makes of a form: bytes, or a directory's files."""
    victim = Victim(form, material, chance)
    if not isinstance(victim.data, dict):
        yield from kind(victim.take(victim.data))
        return
    files = victim.data
    for name in [name for name, content in files.items() if isinstance(content, bytes)][:3]:
        victim.ders = [form.ders[int(name[2])]]
        for data in kind(victim.take(files[name])):
            yield {**files, name: data}


def chosen(every, chance, quick):
    """Of many files of one kind some, and always the first and the last."""
    every = list(every)
    if quick is None or len(every) <= quick:
        return every
    return [every[at] for at in sorted(chance.sample(range(len(every)), quick))]


def write(path, data, form, material):
    if isinstance(data, dict):
        path.mkdir()
        for name, content in data.items():
            if isinstance(content, str):
                (path / name).symlink_to(content)
            else:
                (path / name).write_bytes(content)
        pathlib.Path(f"{path}.names").write_bytes(b"".join(pem(der) for der in material.certs))
    elif form.is_directory:
        path.mkdir()
        (path / "cert9.db").write_bytes(data)
        shutil.copy(material.nss_keys.get(data, material.nss_keys[form.make(material, form.ders)]), path)
    else:
        path.write_bytes(data)


def make_files(options, material, forms, folder):
    files = []
    quick = QUICK if options.quick else None
    known = material.all()
    for form in forms:
        intact = form.make(material, form.ders)
        kinds = [kind for kind in KINDS + (DIRECTORY_KINDS if isinstance(intact, dict) else []) if wanted(options, kind)]
        for kind in kinds:
            chance = random.Random(f"{options.seed} {form.name} {kind.__name__}")
            if kind in DIRECTORY_KINDS:
                made = [kind(intact, chance) for _ in range(quick or 4)]
            else:
                made = chosen(variants(form, kind, material, chance), chance, quick)
            for data in made:
                path = folder / f"{len(files):05}-{form.name}-{kind.__name__}.{form.ending}"
                file = File(form, kind.__name__, path, data, form.unread(data) != form.unread(intact))
                for part in contents(data):
                    file.whole |= {digest(der) for der in form.truth(part, known)}
                    if kind.__name__ == "indefinite":
                        as_ber = {b"\x30\x80" + der[4:] + b"\0\0": der for der in known}
                        file.as_ber |= {digest(as_ber[der]) for der in form.truth(part, list(as_ber))}
                write(path, data, form, material)
                files.append(file)
    return files


def wanted(options, kind):
    return not options.kind or kind.__name__ in options.kind


def inspect(options, folder, files):
    """The documents of many files, by path; one that ends badly is found by asking for each alone."""
    if not files:
        return {}
    command = [options.program, "--state", folder / "state", "--password-env", "DAMAGE_PASSWORD", "--json", "inspect"]
    done = subprocess.run([str(word) for word in (*command, *(file.path for file in files))], capture_output=True,
                          env={**os.environ, "DAMAGE_PASSWORD": "changeit"}, timeout=600, check=False)  # fmt: skip
    if done.returncode in (0, 1, 2):
        return {pathlib.Path(store["path"]): store for store in json.loads(done.stdout)["stores"]}
    if len(files) == 1:
        print(f"# {files[0].path.name}: exit {done.returncode}: {done.stderr.decode(errors='replace')[:200]}")
        return {}
    half = len(files) // 2
    return {**inspect(options, folder, files[:half]), **inspect(options, folder, files[half:])}


def answers(options, folder, files):
    """What each engine makes of the files of the forms that it reads: by engine and path."""
    names = sorted({engine for file in files for engine in file.form.engines if engine != "nss"})
    found = {}
    for name, program in make_askers(folder, names).items():
        paths = [file.path for file in files if name in file.form.engines]
        found[name] = {}
        for at in range(0, len(paths), 2000):
            found[name].update(ask(program, paths[at : at + 2000]))
    # In cert9.db of two databases, trust may be signed by the other's key, which is in its key4.db.
    databases = [file for file in files if "nss" in file.form.engines and file.kind not in OF_TWO]
    found["nss"] = {file.path: nss_answer(file.path) for file in databases[:: NSS_QUICK if options.quick else 1]}
    return found


def overlaps(defect, entry):
    return defect["path"] == entry["path"] and defect["offset"] < entry["offset"] + max(entry["length"], 1) and \
        entry["offset"] < defect["offset"] + max(defect["length"], 1)  # fmt: skip


def leaves_nothing(file, der, material):
    """Whether no piece of an entry that is lost is left anywhere, but what others have too: then nobody can know. Others are
    also those that were written over it."""
    others = b"".join(other for other in material.all() if other != der)
    pieces = [der[at : at + PIECE] for at in range(0, len(der) - PIECE, 3) if der[at : at + PIECE] not in others]
    for part in contents(file.data):
        for stream in streams(part):
            if any(piece in stream for piece in pieces):
                return False
    return True


def must_be_named(file, material):
    """Whether a reader can see that something is damaged."""
    form, lost = file.form, [der for der in file.form.ders if digest(der) not in file.whole]
    if not file.is_changed:
        return False
    if form.has_integrity and file.kind == "indefinite" and not lost:
        return False  # BER is as good there
    if form.has_integrity or any(not leaves_nothing(file, der, material) for der in lost):
        return True
    if not form.is_plain or file.kind in COSMETIC or not file.whole:
        return False
    rest = b"".join(file.data.split())
    for der in [*form.ders, material.later, material.foreign]:
        rest = rest.replace(b"".join(form.make(material, [der]).split()), b"")
    return len(bytes(byte for byte in rest if byte > 32)) > SCRAP


def cannot_be_told(file, entry, ders):
    """Whether an altered entry is one whose damage shows nowhere: what it says of itself fits no signature."""
    for part in contents(file.data):
        found = altered(part, entry["fingerprint"], ders)
        if found is not None:
            return any(says_whose(found[0], place) for place in found[1])
    return False


def judge_content(file, store, known, material):
    """(sort, text) of what is wrong with the entries and defects of one store."""
    entries = [entry for entry in store["entries"] if entry["kind"] in ("certificate", "CRL")]
    found = {entry["fingerprint"] for entry in entries}
    if file.whole - found:
        yield "lost", f"{len(file.whole - found)} of {len(file.whole)} whole ones are not found"
    for entry in entries:
        if entry["fingerprint"] in file.whole | file.as_ber:
            continue
        if entry["fingerprint"] in known and file.form.is_opaque:
            continue
        if entry["fingerprint"] in known:
            yield "invented", f"{known[entry['fingerprint']]} is not whole in it"
        elif not any(overlaps(defect, entry) for defect in store["defects"]) and \
                not cannot_be_told(file, entry, [*material.certs, material.crl]):  # fmt: skip
            yield "invented", f"an altered entry at {entry['offset']} has no defect on it"
    hidden = any(entry["fingerprint"] not in known and cannot_be_told(file, entry, [*material.certs, material.crl]) for entry in entries)
    if not store["defects"] and not hidden and must_be_named(file, material):
        yield "silent", "no defect is named"


VIEW_NAMES = {"openssl-directory": "openssl"}


OWN_PARSER = {"go", "mbedtls"}  # what they make of a certificate that is altered in itself is their own affair
NEVER_FAILS = {"openssl-directory", "p11-kit"}  # what is wrong with a file is no error of the call


def judge_views(file, store, found, known):
    for engine in file.form.engines:
        if file.path not in found.get(engine, {}):
            continue
        count, good, digests = found[engine][file.path]
        name = VIEW_NAMES.get(engine, engine)
        view = store["read_by"].get(name)
        if view is None and count == 0:
            continue
        if view is None:
            yield "view", f"{engine} loads {count}, {good}; we say nothing of it"
            continue
        if engine in OWN_PARSER and abs(view["loaded"] - count) <= len({digest(der) for der in file.form.ders} - file.whole):
            good, count = view["error"] is None, view["loaded"]
        if engine in ("java", "openssl-pkcs12", "nss") and view["loaded"] == count == 0:
            continue  # nothing is there to be trusted, whether the call says so or not
        if (view["loaded"] != count and engine != "openssl-directory") or ((view["error"] is None) != good and engine not in NEVER_FAILS):
            yield "view", f"{engine} loads {count}, {good}; we say {view['loaded']}, {view['error']}"
        elif digests is not None:
            ours = {entry["fingerprint"] for entry in store["entries"] if name in entry["loaded_by"] and "fingerprint" in entry}
            if ours & known.keys() != digests & known.keys():
                yield "view", f"{engine} loads {count}, and others than we say"


def judge(file, store, found, known, material):
    if store is None:
        yield "exit", "inspect does not end well"
        return
    yield from judge_content(file, store, known, material)
    yield from judge_views(file, store, found, known)


def write_table(path, tally):
    kinds = list(dict.fromkeys(kind for _, kind in tally))
    with open(path, "w", encoding="utf-8") as out:
        for form in dict.fromkeys(form for form, _ in tally):
            out.write(f"{form}\n")
            for kind in kinds:
                counts = tally.get((form, kind))
                if counts:
                    wrong = ", ".join(f"{counts[sort]} {sort}" for sort in SORTS if counts[sort])
                    out.write(f"  {kind:20} {counts['files']:5} files  {wrong or 'all hold'}\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "src" / "cli" / "trustmend")
    parser.add_argument("--results", type=pathlib.Path, help="folder for damage.txt")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--form", action="append")
    parser.add_argument("--kind", action="append")
    parser.add_argument("--keep", type=pathlib.Path, help="folder in which the files are left")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each failure, not for each sort of them")
    return parser.parse_args()


def examine(options, folder):
    """Passed and failed, and the table."""
    material = Material(folder, options.seed)
    known = {digest(der): f"certificate {number}" for number, der in enumerate(material.certs)}
    known |= {digest(material.crl): "the CRL", digest(material.foreign): "a foreign one", digest(material.later): "a newer one"}
    files = make_files(options, material, make_forms(material, options.form), folder)
    print(f"# {len(files)} files", flush=True)
    found = answers(options, folder, files)
    stores = {}
    for at in range(0, len(files), AT_ONCE):
        stores.update(inspect(options, folder, files[at : at + AT_ONCE]))
    tally, shown, passed, failed = {}, set(), 0, 0
    for file in files:
        counts = tally.setdefault((file.form.name, file.kind), collections.Counter())
        counts["files"] += 1
        wrong = list(judge(file, stores.get(file.path), found, known, material))
        counts.update({sort for sort, _ in wrong})
        passed, failed = passed + (not wrong), failed + bool(wrong)
        for sort, text in wrong:
            if options.verbose or (file.form.name, file.kind, sort) not in shown:
                print(f"FAILED {file.path.name}: {sort}: {text}")
            shown.add((file.form.name, file.kind, sort))
    return passed, failed, tally


def main():
    options = arguments()
    options.program = options.program.resolve()
    with tempfile.TemporaryDirectory(prefix="trustmend-damage-") as name:
        folder = options.keep or pathlib.Path(name)
        folder.mkdir(exist_ok=True)
        passed, failed, tally = examine(options, folder)
    if options.results:
        write_table(options.results / "damage.txt", tally)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
