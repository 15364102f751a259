#!/usr/bin/env bash
# Builds one fuzzer and runs it for a number of seconds, starting from its committed corpus:
#   Tests/Fuzzers/run.sh HeadParser|ChunkedDecoder|EntryRecord|XMLScanner|PathMatcher|SignedPolicy|
#       AcceptEncoding|KeySelection|GzipReader|LogReader|PNG|TileRequest|Transaction|TimeValue
#       [seconds, default 60; or "check": it is compiled against a debug build, and not run]
# Where a fuzzer looks for a property that the tests know as well, that file is built in.
# A crash leaves its input in the folder named at the end; make it a corpus file and a test.
set -euo pipefail

entry=${1:?usage: run.sh FUZZER [seconds], such as HeadParser}
seconds=${2:-60}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/fuzz-$entry-XXXXXX")

all=(HTTP Tiles Caching CloudFront)
property=
case $entry in
    HeadParser) corpus=head modules=(HTTP) ;;
    ChunkedDecoder) corpus=chunked modules=(HTTP) ;;
    EntryRecord) corpus=record modules=(HTTP Tiles Caching) ;;
    XMLScanner) corpus=xml modules=(HTTP) ;;
    PathMatcher) corpus=path modules=("${all[@]}") property=PathProperty ;;
    SignedPolicy) corpus=signature modules=("${all[@]}") property=SignatureProperty ;;
    AcceptEncoding) corpus=coding modules=("${all[@]}") property=CodingProperty ;;
    KeySelection) corpus=selection modules=("${all[@]}") property=SelectionProperty ;;
    GzipReader) corpus=gzip modules=(HTTP) property=GzipProperty ;;
    LogReader) corpus=log modules=("${all[@]}") property=LogProperty ;;
    PNG) corpus=png modules=(HTTP Tiles) ;;
    TileRequest) corpus=tile modules=(HTTP Tiles) property=TileProperty ;;
    Transaction) corpus=transaction modules=(HTTP Tiles Caching) property=TransactionProperty ;;
    TimeValue) corpus=time modules=(HTTP Tiles) property=TimeProperty ;;
    *) echo "no fuzzer is named \"$entry\"; see Tests/Fuzzers" >&2; exit 2 ;;
esac

if [ "$seconds" = check ]; then
    rm -r "$work"
    exec swiftc -typecheck -swift-version 6 -package-name mapedge -parse-as-library \
        -warnings-as-errors -I "$root/.build/debug/Modules" -I "$root/Sources/CZlib" \
        -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility \
        -enable-upcoming-feature InternalImportsByDefault "$root/Tests/Fuzzers/$entry.swift" \
        ${property:+"$root/Tests/FuzzTests/Properties/$property.swift"}
fi

flags=(-O -swift-version 6 -package-name mapedge -parse-as-library -sanitize=fuzzer
    -I "$work" -I "$root/Sources/CZlib"
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility
    -enable-upcoming-feature InternalImportsByDefault)
objects=()
for module in "${modules[@]}"; do
    mapfile -t sources < <(find "$root/Sources/$module" -name '*.swift')
    (cd "$work" && swiftc "${flags[@]}" -wmo -module-name "$module" -emit-object \
        -o "$module.o" -emit-module -emit-module-path "$module.swiftmodule" \
        "${sources[@]}")
    objects+=("$work/$module.o")
done
swiftc "${flags[@]}" -module-name Fuzzer -o "$work/fuzzer" \
    "$root/Tests/Fuzzers/$entry.swift" \
    ${property:+"$root/Tests/FuzzTests/Properties/$property.swift"} "${objects[@]}"

# New finds go to the work folder; the committed corpus is only read.
mkdir "$work/found"
status=0
SWIFT_BACKTRACE=enable=no "$work/fuzzer" -max_total_time="$seconds" -max_len=4096 -timeout=5 \
    -print_final_stats=1 -artifact_prefix="$work/" \
    "$work/found" "$root/Tests/FuzzTests/Corpora/$corpus" || status=$?
if [ "$status" -ne 0 ]; then
    echo "the input that failed is in $work" >&2
    exit "$status"
fi
rm -r "$work"
