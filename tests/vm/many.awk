# SPDX-License-Identifier: GPL-2.0-or-later
# Writes a policy of 1,000 rules to `policy`, and probes for it to `probes`, one "OP<tab>OBJECT" a line: for every tenth
# rule names that it matches and near misses. Names are hashed: consecutive ones would share most of the automaton.
function h(n,  s) { # n hexadecimal digits from the last place of a generator that is the same everywhere
	s = ""
	while (n-- > 0) {
		seed = (seed * 1103515245 + 12345) % 2147483648
		s = s substr("0123456789abcdef", int(seed / 65536) % 16 + 1, 1)
	}
	return s
}
function rule(text) { print "    " text ";" >policy; rules++ }
function probe(op, object) { print op "\t" object >probes }
BEGIN {
	seed = 20261121
	print "profile many {\n    subject exe /t/many;" >policy
	for (i = 0; i < 400; i++) {
		a = h(8); f = h(6)
		rule("deny read /t/app" a "*/data/**/file" f "?.[ch]")
		if (i % 8) continue
		probe("read", "/t/app" a "/data/file" f "x.c")
		probe("read", "/t/app" a "-v2/data/x/y/z/file" f "1.h")
		probe("read", "/t/app" a "/data/file" f ".c")
		probe("read", "/t/app" a "/data/file" f "x.o")
		probe("read", "/t/app" substr(a, 1, 7) "/data/file" f "x.c")
	}
	for (i = 0; i < 200; i++) {
		a = h(8); f = h(4)
		rule("deny write /t/lib" a "/{a,bb}*/x[0-9]" f "*")
		if (i % 8) continue
		probe("write", "/t/lib" a "/a/x7" f)
		probe("write", "/t/lib" a "/bbc/x0" f ".so.1")
		probe("write", "/t/lib" a "/b/x7" f)
		probe("read", "/t/lib" a "/a/x7" f)
	}
	for (i = 0; i < 50; i++) {
		a = h(6)
		rule("allow read /t/etc" a "/ok*, /t/etc" a "/**/public")
		rule("deny read, create /t/etc" a "/**")
		if (i % 5) continue
		probe("read", "/t/etc" a "/okay")
		probe("read", "/t/etc" a "/not-ok")
		probe("read", "/t/etc" a "/deep/er/public")
		probe("mkdir", "/t/etc" a "/new")
		probe("mkdir", "/t/new" a)
	}
	for (i = 0; i < 200; i++) {
		b = int(i / 16) + 1; c = (i % 16) * 16; p = 1000 + i * 13
		rule("deny connect udp to 127." b "." c ".0/" (20 + i % 9) " port " p "-" p + 5)
		if (i % 5) continue
		probe("udp", "127." b "." c ".1 " p)
		probe("udp", "127." b "." c ".1 " p + 6)
		probe("udp-send", "127." b "." c + 7 ".255 " p + 5)
	}
	for (i = 0; i < 100; i++) {
		a = h(8); f = h(4)
		rule("deny exec /t/bin" a "*/tool?" f)
		if (i % 8) continue
		probe("exec", "/t/bin" a "/toolA" f)
		probe("exec", "/t/bin" a "-old/toolB" f)
		probe("exec", "/t/bin" a "/tool" f)
	}
	print "}" >policy
	if (rules != 1000) {
		print "made " rules " rules" >"/dev/stderr"
		exit 1
	}
}
