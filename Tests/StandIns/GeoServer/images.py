"""One colour in the formats that maps are asked for in, by nothing but the standard library."""

import hashlib
import struct
import zlib


def colour(*words):
    """Red, green and blue that stand for those words; never white, black or a pure gray."""
    red, green, blue = hashlib.sha256("\0".join(words).encode()).digest()[:3]
    return red | 1, green & 0xFE, blue ^ 1 if (blue ^ 1) not in (red, green) else blue


def chunk(name, data):
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(width, height, rgb, alpha=255):
    """A palette of one: the colour stands at offset 41 and need not be unpacked."""
    rows = zlib.compress((b"\0" * (width + 1)) * height, 9)
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
            + chunk(b"PLTE", bytes(rgb)) + (chunk(b"tRNS", bytes([alpha])) if alpha < 255 else b"")
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


class Bits:
    def __init__(self, low_first):
        self.low_first, self.value, self.count, self.bytes = low_first, 0, 0, bytearray()

    def put(self, value, count):
        if self.low_first:
            self.value |= value << self.count
        else:
            self.value = self.value << count | value
        self.count += count
        while self.count >= 8:
            if self.low_first:
                byte, self.value = self.value & 0xFF, self.value >> 8
            else:
                byte = self.value >> (self.count - 8) & 0xFF
                self.value &= (1 << (self.count - 8)) - 1
            self.count -= 8
            self.bytes.append(byte)
            if not self.low_first and byte == 0xFF:
                self.bytes.append(0)

    def end(self):
        if self.count:
            spare = 8 - self.count
            self.put(0 if self.low_first else (1 << spare) - 1, spare)
        return bytes(self.bytes)


def gif(width, height, rgb, alpha=255):
    """LZW that clears its table before it would grow, so that each pixel is a 3 bit code."""
    bits = Bits(low_first=True)
    for at in range(width * height):
        if at % 2 == 0:
            bits.put(4, 3)
        bits.put(0, 3)
    bits.put(5, 3)
    data = bits.end()
    blocks = b"".join(
        bytes([len(data[at:at + 255])]) + data[at:at + 255] for at in range(0, len(data), 255))
    transparent = b"\x21\xf9\x04\x01\0\0\0\0" if alpha < 255 else b""
    return (b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(rgb) + b"\0\0\0"
            + transparent + b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0)
            + b"\x02" + blocks + b"\0\x3b")


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(width, height, rgb, alpha=255):
    """Baseline; blocks of one mean each, so that only the first one has a difference to code."""
    red, green, blue = rgb
    levels = [0.299 * red + 0.587 * green + 0.114 * blue,
              128 - 0.168736 * red - 0.331264 * green + 0.5 * blue,
              128 + 0.5 * red - 0.418688 * green - 0.081312 * blue]
    bits = Bits(low_first=False)
    for block in range(((width + 7) // 8) * ((height + 7) // 8)):
        for level in levels:
            value = round(level) - 128 if block == 0 else 0
            size = abs(value).bit_length()
            bits.put(size, 4)
            if size:
                bits.put(value if value > 0 else value + (1 << size) - 1, size)
            bits.put(0, 1)
    parts = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    return (b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
            + segment(0xDB, b"\0" + bytes([8] * 64))
            + segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + parts)
            + segment(0xC4, b"\x00" + bytes([0, 0, 0, 9] + [0] * 12) + bytes(range(9)))
            + segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0")
            + segment(0xDA, b"\3\1\0\2\0\3\0\0\x3f\0") + bits.end() + b"\xff\xd9")


FORMATS = {
    "image/png": (png, "image/png"), "image/png8": (png, "image/png"),
    "image/png; mode=8bit": (png, "image/png; mode=8bit"),
    "image/gif": (gif, "image/gif"), "image/jpeg": (jpeg, "image/jpeg"),
    "image/vnd.jpeg-png": (png, "image/png"),
}
