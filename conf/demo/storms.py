"""Reads NOAA's Atlantic hurricane tracks (HURDAT2) out of Debian's r-cran-dplyr and writes CSV.

The package keeps its data set `storms` in an R lazy-load database: `Rdata.rdx` is a compressed
index of offsets into `Rdata.rdb`, whose parts are compressed R objects in XDR form. This module
reads as much of that form as a data frame needs, so that R need not be installed.

usage: storms.py DIRECTORY_OF_RDATA > storms.csv
"""

import bz2
import csv
import lzma
import pathlib
import struct
import sys
import zlib

# R's type codes, from R Internals, section "Serialization Formats".
SYMBOL, PAIRLIST, CHARACTER, LOGICAL, INTEGER, REAL, STRING, VECTOR = 1, 2, 9, 10, 13, 14, 16, 19
REFERENCE, NULL, ALTERNATIVE = 255, 254, 238
MISSING_INTEGER = -(2**31)


class Reader:
    """One serialized R object; attributes come back beside the value."""

    def __init__(self, data):
        self.data, self.at, self.symbols = data, 0, []
        if self.take(2) != b"X\n":
            raise SystemExit("storms.py: not an R object in XDR form; is the package complete?")
        version, _, _ = self.integers(3)
        if version >= 3:
            self.take(self.integers(1)[0])  # the writer's native encoding

    def take(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def integers(self, count):
        return struct.unpack(f">{count}i", self.take(4 * count))

    def item(self):
        """The next object as (value, attributes)."""
        flags, = self.integers(1)
        kind, has_attributes, has_tag = flags & 0xFF, flags & 0x200, flags & 0x400
        if kind == NULL:
            return None, {}
        if kind == REFERENCE:
            return self.symbols[(flags >> 8) - 1], {}
        if kind == SYMBOL:
            self.symbols.append(self.item()[0])
            return self.symbols[-1], {}
        if kind == PAIRLIST:
            return self.pairs(has_attributes, has_tag), {}
        if kind == ALTERNATIVE:
            return self.alternative()
        value = self.vector(kind)
        return value, (self.item()[0] if has_attributes and kind != CHARACTER else {})

    def pairs(self, has_attributes, has_tag):
        """A pair list as a dictionary; untagged values are numbered."""
        found = {}
        while True:
            if has_attributes:
                self.item()
            tag = self.item()[0] if has_tag else len(found)
            found[tag] = self.item()[0]
            flags, = self.integers(1)
            if flags & 0xFF != PAIRLIST:
                return found
            has_attributes, has_tag = flags & 0x200, flags & 0x400

    def alternative(self):
        """R's compact forms; only the arithmetic sequence occurs in data frames."""
        information, (state, _), _ = self.item()[0], self.item(), self.item()
        if information[0] == "compact_intseq":
            count, first, step = state
            return [int(first + step * index) for index in range(int(count))], {}
        return state, {}

    def vector(self, kind):
        count, = self.integers(1)
        if kind == CHARACTER:
            return None if count == -1 else self.take(count).decode()
        if kind in (LOGICAL, INTEGER):
            return [None if v == MISSING_INTEGER else v for v in self.integers(count)]
        if kind == REAL:
            return list(struct.unpack(f">{count}d", self.take(8 * count)))
        if kind in (STRING, VECTOR):
            return [self.item() if kind == VECTOR else self.item()[0] for _ in range(count)]
        raise SystemExit(f"storms.py: R type {kind} is not known here; is the package newer?")


def part(data):
    """One part of a lazy-load database: its length, a letter for the method, the bytes."""
    length, method = struct.unpack(">I", data[:4])[0], data[4:5]
    if method == b"2":
        plain = bz2.decompress(data[5:])
    elif method == b"Z":
        plain = lzma.decompress(data[5:], lzma.FORMAT_RAW, None, [{"id": lzma.FILTER_LZMA2}])
    else:
        plain = zlib.decompress(data[4:])
    if len(plain) != length:
        raise SystemExit("storms.py: Rdata.rdb is damaged; fetch the package again")
    return plain


def frame(directory, name):
    """The columns of one data frame by name; factors become their words."""
    index, attributes = Reader(zlib.decompress((directory / "Rdata.rdx").read_bytes(), 47)).item()
    variables, names = index[attributes["names"].index("variables")]
    offset, length = variables[names["names"].index(name)][0]
    columns, attributes = Reader(
        part((directory / "Rdata.rdb").read_bytes()[offset:offset + length])).item()
    found = {}
    for heading, (values, details) in zip(attributes["names"], columns):
        levels = (details or {}).get("levels")
        found[heading] = [levels[v - 1] if v else None for v in values] if levels else values
    return found


def main():
    storms = frame(pathlib.Path(sys.argv[1]), "storms")
    output = csv.writer(sys.stdout, lineterminator="\n")
    output.writerow(["name", "time", "latitude", "longitude", "status", "wind", "pressure"])
    moments = zip(*(map(int, storms[unit]) for unit in ("year", "month", "day", "hour")))
    for row, (year, month, day, hour) in enumerate(moments):
        output.writerow([
            storms["name"][row], f"{year:04}-{month:02}-{day:02}T{hour:02}:00:00Z",
            *(storms[column][row] for column in ("lat", "long", "status", "wind", "pressure")),
        ])


if __name__ == "__main__":
    main()
