# SPDX-License-Identifier: GPL-2.0-or-later
# Reads a text in the exposition format of Prometheus, version 0.0.4, and takes nothing that the format or promtool's lint does not: what it says of
# lines, names, escapes and values, and besides help and type once before the series of a metric, these together, no series twice, counters and
# nothing else ending in _total; a histogram's buckets grow with le, and the last, +Inf, is its count. No time stamps either, which node_exporter refuses in a file. Says what is wrong with LINE: and status 1; else
# the number of series. Usage: exposition.py <TEXT
import re
import sys

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|\})')
VALUE = re.compile(r'[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|Inf)|NaN')


class Wrong(Exception):
    pass


def labels(text):  # behind the brace: what is in it, and what comes after
    found = []
    while True:
        m = LABEL.match(text)
        if not m:
            raise Wrong('no label: ' + text)
        if m[1] in [name for name, _ in found]:
            raise Wrong('label %s twice' % m[1])
        if m[1].startswith('__'):
            raise Wrong('label %s is reserved' % m[1])
        found.append((m[1], m[2]))
        text = text[m.end():]
        if m[3] == '}':
            return tuple(sorted(found)), text


class Text:
    def __init__(self):
        self.types, self.helps, self.series = {}, set(), set()
        self.now = None
        self.bucket = None

    def comment(self, line):
        m = re.fullmatch(r'# (HELP|TYPE) (%s) (.+)' % NAME, line)
        if not m:
            raise Wrong('neither help nor type')
        if m[1] == 'HELP':
            if m[2] in self.helps:
                raise Wrong('help of %s twice' % m[2])
            if re.search(r'\\(?![\\n])', m[3].replace('\\\\', '')):
                raise Wrong('an escape that is none')
            self.helps.add(m[2])
            self.now = None
            return
        if m[2] not in self.helps:
            raise Wrong('type of %s before its help' % m[2])
        if m[2] in self.types:
            raise Wrong('type of %s twice' % m[2])
        if m[3] not in ('counter', 'gauge', 'histogram'):
            raise Wrong('type %s' % m[3])
        if (m[3] == 'counter') != m[2].endswith('_total'):
            raise Wrong('%s is a %s' % (m[2], m[3]))
        self.types[m[2]] = m[3]
        self.now = m[2]

    def histogram(self, part, found, value):
        if ('le' in found) != (part == 'bucket'):
            raise Wrong('le belongs to buckets')
        if part == 'bucket':
            now = (float(found['le']), value)
            if self.bucket and (now[0] <= self.bucket[0] or now[1] < self.bucket[1]):
                raise Wrong('a bucket that is less than the one before')
            self.bucket = now
        elif self.bucket and self.bucket[0] != float('inf'):
            raise Wrong('no bucket for +Inf')
        elif part == 'count':
            if not self.bucket or self.bucket[1] != value:
                raise Wrong('the count is not that of the buckets')
            self.bucket = None

    def sample(self, line):
        m = re.match(NAME, line)
        if not m:
            raise Wrong('no name')
        name, rest, found = m[0], line[m.end():], ()
        metric, part = name, None
        if self.now and self.types[self.now] == 'histogram':
            m = re.fullmatch(r'(.*)_(bucket|sum|count)', name)
            if not m:
                raise Wrong('%s is no part of a histogram' % name)
            metric, part = m[1], m[2]
        if metric != self.now:
            raise Wrong('a series of %s, which did not just begin' % name)
        if rest.startswith('{'):
            found, rest = labels(rest[1:])
        if not rest.startswith(' ') or not VALUE.fullmatch(rest[1:]):
            raise Wrong('no value: ' + rest)
        if self.types[metric] != 'gauge' and rest[1] == '-':
            raise Wrong('a counter below 0')
        if part:
            self.histogram(part, dict(found), float(rest))
        if (name, found) in self.series:
            raise Wrong('a series twice')
        self.series.add((name, found))


def main():
    text, n = Text(), 0
    try:
        lines = sys.stdin.buffer.read().decode().split('\n')
        if lines.pop() != '':
            raise Wrong('no newline at the end')
        for n, line in enumerate(lines, 1):
            if re.search('[\x00-\x08\x0b-\x1f\x7f]', line):
                raise Wrong('a control character')
            (text.comment if line.startswith('#') else text.sample)(line)
    except (Wrong, UnicodeDecodeError) as e:
        sys.exit('%d: %s' % (n, e))
    print(len(text.series))


main()
