/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel calls an inode, for maps that outlive it (struct bl_inode). */
#ifndef BL_INODE_H
#define BL_INODE_H

#include "kernel.h"
#include "abi.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

static __always_inline struct bl_inode inode_numbers(const struct inode *i)
{
	struct bl_inode ret = {};

	ret.ino = BPF_CORE_READ(i, i_ino);
	ret.dev = BPF_CORE_READ(i, i_sb, s_dev);
	ret.gen = BPF_CORE_READ(i, i_generation);
	return ret;
}

#endif
