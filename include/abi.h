/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract between policyc, the BPF programs and the enforcer: numbers and structs that two compilers
 * for two machines must read alike. Fixed-width members only, padding named and zero, sizes asserted.
 * Any change of layout or meaning raises BL_ABI_VERSION in the same commit.
 */
#ifndef BL_ABI_H
#define BL_ABI_H

#include <linux/types.h>

#define BL_ABI_VERSION 9u

/* ---- limits that both sides rely on; every one is tested at its value and one above ---- */
#define BL_MAX_PROFILES 256u   /* profiles in one policy */
#define BL_MAX_CONDS 512u      /* distinct conditions, profiles' subjects included */
#define BL_MAX_ATOMS 512u      /* distinct subject terms */
#define BL_MAX_LITS 4096u      /* literals in all conditions together */
#define BL_MAX_RULES 1000000u  /* rules in one policy (20 bits in a list entry) */
#define BL_MAX_LIST 1024u      /* entries of one (name, operation) list */
#define BL_MAX_CHAIN 64u       /* entries of one profile in one list */
#define BL_MAX_ACC_ATOMS 64u   /* subject terms that one name satisfies at once */
#define BL_TASK_PROFILES 32u   /* profiles one process can be in */
#define BL_TASK_STICKY 32u     /* inherited terms one process can carry */
#define BL_PATH_MAX 4096u      /* bytes of a name, as PATH_MAX in linux/limits.h counts them without the NUL + 1 */
#define BL_EXE_INLINE 256u     /* bytes of the program's name kept in the label itself */
#define BL_UNIT_MAX 256u       /* bytes of a unit's name: NAME_MAX in linux/limits.h + 1 */
#define BL_CONTAINER_MAX 128u  /* bytes of a container's id or name */
#define BL_MAX_WORDS (1u << 21) /* words of the tables: the largest size class */
#define BL_COMM_LEN 16u        /* TASK_COMM_LEN, include/linux/sched.h */

/*
 * ---- operations ----
 * X(NAME, number, "word", class). The low four bits are the slot in an accept record, unique within a key kind.
 */
#define BL_OPS(X) \
	X(READ, 1, "read", FILE) \
	X(WRITE, 2, "write", FILE) \
	X(APPEND, 3, "append", FILE) \
	X(TRUNCATE, 4, "truncate", FILE) \
	X(CREATE, 5, "create", FILE) \
	X(DELETE, 6, "delete", FILE) \
	X(RENAME, 7, "rename", FILE) \
	X(LINK, 8, "link", FILE) \
	X(ATTR, 9, "attr", FILE) \
	X(MKNOD, 10, "mknod", FILE) \
	X(SETID, 11, "setid", FILE) \
	X(EXEC, 12, "exec", EXEC) \
	X(MAP, 13, "map", EXEC) \
	X(SOCKET, 16, "socket", NETWORK) \
	X(CONNECT, 17, "connect", NETWORK) \
	X(BIND, 18, "bind", NETWORK) \
	X(ACCEPT, 19, "accept", NETWORK) \
	X(CAPABILITY, 32, "capability", SYSTEM) \
	X(PTRACE, 33, "ptrace", SYSTEM) \
	X(SIGNAL, 34, "signal", SYSTEM) \
	X(MOUNT, 35, "mount", SYSTEM) \
	X(UMOUNT, 36, "umount", SYSTEM) \
	X(PIVOT, 37, "pivot", SYSTEM) \
	X(MODULE, 38, "module", SYSTEM) \
	X(BPF, 39, "bpf", SYSTEM) \
	X(PERF, 40, "perf", SYSTEM) \
	X(KEXEC, 41, "kexec", SYSTEM) \
	X(USERNS, 42, "userns", SYSTEM) \
	X(SETUID, 43, "setuid", SYSTEM) \
	X(SETGID, 44, "setgid", SYSTEM)

enum bl_op {
#define X(NAME, n, w, c) BL_OP_##NAME = n,
	BL_OPS(X)
#undef X
};
#define BL_OP_BIT(op) (1ULL << (op))
#define BL_OP_SLOT(op) ((op) & 15u)
#define BL_OP_SLOTS 16u

