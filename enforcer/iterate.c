/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs an iterator of bpf(2) over the calling thread's descriptors. */
#include "iterate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "banned.h"

/* All that there is, at most max bytes. */
static int read_all(int fd, char *ret, size_t max, size_t *ret_got)
{
	size_t got = 0;

	for (;;) {
		ssize_t r = read(fd, ret + got, max - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		got += (size_t)r;
		*ret_got = got;
		if (r == 0)
			return 0;
		if (got == max)
			return -E2BIG;
	}
}

int bl_iterate_files(const struct bpf_program *prog, size_t size, size_t max, void **ret, size_t *ret_n)
{
	union bpf_iter_link_info who = {.task = {.tid = (uint32_t)gettid()}};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &who, .link_info_len = sizeof(who));
	struct bpf_link *link = bpf_program__attach_iter(prog, &opts);
	size_t got = 0;
	int fd, r;

	*ret = NULL;
	*ret_n = 0;
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	r = fd < 0 ? fd : 0;
	if (r == 0)
		*ret = calloc(max, size);
	if (r == 0)
		r = *ret ? read_all(fd, *ret, max * size, &got) : -ENOMEM;
	if (r == 0 && got % size != 0)
		r = -EIO;
	*ret_n = got / size;
	if (fd >= 0)
		(void)close(fd);
	bpf_link__destroy(link);
	return r;
}
