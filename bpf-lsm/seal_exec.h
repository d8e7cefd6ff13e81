/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is trusted: whoever runs the program file that was noted, from the exec on, and what it forks. Its arguments and descriptors are anybody's, and
 * it judges them; what would let another decide what it does keeps the process from being trusted: a tracer, a shared file system
 * context, another root or mount namespace, system calls that another answers, code that is not noted.
 */
#ifndef BL_SEAL_EXEC_H
#define BL_SEAL_EXEC_H

#include "seal_maps.h"

#define LSM_UNSAFE_SHARE 1u  /* include/linux/binfmts.h and include/linux/security.h */
#define LSM_UNSAFE_PTRACE 2u
#define SECCOMP_FILTERS 32u

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct linux_binprm___seal {
	struct file *file;
	int unsafe;
};
struct fs_struct {
	struct path root;
};
struct notification;
struct seccomp_filter {
	struct seccomp_filter *prev;
	struct notification *notif;
};
struct seccomp {
	struct seccomp_filter *filter;
};
struct task_struct___seal {
	struct fs_struct *fs;
	struct seccomp seccomp;
};
#pragma clang attribute pop

struct filters {
	struct seccomp_filter *f;
	__u32 answered; /* by somebody who listens */
};

static long filter_step(__u32 i, struct filters *c)
{
	struct seccomp_filter *f = c->f;

	(void)i;
	if (!f)
		return 1;
	c->answered |= BPF_CORE_READ(f, notif) != NULL;
	c->f = BPF_CORE_READ(f, prev);
	return 0;
}

/* A filter can refuse a call, or leave it undone, but write nothing to the process's memory; who listens can put another's descriptor in. */
static __always_inline bool calls_answered(struct task_struct___seal *task)
{
	struct filters c = { .f = BPF_CORE_READ(task, seccomp.filter) };

	bpf_loop(SECCOMP_FILTERS, filter_step, &c, 0);
	return c.answered || c.f;
}

static __always_inline bool same_inode(const struct bl_inode *a, const struct bl_inode *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->gen == b->gen;
}

static __always_inline bool runs_enforcer(const struct bl_seal *s, struct linux_binprm *bprm)
{
	struct linux_binprm___seal *b = (void *)bprm;
	struct bl_inode key = inode_numbers(BPF_CORE_READ(b, file, f_inode));

	return same_inode(&key, &s->exe);
}

static __always_inline bool own_master(const struct bl_seal *s, struct linux_binprm *bprm)
{
	struct linux_binprm___seal *b = (void *)bprm;
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct___seal *t = (void *)task;

	return !(BPF_CORE_READ(b, unsafe) & (LSM_UNSAFE_SHARE | LSM_UNSAFE_PTRACE)) && (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns) == s->mnt_ns &&
	       (__u64)BPF_CORE_READ(t, fs, root.mnt) == s->root_mnt && (__u64)BPF_CORE_READ(t, fs, root.dentry) == s->root_dentry &&
	       !calls_answered(t);
}

/* A secure exec, so that no library is loaded that the environment names. */
SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(bprm_creds_for_exec, struct linux_binprm *bprm, int ret)
{
	struct bl_seal *s = sealed();
	__u32 *trust;

	if (ret != 0 || !s || !runs_enforcer(s, bprm) || !own_master(s, bprm))
		return ret;
	trust = bpf_task_storage_get(&seal_trust, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!trust)
		return 0; /* not trusted, then */
	*trust |= WOULD_BE_TRUSTED;
	bpf_bprm_opts_set(bprm, BPF_F_BPRM_SECUREEXEC);
	return 0;
}

/* The program that came of it: with binfmt_misc it could be another. */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(bprm_committed_creds, struct linux_binprm *bprm)
{
	struct bl_seal *s = sealed();
	__u32 *trust = s ? bpf_task_storage_get(&seal_trust, bpf_get_current_task_btf(), 0, 0) : NULL;

	if (trust)
		*trust = (*trust & WOULD_BE_TRUSTED) && runs_enforcer(s, bprm) ? TRUSTED : 0;
	return 0;
}

SEC("lsm/task_alloc")
int BPF_PROG(task_alloc, struct task_struct *task, unsigned long flags, int ret)
{
	__u32 *trust;

	if (ret != 0 || !sealed() || !trusted())
		return ret;
	trust = bpf_task_storage_get(&seal_trust, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (trust)
		*trust = TRUSTED;
	return 0;
}

/* The verifier of older kernels believes that no argument is NULL: the file is read as a number. */
SEC("lsm/mmap_file")
int BPF_PROG(mmap_file, __u64 unused, unsigned long reqprot, unsigned long prot, unsigned long flags, int ret)
{
	__u64 file = 0;
	struct file *f;

	if (ret != 0 || !sealed() || !((reqprot | prot) & PROT_EXEC) || !trusted())
		return ret;
	f = bpf_get_func_arg(ctx, 0, &file) == 0 ? (struct file *)file : NULL;
	if (!f || !(inode_flags(BPF_CORE_READ(f, f_inode)) & BL_SEAL_MAPPED))
		return refuse(BL_SEAL_CODE);
	return 0;
}

SEC("lsm/file_mprotect")
int BPF_PROG(file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	if (ret != 0 || !sealed() || !((reqprot | prot) & PROT_EXEC) || !trusted() || (BPF_CORE_READ(vma, vm_flags) & VM_EXEC))
		return ret;
	return refuse(BL_SEAL_CODE);
}

#endif