/*
 * No operation of the language. A profile that refuses something by name has this bit among the operations that it could refuse, and
 * then asks when a name changes: what links, renames and mounts.
 */
#define BL_OP_NAMES 14u
#define BL_OPS_NAMES BL_OP_BIT(BL_OP_NAMES)

enum bl_class { BL_CLASS_FILE = 1, BL_CLASS_EXEC, BL_CLASS_NETWORK, BL_CLASS_SYSTEM };

/*
 * What a policy uses besides operations. X(NAME, bit, "what it is, for people"). policyc sets the bits of what is there;
 * the tables' check finds them again.
 */
#define BL_FEATURES(X) \
	X(EXE, 0, "the term 'exe'") \
	X(SCRIPT, 1, "the term 'script'") \
	X(USER, 2, "the term 'user'") \
	X(GROUP, 3, "the term 'group'") \
	X(LOGIN, 4, "the term 'login'") \
	X(CAPABILITY, 5, "the term 'capability'") \
	X(CGROUP, 6, "the term 'cgroup'") \
	X(UNIT, 7, "the term 'unit'") \
	X(CONTAINER, 8, "the term 'container'") \
	X(ANCESTOR, 9, "the term 'ancestor'") \
	X(OWNER, 10, "the condition 'owner'") \
	X(PEER, 11, "peers of signal and ptrace") \
	X(TRANSITION, 12, "'enter' and 'leave'") \
	X(QUIET, 13, "'quiet'") \
	X(CODE, 14, "the objects memfd, deleted, anonymous and fstype") \
	X(UNIX, 15, "unix socket addresses") \
	X(ACCEPT_FROM, 16, "'from' in rules about accept") \
	X(STRICT, 17, "'descriptors strict'")

enum bl_feature {
#define X(NAME, n, t) BL_FEAT_##NAME = 1 << (n),
	BL_FEATURES(X)
#undef X
};

/* ---- what a byte string for the automaton is about; each kind has a start state of its own ---- */
enum bl_kind {
	BL_KEY_PATH = 0,       /* object: a name that begins with '/', or BL_OBJ_NAMELESS */
	BL_KEY_EXE = 1,        /* subject: name of the program at its exec */
	BL_KEY_SCRIPT = 2,     /* subject: name of the #! file */
	BL_KEY_USER = 3,       /* subject: effective uid, 4 bytes, big endian */
	BL_KEY_GROUP = 4,      /* subject: effective gid, then each supplementary one; 4 bytes, big endian */
	BL_KEY_CGROUP = 5,     /* subject: path below the cgroup2 root; "/" is the root itself */
	BL_KEY_NET = 6,        /* object: protocol, family, address, port; see bl_key_net() and bl_key_accept() */
	BL_KEY_SYS = 7,        /* object of the system class: the operation's number, then what it says below */
	BL_KEY_LOGIN = 8,      /* subject: audit loginuid, 4 bytes; 0xffffffff: nobody logged in */
	BL_KEY_CAPABILITY = 9, /* subject: each effective capability, if in the initial user namespace; 1 byte */
	BL_KEY_UNIT = 10,      /* subject: unit of the last exec's cgroup, bl_cgroup_names() */
	BL_KEY_CONTAINER = 11, /* subject: container of the last exec's cgroup */
	BL_KEY_ANCESTOR = 12,  /* subject: name of a program that ran before the present one */
	BL_KEY_UNIX = 13,      /* object: path of a unix socket, '@' and an abstract name, or nothing: unnamed */
	BL_KEY_SOCK = 14,      /* object: family (2 bytes, big endian), type (1), protocol (2); bl_key_sock() */
	BL_KEY_CODE = 15,      /* object: what code is beside its name: BL_CODE_*, then the file system type's name */
	BL_KEY_KINDS = 16
};

/*
 * The key of BL_KEY_SYS after the operation's byte. capability: 1 byte. signal: 1 byte. setuid, setgid: 4 bytes, big endian.
 * mount: fstype 0 source 0 target. umount, pivot: path. module: path of the file, BL_OBJ_NAMELESS for one without.
 * ptrace, bpf, perf, kexec, userns: nothing.
 */

