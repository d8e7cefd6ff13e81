// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads the BPF side, gives it tables and asks it. */
#include "kernel_side.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "diff.skel.h"

#include "banned.h"

/* Words; as bl_object_size_class() in enforcer/object.c has them. */
static const uint32_t class_words[KERNEL_CLASSES] = {1u << 15, 1u << 17, 1u << 19, 1u << 21};

static size_t page_up(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

static int class_load(struct kernel_class *c, uint32_t words)
{
	size_t value = sizeof(struct bl_tables) + 8 * (size_t)words;
	void *slot;
	int r;

	c->skel = diff__open();
	if (!c->skel)
		return -errno;
	r = bpf_map__set_value_size(c->skel->maps.tables, (uint32_t)value);
	c->skel->rodata->bl_word_last = words - 1;
	if (r == 0)
		r = diff__load(c->skel);
	if (r < 0)
		return r;
	slot = mmap(NULL, page_up(sizeof(struct ask_slot)), PROT_READ | PROT_WRITE, MAP_SHARED,
		    bpf_map__fd(c->skel->maps.slot), 0);
	if (slot == MAP_FAILED)
		return -errno;
	c->slot = slot;
	c->value = calloc(1, value);
	return c->value ? 0 : -ENOMEM;
}

static int class_fill(struct kernel_class *c, uint32_t words, const struct bl_tables *t, size_t len)
{
	uint32_t zero = 0;

	memset(c->value, 0, sizeof(*t) + 8 * (size_t)words);
	memcpy(c->value, t, len);
	return bpf_map_update_elem(bpf_map__fd(c->skel->maps.tables), &zero, c->value, BPF_ANY) < 0 ? -errno : 0;
}

int kernel_tables(struct kernel_side *k, const struct bl_tables *t, size_t len)
{
	struct kernel_class *c;
	size_t i = 0;
	int r;

	while (i < KERNEL_CLASSES && t->nwords > class_words[i])
		i++;
	if (i == KERNEL_CLASSES)
		return -E2BIG;
	c = &k->classes[i];
	r = c->skel ? 0 : class_load(c, class_words[i]);
	if (r == 0)
		r = class_fill(c, class_words[i], t, len);
	if (r < 0) {
		fprintf(stderr, "diff: cannot load tables of %u words: %s\n", class_words[i], strerror(-r));
		return r;
	}
	k->now = c;
	k->used[i]++;
	return 0;
}

int kernel_answer(struct kernel_side *k)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int r = bpf_prog_test_run_opts(bpf_program__fd(k->now->skel->progs.answer), &opts);

	if (r < 0 || opts.retval != 0) {
		fprintf(stderr, "diff: BPF_PROG_TEST_RUN: %s, program returned %u\n", strerror(errno), opts.retval);
		return -EIO;
	}
	return 0;
}

void kernel_free(struct kernel_side *k)
{
	for (size_t i = 0; i < KERNEL_CLASSES; i++) {
		struct kernel_class *c = &k->classes[i];

		if (c->slot)
			(void)munmap(c->slot, page_up(sizeof(*c->slot)));
		free(c->value);
		diff__destroy(c->skel);
	}
}
