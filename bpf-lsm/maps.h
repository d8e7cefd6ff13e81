/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The maps, and the struct of each value that only the programs know. The enforcer finds maps by these names. */
#ifndef BL_MAPS_H
#define BL_MAPS_H

#include "kernel.h"
#include "plat_bpf.h"
#include "decide.h"

const volatile __u64 bl_word_last = 0;

/* One generation's tables. The enforcer sets the value size before load: the head and bl_word_last + 1 words. */
struct tables_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* the enforcer looks at the counters without a copy of everything */
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, sizeof(struct bl_tables) + 8 * 32768);
};

/* The one slot that names everything a decision reads; each decision reads it once. Empty: no policy. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct tables_map);
} slot SEC(".maps");

/* What a hook leaves to a later one of the same system call. */
struct notes {
	__u64 flagging;   /* inode about whose flags an ioctl under way has asked */
	__u64 truncating; /* inode whose truncation the open under way has asked about, */
	__u64 truncating_by; /* the struct path in the file that is being opened, */
	__u64 truncating_gen; /* and the generation that answered */
	__u64 plain;      /* the last question about a file was answered by its names, all of which allow it without a report */
	__u64 naming;     /* unix socket whose last connect or send named an address */
	__u64 binding;    /* unix socket whose bind is making its file */
	__u64 accepting;  /* struct socket that an accept under way will give out, if the peer decides; 0: none */
	__u64 accept_dual; /* its local end is IPv4's, too */
	struct bl_endpoint accept_local;
	__u64 remounting; /* superblock of a remount by mount() that has been asked about */
};

/* A label, and what the programs keep beside it. */
struct task_label {
	struct bl_label l;
	__u32 execs; /* how many programs the task had executed then (self_exec_id): an exec that it missed is found out by the next question */
	__u32 pad;
	__u64 place; /* cgroup that unit and container are of */
	__u64 alike; /* equal for labels that answer every question alike, of one generation; 0: not known */
	__u64 room;  /* for number_in() */
	struct notes notes; /* last: a child gets none */
};

/* Who a task is. Written by the task itself, and by its parent before it first runs. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_label);
} labels SEC(".maps");

/* Names go into events in pieces of this many bytes: a power of two, less than BL_EVENT_HEAD. */
#define BL_CHUNK 64
#define BL_KEPT 64 /* bytes of the longest key that is one of several */
_Static_assert(BL_CHUNK < BL_EVENT_HEAD, "see event_put_name()");

/* What names.h works with. In the scratch, not on the stack: then the verifier sees that the turns of a loop are alike. */
struct names {
	__u64 dentry;
	__u64 other; /* entry of the name that it gets, where names change, */
	__u64 other_mount; /* and its struct vfsmount */
	__u64 ns;
	__u64 seen;  /* mount whose name is asked about first: it is not asked about twice. 0: none */
	__u64 mount; /* the next one */
	__u64 end;
	__u64 ops;   /* asked about every further name */
	__u64 left;  /* not yet asked about the present name */
	struct bl_linked_key link; /* of the next name that a link of the file has */
	__u32 open;  /* there is a present name */
	__u32 no_owner; /* whose it is cannot be told */
	__u32 flags; /* of the question about it: BL_QF_* */
	__u32 create_flags;
	__u32 reason;
	__u32 acc;
	__u32 seen_acc; /* of the visible name */
	__u32 told;     /* not 0: something was reported, a name could not be had, or it holds for other spellings, too */
	__u32 below;    /* what is refused where names are compared otherwise, 0: nothing or nowhere */
	__u32 count; /* the kernel's count of mounts when the search began */
	__u32 tries;
	__u32 err;   /* positive errno of the first refusal */
};

/* What name.h works with. Addresses, not typed pointers: every read is checked by the kernel. */
struct walk {
	__u64 from_dentry;
	__u64 from_mnt;
	__u64 dentry;
	__u64 mount;
	__u64 entry[8]; /* the beginning of the struct dentry at hand */
	__u64 head[8];  /* that of the struct mount at hand */
	__u32 at;
	__u32 alike; /* where the first name begins that its file system takes for others, too; 0: nowhere */
	int result;
	__u32 tries;
	__u32 alone; /* the file's entry is its own parent */
	__u32 pad;
};

/* What the tables say of one name, where names change (replace.h). */
struct name_says {
	int name; /* enum name_result or enum bl_reason */
	__u32 acc;
	__u32 below;
};

/*
 * Room for one decision: claimed when a question begins, given back at its end. Never simply the CPU's, where another task can get in
 * between (KERNEL.md section 4). What follows `name` keeps the verifier's idea of a write near its end inside the value.
 */
