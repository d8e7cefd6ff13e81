/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs of the seal and the enforcer say to each other. Nothing of it is policy. */
#ifndef BL_SEAL_ABI_H
#define BL_SEAL_ABI_H

#include "abi.h"

#define BL_SEAL_VERSION 2u
#define BL_SEAL_OBJECTS 16384u /* ids of maps, programs and links that are held */
#define BL_SEAL_INODES 16384u  /* files and directories that are held */

/* What was refused. X(NAME, number, "word"); the words are in enforcer(8). */
#define BL_SEAL_WHATS(X) \
	X(MAP, 0, "map") \
	X(PROGRAM, 1, "program") \
	X(LINK, 2, "link") \
	X(TRACING, 3, "tracing") \
	X(PIN, 4, "pin") \
	X(FILE, 5, "file") \
	X(MOUNT, 6, "mount") \
	X(SWITCH, 7, "switch") \
	X(SIGNAL, 8, "signal") \
	X(PTRACE, 9, "ptrace") \
	X(LIMIT, 10, "limit") \
	X(CODE, 11, "code")
enum bl_seal_what {
#define X(NAME, n, w) BL_SEAL_##NAME = n,
	BL_SEAL_WHATS(X)
#undef X
	BL_SEAL_WHAT_MAX = 16
};

/* One value, in the map `seal`. Addresses are the kernel's, as seal_files tells them. */
struct bl_seal {
	__u32 version; /* BL_SEAL_VERSION */
	__u32 on;      /* 0: everything passes */
	__u32 daemon;  /* its thread group, which nobody may signal; 0: none */
	__u32 bpffs;   /* device of the file system with the pins */
	struct bl_inode exe; /* the program whose processes are trusted */
	__u64 mount;         /* struct mount of the file system with the pins */
	__u64 mnt_ns;        /* where trusted programs run, and their root */
	__u64 root_mnt;
	__u64 root_dentry;
};
_Static_assert(sizeof(struct bl_seal) == 16 + 16 + 32, "seal");

/* Of an object. */
#define BL_SEAL_IS_MAP 1u
#define BL_SEAL_IS_PROGRAM 2u
#define BL_SEAL_IS_LINK 3u
struct bl_seal_object {
	__u32 kind; /* BL_SEAL_IS_* */
	__u32 id;
};

/* Of an inode: what nobody but a trusted process may do. Whatever has a flag stays where it is, and nothing is mounted over it. */
#define BL_SEAL_ENTRIES 1u /* a directory: make, remove and rename what is in it */
#define BL_SEAL_CONTENT 2u /* a file: write to it */
#define BL_SEAL_MAPPED 4u  /* a file: nothing forbidden, it is code that trusted processes may map */
#define BL_SEAL_PLACE 8u   /* a directory above: nothing else */
#define BL_SEAL_PINS 16u   /* a directory of pins: as ENTRIES, for trusted processes as well */
#define BL_SEAL_CGROUP 32u /* a cgroup of the daemon: end or freeze it, or limit its memory */

/* What the iterator seal_files says of a descriptor. */
struct bl_seal_file {
	struct bl_inode inode;
	__u64 mount;
	__u64 mnt_ns;
	__u64 root_mnt;
	__u64 root_dentry;
	__u32 fd;
	__s32 writers; /* descriptors open for writing */
};

/* A refusal, for the daemon's log; the ring of them may overflow, the counters in `seal_refused` do not. */
struct bl_seal_record {
	__u64 boot_ns; /* CLOCK_BOOTTIME */
	__u32 what;
	__u32 pid; /* thread group */
	__u32 tid;
	__u32 ppid;
	__u32 uid; /* real */
	__u32 euid;
	__u32 gid;
	__u32 egid;
	__u64 start_ns; /* of the process, CLOCK_BOOTTIME */
	__u8 comm[BL_COMM_LEN];
};

#endif
