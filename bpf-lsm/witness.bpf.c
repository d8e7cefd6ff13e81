// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Without a seal root can detach our programs. These refuse nothing and tell the daemon who takes pins away, so that its alarm has a name. They are
 * attached only while a daemon runs, and are not pinned.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "witness_abi.h"

#define BPF_FS_MAGIC 0xcafe4a11

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 10);
} witnessed SEC(".maps");

/* d NULL: an unmount. A record for which there is no room is one that nobody asks for: old ones are taken out each second. */
static __always_inline void tell(struct dentry *d)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bl_witness *w = bpf_ringbuf_reserve(&witnessed, sizeof(*w), 0);

	if (!w)
		return;
	__builtin_memset(w, 0, sizeof(*w));
	w->pid = bpf_get_current_pid_tgid() >> 32;
	w->uid = (__u32)bpf_get_current_uid_gid();
	w->login = BPF_CORE_READ(task, loginuid.val);
	w->unmounts = !d;
	bpf_get_current_comm(w->comm, sizeof(w->comm));
	if (d) {
		bpf_probe_read_kernel_str(w->dir, sizeof(w->dir), BPF_CORE_READ(d, d_parent, d_name.name));
		bpf_probe_read_kernel_str(w->name, sizeof(w->name), BPF_CORE_READ(d, d_name.name));
	}
	bpf_ringbuf_submit(w, 0);
}

static __always_inline bool has_pins(struct super_block *sb)
{
	return BPF_CORE_READ(sb, s_magic) == BPF_FS_MAGIC;
}

SEC("lsm/inode_unlink")
int BPF_PROG(unlink_seen, struct inode *dir, struct dentry *dentry, int ret)
{
	if (ret == 0 && has_pins(BPF_CORE_READ(dir, i_sb)))
		tell(dentry);
	return ret;
}

SEC("lsm/inode_rename")
int BPF_PROG(rename_seen, struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *new, int ret)
{
	if (ret == 0 && has_pins(BPF_CORE_READ(old_dir, i_sb)))
		tell(old);
	return ret;
}

SEC("lsm/sb_umount")
int BPF_PROG(umount_seen, struct vfsmount *mnt, int flags, int ret)
{
	if (ret == 0 && has_pins(BPF_CORE_READ(mnt, mnt_sb)))
		tell(NULL);
	return ret;
}

char LICENSE[] SEC("license") = "GPL";
