/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks for memory that becomes executable, and for writable memory of a file that was opened to be appended to.
 *
 * The kernel's own mappings of a program and its ELF interpreter ask nothing: they happen in a new mm before its loader has
 * called set_binfmt() (load_elf_binary() in fs/binfmt_elf.c), and nothing of the process runs in it before that. fork copies
 * the field, and nothing clears it: a mapping made by a program always finds it set.
 */
#ifndef BL_HOOK_MAP_H
#define BL_HOOK_MAP_H

#include "code.h"

static __always_inline bool mm_is_being_made(const struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	return mm && !mm->binfmt;
}

struct mapping {
	struct file *file; /* NULL: none, or what of it is in memory is not the file's any more */
	__u64 ops;	   /* asked about the file */
	bool written;	   /* BL_OP_MAP is asked about memory, too */
};

static __noinline int map_ask_file(struct about *a, const struct mapping *m)
{
	struct vfsmount *mnt;
	struct dentry *d;
	int name;

	if (!ask_begin(a, BL_KEY_PATH))
		return refuse_unknown(m->ops, BL_R_NO_SCRATCH);
	file_user_path(m->file, &d, &mnt);
	name = name_of_path(a->s, d, mnt, &a->from);
	return ask_code(a, m->ops, d, name);
}

static __noinline int map_ask_memory(struct about *a)
{
	if (!ask_begin(a, BL_KEY_CODE))
		return refuse_unknown(BL_OP_BIT(BL_OP_MAP), BL_R_NO_SCRATCH);
	return ask_nameless(a, BL_OP_BIT(BL_OP_MAP), BL_CODE_ANONYMOUS);
}

static __always_inline int map_question(const struct mapping *m)
{
	struct about a = {};
	int r = 0, other = 0;

	switch (who_asks(&a, BL_OP_MAP)) {
	case WHO_ASKS:
		if (m->file && m->ops != 0)
			r = map_ask_file(&a, m);
		if (m->written)
			other = map_ask_memory(&a);
		return r != 0 ? r : other;
	case WHO_UNKNOWN:
		return refuse_unknown(m->ops | (m->written ? BL_OP_BIT(BL_OP_MAP) : 0), BL_R_NO_LABEL);
	case WHO_PROBE:
		return -BL_PROBE_ERRNO;
	default:
		return 0;
	}
}

/* A private mapping of a device is memory of its own: /dev/zero. */
static __always_inline bool file_is_device(const struct file *f)
{
	return (BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT) == S_IFCHR;
}

SEC("lsm/mmap_file")
int BPF_PROG(mmap_file, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags, int ret)
{
	bool private = (flags & MAP_TYPE) == MAP_PRIVATE;
	struct mapping m = {};

	if (ret != 0)
		return ret;
	if (file) {
		m.file = file;
		if (!private && (prot & PROT_WRITE) && (file->f_flags & O_APPEND))
			m.ops |= BL_OP_BIT(BL_OP_WRITE);
	}
	if ((prot & PROT_EXEC) && !mm_is_being_made(bpf_get_current_task_btf())) {
		m.ops |= BL_OP_BIT(BL_OP_MAP);
		m.written = !file || (private && ((prot & PROT_WRITE) || file_is_device(file)));
	}
	return m.ops != 0 ? map_question(&m) : 0;
}

SEC("lsm/file_mprotect")
int BPF_PROG(file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	unsigned long was = vma->vm_flags;
	bool writes = (prot & PROT_WRITE) && !(was & VM_WRITE);
	struct file *file = BPF_CORE_READ(vma, vm_file);
	struct mapping m = { .file = file };

	if (ret != 0)
		return ret;
	if (file && writes && (was & VM_SHARED) && (BPF_CORE_READ(file, f_flags) & O_APPEND))
		m.ops |= BL_OP_BIT(BL_OP_WRITE);
	/* what is executable already and gets no more was asked about when it became so */
	if ((prot & PROT_EXEC) && (!(was & VM_EXEC) || writes)) {
		m.ops |= BL_OP_BIT(BL_OP_MAP);
		m.written = !file || (!(was & VM_SHARED) && ((prot & PROT_WRITE) || vma->anon_vma || file_is_device(file)));
	}
	return m.ops != 0 ? map_question(&m) : 0;
}

#endif
