"""Prints the line coverage over Sources after `swift test --enable-code-coverage`.

Lines named in coverage-exceptions.txt are left out, each with its reason there; an exception that
matches nothing is an error, so that the list cannot outlive its reasons. Fails under 95 %.

usage: coverage.py [FILE]    with FILE: the lines of that source file that no test reached
"""

import json
import pathlib
import shutil
import subprocess
import sys

MINIMUM = 95.0
ROOT = pathlib.Path(__file__).resolve().parent.parent
EXCEPTIONS = ROOT / "conf/coverage-exceptions.txt"


def measured():
    """Source file -> {line: count}, by the Swift toolchain's LLVM (others misread its profiles)."""
    tools = pathlib.Path(shutil.which("swift")).resolve().parent
    build = (ROOT / ".build/debug").resolve()
    profile = build / "codecov/all.profdata"
    # Also what processes that the tests started left here.
    subprocess.run(
        [tools / "llvm-profdata", "merge", "-sparse", "-o", profile,
         *(build / "codecov").glob("*.profraw")], check=True)
    report = subprocess.run(
        [tools / "llvm-cov", "export", "-format=lcov", f"-instr-profile={profile}",
         next(build.glob("*PackageTests.xctest")), ROOT / "Sources"],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    files, lines = {}, {}
    for record in report.splitlines():
        if record.startswith("SF:"):
            lines = files.setdefault(str(pathlib.Path(record[3:]).relative_to(ROOT)), {})
        elif record.startswith("DA:"):
            number, count = record[3:].split(",")[:2]
            lines[int(number)] = max(int(count), lines.get(int(number), 0))
    for source in (ROOT / "Sources").rglob("*.swift"):
        module = f"Sources/{source.relative_to(ROOT).parts[1]}/"
        if not any(path.startswith(module) for path in files):
            sys.exit(f"coverage.py: no test links {module}; make one depend on it")
    return files


def exceptions():
    """Rows `path | first line's text | reason`; no text means the whole file."""
    for row in EXCEPTIONS.read_text().splitlines():
        if row and not row.startswith("#"):
            path, text, reason = (cell.strip() for cell in row.split("|", 2))
            if not reason:
                sys.exit(f"{EXCEPTIONS.name}: \"{path}\" has no reason; write one")
            yield path, text


def excepted(path, text):
    """The lines of the declaration that begins with `text`, down to its closing brace."""
    source = (ROOT / path).read_text().splitlines()
    if not text:
        return range(1, len(source) + 1)
    starts = [number for number, line in enumerate(source) if line.strip().startswith(text)]
    if len(starts) != 1:
        sys.exit(f"{EXCEPTIONS.name}: \"{text}\" begins {len(starts)} lines of {path}; name one")
    start = starts[0]
    indent = source[start][:len(source[start]) - len(source[start].lstrip())]
    end = start
    if source[start].rstrip().endswith(("{", "(")):
        end = next(n for n in range(start + 1, len(source)) if source[n].startswith(indent + "}"))
    return range(start + 1, end + 2)


def main():
    files = measured()
    if len(sys.argv) > 1:
        for number, count in sorted(files[sys.argv[1]].items()):
            if count == 0:
                print(f"{sys.argv[1]}:{number}")
        return
    left_out = 0
    for path, text in exceptions():
        if path not in files:
            sys.exit(f"{EXCEPTIONS.name}: no measured file is named {path}; remove the row")
        for number in excepted(path, text):
            left_out += files[path].pop(number, None) is not None

    reached = {path: sum(count > 0 for count in lines.values()) for path, lines in files.items()}
    for path, lines in sorted(files.items()):
        if lines and reached[path] < MINIMUM / 100 * len(lines):
            print(f"{100 * reached[path] / len(lines):6.1f} %  {path}")
    total = sum(len(lines) for lines in files.values())
    share = 100 * sum(reached.values()) / total
    print(f"line coverage over Sources: {share:.2f} % of {total} lines"
          f" ({left_out} excepted, see conf/{EXCEPTIONS.name})")
    if share < MINIMUM:
        sys.exit(f"coverage.py: below {MINIMUM:.0f} %; test the files above")


if __name__ == "__main__":
    main()
