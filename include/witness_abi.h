/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs that see pins go and the daemon say to each other. Nothing of it is policy. */
#ifndef BL_WITNESS_ABI_H
#define BL_WITNESS_ABI_H

#include "abi.h"

#define BL_WITNESS_NAME 64u

/* Somebody begins to remove or rename something in a BPF file system, or to unmount one; whether it succeeds is not known. */
struct bl_witness {
	__u32 pid; /* thread group */
	__u32 uid; /* real */
	__u32 login;
	__u32 unmounts; /* 1: the names are empty */
	__u8 comm[BL_COMM_LEN];
	__u8 dir[BL_WITNESS_NAME]; /* cut, if they are longer */
	__u8 name[BL_WITNESS_NAME];
};

#endif
