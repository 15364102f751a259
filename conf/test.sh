#!/usr/bin/env bash
# Builds every test once, with coverage, runs them all, and prints the line coverage over Sources.
# The last line is the test runner's own.
set -euo pipefail
cd "$(dirname "$0")/.."
export SWIFT_BACKTRACE=enable=no

ruby conf/about/check.rb
swift build --build-tests --enable-code-coverage

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