struct scratch {
	struct bl_name name;
	union {
		__u8 component[256]; /* one name of a path whose names do not know their length */
		__u64 linked_from;   /* what follows the name in struct bl_linked */
	};
	struct bl_result result;
	struct bl_event event; /* here, as the kernel allows 512 bytes of stack to all frames together */
	struct bl_endpoint endpoint;
	struct walk walk;
	struct names names;
	struct name_says old_name, new_name;
	struct bl_endpoint peer;
	struct bl_cgroup_names parts;
	struct {
		__u64 key; /* 0: it is none of several */
		__u64 count;
		__u64 first_ns;
	} repeat; /* of the report that is made (repeat.h) */
	__u64 lineage;
	__u64 gids; /* supplementary groups */
	__u32 own_end; /* byte strings about the task (label.h): how many, and where and what the present one is */
	__u32 key_from;
	__u32 key_kind;
	__u32 pad;
	__u64 owner;      /* the task whose it is, 0: nobody's */
	__u64 list_at;    /* what is left of a list of addresses: here, where the verifier does not follow it from step to step */
	__u32 list_left;
	__u32 list_dual;  /* the present address is the other family's, too */
	__u32 ids[8];     /* ids wanted, then ids held */
	__u32 kept_from;  /* the key of several that is to be reported: the end of a name */
	__u8 kept[BL_KEPT];
};
_Static_assert(__builtin_offsetof(struct scratch, linked_from) == __builtin_offsetof(struct bl_linked, from), "a link's name");
_Static_assert(sizeof(struct scratch) - sizeof(struct bl_name) >= 256, "room behind the name");
#define SCRATCHES 128u /* questions under way at the same time; more wait */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

/* What an exec that is under way will make of the label. */
struct pending {
	__u64 file;  /* the file last judged */
	__u32 len;   /* of its name */
	__u32 flags; /* BL_LF_NAMELESS, BL_LF_UNTRUSTED */
	__u32 files; /* judged so far: the first is the script if there is another */
	__u32 script_len;
	__u32 moves; /* 0 none, 1 in leave and enter, by the numbers of generation gen, MOVES_MIXED by those of two */
	__u32 gen;
	__u32 execs; /* the task's, before this one */
	__u32 pad;
	__u64 leave[BL_MAX_PROFILES / 64];
	__u64 enter[BL_MAX_PROFILES / 64];
	__u8 script[BL_EXE_INLINE];
	__u8 name[BL_EXE_INLINE]; /* its end, as in a label; a longer one is in long_pending */
};
#define MOVES_MIXED 2u
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct pending);
} pending SEC(".maps");

/* Programs' names that do not fit in the label, or in what is pending, at the end of the buffer as always. */
struct long_exe {
	struct bl_name name;
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct long_exe);
} long_exe SEC(".maps"), long_pending SEC(".maps");

/* All global variables: one, so that hooks and parts, which share them, have the same layout. */
static struct {
	__u64 event_seq;
	__u64 secret; /* so that nobody can make two objects look equal */
	__u64 initial_mounts; /* the initial mount namespace, 0: not looked up yet */
	__u64 forgets; /* no verdict is remembered any more (remember.h) */
	__u64 untracked; /* what tasks for which there is no room in `confined` could be refused, together, since the programs were loaded */
} global;

/* Tasks in some profile, by address, with what they could be refused: who is refused when no label can be had. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, __u64);
	__type(value, __u64);
} confined SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

/* struct bl_repeat, as the verifier wants to see it. */
struct repeat {
	struct bpf_spin_lock lock;
	__u32 pad;
	__u64 key;
	__u64 count;
	__u64 next;
	__u64 first_ns;
	__u64 last_ns;
};
_Static_assert(sizeof(struct repeat) == sizeof(struct bl_repeat), "repeat");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BL_REPEATS);
	__type(key, __u32);
	__type(value, struct repeat);
} repeats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BL_STAT_MAX);
	__type(key, __u32);
	__type(value, __u64);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bl_control);
} control SEC(".maps");

static __always_inline void stat_add(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&stats, &which);

	if (n)
		*n += 1; /* this CPU's own; a lost count under preemption is a count, not a verdict */
}

/* What equal objects are told by: nobody else knows it. Two may make it at the same moment: what the first hashed with its own is not found again. */
static __always_inline __u64 secret(void)
{
	if (global.secret == 0)
		global.secret = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32() | 1;
	return global.secret;
}

/* A keyed hash of what was hashed to h, and w. */
static __always_inline __u64 mixed(__u64 h, __u64 w)
{
	h = (h ^ w) * global.secret;
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15;
	return h ^ h >> 29;
}

/* The tables in force, NULL without a policy. Read once for a decision and passed on: never twice. */
static __always_inline struct bl_tables *tables_now(void)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&slot, &zero);

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

#endif
