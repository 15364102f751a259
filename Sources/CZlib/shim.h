// zlib, and what of it Swift cannot import: the initialisers are macros.
#pragma once

#include <zlib.h>

// 15 bits of window, and 16 more to say that the data has gzip's header and trailer (RFC 1952).
static inline int CZlib_begin_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

static inline int CZlib_begin_gunzip(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}

// zlib's own format (RFC 1950), with a window of up to 32 KiB.
static inline int CZlib_begin_deflate(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15, 8, Z_DEFAULT_STRATEGY);
}

static inline int CZlib_begin_inflate(z_stream *stream) {
    return inflateInit2(stream, 15);
}