/* The key of BL_KEY_PATH, or after the byte of BL_OP_MODULE, for what has no name; no path starts with it. */
#define BL_OBJ_NAMELESS 0x01

/* First byte of a BL_KEY_CODE key. A file asks about one of the first three at most, and about its file system's type. */
enum bl_code { BL_CODE_MEMFD = 'm', BL_CODE_DELETED = 'd', BL_CODE_ANONYMOUS = 'a', BL_CODE_FSTYPE = 'f' };

/* Protocol byte of a BL_KEY_NET key. MPTCP is TCP here (DESIGN section 2, point 19). */
enum bl_proto { BL_PROTO_OTHER = 1, BL_PROTO_TCP = 6, BL_PROTO_UDP = 17 };
enum bl_family { BL_FAM_INET = 4, BL_FAM_INET6 = 6 };
#define BL_KEY_NET_MAX 70u /* protocol, family; in halves: 16 address bytes, 2 port bytes, 16 of the peer's address (accept) */

/* The operations whose objects are of a kind; 0 for kinds about subjects. */
static inline __u64 bl_kind_ops(unsigned int kind)
{
	switch (kind) {
	case BL_KEY_PATH:
		return 0x3ffe; /* read to map */
	case BL_KEY_CODE:
		return BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP);
	case BL_KEY_SOCK:
		return BL_OP_BIT(BL_OP_SOCKET);
	case BL_KEY_NET:
	case BL_KEY_UNIX:
		return BL_OP_BIT(BL_OP_CONNECT) | BL_OP_BIT(BL_OP_BIND) | BL_OP_BIT(BL_OP_ACCEPT);
	case BL_KEY_SYS:
		return 0x1fffULL << BL_OP_CAPABILITY;
	default:
		return 0;
	}
}

/* ---- verdicts and modes: zero is never valid, and a bigger verdict wins over a smaller one ---- */
enum bl_verdict { BL_V_ALLOW = 1, BL_V_LOG = 2, BL_V_DENY = 3, BL_V_KILL = 4 };
enum bl_mode { BL_MODE_ENFORCE = 1, BL_MODE_AUDIT = 2 };

/* Why a decision was not made by a rule. In BL_R_RULE it was. Append only: events carry the number. */
#define BL_REASONS(X) \
	X(RULE, 1, "rule", "a rule of the policy") \
	X(DEFAULT, 2, "default", "the profile's default, no rule matched") \
	X(TOO_LONG, 3, "name-too-long", "the name has more than 4095 bytes") \
	X(TOO_DEEP, 4, "name-too-deep", "the name has more components than can be walked") \
	X(DETACHED, 5, "detached", "the object is on a mount that is in no mount namespace") \
	X(DISCONNECTED, 6, "disconnected", "the object's directory is not below its mount") \
	X(UNSETTLED, 7, "unsettled", "the name kept changing while it was read") \
	X(NO_SCRATCH, 8, "no-scratch", "there was no room for the question") \
	X(NO_LABEL, 9, "no-label", "the kernel had no memory for the process label") \
	X(LABEL_FULL, 10, "label-full", "the process has more profiles, inherited terms or cgroup levels than a label holds") \
	X(UNREADABLE, 11, "unreadable", "the object's name cannot be read, or a source route takes the packet elsewhere") \
	X(BAD_ADDRESS, 12, "bad-address", "the socket address is too short for its family") \
	X(CASE, 13, "case", "the file system takes different spellings for one name, and a rule refuses something there")

enum bl_reason {
#define X(NAME, n, w, t) BL_R_##NAME = n,
	BL_REASONS(X)
#undef X
	BL_R_MAX = 14
};
#define BL_RULE_NONE 0xffffffffu /* rule number of a verdict that no rule gave */

/* ---- the tables: one map value, one generation ---- */
#define BL_TABLES_MAGIC 0x544c4942u /* "BILT" */
#define BL_TF_DRY_RUN 1u            /* every profile is in audit mode, whatever it says */

