/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <string.h>

#include "banned.h"

struct name {
	const char *word;
	uint32_t value;
};

/* include/uapi/linux/capability.h */
static const struct name capabilities[] = {
	{"chown", 0},		  {"dac_override", 1},	 {"dac_read_search", 2}, {"fowner", 3},
	{"fsetid", 4},		  {"kill", 5},		 {"setgid", 6},		 {"setuid", 7},
	{"setpcap", 8},		  {"linux_immutable", 9}, {"net_bind_service", 10}, {"net_broadcast", 11},
	{"net_admin", 12},	  {"net_raw", 13},	 {"ipc_lock", 14},	 {"ipc_owner", 15},
	{"sys_module", 16},	  {"sys_rawio", 17},	 {"sys_chroot", 18},	 {"sys_ptrace", 19},
	{"sys_pacct", 20},	  {"sys_admin", 21},	 {"sys_boot", 22},	 {"sys_nice", 23},
	{"sys_resource", 24},	  {"sys_time", 25},	 {"sys_tty_config", 26}, {"mknod", 27},
	{"lease", 28},		  {"audit_write", 29},	 {"audit_control", 30},	 {"setfcap", 31},
	{"mac_override", 32},	  {"mac_admin", 33},	 {"syslog", 34},	 {"wake_alarm", 35},
	{"block_suspend", 36},	  {"audit_read", 37},	 {"perfmon", 38},	 {"bpf", 39},
	{"checkpoint_restore", 40}, {NULL, 0},
};

/* include/uapi/asm-generic/signal.h; real-time signals are numbers */
static const struct name signals[] = {
	{"HUP", 1},   {"INT", 2},	{"QUIT", 3},	{"ILL", 4},   {"TRAP", 5},   {"ABRT", 6},  {"BUS", 7},
	{"FPE", 8},   {"KILL", 9},	{"USR1", 10},	{"SEGV", 11}, {"USR2", 12},  {"PIPE", 13}, {"ALRM", 14},
	{"TERM", 15}, {"STKFLT", 16},	{"CHLD", 17},	{"CONT", 18}, {"STOP", 19},  {"TSTP", 20}, {"TTIN", 21},
	{"TTOU", 22}, {"URG", 23},	{"XCPU", 24},	{"XFSZ", 25}, {"VTALRM", 26}, {"PROF", 27}, {"WINCH", 28},
	{"IO", 29},   {"PWR", 30},	{"SYS", 31},	{NULL, 0},
};

/* include/linux/socket.h */
static const struct name families[] = {
	{"unix", 1},	 {"inet", 2},	 {"ax25", 3},	 {"ipx", 4},	  {"appletalk", 5}, {"netrom", 6},
	{"atmpvc", 8},	 {"x25", 9},	 {"inet6", 10},	 {"rose", 11},	  {"key", 15},	    {"netlink", 16},
	{"packet", 17},	 {"atmsvc", 20}, {"rds", 21},	 {"pppox", 24},	  {"llc", 26},	    {"ib", 27},
	{"mpls", 28},	 {"can", 29},	 {"tipc", 30},	 {"bluetooth", 31}, {"iucv", 32},   {"rxrpc", 33},
	{"isdn", 34},	 {"phonet", 35}, {"ieee802154", 36}, {"caif", 37}, {"alg", 38},	    {"nfc", 39},
	{"vsock", 40},	 {"kcm", 41},	 {"qipcrtr", 42}, {"smc", 43},	  {"xdp", 44},	    {"mctp", 45},
	{NULL, 0},
};

/* include/linux/net.h */
static const struct name sock_types[] = {
	{"stream", 1}, {"dgram", 2}, {"raw", 3}, {"rdm", 4}, {"seqpacket", 5}, {"dccp", 6}, {"packet", 10}, {NULL, 0},
};

/* include/uapi/linux/in.h; MPTCP (262) is TCP here */
static const struct name protocols[] = {
	{"icmp", 1},	{"igmp", 2},	{"ipip", 4},	{"tcp", 6},	{"udp", 17},	{"dccp", 33},
	{"ipv6", 41},	{"gre", 47},	{"esp", 50},	{"ah", 51},	{"icmpv6", 58}, {"l2tp", 115},
	{"sctp", 132},	{"udplite", 136}, {"raw", 255}, {NULL, 0},
};

static const struct name *names_table(enum bl_names table)
{
	static const struct name *const tables[] = {
		[BL_NAMES_CAPABILITY] = capabilities, [BL_NAMES_SIGNAL] = signals,   [BL_NAMES_FAMILY] = families,
		[BL_NAMES_SOCK_TYPE] = sock_types,    [BL_NAMES_PROTOCOL] = protocols,
	};

	return tables[table];
}

int32_t bl_names_value(enum bl_names table, const char *word)
{
	for (const struct name *n = names_table(table); n->word; n++)
		if (strcmp(n->word, word) == 0)
			return (int32_t)n->value;
	return -1;
}

const char *bl_names_word(enum bl_names table, uint32_t value)
{
	for (const struct name *n = names_table(table); n->word; n++)
		if (n->value == value)
			return n->word;
	return NULL;
}

const char *bl_names_at(enum bl_names table, size_t i)
{
	return names_table(table)[i].word;
}
