/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks for memory that becomes executable, and for writable memory of a file that was opened to be appended to.
 */
#ifndef BL_HOOK_MAP_H
#define BL_HOOK_MAP_H

#include "remember.h"

/* r: the answer about the file. The memory is always asked about, so that a dry run reports what enforcing does. */
static __always_inline int map_answer(int r, bool memory)
{
	int other = memory ? question_memory() : 0;

	return r != 0 ? r : other;
}

/* A private mapping of a device is memory of its own: /dev/zero. */
static __always_inline bool file_is_device(const struct file *f)
{
	return (BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT) == S_IFCHR;
}

/* Does the policy have a profile that judges the use of descriptors? */
static __always_inline bool use_is_asked(void)
{
	struct bl_tables *t = tables_now();

	return t && (t->features & BL_FEAT_STRICT);
}

/* By profiles with `descriptors strict`, about a file that is mapped: it is so to be read, whatever else. */
static __always_inline int map_use(struct file *f, bool writes)
{
	if (!f || !use_is_asked() || mm_is_being_made(bpf_get_current_task_btf()) || file_is_socket(f))
		return 0;
	return question_use(number_of(f), BL_OP_BIT(BL_OP_READ) | (writes ? BL_OP_BIT(BL_OP_WRITE) : 0));
}

SEC("lsm/mmap_file")
int BPF_PROG(mmap_file, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags, int ret)
{
	bool private = (flags & MAP_TYPE) == MAP_PRIVATE;
	bool memory = false;
	__u64 ops = 0;

	if (ret != 0)
		return ret;
	if (file && !private && (prot & PROT_WRITE) && (file->f_flags & O_APPEND))
		ops |= BL_OP_BIT(BL_OP_WRITE);
	if ((prot & PROT_EXEC) && !mm_is_being_made(bpf_get_current_task_btf())) {
		ops |= BL_OP_BIT(BL_OP_MAP);
		memory = !file || (private && ((prot & PROT_WRITE) || file_is_device(file)));
	}
	ret = map_answer(file && ops != 0 ? question_mapping(file, ops) : 0, memory);
	return two_answers(ret, map_use(file, !private && (prot & PROT_WRITE)));
}

SEC("lsm/file_mprotect")
int BPF_PROG(file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	unsigned long was = vma->vm_flags;
	bool writes = (prot & PROT_WRITE) && !(was & VM_WRITE);
	struct file *file = BPF_CORE_READ(vma, vm_file);
	bool memory = false;
	__u64 ops = 0;

	if (ret != 0)
		return ret;
	if (file && writes && (was & VM_SHARED) && (BPF_CORE_READ(file, f_flags) & O_APPEND))
		ops |= BL_OP_BIT(BL_OP_WRITE);
	/* what is executable already and gets no more was asked about when it became so */
	if ((prot & PROT_EXEC) && (!(was & VM_EXEC) || writes)) {
		ops |= BL_OP_BIT(BL_OP_MAP);
		memory = !file || (!(was & VM_SHARED) && ((prot & PROT_WRITE) || vma->anon_vma || file_is_device(file)));
	}
	ret = map_answer(file && ops != 0 ? question_map((__u64)file, ops) : 0, memory);
	return two_answers(ret, writes && (was & VM_SHARED) ? map_use(file, true) : 0);
}

#endif
