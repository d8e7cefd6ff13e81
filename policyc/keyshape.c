/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of byte strings as little automata whose states are numbers: what form, and how far. */
#include "keyshape.h"

#include "banned.h"

/* The form is in the high byte, what is known within it below. */
enum form {
	F_PATH = 1,
	F_FILE,	    /* at its beginning: a path that is not the root */
	F_UNIX,	    /* at its beginning */
	F_ABSTRACT, /* after '@' */
	F_NAME,	    /* one component */
	F_ID,	    /* four bytes */
	F_BYTE,
	F_SOCK,
	F_NET,
	F_SYS, /* before the operation's byte */
	F_MOUNT,
	F_MODULE,
	F_FSTYPE, /* before BL_CODE_FSTYPE */
	F_DONE
};
#define STATE(form, more) ((uint32_t)(form) << 24 | (more))
#define FORM(s) ((enum form)((s) >> 24))
#define MORE(s) ((s)&0xffffffu)
#define DONE STATE(F_DONE, 0)

/* ---- paths: no empty component, no "." and "..", no slash at the end of any but the root ---- */
enum { PATH_BEGIN, PATH_ROOT, PATH_SLASH, PATH_IN, PATH_DOT, PATH_DOTS };

static uint32_t path_step(uint32_t at, uint8_t b)
{
	if (at == PATH_BEGIN)
		return b == '/' ? STATE(F_PATH, PATH_ROOT) : 0;
	if (b == 0)
		return 0;
	if (b == '/')
		return at == PATH_IN ? STATE(F_PATH, PATH_SLASH) : 0;
	if (b == '.' && (at == PATH_ROOT || at == PATH_SLASH))
		return STATE(F_PATH, PATH_DOT);
	return b == '.' && at == PATH_DOT ? STATE(F_PATH, PATH_DOTS) : STATE(F_PATH, PATH_IN);
}

/* What can be done to the root: it is a directory, always there, and stays where it is. */
#define ROOT_OPS (BL_OP_BIT(BL_OP_READ) | BL_OP_BIT(BL_OP_ATTR) | BL_OP_BIT(BL_OP_SETID))

/* ---- one component: 1 if there is a byte of it ---- */
static uint32_t name_step(uint8_t b)
{
	return b == 0 || b == '/' ? 0 : STATE(F_NAME, 1);
}

/* ---- ids: bytes left; ID_ONES: all so far are 0xff, and together they may not be ---- */
#define ID_ONES 8u

static uint32_t id_step(uint32_t more, uint8_t b)
{
	uint32_t left = (more & 7u) - 1, ones = b == 0xff ? more & ID_ONES : 0;

	if (left == 0)
		return ones ? 0 : DONE;
	return STATE(F_ID, left | ones);
}

/* ---- one byte from lo to hi ---- */
static uint32_t byte_step(uint32_t more, uint8_t b)
{
	return b >= more >> 8 && b <= (more & 0xff) ? DONE : 0;
}

/* ---- sockets: position | type << 4 | inet << 8 | the protocol's first byte << 9, as bl_key_sock() makes them ---- */
static uint32_t sock_step(uint32_t more, uint8_t b)
{
	uint32_t at = more & 15, type = more >> 4 & 15, inet = more >> 8 & 1, high = more >> 9 & 0xff, protocol = high << 8 | b;

	switch (at) {
	case 0:
		return b == 0 ? STATE(F_SOCK, 1) : 0;
	case 1: /* below AF_MAX of linux/socket.h */
		return b < 46 ? STATE(F_SOCK, 2 | (b == 2 || b == 10 ? 1u << 8 : 0)) : 0;
	case 2:
		return b >= 1 && b <= 10 ? STATE(F_SOCK, 3 | (more & ~15u) | (uint32_t)b << 4) : 0;
	case 3:
		return STATE(F_SOCK, 4 | (more & ~15u) | (uint32_t)b << 9);
	default:
		if (inet && (protocol == 262 || (protocol == 0 && (type == 1 || type == 2 || type == 5 || type == 6))))
			return 0;
		return DONE;
	}
}

/* ---- addresses ---- */
#define NET_POS 63u
#define NET_V6 64u
#define NET_ACCEPT 128u	 /* the peer's address follows */
#define NET_CONNECT 256u /* the unspecified address is none */
#define NET_ZERO 512u	 /* all of the address so far is */
#define NET_MAPPED 1024u /* so far it is as a v4-mapped one, which there is none of */
#define NET_PEER 2048u

/* Halves of bytes, as bl_key_net() has them. */
static uint32_t net_halves(uint32_t more)
{
	return more & NET_V6 ? 32 : 8;
}

static uint32_t net_addr(uint32_t more, uint32_t at, uint8_t b)
{
	bool last = at + 1 == net_halves(more);

	if (b != 0)
		more &= ~NET_ZERO;
	if (!(more & NET_V6) || at > 23 || b != (at < 20 ? 0 : 15))
		more &= ~NET_MAPPED;
	if ((at == 23 && (more & NET_MAPPED)) || (last && (more & NET_ZERO) && (more & NET_CONNECT)))
		return 0;
	if (last && (more & NET_PEER))
		return DONE;
	return STATE(F_NET, more + 1);
}

