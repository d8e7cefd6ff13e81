/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the seal is to hold: objects of bpf(2), files and directories, in the kernel's own numbers. */
#ifndef BL_SEAL_NOTE_H
#define BL_SEAL_NOTE_H

#include "conf.h"
#include "seal_abi.h"

/* The open maps, and the iterator that says what descriptors are (seal_files). */
struct bl_seal_maps {
	int objects;
	int inodes;
	const struct bpf_program *files;
};

/* Every map, program and link that is pinned, and every map of such a program. */
int bl_seal_note_objects(const struct bl_seal_maps *m, struct bl_error *err);

/*
 * The program, what it has mapped to run, its configuration, its policies and its unit, where they are, and what stands above them. BL_REFUSED: somebody
 * has one of them open for writing. where, exe: what the programs of the seal compare with.
 */
int bl_seal_note_files(const struct bl_seal_maps *m, const struct bl_conf *conf, struct bl_seal_file *where, struct bl_inode *exe, struct bl_error *err);

/* The directories of pins. After that, pins cannot be made or removed. */
int bl_seal_note_pins(const struct bl_seal_maps *m, struct bl_error *err);

/* The cgroup of this process and those above it. */
int bl_seal_note_cgroup(const struct bl_seal_maps *m, struct bl_error *err);

#endif
