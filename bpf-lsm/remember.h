/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts that are remembered: an open or an executable mapping that was allowed without a report, for the second time, is not asked about again while
 * nothing has changed that the answer depends on. It is kept with the inode, as one word that is written and compared whole: a keyed hash of the entry,
 * the mount, the operations, who asks
 * (task_label.alike, which has the generation in it), the owner where rules look at it, and the kernel's counts of renames and mounts, both at
 * rest. An inode has one name that the counts do not watch over, unless it has been linked: then nothing is remembered of it for good, as the last
 * link of two has the same inode, the same counts, and maybe the same entry's address.
 */
#ifndef BL_REMEMBER_H
#define BL_REMEMBER_H

#include "hook.h"
#include "seen.h"

#define MEMORIES 4 /* of one inode: who asks, and for what */

struct memory {
	__u64 key[MEMORIES];
	__u64 linked; /* has been: nothing is remembered */
};
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct memory);
} remembered SEC(".maps");

/* Of jiffies, some minutes at most: the counts have 32 bits, and who renames without end makes them come round, but not in that time. */
#define EPOCH_SHIFT 14

/* Beside the bits that addresses of the kernel differ in. */
#define OPS_SHIFT 56
#define REMEMBERED_OPENS (BL_OP_BIT(BL_OP_READ) | BL_OP_BIT(BL_OP_WRITE) | BL_OP_BIT(BL_OP_APPEND))
#define REMEMBERED_OPS (REMEMBERED_OPENS | BL_OP_BIT(BL_OP_MAP))
#define IN_KEY(ops) ((ops) | (ops) >> 9)
_Static_assert((IN_KEY(REMEMBERED_OPENS) & IN_KEY(BL_OP_BIT(BL_OP_MAP)) & 0xff) == 0 && (IN_KEY(BL_OP_BIT(BL_OP_MAP)) & 0xff) != 0, "operations in a key");

/* The kernel's counts of renames and mounts. 0: they are not at rest. */
static __always_inline __u64 counts_at_rest(void)
{
	__u32 renames = seq_read(&rename_lock), mounts = seq_read(&mount_lock);

	return (renames | mounts) & 1 ? 0 : (__u64)renames << 32 | mounts;
}

/* What the answer to this question would be remembered by, with the counts as of before it. 0: it would not be. */
static __always_inline __u64 memory_key(const struct about *a, struct file *file, __u64 ops, __u64 counts)
{
	struct task_label *tl = label_of(a);
	__u64 h = tl->alike;

	if (h == 0 || counts == 0 || tl->notes.truncating != 0)
		return 0;
	h = mixed(h + (bpf_jiffies64() >> EPOCH_SHIFT), counts);
	h = mixed(h, number_in(&tl->room, file->f_path.dentry));
	h = mixed(h, number_in(&tl->room, file->f_path.mnt) ^ IN_KEY(ops) << OPS_SHIFT);
	if (a->t->features & BL_FEAT_OWNER)
		h = mixed(h, (__u64)a->task->cred->fsuid.val << 32 | file->f_inode->i_uid.val);
	return h | 1;
}

static __always_inline __u64 *memory_place(struct memory *m, __u64 key)
{
	return &m->key[key >> 62];
}

static __always_inline bool is_remembered(struct file *file, __u64 key)
{
	struct memory *m = key != 0 && !global.forgets ? bpf_inode_storage_get(&remembered, file->f_inode, 0, 0) : NULL;

	return m && *memory_place(m, key) == key && !m->linked;
}

/* Does the file have one name, which changes only when the kernel counts a rename? */
static __always_inline bool has_one_name(const struct file *file)
{
	struct inode *inode = file->f_inode;

	if (file->f_path.dentry->d_flags & DCACHE_OP_REVALIDATE)
		return false;
	return inode->i_nlink == 1 || (inode->i_mode & S_IFMT) == S_IFDIR;
}

