/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts: functions that many hooks call and that are programs of their own (parts.bpf.c), which the kernel verifies once and puts in the place
 * of the functions in missing.h (BPF_PROG_TYPE_EXT, "freplace"). The hooks are loaded and attached only with their parts in place. They take
 * numbers only (number_of()), and return 0 or a negative errno, but where they say otherwise. The list of them is BL_PARTS in hooks.h.
 */
#ifndef BL_PARTS_H
#define BL_PARTS_H

#include "kernel.h"

#define PART(function) SEC("freplace/" #function)

/* Computes the label of the running task for the tables in force. Not 0: the kernel had no memory for it. */
int label_renew(void);

/*
 * Makes the label of the running task that of the program it has just executed. first: the exec is not over yet, and what cannot be had now the next
 * question may have. Otherwise what the exec said is lost: what runs is found out as of a process from before the policy, and what it could be is
 * refused for good.
 */
int exec_noted(__u32 first);

/*
 * Asks ops about a file, for hooks that know no more of it than its path. m 0: the kernel opens it for itself, in a layer of overlayfs.
 * source: see ask_owner(); 0: none. path: the struct path, where it tells opens and truncations apart; 0 elsewhere.
 */
int question_file(__u64 d, __u64 m, __u64 source, __u64 ops, __u64 path);

/*
 * Asks op about a file whose name cannot be told, by way of (d, m), which the report names, or (both 0) about an address that cannot be: whoever
 * could be refused the operation anywhere is refused it.
 */
int question_unnamed(__u64 d, __u64 m, __u32 op);

/* Asks about the attributes of a file of which there is only the entry. flags: about its flags, of which an ioctl may have asked. */
int question_attr(__u64 d, __u32 flags);

/* Asks about a file of an exec; first: the exec begins with it. 1: allowed, and profiles change. Nobody becomes a program of which nothing is known. */
int question_exec(__u64 file, __u32 first);

/* Asks ops about a mapped file. */
int question_map(__u64 file, __u64 ops);

/* Asks about executable memory that no file is behind, or whose content is not the file's any more. */
int question_memory(void);

/* By profiles with `descriptors strict`, about a file that is used. */
int question_use(__u64 file, __u64 ops);

/* What is (d, m) gets the name of (new_d, new_m), by the operation op. */
int name_changes(__u64 d, __u64 m, __u64 new_d, __u64 new_m, __u64 op);

/* What mounting at (d, m), or a copy made there, changes. */
#define HIDES 1ULL /* something is mounted over it */
#define MOVES 2ULL /* mounts move from places that are not known */
#define COPIES 4ULL /* files from places that are not known get other names */
int names_hide(__u64 d, __u64 m, __u64 op, __u64 what);

/*
 * The file of d has, or is about to get, the name of (named_d, named_m) and another one. Who is in no profile can link what he likes: a name too
 * many for the map is counted, and refused only to those who are.
 */
int link_mark(__u64 d, __u64 named_d, __u64 named_m);

#endif