/*
 * Everything a decision reads. Offsets are indices into w[]. A state of the automaton is the index of its header
 * word, 0 is the dead state. Header word: low half BL_CELL_HEAD | offset of the accept record (0: none), high half the
 * state after any byte without a cell of its own. The cell for byte class c of state s is w[s + c], and belongs to s
 * if its low half is s; the high half is then the next state. Class 0, whose place is the header's, never has a cell. w[0] to w[255] are the dead state's:
 * w[0] is BL_CELL_HEAD and the others zero.
 *
 * Accept record of an object kind: BL_OP_SLOTS / 2 words, two 32-bit list offsets each (slot 0 in the low half of the
 * first), 0: no rule. A list is one word with the number of entries, then entries (BL_ENT_*) sorted by profile and, within
 * it, in the order of the policy (implied ones last); an entry without condition is the last of its profile. One rule can have two
 * entries in a row, for `unless owner and ...`.
 * Accept record of a subject kind: one word with the number of atoms, then one word for each.
 */
struct bl_tables {
	__u32 magic;
	__u32 abi;
	__u32 nwords;    /* words of w[] in use */
	__u32 gen;       /* generation; set by the enforcer, never 0 once loaded */
	__u32 flags;     /* BL_TF_* */
	__u32 nprofiles; /* the first nprofiles conditions are the subjects */
	__u32 nconds;
	__u32 natoms;    /* atom 0 always holds */
	__u32 nlits;
	__u32 nrules;
	__u32 nsticky;
	__u32 off_profiles; /* struct bl_profile, BL_PROFILE_WORDS words each */
	__u32 off_lits;     /* BL_LIT_* words: the conditions, one after the other */
	__u32 off_sticky;   /* nsticky pairs (hash, BL_STICKY_*), ascending by hash */
	__u32 off_atoms;    /* natoms words: the sticky hash, 0: not inherited */
	__u32 off_rules;    /* nrules words, BL_RULE_* */
	__u32 off_hits;     /* nrules + nprofiles counters: by rule, then by profile's default */
	__u32 off_states;   /* first word of the automaton after the dead state */
	__u32 nstates;      /* for reports only */
	__u32 pad;
	__u64 ops;          /* BL_OP_BIT of every operation that some profile could refuse or report */
	__u32 start[BL_KEY_KINDS];
	__u64 features;     /* BL_FEAT_* */
	__u32 off_below;    /* nbelow words, ascending: high half a state after some directory and '/', low half a BL_BELOW_* list */
	__u32 nbelow;
	__u64 reserved[11];
	__u8 cls[256]; /* byte class */
	__u64 w[];
};
_Static_assert(sizeof(struct bl_tables) == 512, "tables head");
_Static_assert(__builtin_offsetof(struct bl_tables, start) == 88, "tables start");
_Static_assert(__builtin_offsetof(struct bl_tables, cls) == 256, "tables cls");

#define BL_CELL_HEAD 0x80000000u
#define BL_DEAD_WORDS 256u

/* Second word of an inherited term. */
#define BL_STICKY_ATOM(w) ((__u32)(w))
#define BL_STICKY_PROFILE(w) ((__u32)((w) >> 32)) /* whose subject it belongs to, + 1; 0: to no profile, no `leave` ends it */

struct bl_profile {
	__u64 hash;       /* of the profile's name: what outlives a generation is keyed by it */
	__u64 deny_ops;   /* BL_OP_BIT of every operation that the default refuses */
	__u64 rule_ops;   /* BL_OP_BIT of every operation that a rule of the profile refuses of something */
	__u32 mode;       /* BL_MODE_* */
	__u16 entered;    /* atom that holds of what a rule's `enter` put in, 0: nothing can enter */
	__u16 flags;      /* BL_PF_* */
};
#define BL_PROFILE_WORDS 4u
/* The last word of a profile, as the core reads it. */
#define BL_PROFILE_MODE(w) ((__u32)(w))
#define BL_PROFILE_ENTERED(w) ((__u32)((w) >> 32) & 0xffffu)
#define BL_PROFILE_FLAGS(w) ((__u32)((w) >> 48))
#define BL_PF_STRICT 1u /* descriptors are judged whenever they are used, too */
#define BL_PF_FROM 2u   /* a rule about accept says from whom: the peer must be known */
#define BL_PF_ALL 3u
_Static_assert(sizeof(struct bl_profile) == 8 * BL_PROFILE_WORDS, "profile");

