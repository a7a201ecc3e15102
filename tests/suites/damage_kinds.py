# SPDX-License-Identifier: Apache-2.0
"""Kinds of damage: each makes of the bytes of a store some damaged ones, by a source of chance.

A kind is a function of a Victim and gives the damaged bytes one by one. COSMETIC are those that a form of text bears
without a word.
"""
import base64
import gzip
import re

SECTOR, PAGE = 512, 4096


class Victim:
    """The bytes of one store, where its entries stand in them, and what else damage is made of."""

    def __init__(self, form, material, chance):
        self.form, self.material, self.chance = form, material, chance
        self.ders = form.ders
        self.data = form.make(material, form.ders)
        self.spans = []

    def take(self, data):
        """Turns to these bytes: of a directory, one file at a time."""
        self.data = data
        self.spans = self.find_spans()
        return self

    def find_spans(self):
        """Blocks where there are some, else entries; in what is encrypted, parts of equal size."""
        spans = [found.span() for found in re.finditer(rb"-----BEGIN [^-]+-----.*?-----END [^-]+-----(\\n)?\s?", self.data, re.DOTALL)]
        if len(spans) > 1 or (spans and len(self.ders) == 1):
            return spans
        for form in (lambda der: der, base64.b64encode):
            found = [(self.data.find(form(der)), len(form(der))) for der in self.ders]
            spans = sorted((at, at + size) for at, size in found if at >= 0)
            if spans:
                return spans
        size = max(len(self.data) // 5, 1)
        return [(at, min(at + size, len(self.data))) for at in range(0, len(self.data), size)]

    def span(self):
        return self.chance.choice(self.spans)

    def place(self):
        return self.chance.randrange(len(self.data))

    def other(self, ders):
        """Another store of the same form; of a directory, a file of it."""
        made = self.form.make(self.material, ders)
        if isinstance(made, dict):
            return b"".join(content for content in made.values() if isinstance(content, bytes))
        return made


def put(data, at, new, size=None):
    return data[:at] + new + data[at + (len(new) if size is None else size) :]


def cut_every_64(victim):
    for at in range(0, len(victim.data), 64):
        yield victim.data[:at]


def cut_at_borders(victim):
    for border in victim.spans:
        for at in border:
            for by in (-1, 0, 1):
                yield victim.data[: max(at + by, 0)]


def cut_front(victim):
    for _ in range(8):
        yield victim.data[victim.place() :]


def hole(victim):
    """Bytes lost in the middle."""
    for size in (1, 3, 64, SECTOR):
        at = victim.place()
        yield victim.data[:at] + victim.data[at + size :]


def flipped(data, at, chance):
    return put(data, at, bytes([data[at] ^ 1 << chance.randrange(8)]))


def bit_in_entry(victim):
    for _ in range(16):
        begin, end = victim.span()
        yield flipped(victim.data, victim.chance.randrange(begin, end), victim.chance)


def bit_at_border(victim):
    for begin, end in victim.spans:
        for at in (begin, begin + 1, begin + 5, end - 6, end - 1):
            if at < len(victim.data):
                yield flipped(victim.data, at, victim.chance)


def bit_in_frame(victim):
    """Outside of all entries, where there is something."""
    inside = set()
    for begin, end in victim.spans:
        inside.update(range(begin, end))
    outside = [at for at in range(len(victim.data)) if at not in inside] or [victim.place()]
    for _ in range(16):
        yield flipped(victim.data, victim.chance.choice(outside), victim.chance)


def byte_changed(victim):
    for _ in range(16):
        yield put(victim.data, victim.place(), bytes([victim.chance.randrange(256)]))


def nul_sector(victim):
    for _ in range(4):
        at = victim.place() // SECTOR * SECTOR
        yield put(victim.data, at, bytes(min(SECTOR, len(victim.data) - at)))


def nul_page(victim):
    at = victim.place() // PAGE * PAGE
    yield put(victim.data, at, bytes(min(PAGE, len(victim.data) - at)))


def zero_tail(victim):
    for _ in range(4):
        at = victim.place()
        yield victim.data[:at] + bytes(len(victim.data) - at)


def nul_behind(victim):
    """What a file system leaves of a size that was written before the content."""
    yield victim.data + bytes(PAGE - len(victim.data) % PAGE)


def nul_between(victim):
    begin, _ = victim.span()
    yield victim.data[:begin] + bytes(SECTOR) + victim.data[begin:]


def mixed(one, other, sizes):
    out, sides, at = b"", (one, other), [0, 0]
    for number, size in enumerate(sizes):
        side = number % 2
        out += sides[side][at[side] : at[side] + size]
        at[side] += size
    return out + one[at[0] :] + other[at[1] :]


def interleaved_chunks(victim):
    """Two writers who append, a buffer each in turn."""
    yield mixed(victim.data, victim.other(victim.ders[::-1]), [SECTOR] * 20)
    yield mixed(victim.data, victim.data, [victim.chance.randrange(1, 200) for _ in range(20)])


def interleaved_lines(victim):
    one, other = victim.data.splitlines(True), victim.other(victim.ders[::-1]).splitlines(True)
    out, at = b"", 0
    for line in one:
        out += line
        if at < len(other) and victim.chance.randrange(2):
            out += other[at]
            at += 1
    yield out + b"".join(other[at:])


def fused(victim):
    """The last byte of an entry, in text its line's end, is lost."""
    for _, end in victim.spans:
        yield victim.data[: end - 1] + victim.data[end:]


def no_begin(victim):
    for begin, _ in victim.spans:
        line = victim.data.find(b"\n", begin) + 1 if victim.form.is_text else begin + 4
        yield victim.data[:begin] + victim.data[line:]


def no_end(victim):
    for _, end in victim.spans:
        line = victim.data.rfind(b"\n", 0, max(end - 1, 0)) + 1 if victim.form.is_text else end - 4
        yield victim.data[:line] + victim.data[end:]


def no_lines_around(victim):
    """Both lines of a block's frame."""
    begin, end = victim.span()
    block = victim.data[begin:end].split(b"\n")
    yield victim.data[:begin] + b"\n".join(block[1:-2]) + b"\n" + victim.data[end:]


def dashes_lost(victim):
    places = [found.start() for found in re.finditer(b"-----", victim.data)] or [victim.place()]
    for at in victim.chance.sample(places, min(6, len(places))):
        yield victim.data[:at] + victim.data[at + victim.chance.choice((1, 5)) :]


def doubled(victim):
    begin, end = victim.span()
    yield victim.data[:end] + victim.data[begin:end] + victim.data[end:]


def swapped(victim):
    if len(victim.spans) < 2:
        yield victim.data
        return
    (a, b), (c, d) = sorted(victim.chance.sample(victim.spans, 2))
    data = victim.data
    yield data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def rebuilt(victim, change):
    """The store with one entry changed in its own bytes, and all else made for that."""
    at = victim.chance.randrange(len(victim.ders))
    ders = [change(der) if number == at else der for number, der in enumerate(victim.ders)]
    return victim.other(ders)


def outer_longer(victim):
    yield rebuilt(victim, lambda der: put(der, 3, bytes([der[3] + 1 & 0xFF])))
    yield rebuilt(victim, lambda der: put(der, 2, bytes([der[2] + 1 & 0xFF])))


def outer_shorter(victim):
    yield rebuilt(victim, lambda der: put(der, 3, bytes([der[3] - 1 & 0xFF])))
    yield rebuilt(victim, lambda der: put(der, 2, bytes([der[2] - 1 & 0xFF])))


def inner_length(victim):
    yield rebuilt(victim, lambda der: put(der, 7, bytes([der[7] ^ 1])))


def frame_longer(victim):
    """Of the store itself, where it begins as DER or with a count."""
    for at in (2, 3, 8, 11):
        if at < len(victim.data):
            yield put(victim.data, at, bytes([victim.data[at] + 1 & 0xFF]))


def frame_shorter(victim):
    for at in (2, 3, 8, 11):
        if at < len(victim.data):
            yield put(victim.data, at, bytes([victim.data[at] - 1 & 0xFF]))


def indefinite(victim):
    """BER where DER is wanted."""
    yield rebuilt(victim, lambda der: b"\x30\x80" + der[4:] + b"\0\0")
    if victim.data[:2] == b"\x30\x82":
        yield b"\x30\x80" + victim.data[4:] + b"\0\0"


def garbage_behind(victim):
    yield victim.data + victim.chance.randbytes(100)
    yield rebuilt(victim, lambda der: der + b"garbage")


def garbage_before(victim):
    yield victim.chance.randbytes(100) + victim.data


def byte_order_mark(victim):
    yield b"\xef\xbb\xbf" + victim.data
    begin, _ = victim.span()
    yield victim.data[:begin] + b"\xef\xbb\xbf" + victim.data[begin:]


def utf16(victim):
    text = victim.data.decode("latin-1")
    yield b"\xff\xfe" + text.encode("utf-16-le")
    yield text.encode("utf-16-be")


def crlf(victim):
    yield re.sub(rb"\r?\n", b"\r\n", victim.data)


def cr_alone(victim):
    yield victim.data.replace(b"\r\n", b"\n").replace(b"\n", b"\r")


def blanks_behind(victim):
    yield victim.data.replace(b"\n", b" \n")
    yield victim.data.replace(b"\n", b"\t \n")


def indented(victim):
    yield re.sub(rb"(?m)^", b"    ", victim.data)


def literal_newlines(victim):
    yield victim.data.replace(b"\n", b"\\n")


def base64_again(victim):
    yield base64.encodebytes(victim.data)


def quoted_printable(victim):
    yield victim.data.replace(b"=", b"=3D")


def html(victim):
    data = victim.data.replace(b"+", b"&#43;")
    yield b"<html><pre>" + data + b"</pre></html>\n"
    yield victim.data.replace(b"\n", b"<br/>\n")


def rewrapped(data, choose):
    """The base64 of each block in lines of other lengths; of what has no blocks, lines anywhere."""

    def again(found):
        text, out, at = b"".join(found[2].split()), b"", 0
        while at < len(text):
            width = choose()
            out += text[at : at + width] + b"\n"
            at += width
        return found[1] + out + found[3]

    return re.sub(rb"(-----BEGIN [^-]+-----\r?\n)(.*?)(-----END)", again, data, flags=re.DOTALL)


def one_line(victim):
    yield rewrapped(victim.data, lambda: 1 << 20)


def columns_mixed(victim):
    yield rewrapped(victim.data, lambda: victim.chance.choice((64, 76)))
    yield rewrapped(victim.data, lambda: victim.chance.randrange(1, 100))


def stray_text(victim):
    for text in (b"# a comment\n", b"word", b"\n\n", b"CA de l'\xe9tat\n"):
        begin, end = victim.span()
        at = victim.data.find(b"\n", victim.chance.randrange(begin, end)) + 1 or begin
        yield victim.data[:at] + text + victim.data[at:]


def wrong_label(victim):
    for label in (b"CERTIFICAT", b"X509 CERTIFICATE", b"PUBLIC KEY", b"certificate"):
        begin, end = victim.span()
        yield victim.data[:begin] + victim.data[begin:end].replace(b"CERTIFICATE", label) + victim.data[end:]
    begin, end = victim.span()
    yield victim.data[:begin] + victim.data[begin:end].replace(b"END CERTIFICATE", b"END X509 CRL") + victim.data[end:]


def old_appended(victim):
    yield victim.data + victim.other(victim.ders[: max(len(victim.ders) // 2, 1)])


def longer_old_tail(victim):
    """A newer, shorter one was written over it, and the file was not cut."""
    newer = victim.other([victim.material.later])
    yield newer + victim.data[len(newer) :]


def newer_begun(victim):
    """A newer one was written over it, and not to its end."""
    newer = victim.other([victim.material.later, *victim.ders[1:]])
    at = victim.place()
    yield newer[:at] + victim.data[at:]


def key_instead(victim):
    begin, end = victim.span()
    yield victim.data[:begin] + victim.material.key + victim.data[end:]


def other_first_block(victim):
    """The first bytes of the file are those of another, up to a sector's end."""
    other = victim.other([victim.material.foreign] * 3)
    yield put(victim.data, 0, other[:SECTOR])


def other_page(victim):
    other = (victim.other([victim.material.foreign] * 12) + bytes(PAGE))[:PAGE]
    for size in (SECTOR, PAGE):
        at = victim.place() // size * size
        yield put(victim.data, at, other[:size])


def gzipped(victim):
    yield gzip.compress(victim.data, mtime=0)


def emptied(victim):
    yield b""
    yield bytes(len(victim.data))


KINDS = [
    cut_every_64, cut_at_borders, cut_front, hole, bit_in_entry, bit_at_border, bit_in_frame, byte_changed, nul_sector,
    nul_page, zero_tail, nul_behind, nul_between, interleaved_chunks, interleaved_lines, fused, no_begin, no_end,
    no_lines_around, dashes_lost, doubled, swapped, outer_longer, outer_shorter, inner_length, frame_longer,
    frame_shorter, indefinite, garbage_behind, garbage_before, byte_order_mark, utf16, crlf, cr_alone, blanks_behind,
    indented, literal_newlines, base64_again, quoted_printable, html, one_line, columns_mixed, stray_text, wrong_label,
    old_appended, longer_old_tail, newer_begun, key_instead, other_first_block, other_page, gzipped, emptied,
]  # fmt: skip

COSMETIC = {"crlf", "blanks_behind", "swapped", "one_line", "columns_mixed", "fused", "byte_order_mark", "wrong_label"}


# Of a directory alone: its files by name, bytes or the name that a link leads to.
def link_loop(files, chance):
    name = chance.choice([name for name, content in files.items() if isinstance(content, str)])
    return {**files, name: "loop.pem", "loop.pem": name}


def link_target_missing(files, chance):
    name = chance.choice([name for name, content in files.items() if isinstance(content, bytes)])
    return {other: content for other, content in files.items() if other != name}


def link_name_wrong(files, chance):
    name = chance.choice([name for name, content in files.items() if isinstance(content, str)])
    changed = dict(files)
    changed["0badc0de.0"] = changed.pop(name)
    return changed


def link_number_gap(files, chance):
    name = chance.choice([name for name, content in files.items() if isinstance(content, str)])
    changed = dict(files)
    changed[name[:-1] + "1"] = changed.pop(name)
    return changed


def links_swapped(files, chance):
    one, other = chance.sample([name for name, content in files.items() if isinstance(content, str)], 2)
    return {**files, one: files[other], other: files[one]}


DIRECTORY_KINDS = [link_loop, link_target_missing, link_name_wrong, link_number_gap, links_swapped]
