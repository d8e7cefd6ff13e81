/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The named sets that come with the compiler, as the policy text that they are. */
#include "shipped.h"

#include <string.h>

#include "arena.h"
#include "parser.h"
#include "banned.h"

/*
 * Paths are those that the kernel sees on Debian with merged /usr: of real files, not of the links that lead to them
 * (/bin/sh, /usr/bin/python3, what /etc/alternatives chooses). Names that are a link on one machine and a file on
 * another are in: a pattern that meets nothing costs nothing.
 */
static const char shipped_text[] =
	"# RFC 1122 section 3.2.1.3 (g), RFC 4291 section 2.5.3\n"
	"set loopback = 127.0.0.0/8, ::1;\n"
	"# RFC 1918 section 3, RFC 4193 section 3.1. Not 100.64.0.0/10: that is shared, RFC 6598.\n"
	"set private = 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7;\n"
	"# RFC 3927 section 2.1, RFC 4291 section 2.4\n"
	"set linklocal = 169.254.0.0/16, fe80::/10;\n"
	"# RFC 5771 section 3, RFC 4291 section 2.4\n"
	"set multicast = 224.0.0.0/4, ff00::/8;\n"
	"set shells = /usr/bin/{sh,ash,bash,bash-static,dash,posh,yash,fish,elvish,rc,es,sash},\n"
	"    /usr/bin/{ksh,ksh93,mksh,mksh-static,lksh,oksh}, /usr/bin/{zsh,zsh5,zsh-static},\n"
	"    /usr/bin/{csh,bsd-csh,tcsh}, /usr/bin/{busybox,toybox}, /usr/lib/klibc/bin/sh*;\n"
	"set interpreters = /usr/bin/python[23]{,.[0-9]*}, /usr/bin/pypy3{,.[0-9]*}, /usr/lib/pypy3*/bin/pypy3*,\n"
	"    /usr/bin/perl{,5.[0-9]*}, /usr/bin/ruby{,[0-9]*}, /usr/bin/{lua,luajit}{,[0-9-]*},\n"
	"    /usr/bin/php{,[0-9]*}, /usr/bin/php-cgi{,[0-9]*}, /usr/bin/phpdbg{,[0-9]*},\n"
	"    /usr/bin/{node,nodejs}, /usr/bin/{tclsh,wish}{,[0-9]*}, /usr/bin/expect,\n"
	"    /usr/bin/{awk,mawk,gawk,original-awk}, /usr/bin/guile{,-[0-9]*}, /usr/lib/*/guile/*/bin/guile,\n"
	"    /usr/lib/R/bin/exec/R, /usr/lib/jvm/*/bin/java, /usr/lib/jvm/*/jre/bin/java, /usr/bin/mono{,-*};\n";

struct ast_block *shipped_sets(struct arena *arena, struct diags *diags)
{
	return parse_file(arena, diags, src_built_in(arena, "<shipped sets>", shipped_text), PARSE_FILE);
}