/* List entry: profile 8 | flags 8 | if 10 | unless 10 | verdict 4 | spare 4 | rule 20, most significant first. */
#define BL_ENT_PROFILE(e) ((__u32)((e) >> 56))
#define BL_ENT_FLAGS(e) ((__u32)((e) >> 48) & 0xffu)
#define BL_ENT_IF(e) ((__u32)((e) >> 38) & 0x3ffu)
#define BL_ENT_UNLESS(e) ((__u32)((e) >> 28) & 0x3ffu)
#define BL_ENT_VERDICT(e) ((__u32)((e) >> 24) & 0xfu)
#define BL_ENT_RULE(e) ((__u32)(e) & 0xfffffu)
#define BL_ENT(profile, flags, cif, cunless, verdict, rule) \
	((__u64)(profile) << 56 | (__u64)(flags) << 48 | (__u64)(cif) << 38 | (__u64)(cunless) << 28 | \
	 (__u64)(verdict) << 24 | (__u64)(rule))
#define BL_COND_NONE 0x3ffu /* no such condition: an `if` holds, an `unless` does not */
#define BL_EF_OWNER 1u      /* only if fsuid is the owner of the file */
#define BL_EF_NOT_OWNER 2u  /* only if it is not */
#define BL_EF_PEER 4u       /* only if the peer is what the rule's word says */
#define BL_EF_IMPLIED 8u    /* creating a socket that this rule for an address could use */
#define BL_EF_ALL 15u

/*
 * What refusals there are below a directory: a list is one word with the number of pairs, then pairs of words, ascending by the first. First: a
 * list entry, whose rule is the first that refuses something below under these conditions. What else is in the entry is the guard. Second:
 * two directories have one class if the refusals under this guard are the same below both; 0: there are none.
 */
#define BL_BELOW_GUARD(e) ((e) & ~0xfffffULL)
#define BL_BELOW_CLASS(w) ((__u32)(w))
#define BL_BELOW_MOUNT(w) ((__u32)((w) >> 32) & 0x1fffffu) /* rule that names something below without a `**` before, + 1; 0: none */
#define BL_BELOW_SAME (1ULL << 63) /* all directories have this class */
#define BL_BELOW_LOOSE (1ULL << 62) /* the rule refuses below any directory: a report that has another to name names that */
#define BL_BELOW_MOUNT_SHIFT 32
#define BL_BELOW_KNOWN (0xffffffffULL | 0x1fffffULL << BL_BELOW_MOUNT_SHIFT | BL_BELOW_SAME | BL_BELOW_LOOSE)

/* Literal of a condition: atom 16 bits, flags above. A condition is an OR of clauses, a clause an AND of literals. */
#define BL_LIT_ATOM(l) ((__u32)(l) & 0xffffu)
#define BL_LIT_NEG (1ULL << 16)        /* holds if the atom does not */
#define BL_LIT_WEAK (1ULL << 17)       /* its atom counts as false in an untrusted mount namespace (DESIGN 2, point 7) */
#define BL_LIT_END_CLAUSE (1ULL << 18) /* last of its clause */
#define BL_LIT_END_COND (1ULL << 19)   /* last of its condition; conditions are numbered in order */

