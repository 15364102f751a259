#!/usr/bin/env bash
# Builds every test once, with coverage, runs them all, and prints the line coverage over Sources.
# The last line is the test runner's own.
set -euo pipefail
cd "$(dirname "$0")/.."
export SWIFT_BACKTRACE=enable=no

ruby conf/about/check.rb
# Nobody asks these binaries for the lines of a backtrace.
swift build --build-tests --enable-code-coverage -debug-info-format none

# The benchmarks are a package of their own, whose build would take as long as this one: that what
# they call is still there is seen by its modules.
check() {
    swiftc -typecheck -swift-version 6 -warnings-as-errors -I .build/debug/Modules "$@" \
        $(printf -- '-Xcc -fmodule-map-file=%s ' Sources/C*/*.modulemap \
            Benchmarks/Sources/C*/include/*.modulemap)
}
check Benchmarks/Sources/HitPath/*.swift
check -parse-as-library Benchmarks/Sources/StoreBenchmark/*.swift
# So are the fuzzers, which have modules built for them alone.
for fuzzer in Tests/Fuzzers/*.swift; do
    Tests/Fuzzers/run.sh "$(basename "$fuzzer" .swift)" check
done

# Caches of half a gigabyte, browsers' profiles: all goes, also what a run that is broken off leaves.
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
log=$TMPDIR/log
# Profiles of earlier runs would count for this one.
rm -rf .build/debug/codecov
status=0
swift test --skip-build --enable-code-coverage </dev/null 2>&1 | tee "$log" || status=$?

# What failed stands last, since a whole log may be more than is kept of it.
[ "$status" -eq 0 ] || grep -aE ' recorded an issue| (Test|Suite) .* failed after' "$log" | tail -n 20
covered=0
[ "$status" -ne 0 ] || python3 conf/coverage.py || covered=$?
grep -aE ' Test run with ' "$log" | tail -n 1
[ "$status" -eq 0 ] || exit "$status"
exit "$covered"
