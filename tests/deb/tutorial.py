# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the commands of docs/tutorial.md and compares what they answer with what stands there. Blocks begin with ```console, those for
another boot with ```console boot; a command begins with "# ", "..." stands for any lines. What differs from run to run is made alike first.
Usage: tutorial.py FILE [boot]; TAP. The text with the answers as they were goes to FILE.new."""
import re
import subprocess
import sys

ALIKE = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\[\d+\]", "[PID]"),
    (r"\bpid \d+", "pid PID"),
    (r"\b[0-9a-f]{64}\b", "HASH"),
    (r"\b6[1-5]\d{3}\b", "DYNAMIC"),
    (r"the last of \d+ times", "the last of N times"),
    (r"\b\d+ (min|s|ms|seconds|minutes)\b", "N s"),
    (r"\b6\.1\.\d+-\d+(-cloud)?-amd64", "KERNEL"),
    (r"\b\d+ hits?\b", "N hits"),
    (r"\b\d+ of (\d+) words, \d+ hooks\b", r"N of \1 words, N hooks"),
]


def alike(lines):
    text = "\n".join(lines)
    for pattern, word in ALIKE:
        text = re.sub(pattern, word, text)
    return text.split("\n") if text else []


def matches(wanted, seen):
    """Whether the lines are those, "..." being any number of them."""
    if not wanted:
        return not seen
    if wanted[0] == "...":
        return any(matches(wanted[1:], seen[i:]) for i in range(len(seen) + 1))
    return bool(seen) and wanted[0] == seen[0] and matches(wanted[1:], seen[1:])


def steps(lines):
    """(command, wanted lines) of a block"""
    at = 0
    while at < len(lines):
        command = [lines[at][2:]]
        at += 1
        if "<<'END'" in command[0]:
            while command[-1] != "END":
                command.append(lines[at])
                at += 1
        wanted = []
        while at < len(lines) and not lines[at].startswith("# "):
            wanted.append(lines[at])
            at += 1
        yield command, wanted


def main():
    kind = "```console" + (" boot" if len(sys.argv) > 2 else "")
    out, count, failed, block, text = [], 0, 0, None, open(sys.argv[1]).read().split("\n")
    for line in text:
        if block is None:
            out.append(line)
            if line == kind:
                block = []
            continue
        if line != "```":
            block.append(line)
            continue
        for command, wanted in steps(block):
            run = subprocess.run(["bash", "-c", "\n".join(command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, cwd="/root")
            seen = [s.rstrip() for s in run.stdout.decode(errors="replace").split("\n")]
            while seen and not seen[-1]:
                seen.pop()
            count += 1
            good = matches(alike(wanted), alike(seen))
            failed += not good
            print("%sok %d - %s" % ("" if good else "not ", count, command[0]))
            if not good:
                print("\n".join("#   " + s for s in ["saw:"] + seen + ["wanted:"] + wanted))
            sys.stdout.flush()
            out += ["# " + command[0]] + command[1:] + (wanted if good else seen)
        out.append(line)
        block = None
    open(sys.argv[1] + ".new", "w").write("\n".join(out))
    sys.exit(failed > 0)


main()
