/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole question about a file, for hooks that know no more of it than its path: who, by which names, whose. */
#ifndef BL_QUESTION_H
#define BL_QUESTION_H

#include "names.h"
#include "several.h"

/*
 * An open with O_TRUNC asks about the truncation at once, and the kernel's own call for it is not asked again: audit mode would report it
 * twice. That call is told by the struct path, which is the one in the file that is being opened (handle_truncate() in fs/namei.c): an open that
 * fails in between opens no door to a later truncation. The next question about a file ends the note.
 */
static __always_inline bool truncation_asked(const struct about *a, __u64 ops, const struct dentry *d, __u64 path)
{
	struct notes *n = &label_of(a)->notes;
	__u64 was = n->truncating;

	n->truncating = 0;
	return ops == BL_OP_BIT(BL_OP_TRUNCATE) && was != 0 && was == (__u64)BPF_CORE_READ(d, d_inode) && n->truncating_by == path &&
	       n->truncating_gen == a->t->gen;
}

/* After an open that was let through. */
static __always_inline void truncation_expect(const struct about *a, __u64 ops, const struct dentry *d, __u64 path)
{
	struct notes *n = &label_of(a)->notes;

	if (path == 0 || ops == BL_OP_BIT(BL_OP_TRUNCATE) || !(ops & BL_OP_BIT(BL_OP_TRUNCATE)) ||
	    (BPF_CORE_READ(d, d_inode, i_mode) & S_IFMT) != S_IFREG)
		return;
	n->truncating = (__u64)BPF_CORE_READ(d, d_inode);
	n->truncating_by = path;
	n->truncating_gen = a->t->gen;
}

/* The whole question about a file. One without a name is not asked about. m, source, path: see question_file(). */
static __always_inline int ask_path(struct about *a, __u64 ops, struct dentry *d, struct vfsmount *m, struct dentry *source, __u64 path)
{
	int name, r;

	if (!ask_begin(a, BL_KEY_PATH))
		return refuse_unknown(ops, BL_R_NO_SCRATCH);
	label_of(a)->notes.plain = 0;
	if (truncation_asked(a, ops, d, path))
		return 0;
	name = m ? name_of_path(a->s, d, m, &a->from) : NAME_KERNEL;
	if (name == NAME_NAMELESS)
		return 0;
	r = ask_by_names(a, ops, d, m, source, name);
	if (r != 0)
		return r;
	truncation_expect(a, ops, d, path);
	names_note_plain(a);
	return 0;
}

PART(question_file) int question_file(__u64 d, __u64 m, __u64 source, __u64 ops, __u64 path)
{
	bool layer = m == 0 || mount_is_internal(mount_of((struct vfsmount *)m));
	ABOUT(a) = {};

	switch (who_asks_layer(&a, ops, layer)) {
	case WHO_ASKS:
		return ask_path(&a, ops, (struct dentry *)d, (struct vfsmount *)m, (struct dentry *)source, path);
	case WHO_UNKNOWN:
		return refuse_unknown(ops, BL_R_NO_LABEL);
	case WHO_PROBE:
		return m ? -BL_PROBE_ERRNO : 0;
	default:
		return 0;
	}
}

PART(question_unnamed) int question_unnamed(__u64 d, __u64 m, __u32 op)
{
	ABOUT(a) = {};
	int r = key_begin(&a, op, d != 0 ? BL_KEY_PATH : BL_KEY_NET);

	if (r != 1)
		return r;
	if (d != 0)
		(void)name_of_path(a.s, (struct dentry *)d, (struct vfsmount *)m, &a.from);
	return key_ask(&a, op, BL_R_UNREADABLE);
}

#endif