/*
 * After an answer. before: its key as of before the question, which nothing but the counts may have changed since: they only grow, so what is
 * kept by counts that are not the present ones any more is never found. Of what is asked once only nothing is kept: that costs two allocations.
 */
static __always_inline void remember(const struct about *a, struct file *file, __u64 ops, __u64 counts, __u64 before)
{
	struct memory *m;

	if (!label_of(a)->notes.plain || !has_one_name(file))
		return;
	if (!is_seen(before)) {
		see(before);
		return;
	}
	if (memory_key(a, file, ops, counts) != before)
		return;
	m = bpf_inode_storage_get(&remembered, file->f_inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (m)
		*(volatile __u64 *)memory_place(m, before) = before;
}

/* A further name is made. Without room to note that, nothing is remembered any more of anything. */
static __always_inline void forget_for_good(struct inode *inode)
{
	struct memory *m = bpf_inode_storage_get(&remembered, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (m) {
		m->linked = 1;
	} else if (!global.forgets) {
		global.forgets = 1;
		stat_add(BL_STAT_FORGETS);
	}
}

/* Does the task have a label that holds? Not during the self-test, which wants to be seen. */
static __always_inline bool label_holds(struct about *a)
{
	__u32 zero = 0;
	struct bl_control *c = bpf_map_lookup_elem(&control, &zero);

	a->t = tables_now();
	if (!a->t || !c || c->probe_tgid != 0)
		return false;
	a->l = bpf_task_storage_get(&labels, a->task, 0, 0);
	return a->l && !label_stale(a->t, a->l, a->task);
}

/*
 * A question about a file by a task whose label holds, with counts and key as far as the answer can be remembered. A truncation leaves a note, and
 * overlayfs asks with credentials of its own.
 */
struct recall {
	__u64 ops;
	__u64 counts;
	__u64 key; /* 0: it cannot */
};

/* Is the question answered: what it asks is allowed? Otherwise it is to be asked, and recall_end() told the answer. */
static __always_inline bool recall(const struct about *a, struct file *file, struct recall *c)
{
	c->key = 0;
	if ((c->ops & ~REMEMBERED_OPS) || a->task->cred != a->task->real_cred)
		return false;
	c->counts = counts_at_rest();
	c->key = memory_key(a, file, c->ops, c->counts);
	if (is_remembered(file, c->key))
		return true;
	label_of(a)->notes.plain = 0; /* a task that is exempt is not asked, and would leave it as it was */
	return false;
}

static __always_inline int recall_end(const struct about *a, struct file *file, const struct recall *c, int r)
{
	if (r == 0 && c->key != 0)
		remember(a, file, c->ops, c->counts, c->key);
	return r;
}

/* What a hook returns for the question about an open by a task whose label holds (holds), or is not known to. */
static __always_inline int question_open(struct about *a, bool holds, struct file *file, __u64 ops)
{
	struct recall c = { .ops = ops };
	__u64 *room, d, m;

	if (!holds)
		return question_content(ops, &file->f_path);
	if (recall(a, file, &c))
		return 0;
	stat_add(BL_STAT_OPENS);
	room = &label_of(a)->room;
	d = number_in(room, file->f_path.dentry);
	m = number_in(room, file->f_path.mnt);
	return recall_end(a, file, &c, answer(question_file(d, m, 0, ops, number_in(room, &file->f_path))));
}

/* The same about a mapping. The code of a deleted file is another matter, and overlayfs maps the file of a layer. */
static __always_inline int question_mapping(struct file *file, __u64 ops)
{
	struct about a = { .task = bpf_get_current_task_btf() };
	struct recall c = { .ops = ops };

	if (!label_holds(&a))
		return question_map(number_of(file), ops);
	if (label_is_free(a.l))
		return 0;
	if (has_one_name(file) && !file_is_backing_of(file, file->f_mode) && recall(&a, file, &c))
		return 0;
	return recall_end(&a, file, &c, question_map(number_in(&label_of(&a)->room, file), ops));
}

#endif
