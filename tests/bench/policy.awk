# SPDX-License-Identifier: GPL-2.0-or-later
# One list of rules in two languages, for tests/bench: awk -v form=bailiff|apparmor -v rules=N -v mode=enforce|audit [-v ops=OPERATIONS] -f policy.awk
# The first few rules are what the works of speed.c need, the others are N of the kind that a list of allowed files has, with hashed names:
# numbers in sequence would be minimised away. What is not in the list is refused.

function hash(   i, h) { # eight hexadecimal digits, the same in each run
	seed = (seed * 16807) % 2147483647
	h = sprintf("%08x", seed)
	return h
}

function rule(what, path) {
	if (form == "apparmor")
		printf "\t%s %s,\n", path, what == "all" ? "rwkl" : what == "exec" ? "rmix" : "r"
	else
		printf "\tallow %s %s;\n", what == "all" ? "file" : what == "exec" ? "read, exec" : "read", path
}

BEGIN {
	seed = 20261122
	if (form == "apparmor") {
		print "profile bench /tmp/bench/bin/confined" (mode == "audit" ? " flags=(complain)" : "") " {"
		print "\tcapability,\n\tnetwork inet,\n\tnetwork unix,\n\tunix,\n\tsignal,"
	} else {
		print "profile bench {\n\tsubject exe /tmp/bench/bin/confined;\n\tmode " mode ";"
		print "\tallow socket inet, unix;\n\tallow connect tcp, udp to 127.0.0.0/8;\n\tallow bind, accept tcp, udp on 127.0.0.0/8;"
		print "\tallow connect unix to /tmp/bench/**;\n\tallow bind, accept unix on /tmp/bench/**;"
	}
	rule("read", "/bench1")
	rule("read", "/tmp/bench/cold/**")
	rule("all", "/tmp/bench/dir02/**")
	rule("exec", "/tmp/bench/bin/*")
	# the whole programs of programs.sh
	rule("exec", "/usr/**")
	rule("exec", "/tmp/bench/tools/**")
	rule("read", "/etc/**")
	rule("read", "/proc/**")
	rule("read", "/sys/**")
	rule("all", "/dev/null")
	rule("all", "/tmp/bench/made/**")
	rule("read", "/tmp/bench/{src,www,tree}/**")
	rule("read", "/tmp/bench/tree" (form == "apparmor" ? "/" : ""))
	for (i = 0; i < rules; i++)
		rule("read", "/opt/app" hash() "*/data/**/file" hash() "?.[ch]")
	if (form != "apparmor")
		print "\tdefault deny " (ops == "" ? "file, exec, network" : ops) ";"
	print "}"
}