/* Rule word */
#define BL_RULE_ERRNO(r) ((__u32)(r) & 0xfffu) /* positive errno of a refusal */
#define BL_RULE_QUIET (1ULL << 12)             /* counted, no event */
#define BL_RULE_LEAVE (1ULL << 13)             /* an exec that it decides ends what was inherited of its profile */
#define BL_RULE_DESCENDANT (1ULL << 14)        /* BL_EF_PEER: the peer descends from the acting process */
#define BL_RULE_ENTER(r) ((__u32)((r) >> 16) & 0x1ffu)    /* profile that such an exec enters, + 1; 0: none */
#define BL_RULE_PEER_COND(r) ((__u32)((r) >> 32) & 0x3ffu) /* BL_EF_PEER, not DESCENDANT: condition that holds of the peer */
#define BL_RULE_ENTER_SHIFT 16
#define BL_RULE_PEER_SHIFT 32
#define BL_RULE_KNOWN (0xfffULL | BL_RULE_QUIET | BL_RULE_LEAVE | BL_RULE_DESCENDANT | 0x1ffULL << 16 | 0x3ffULL << 32)

/* ---- the label of a task ---- */
#define BL_LF_UNTRUSTED 2u /* executed in a mount namespace owned by a user namespace other than the initial one */
#define BL_LF_FULL 4u      /* more profiles or inherited terms than fit: everything that could be refused is */
#define BL_LF_LOST 16u     /* an inherited term did not fit: the label is full for good */
#define BL_LF_STRICT 32u   /* it is in a profile with BL_PF_STRICT */
#define BL_LF_FROM 64u     /* it is in a profile with BL_PF_FROM */
#define BL_LF_NAMELESS 8u  /* the program has no name (memfd, detached mount): no exe term holds */

struct bl_label {
	__u32 gen; /* of the tables it was computed with; 0: never computed */
	__u32 flags;
	__u64 cgid;
	__u64 cred; /* address of the credentials it was computed with */
	__u32 euid;
	__u32 nprof;
	__u32 exe_len; /* of the program's name; a name longer than BL_EXE_INLINE is kept elsewhere */
	__u32 script_len;
	__u32 unit_len;
	__u32 container_len;
	__u32 egid;
	__u32 login; /* audit loginuid: it changes without the credentials */
	__u64 caps;  /* effective capabilities, 0 outside the initial user namespace */
	__u64 rule_ops;  /* of its profiles: what a rule refuses of something */
	__u64 refusable; /* of those that enforce: what could be refused at all */
	__u8 exe[BL_EXE_INLINE]; /* its last exe_len bytes are the name; so with the next three */
	__u8 script[BL_EXE_INLINE]; /* the #! file that brought the program, if one did */
	__u8 unit[BL_UNIT_MAX]; /* of the cgroup in which the last exec happened */
	__u8 container[BL_CONTAINER_MAX];
	__u64 conds[BL_MAX_CONDS / 64]; /* condition p below nprofiles: it is in profile p */
	__u64 atoms[BL_MAX_ATOMS / 64];
	__u8 prof[BL_TASK_PROFILES];
	__u64 sticky[BL_TASK_STICKY]; /* hashes of inherited terms; 0: free */
};
_Static_assert(sizeof(struct bl_label) == 80 + 256 + 256 + 256 + 128 + 64 + 64 + 32 + 256, "label");

/* ---- one decision ---- */

/* What is asked, and what of it no byte string says. */
#define BL_ACCS 3u
#define BL_QF_OWNER 1u      /* fsuid is the owner of the file */
#define BL_QF_DESCENDANT 2u /* the peer descends from the acting process */
#define BL_QF_EXPLICIT 4u   /* a further name of the object: only a rule that refuses counts (DESIGN section 2, point 12) */
#define BL_QF_USE 8u        /* a descriptor is used that was judged before: only profiles with BL_PF_STRICT answer */
struct bl_question {
	__u32 op;
	__u32 reason; /* BL_R_RULE, or why the object's name could not be had */
	__u32 flags;  /* BL_QF_* */
	__u32 acc[BL_ACCS]; /* accept records, 0: no pattern matches: of the name, and of what else code is */
	const struct bl_label *peer; /* NULL: there is none, or it is not known */
};