static uint32_t net_step(uint32_t more, uint8_t b)
{
	uint32_t at = more & NET_POS, fresh = NET_ZERO | NET_MAPPED, port = 2 + net_halves(more);

	if (at == 0)
		return b == BL_PROTO_TCP || b == BL_PROTO_UDP || b == BL_PROTO_OTHER ? STATE(F_NET, more + 1) : 0;
	if (at == 1)
		return b == BL_FAM_INET	   ? STATE(F_NET, (more + 1) | fresh)
		       : b == BL_FAM_INET6 ? STATE(F_NET, (more + 1) | fresh | NET_V6)
					   : 0;
	if (b > 15)
		return 0;
	if (at < port)
		return net_addr(more, at - 2, b);
	if (at < port + 3)
		return STATE(F_NET, more + 1);
	if (more & NET_ACCEPT)
		return STATE(F_NET, (more & ~(NET_POS | NET_ACCEPT)) | 2 | NET_PEER | fresh);
	return DONE;
}

/* A raw socket has no port. */
static bool net_ends(uint32_t more)
{
	return !(more & (NET_ACCEPT | NET_PEER)) && (more & NET_POS) == 2 + net_halves(more);
}

/* ---- objects of the system class ---- */
static uint32_t sys_step(uint32_t op, uint8_t b)
{
	if (b != op)
		return 0;
	switch (op) {
	case BL_OP_CAPABILITY:
		return STATE(F_BYTE, 63);
	case BL_OP_SIGNAL:
		return STATE(F_BYTE, 1 << 8 | 64);
	case BL_OP_SETUID:
	case BL_OP_SETGID:
		return STATE(F_ID, 4 | ID_ONES);
	case BL_OP_MOUNT:
		return STATE(F_MOUNT, 0);
	case BL_OP_MODULE:
		return STATE(F_MODULE, 0);
	case BL_OP_UMOUNT:
	case BL_OP_PIVOT:
		return STATE(F_PATH, PATH_BEGIN);
	default:
		return DONE;
	}
}

/* 0: before the type, 1: in it, 2: in the source */
static uint32_t mount_step(uint32_t at, uint8_t b)
{
	if (b != 0)
		return STATE(F_MOUNT, at == 0 ? 1 : at);
	if (at == 0)
		return 0;
	return at == 1 ? STATE(F_MOUNT, 2) : STATE(F_PATH, PATH_BEGIN);
}

uint32_t shape_start(enum bl_kind kind, unsigned int op)
{
	switch (kind) {
	case BL_KEY_USER:
	case BL_KEY_GROUP:
		return STATE(F_ID, 4 | ID_ONES);
	case BL_KEY_LOGIN:
		return STATE(F_ID, 4);
	case BL_KEY_CAPABILITY:
		return STATE(F_BYTE, 63);
	case BL_KEY_UNIT:
	case BL_KEY_CONTAINER:
		return STATE(F_NAME, 0);
	case BL_KEY_NET:
		return STATE(F_NET, op == BL_OP_ACCEPT ? NET_ACCEPT : op == BL_OP_CONNECT ? NET_CONNECT : 0);
	case BL_KEY_SYS:
		return STATE(F_SYS, op);
	case BL_KEY_UNIX:
		return STATE(F_UNIX, 0);
	case BL_KEY_SOCK:
		return STATE(F_SOCK, 0);
	case BL_KEY_CODE:
		return STATE(F_FSTYPE, 0);
	case BL_KEY_CGROUP:
		return STATE(F_PATH, PATH_BEGIN);
	case BL_KEY_PATH:
		return STATE(BL_OP_BIT(op) & ROOT_OPS ? F_PATH : F_FILE, PATH_BEGIN);
	default:
		return STATE(F_FILE, PATH_BEGIN);
	}
}

uint32_t shape_step(uint32_t state, uint8_t byte)
{
	uint32_t more = MORE(state);

	switch (FORM(state)) {
	case F_PATH:
		return path_step(more, byte);
	case F_FILE:
		return byte == '/' ? STATE(F_PATH, PATH_SLASH) : 0;
	case F_UNIX:
		return byte == '@' ? STATE(F_ABSTRACT, 0) : path_step(PATH_BEGIN, byte);
	case F_ABSTRACT:
		return state;
	case F_NAME:
		return name_step(byte);
	case F_ID:
		return id_step(more, byte);
	case F_BYTE:
		return byte_step(more, byte);
	case F_SOCK:
		return sock_step(more, byte);
	case F_NET:
		return net_step(more, byte);
	case F_SYS:
		return sys_step(more, byte);
	case F_MOUNT:
		return mount_step(more, byte);
	case F_MODULE:
		return byte == BL_OBJ_NAMELESS ? DONE : path_step(PATH_BEGIN, byte);
	case F_FSTYPE:
		return byte == BL_CODE_FSTYPE ? STATE(F_NAME, 0) : 0;
	default:
		return 0;
	}
}

