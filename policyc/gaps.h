/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways round that remain in this version, and for which policies each matters: X(operations, features, "sentence"). It matters if the
 * policy needs one of the operations, or one of the features. policy(5) has the same sentences in the same order under WHAT IS NOT HELD,
 * each at the beginning of a list item that goes on to say what helps; tests/man/run compares the two.
 */
#ifndef BL_GAPS_H
#define BL_GAPS_H

#include "abi.h"

#define GAPS_EXEC (BL_OP_BIT(BL_OP_EXEC) | BL_OP_BIT(BL_OP_MAP))
#define GAPS_FILE (bl_kind_ops(BL_KEY_PATH) & ~GAPS_EXEC)
#define GAPS_NAME bl_kind_ops(BL_KEY_PATH)
#define GAPS_NET (bl_kind_ops(BL_KEY_NET) | bl_kind_ops(BL_KEY_SOCK))
#define GAPS_SYS (BL_OP_BIT(BL_OP_SIGNAL) | BL_OP_BIT(BL_OP_MODULE) | BL_OP_BIT(BL_OP_SETUID))
#define GAPS_ANY UINT64_MAX

#define GAPS(X) \
	X(GAPS_NAME, 0, "Who can mount can put any file under a name that is allowed, and of its other names only rules that refuse " \
			"are asked.") \
	X(GAPS_NAME, 0, "A snapshot or a copy is another file, and a raw block device holds all of them.") \
	X(GAPS_NAME, 0, "What overlayfs does in a layer besides opening files is asked about by the name above the layer only.") \
	X(GAPS_NAME, 0, "A file system that the initial mount namespace does not show has no canonical names.") \
	X(GAPS_NAME, 0, "Of the older hard links of a file those are known that a literal name refuses, in file systems that are " \
			"mounted at the load.") \
	X(GAPS_NAME, 0, "What a process outside of the profile moves (a directory) or mounts is another name.") \
	X(BL_OP_BIT(BL_OP_ATTR), 0, "Times, extended attributes, ACLs and file flags are asked about without the mount by which " \
				    "the file was reached.") \
	X(GAPS_NAME, BL_FEAT_EXE, "Where a file system ignores case, no allowance, subject or condition matches another spelling, and a " \
				  "refusal of one file refuses all beside it.") \
	X(GAPS_NAME, BL_FEAT_EXE, "In a container of its own mount namespace, rules meet the container's names.") \
	X(0, BL_FEAT_EXE | BL_FEAT_ANCESTOR, "After a reload, the earlier programs of processes that an older policy knew are those " \
					      "that it asked about.") \
	X(GAPS_FILE | GAPS_NET, 0, "Descriptors that were open before the load, or are inherited, stay usable.") \
	X(GAPS_FILE | GAPS_NET, 0, "Descriptors received through IORING_MSG_SEND_FD or binder are not judged.") \
	X(BL_OP_BIT(BL_OP_CONNECT), 0, "A connected socket that is received is refused by rules about its peer, not by a default.") \
	X(0, BL_FEAT_STRICT, "The use of descriptors is judged where it reads, writes or maps, not in ioctl(2), and not of sockets.") \
	X(BL_OP_BIT(BL_OP_APPEND), 0, "Who may append to a file can overwrite it with RWF_NOAPPEND or fallocate(2).") \
	X(GAPS_FILE | GAPS_NET, 0, "Requests put into an inherited io_uring with IORING_SETUP_SQPOLL are carried out, " \
				   "and judged, as the process that made the ring.") \
	X(GAPS_FILE, 0, "A new device node has another name than the one under /dev.") \
	X(GAPS_FILE, 0, "Another mount of procfs, sysfs or a control group hierarchy is another file system.") \
	X(GAPS_FILE, 0, "btrfs makes, deletes, copies, sends and searches subvolumes by ioctl(2), with names that no hook sees.") \
	X(GAPS_FILE, 0, "POSIX message queues (unless opened through a mounted mqueue file system) and System V IPC are not judged.") \
	X(GAPS_EXEC, 0, "Scripts given to an interpreter as an argument are only read.") \
	X(GAPS_EXEC, 0, "An ELF program can name any file as its interpreter, and have an executable stack and segments that it " \
			"writes to, without a question.") \
	X(GAPS_EXEC, 0, "A heap that personality(2) makes executable is not asked about, and code written through /proc/self/mem neither.") \
	X(GAPS_EXEC, 0, "A file that is mapped twice, to write and to execute, is judged by its name only.") \
	X(GAPS_EXEC, 0, "What the kernel starts for a process (core_pattern, request-key, release_agent) is not that process.") \
	X(GAPS_ANY, 0, "A process in a profile can make one outside of it act for it.") \
	X(GAPS_EXEC, 0, "Programs without a name (memfd) match no pattern.") \
	X(GAPS_NET, 0, "Packet, vsock, RDS, TIPC and other sockets reach others in their own ways: only their making is judged.") \
	X(GAPS_NET, 0, "SCTP addresses that arrive in packets or in control messages of a send are not judged, and listening " \
		       "and accepting of SMC sockets neither.") \
	X(BL_OP_BIT(BL_OP_BIND), 0, "A port that is denied can be given by the kernel to who binds port 0, if it is one of its range of " \
				    "local ports.") \
	X(GAPS_NET, 0, "Raw sockets may put another address in the packet than the one judged, and any raw socket can " \
		       "carry TCP and UDP.") \
	X(GAPS_NET, 0, "Further paths of an MPTCP connection go where the peer says.") \
	X(BL_OP_BIT(BL_OP_CONNECT), 0, "A connection to no address goes to the one that its socket is bound to, and packets of a " \
				       "socket from before the load where its source route says.") \
	X(BL_OP_BIT(BL_OP_CONNECT), 0, "What the kernel connects for a process (mounts of network file systems, network block devices, " \
				       "tunnels) is not asked about.") \
	X(GAPS_NET, 0, "Answers on accepted connections are not judged.") \
	X(0, BL_FEAT_ACCEPT_FROM, "A rule that says from whom refuses what a connection carries, after the kernel has answered it.") \
	X(GAPS_NET, 0, "Whoever may connect to a proxy or name server can reach through it.") \
	X(BL_OP_BIT(BL_OP_MOUNT), 0, "A mount's source is compared as the text that was given: links and relative paths are not followed.") \
	X(BL_OP_BIT(BL_OP_MOUNT), 0, "mount_setattr(2) asks nothing, and what newer kernels mount while they make a namespace neither.") \
	X(GAPS_SYS, 0, "Signals that the kernel sends for a process (F_SETOWN, a terminal's, cgroup.kill), modules that are unloaded, and the " \
		       "users of set-uid programs are not asked about.") \
	X(GAPS_ANY, 0, "Who shares a terminal with a process outside can type into it.") \
	X(GAPS_ANY, 0, "A process with CAP_SYS_ADMIN or CAP_BPF and root's access to /sys/fs/bpf/bailiff can end enforcement.") \
	X(GAPS_ANY, 0, "Kernel threads are not judged: what NFS or SMB servers in the kernel read for others is not.")

#endif