struct bl_report {
	__u32 rule; /* BL_RULE_NONE: see reason */
	__u8 profile;
	__u8 verdict;
	__u8 mode; /* BL_MODE_AUDIT: reported, not done */
	__u8 reason;
	__u32 op;
};
struct bl_result {
	__u32 verdict;  /* what happens: the worst answer of the enforcing profiles */
	__u32 err;      /* positive errno if verdict >= BL_V_DENY */
	__u32 nreports; /* 0: no profile has anything to say */
	__u32 moves;    /* not 0: `enter` and `leave` of the rules that decided an exec are noted */
	__u32 refusing; /* bit i: the profile at place i of the label refuses, in whatever mode */
	__u32 refused;  /* the same, of the names asked about before: it is not told of again */
	__u64 leave[BL_MAX_PROFILES / 64];
	__u64 enter[BL_MAX_PROFILES / 64];
	struct bl_report reports[BL_TASK_PROFILES]; /* by the profile's place in the label; verdict 0: none */
};

/* ---- events ---- */
#define BL_EVENT_VERSION 3u
#define BL_EVF_CANONICAL 1u /* the object's name is a canonical one, not that by which it was reached */
#define BL_EVF_UNTRUSTED 2u /* of the label: BL_LF_UNTRUSTED */
#define BL_EVF_SUMMARY 4u   /* made by the enforcer of one that it had, to say how many there were */
/* Made by the enforcer about no rule (enforcer/notice.h): the object is text, operation and kind are BL_NOTICE_NUMBER. */
#define BL_EVF_SEAL 8u   /* the seal refused it */
#define BL_EVF_ALARM 16u /* the daemon's self-test failed, */
#define BL_EVF_OVER 32u  /* or passes again */
#define BL_NOTICE_NUMBER 255u
#define BL_EVENT_ANCESTORS 8u
#define BL_TTY_LEN 16u

struct bl_ancestor {
	__u64 start_ns;
	__u32 pid; /* thread group */
	__u32 pad;
	__u8 comm[BL_COMM_LEN];
};

/*
 * A record has what comes before `ancestors`, nancestors of these, the parent first, and then, without NUL: exe, script, unit, container
 * and object, of their lengths.
 */
struct bl_event {
	__u32 version;
	__u32 size; /* of the whole record */
	__u64 seq;  /* number of this event since the object was loaded */
	__u64 boot_ns; /* CLOCK_BOOTTIME */
	__u64 cgid;
	__u64 start_ns; /* the process's start, CLOCK_BOOTTIME: with pid it names the process */
	__u64 repeat;   /* key of struct bl_repeat, 0: this is no denial */
	__u64 count;    /* of equal ones so far, this one included; the enforcer leaves what no event before has told of */
	__u64 first_ns; /* boot_ns of the first of them */
	__u32 gen;
	__u32 rule;
	__u8 profile;
	__u8 verdict;
	__u8 mode;
	__u8 reason;
	__u32 op;
	__u32 pid; /* thread group, as the initial pid namespace numbers it */
	__u32 tid;
	__u32 ppid;
	__u32 uid;  /* real */
	__u32 euid; /* effective */
	__u32 gid;
	__u32 egid;
	__u32 login; /* audit loginuid */
	__u32 kind; /* enum bl_kind of the object */
	__u32 flags; /* BL_EVF_* */
	__u8 comm[BL_COMM_LEN];
	__u8 tty[BL_TTY_LEN]; /* the controlling terminal as the kernel calls it; "": none */
	__u16 exe_len;
	__u16 script_len;
	__u16 unit_len;
	__u16 container_len;
	__u16 obj_len;
	__u16 nancestors;
	__u32 pad;
	struct bl_ancestor ancestors[BL_EVENT_ANCESTORS];
};
#define BL_EVENT_HEAD 168u
_Static_assert(__builtin_offsetof(struct bl_event, ancestors) == BL_EVENT_HEAD, "event head");
_Static_assert(sizeof(struct bl_event) == BL_EVENT_HEAD + 32 * BL_EVENT_ANCESTORS, "event");

/*
 * Denials that are equal: of the same process, running the same program, with the same credentials, by the same rule, of the same operation on the
 * same object. The first makes an event, the tenth, the hundredth and so on; after a minute without one the next is the first again. A slot of the map
 * `repeats` has those that came last of all whose key has its low bits.
 */
