/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bpf(2): our maps, programs and links by whatever way, and programs of others that could act on the daemon or instead of ours. */
#ifndef BL_SEAL_OBJECT_H
#define BL_SEAL_OBJECT_H

#include "seal_maps.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct bpf_map {
	u32 id;
};
struct bpf_prog_aux {
	u32 id;
	u32 used_map_cnt;
	struct bpf_map **used_maps;
};
struct bpf_prog {
	struct bpf_prog_aux *aux;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct task_struct___files {
	struct files_struct *files;
};
#pragma clang attribute pop

static __always_inline bool is_ours(__u32 kind, __u32 id)
{
	struct bl_seal_object key = { .kind = kind, .id = id };

	return bpf_map_lookup_elem(&seal_objects, &key) != NULL;
}

/* Is it a map of ours that a descriptor stands for, which could be older than the seal? What is no map has no id, or the kernel refuses it. */
static __always_inline bool fd_is_ours(__u32 fd)
{
	struct task_struct___files *task = (void *)bpf_get_current_task_btf();
	struct fdtable *t = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(t, fd), *f = NULL;
	struct bpf_map *map;

	if (fd >= BPF_CORE_READ(t, max_fds))
		return false;
	bpf_probe_read_kernel(&f, sizeof(f), files + fd);
	if (!f)
		return false;
	map = BPF_CORE_READ(f, private_data);
	return map && is_ours(BL_SEAL_IS_MAP, BPF_CORE_READ(map, id));
}

/* The union's members begin at fixed places (include/uapi/linux/bpf.h). */
#define ATTR_FIRST 0u     /* map_fd, link_id, prog_type */
#define ATTR_BATCH_MAP 36u

static __always_inline __u32 attr_read(const void *attr, __u32 at)
{
	__u32 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (const char *)attr + at);
	return v;
}

/* Types of programs that run in other processes, read or write their memory, signal them, or run instead of others. */
static __always_inline bool acts_on_others(__u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_STRUCT_OPS:
	case BPF_PROG_TYPE_EXT:
	case BPF_PROG_TYPE_LSM:
		return true;
	}
	return false;
}

/* What of ours the call is about, -1: nothing. */
static __always_inline int call_is_about(int cmd, const void *attr)
{
	switch (cmd) {
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
	case BPF_MAP_FREEZE:
		return fd_is_ours(attr_read(attr, ATTR_FIRST)) ? BL_SEAL_MAP : -1;
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		return fd_is_ours(attr_read(attr, ATTR_BATCH_MAP)) ? BL_SEAL_MAP : -1;
	case BPF_LINK_GET_FD_BY_ID:
		return is_ours(BL_SEAL_IS_LINK, attr_read(attr, ATTR_FIRST)) ? BL_SEAL_LINK : -1;
	case BPF_PROG_LOAD:
		return acts_on_others(attr_read(attr, ATTR_FIRST)) ? BL_SEAL_TRACING : -1;
	}
	return -1;
}

SEC("lsm/bpf")
int BPF_PROG(bpf, int cmd, void *attr, unsigned int size)
{
	int what;

	if (!sealed() || trusted())
		return 0;
	what = call_is_about(cmd, attr);
	return what < 0 ? 0 : refuse(what);
}

SEC("lsm/bpf_map")
int BPF_PROG(bpf_map, struct bpf_map *map, unsigned int mode)
{
	return !sealed() || !is_ours(BL_SEAL_IS_MAP, map->id) || trusted() ? 0 : refuse(BL_SEAL_MAP);
}

#define MAX_USED_MAPS 64u /* kernel/bpf: of one program */

struct users {
	struct bpf_map **maps;
	__u32 n;
	__u32 found;
};

static long users_step(__u32 i, struct users *u)
{
	struct bpf_map *map = NULL;

	if (i >= u->n)
		return 1;
	bpf_probe_read_kernel(&map, sizeof(map), u->maps + i);
	u->found = is_ours(BL_SEAL_IS_MAP, BPF_CORE_READ(map, id));
	return u->found;
}

/* A descriptor that is older than the seal can be given to a new program: it is asked about with the maps that it found. */
static __noinline bool uses_ours(struct bpf_prog_aux *aux)
{
	struct users u = { .maps = BPF_CORE_READ(aux, used_maps), .n = BPF_CORE_READ(aux, used_map_cnt) };

	bpf_loop(MAX_USED_MAPS, users_step, &u, 0);
	return u.found;
}

SEC("lsm/bpf_prog")
int BPF_PROG(bpf_prog, struct bpf_prog *prog)
{
	struct bpf_prog_aux *aux = BPF_CORE_READ(prog, aux);

	if (!sealed() || trusted())
		return 0;
	if (is_ours(BL_SEAL_IS_PROGRAM, BPF_CORE_READ(aux, id)))
		return refuse(BL_SEAL_PROGRAM);
	return uses_ours(aux) ? refuse(BL_SEAL_MAP) : 0;
}

#endif
