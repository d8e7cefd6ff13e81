// SPDX-License-Identifier: GPL-2.0-or-later
/* An iterator, not attached to anything: tells the enforcer what the kernel calls the files of its open descriptors (linked.h). */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "inode.h"

SEC("iter/task_file")
int inodes(struct bpf_iter__task_file *ctx)
{
	struct bl_fd_inode out = {};
	struct file *f = ctx->file;

	if (!ctx->task || !f)
		return 0;
	out.fd = ctx->fd;
	out.inode = inode_numbers(BPF_CORE_READ(f, f_inode));
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