#define BL_REPEATS 1024u
#define BL_REPEAT_NS 60000000000ull
struct bl_repeat {
	__u32 lock; /* struct bpf_spin_lock: read with BPF_F_LOCK */
	__u32 pad;
	__u64 key;
	__u64 count;
	__u64 next;     /* the count that makes an event again */
	__u64 first_ns; /* CLOCK_BOOTTIME */
	__u64 last_ns;
};

/* A record that tells how many there were, of a slot that others have taken. */
struct bl_repeated {
	__u32 version; /* BL_REPEATED_VERSION */
	__u32 size;
	struct bl_repeat was; /* its lock means nothing */
};
#define BL_REPEATED_VERSION 0x80000001u

/* ---- counters: one per-CPU array ---- */
#define BL_STATS(X) \
	X(PRODUCED, 0, "events_produced") \
	X(DROPPED, 1, "events_dropped") \
	X(DECISIONS, 2, "questions_refused_or_reported") \
	X(LABELS, 3, "labels_computed") \
	X(FAIL_CLOSED, 4, "refused_without_rule") \
	X(UNTRACKED, 5, "confined_tasks_not_tracked") /* the table for the day without labels was full */ \
	X(UNMARKED, 6, "links_not_known") /* of a file that is refused by name: no room to note that name */ \
	X(REPEATED, 7, "events_aggregated") /* equal denials that made no event of their own */ \
	X(OPENS, 8, "opens_judged") /* by confined processes: the others' verdicts were remembered */ \
	X(FORGETS, 9, "remembering_ended") /* no room to note that a file has two names: no verdict is remembered any more */
enum bl_stat {
#define X(NAME, n, w) BL_STAT_##NAME = n,
	BL_STATS(X)
#undef X
	BL_STAT_REASON0 = 16, /* + BL_R_*: reports with that reason */
	BL_STAT_MAX = 32
};

/* ---- files that are refused by name and have several: each such name of an inode, kept from generation to generation ---- */

#define BL_LINKED_MAX 4096u
#define BL_LINKED_NAMES 8u /* of one inode */

/* The kernel's numbers, which are not stat(2)'s on every file system. */
struct bl_inode {
	__u64 ino;
	__u32 dev;
	__u32 gen; /* i_generation: another for another file that gets the same number */
};

/* What inodes.bpf.c writes. */
struct bl_fd_inode {
	struct bl_inode inode;
	__u32 fd;
	__u32 pad;
};

struct bl_linked_key {
	struct bl_inode inode;
	__u32 n; /* 0.. of one inode */
	__u32 pad;
};

struct bl_linked {
	__u8 name[BL_PATH_MAX]; /* it ends where the buffer ends, */
	__u64 from;             /* and begins here; 0: it is being written */
};

/* ---- what the enforcer tells the programs, outside any generation; its size tells its versions apart ---- */

/* Processes of the enforcer that are in no profile. Who can write this map says who they are. */
enum bl_exempt_who {
	BL_EXEMPT_DAEMON = 0,
	BL_EXEMPT_CHANGER = 1, /* has the lock and puts a policy in force */
	BL_EXEMPT_KEEPER = 2,  /* waits for the end of a trial */
	BL_EXEMPT_MAX = 3
};
struct bl_exempt {
	__u32 tgid; /* 0: none */
	__u32 pad;
	__u64 start; /* its start_boottime: a reused pid is somebody else; 0: the programs fill it in when they first see it */
};

struct bl_control {
	__u32 abi;        /* BL_ABI_VERSION; anything else: hooks let everything pass until it is set */
	__u32 probe_tgid; /* self-test: questions of this process are answered with BL_PROBE_ERRNO */
	__u64 probe_seen; /* BL_OP_BIT of the questions the self-test's process was asked */
	struct bl_exempt exempt[BL_EXEMPT_MAX];
};
_Static_assert(sizeof(struct bl_control) == 16 + 16 * BL_EXEMPT_MAX, "control");
#define BL_PROBE_ERRNO 129 /* EKEYREJECTED: nothing else that the self-test does returns it */

#endif
