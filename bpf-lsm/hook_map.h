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
#include "use.h"

static __always_inline bool mm_is_being_made(const struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	return mm && !mm->binfmt;
}

static __always_inline int map_ask_file(struct about *a, struct file *file, __u64 ops)
{
	struct vfsmount *mnt;
	struct dentry *d;
	int name;

	if (!ask_begin(a, BL_KEY_PATH))
		return refuse_unknown(ops, BL_R_NO_SCRATCH);
	file_user_path(file, &d, &mnt);
	name = name_of_path(a->s, d, mnt, &a->from);
	return ask_code(a, ops, d, name);
}

static __always_inline int map_ask_memory(struct about *a)
{
	if (!ask_begin(a, BL_KEY_CODE))
		return refuse_unknown(BL_OP_BIT(BL_OP_MAP), BL_R_NO_SCRATCH);
	return ask_nameless(a, BL_OP_BIT(BL_OP_MAP), BL_CODE_ANONYMOUS);
}

/* Asks ops about the file (0: none, or what of it is in memory is not the file's any more), and if it is written BL_OP_MAP about memory. */
static __always_inline int map_question(__u64 file, __u64 ops, bool written)
{
	struct about a = {};
	int r = 0, other = 0;

	switch (who_asks(&a, BL_OP_MAP)) {
	case WHO_ASKS:
		if (file)
			r = map_ask_file(&a, (struct file *)file, ops);
		if (written)
			other = map_ask_memory(&a);
		return r != 0 ? r : other;
	case WHO_UNKNOWN:
		return refuse_unknown(ops | (written ? BL_OP_BIT(BL_OP_MAP) : 0), BL_R_NO_LABEL);
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

static __always_inline bool file_appends(const struct file *f)
{
	return BPF_CORE_READ(f, f_flags) & O_APPEND;
}

/*
 * A new mapping; file 0: of memory. This and the next two are global functions, which take numbers only (number_of()): the kernel verifies
 * each once, and their stack is not that of the hook.
 */
__noinline int question_mmap(__u64 file, __u64 prot, __u64 flags)
{
	bool private = (flags & MAP_TYPE) == MAP_PRIVATE, written = false;
	struct file *f = (struct file *)file;
	__u64 ops = 0;

	if (f && !private && (prot & PROT_WRITE) && file_appends(f))
		ops |= BL_OP_BIT(BL_OP_WRITE);
	if ((prot & PROT_EXEC) && !mm_is_being_made(bpf_get_current_task_btf())) {
		ops |= BL_OP_BIT(BL_OP_MAP);
		written = !f || (private && ((prot & PROT_WRITE) || file_is_device(f)));
	}
	return ops != 0 ? map_question(file, ops, written) : 0;
}

/* What a mapping may do changes. was: its VM_* before. */
__noinline int question_mprotect(__u64 addr, __u64 prot, __u64 was)
{
	struct vm_area_struct *vma = (struct vm_area_struct *)addr;
	struct file *f = BPF_CORE_READ(vma, vm_file);
	bool writes = (prot & PROT_WRITE) && !(was & VM_WRITE), written = false;
	__u64 ops = 0;

	if (f && writes && (was & VM_SHARED) && file_appends(f))
		ops |= BL_OP_BIT(BL_OP_WRITE);
	/* what is executable already and gets no more was asked about when it became so */
	if ((prot & PROT_EXEC) && (!(was & VM_EXEC) || writes)) {
		ops |= BL_OP_BIT(BL_OP_MAP);
		written = !f || (!(was & VM_SHARED) && ((prot & PROT_WRITE) || BPF_CORE_READ(vma, anon_vma) || file_is_device(f)));
	}
	return ops != 0 ? map_question((__u64)f, ops, written) : 0;
}

/* By profiles with `descriptors strict`, about a file that is mapped: it is so to be read, whatever else. */
__noinline int question_map_use(__u64 file, __u64 writes)
{
	struct file *f = (struct file *)file;

	if (!f || !use_is_asked() || mm_is_being_made(bpf_get_current_task_btf()) || file_is_socket(f))
		return 0;
	return use_question(f, BL_OP_BIT(BL_OP_READ) | (writes ? BL_OP_BIT(BL_OP_WRITE) : 0));
}

SEC("lsm/mmap_file")
int BPF_PROG(mmap_file, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags, int ret)
{
	__u64 addr = number_of(file);

	if (ret != 0)
		return ret;
	ret = question_mmap(addr, prot, flags);
	return two_answers(ret, question_map_use(addr, (flags & MAP_TYPE) != MAP_PRIVATE && (prot & PROT_WRITE)));
}

SEC("lsm/file_mprotect")
int BPF_PROG(file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	unsigned long was = vma->vm_flags;

	if (ret != 0)
		return ret;
	ret = question_mprotect(number_of(vma), prot, was);
	if (!(prot & PROT_WRITE) || (was & VM_WRITE) || !(was & VM_SHARED))
		return two_answers(ret, 0);
	return two_answers(ret, question_map_use((__u64)BPF_CORE_READ(vma, vm_file), true));
}

#endif