bool shape_ends(uint32_t state)
{
	switch (FORM(state)) {
	case F_PATH:
		return MORE(state) == PATH_ROOT || MORE(state) == PATH_IN;
	case F_NAME:
		return MORE(state) != 0;
	case F_NET:
		return net_ends(MORE(state));
	default:
		return FORM(state) == F_UNIX || FORM(state) == F_ABSTRACT || FORM(state) == F_DONE;
	}
}

/* ---- bytes that read well ---- */

struct picks {
	uint8_t *v;
	size_t n;
	uint8_t lo, hi;
};

/* The first of from..to that is in lo..hi, unless it is there already. */
static bool pick(struct picks *p, unsigned int from, unsigned int to)
{
	unsigned int b = from > p->lo ? from : p->lo;

	if (b > to || b > p->hi || p->n == SHAPE_PICKS)
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i] == b)
			return false;
	p->v[p->n++] = (uint8_t)b;
	return true;
}

static void pick_text(struct picks *p)
{
	static const uint8_t nice[][2] = {{'a', 'z'}, {'0', '9'}, {'A', 'Z'},  {'_', '_'},  {'-', '-'},	 {'+', ','},
					  {':', '@'}, {'!', '-'}, {'[', '`'}, {'{', '~'}, {0xc3, 0xdf}, {0x80, 0xff},
					  {1, 0xff}};

	for (size_t i = 0; i < sizeof(nice) / sizeof(nice[0]); i++)
		if (pick(p, nice[i][0], nice[i][1]))
			break;
	pick(p, '/', '/');
	pick(p, '.', '.');
	pick(p, 0, 0);
	pick(p, '@', '@');
}

static void pick_net(struct picks *p, uint32_t more)
{
	uint32_t at = more & NET_POS, port = 2 + net_halves(more);

	if (at == 0) {
		pick(p, BL_PROTO_TCP, BL_PROTO_TCP);
		pick(p, BL_PROTO_UDP, BL_PROTO_UDP);
		pick(p, BL_PROTO_OTHER, BL_PROTO_OTHER);
		return;
	}
	if (at == 1) {
		pick(p, BL_FAM_INET, BL_FAM_INET);
		pick(p, BL_FAM_INET6, BL_FAM_INET6);
		return;
	}
	if (at == port - 1 || at == port + 3)
		pick(p, 1, 1); /* 10.0.0.1, port 1 */
	pick(p, 0, 0);
	pick(p, 1, 15);
	pick(p, 2, 15); /* neither all zeros nor the mark of a mapped one */
	pick(p, 15, 15);
}

static void pick_sock(struct picks *p, uint32_t more)
{
	uint32_t at = more & 15, high = more >> 9 & 0xff;

	switch (at) {
	case 1: /* inet and inet6 differ from the others */
		pick(p, 2, 2);
		pick(p, 1, 1);
		pick(p, 3, 9);
		pick(p, 10, 10);
		pick(p, 11, 255);
		break;
	case 2: /* types differ in what protocol 0 is */
		pick(p, 1, 1);
		pick(p, 2, 2);
		pick(p, 3, 255);
		break;
	case 4: /* 0 and 262 are what the kernel takes for another */
		if (high == 0)
			pick(p, 6, 6);
		pick(p, 0, 255);
		pick(p, 1, 255);
		pick(p, 7, 255);
		break;
	default:
		pick(p, 0, 255);
		pick(p, 1, 255);
		pick(p, 2, 255);
	}
}

size_t shape_pick(uint32_t state, uint8_t lo, uint8_t hi, uint8_t ret[SHAPE_PICKS])
{
	struct picks p = {.v = ret, .lo = lo, .hi = hi};

	switch (FORM(state)) {
	case F_NET:
		pick_net(&p, MORE(state));
		break;
	case F_SOCK:
		pick_sock(&p, MORE(state));
		break;
	case F_ID:
		pick(&p, 0, 255);
		pick(&p, 1, 255);
		pick(&p, 255, 255);
		break;
	case F_BYTE:
		pick(&p, MORE(state) >> 8, MORE(state) & 0xff);
		break;
	case F_SYS:
		pick(&p, MORE(state), MORE(state));
		break;
	case F_FSTYPE:
		pick(&p, BL_CODE_FSTYPE, BL_CODE_FSTYPE);
		break;
	case F_DONE:
		break;
	case F_MODULE:
		pick(&p, BL_OBJ_NAMELESS, BL_OBJ_NAMELESS);
		pick(&p, '/', '/');
		break;
	default:
		pick_text(&p);
	}
	return p.n;
}

size_t shape_max(enum bl_kind kind)
{
	switch (kind) {
	case BL_KEY_UNIT:
		return BL_UNIT_MAX;
	case BL_KEY_CONTAINER:
		return BL_CONTAINER_MAX;
	default:
		return BL_PATH_MAX - 1;
	}
}
