/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's structs, only the fields that are read; CO-RE finds their offsets in the running kernel's BTF. Names are the
 * kernel's own. A `___x` suffix is a flavour: another kernel's shape of the same struct.
 */
#ifndef BL_KERNEL_H
#define BL_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>

typedef __u32 u32;
typedef __u64 u64;
typedef _Bool bool;
#define true 1
#define false 0
typedef unsigned short umode_t;
#define NULL ((void *)0)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
	union {
		struct {
			u32 hash;
			u32 len;
		};
	};
	const unsigned char *name;
};

struct list_head {
	struct list_head *next;
};

struct file_system_type {
	const char *name;
};

typedef struct {
	u32 val;
} kuid_t;
typedef struct {
	u32 val;
} kgid_t;

struct uid_gid_extent {
	u32 first;
	u32 lower_first;
	u32 count;
};

struct uid_gid_map {
	u32 nr_extents;
	struct uid_gid_extent extent[5];
};

struct user_namespace {
	struct uid_gid_map uid_map;
	int level;
};

/* since 6.2 */
struct mnt_idmap {
	struct uid_gid_map uid_map;
};

struct dentry;
struct super_block {
	u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
	struct file_system_type *s_type;
	struct dentry *s_root;
	struct user_namespace *s_user_ns;
};
struct super_block___unicode {
	void *s_encoding; /* with CONFIG_UNICODE */
};
/* its mounts: a list until 6.17, then a chain from the newest to the oldest */
struct super_block___list {
	struct list_head s_mounts;
};
struct super_block___chain {
	struct mount *s_mounts;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct inode {
	umode_t i_mode;
	unsigned int i_flags;
	kuid_t i_uid;
	unsigned int i_nlink;
	unsigned long i_ino;
	u32 i_generation;
	struct super_block *i_sb;
	struct hlist_head i_dentry;
};

struct dentry {
	unsigned int d_flags;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

/* up to 6.17 the link to an inode's other entries is in a union that has a name */
struct dentry___alias {
	union {
		struct hlist_node d_alias;
	} d_u;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};
struct vfsmount___idmap {
	struct mnt_idmap *mnt_idmap;
};
/* up to 6.1 */
struct vfsmount___userns {
	struct user_namespace *mnt_userns;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
	const char *mnt_devname;
};
struct mount___list {
	struct list_head mnt_instance;
};
struct mount___chain {
	struct mount *mnt_next_for_sb;
};

struct iattr {
	unsigned int ia_valid;
};

/* up to 6.12 an anonymous namespace has seq 0 (is_anon_ns() in fs/mount.h) */
struct mnt_namespace {
	struct user_namespace *user_ns;
	u64 seq;
};
/* 7.2 has a flag for it */
struct mnt_namespace___flag {
	bool is_anon;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode;
	unsigned int f_flags;
	struct path f_path;
	struct inode *f_inode;
	void *private_data; /* of a socket: its struct socket */
};

/* since 6.5; before, FMODE_NOACCOUNT marks the same files and f_path is the user's */
struct backing_file {
	struct path user_path;
};

struct group_info {
	int ngroups;
	kgid_t gid[0];
};

typedef struct {
	u64 val;
} kernel_cap_t;

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kuid_t fsuid;
	kgid_t fsgid;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
	struct group_info *group_info;
};

struct kernfs_node {
	struct kernfs_node *parent;
	const char *name;
	u64 id;
};
/* since 6.14 */
struct kernfs_node___rcu {
	struct kernfs_node *__parent;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct linux_binfmt {
	int unused;
};

struct mm_struct {
	struct linux_binfmt *binfmt;
	struct file *exe_file;
};

struct vm_area_struct {
	unsigned long vm_flags;
	void *anon_vma;
	struct file *vm_file;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct tty_struct {
	char name[64];
};

struct signal_struct {
	struct tty_struct *tty;
};

struct seqcount {
	unsigned int sequence;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	const struct cred *real_cred;
	const struct cred *cred;
	kuid_t loginuid;
	u32 self_exec_id;
	void *io_uring;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	struct signal_struct *signal;
	char comm[16];
};

/* x86; a flavour, as libbpf's headers may know another */
struct pt_regs___call {
	unsigned long orig_ax;
};

enum kernel_read_file_id {
	READING_MODULE = 1,
	READING_MODULE_COMPRESSED = 2,
	READING_KEXEC_IMAGE = 3,
};

enum kernel_load_data_id {
	LOADING_MODULE = 1,
	LOADING_KEXEC_IMAGE = 2,
};

struct linux_binprm {
	struct file *file;
	char buf[256];
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num; /* local port, host order */
	unsigned short skc_family;
	unsigned char skc_ipv6only : 1;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u8 sk_userlocks : 4;
	unsigned short sk_type;
	unsigned short sk_protocol;
};

struct sockaddr_un {
	unsigned short sun_family;
};

struct unix_address {
	int len; /* of name */
	struct sockaddr_un name[];
};

struct unix_sock {
	struct unix_address *addr; /* NULL: bound to nothing */
	struct path path;          /* of an address that is a path */
	struct sock *peer;
};

struct socket {
	short type;
	struct file *file; /* NULL: the kernel's own */
	struct sock *sk;
};

struct sockaddr {
	unsigned short sa_family;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	void *msg_control; /* of a send: the kernel's copy */
	unsigned long msg_controllen;
};

struct cmsghdr {
	unsigned long cmsg_len; /* with this head */
	int cmsg_level;
	int cmsg_type;
};

struct seq_file;
struct bpf_iter_meta {
	__bpf_md_ptr(struct seq_file *, seq);
};

struct bpf_iter__task_file {
	__bpf_md_ptr(struct bpf_iter_meta *, meta);
	__bpf_md_ptr(struct task_struct *, task);
	u32 fd;
	__bpf_md_ptr(struct file *, file);
};

#pragma clang attribute pop

/* Constants, each with its header. */
#define PF_KTHREAD 0x00200000        /* include/linux/sched.h */
#define PF_IO_WORKER 0x00000010
#define PF_FORKNOEXEC 0x00000040
#define SB_NOUSER (1UL << 31)        /* include/linux/fs/super_types.h: never mounted by users: pipes, sockets, memfd, anon inodes */
#define MNT_NS_INTERNAL (-22L)       /* fs/mount.h: ERR_PTR(-EINVAL), the kernel's own mounts */
#define FMODE_READ 0x1u              /* include/linux/fs.h, all FMODE_* */
#define FMODE_WRITE 0x2u
#define FMODE_CREATED 0x100000u
#define FMODE_NOACCOUNT 0x20000000u  /* up to 6.4 the mark of overlayfs' own opens */
#define FMODE_BACKING 0x3000000u     /* since 6.5, of a backing file; bit 25 as measured on 6.12, bit 24 on 7.2: the other is something else there */
#define DCACHE_OP_COMPARE 2u         /* include/linux/dcache.h, 6.1 to 7.2 */
#define DCACHE_OP_REVALIDATE 4u
#define S_CASEFOLD (1u << 15)        /* include/linux/fs.h */
#define PROC_SUPER_MAGIC 0x9fa0      /* include/uapi/linux/magic.h */
#define MQUEUE_MAGIC 0x19800202
#define HUGETLBFS_MAGIC 0x958458f6
#define MAY_WRITE 0x2                /* include/linux/fs.h */
#define MAY_READ 0x4
#define O_ACCMODE 03
#define O_TRUNC 01000                /* include/uapi/asm-generic/fcntl.h */
#define O_APPEND 02000
#define O_TMPFILE_BIT 020000000      /* __O_TMPFILE */
#define F_SETFL 4
#define PROT_WRITE 0x2               /* include/uapi/asm-generic/mman-common.h */
#define PROT_EXEC 0x4
#define MAP_TYPE 0xf                 /* include/uapi/linux/mman.h */
#define MAP_PRIVATE 0x2
#define VM_WRITE 0x2ul               /* include/linux/mm.h */
#define VM_EXEC 0x4ul
#define VM_SHARED 0x8ul
#define FMODE_EXEC_FLAG 0x20u        /* __FMODE_EXEC in f_flags: opened by execve */
#define S_IFMT 00170000
#define S_IFREG 0100000
#define S_IFCHR 0020000
#define S_IFBLK 0060000
#define S_IFSOCK 0140000
#define SOCK_BINDPORT_LOCK 8         /* include/net/sock.h: the port was chosen by who bound it */
#define S_IFDIR 0040000
#define S_ISUID 04000
#define S_ISGID 02000
#define ATTR_MODE 0x1u               /* include/linux/fs.h */
#define ATTR_UID 0x2u
#define ATTR_GID 0x4u
#define ATTR_SIZE 0x8u
#define ATTR_ATIME 0x10u
#define ATTR_MTIME 0x20u
#define ATTR_FORCE 0x200u
#define FS_IOC_SETFLAGS 0x40086602u  /* include/uapi/linux/fs.h */
#define FS_IOC32_SETFLAGS 0x40046602u
#define FS_IOC_FSSETXATTR 0x401c5820u
#define FS_IOC_SETVERSION 0x40087602u
#define FS_IOC32_SETVERSION 0x40047602u
#define EXT4_IOC_SETVERSION 0x40086604u /* fs/ext4/ext4.h */
#define EXT4_IOC32_SETVERSION 0x40046604u
#define FS_IOC_ENABLE_VERITY 0x40806685u /* include/uapi/linux/fsverity.h */
#define FS_IOC_SET_ENCRYPTION_POLICY 0x800c6613u /* include/uapi/linux/fscrypt.h */
#define FAT_IOCTL_SET_ATTRIBUTES 0x40047211u /* include/uapi/linux/msdos_fs.h */
#define BTRFS_IOC_SUBVOL_SETFLAGS 0x4008941au /* include/uapi/linux/btrfs.h, as the rest */
#define BTRFS_IOC_SNAP_CREATE 0x50009401u
#define BTRFS_IOC_SNAP_CREATE_V2 0x50009417u
#define BTRFS_IOC_SUBVOL_CREATE 0x5000940eu
#define BTRFS_IOC_SUBVOL_CREATE_V2 0x50009418u
#define BTRFS_IOC_SNAP_DESTROY 0x5000940fu
#define BTRFS_IOC_SNAP_DESTROY_V2 0x5000943fu
#define BTRFS_IOC_TREE_SEARCH 0xd0009411u
#define BTRFS_IOC_TREE_SEARCH_V2 0xc0709411u
#define BTRFS_IOC_SEND 0x40489426u
#define BTRFS_IOC_SEND_32 0x40449426u
#define BTRFS_SUPER_MAGIC 0x9123683e /* include/uapi/linux/magic.h */
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_SMC 43
#define SCTP_SOCKOPT_BINDX_ADD 100   /* include/uapi/linux/sctp.h */
#define SCTP_SOCKOPT_CONNECTX 110
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ICMPV6 58
#define IPPROTO_UDPLITE 136
#define IPPROTO_MPTCP 262
#define IPPROTO_IP 0
#define IPPROTO_IPV6 41
#define IP_OPTIONS 4                 /* include/uapi/linux/in.h */
#define IP_RETOPTS 7
#define IPV6_2292RTHDR 5             /* include/uapi/linux/in6.h */
#define IPV6_2292PKTOPTIONS 6
#define IPV6_FLOWLABEL_MGR 32
#define IPV6_RTHDR 57
#define RENAME_EXCHANGE (1 << 1)
#define MS_REMOUNT 32                /* include/uapi/linux/mount.h */
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION (1u << 17 | 1u << 18 | 1u << 19 | 1u << 20) /* MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED */
#define CAP_OPT_NOAUDIT (1u << 1)    /* include/linux/security.h */
#define PTRACE_MODE_NOAUDIT 0x4      /* include/linux/ptrace.h */
#define PERF_SECURITY_OPEN 0         /* include/linux/perf_event.h */
#define RENAME_WHITEOUT (1 << 2)
#define NR_MOUNT 165                 /* arch/x86/entry/syscalls/syscall_64.tbl */
#define NR_MOUNT_I386 21             /* syscall_32.tbl; 64 bits have access() there, which mounts nothing */
#define NR_FILE_SETATTR 469          /* the same in both */
#define NR_X32_BIT 0x40000000u       /* arch/x86/include/uapi/asm/unistd.h */
#define EPERM 1
#define ENOENT 2
#define ENOMEM 12
#define SIGKILL 9

/* ctx[n], in a way that the compiler does not make one variable offset of two constant ones: the kernel wants constants. */
#define CTX_ARG(ctx, n) \
	({ \
		__u64 arg_; \
		asm volatile("%0 = *(u64 *)(%1 + " #n " * 8)" : "=r"(arg_) : "r"(ctx)); \
		(void *)arg_; \
	})

#endif
