/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who took a pin away. */
#include "witness.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "witness.skel.h"
#include "witness_abi.h"

#include "banned.h"

#define KEPT 256u /* an unload of ours takes some two hundred away */

struct bl_witnesses {
	struct witness *skel;
	struct ring_buffer *ring;
	struct bl_witness last[KEPT]; /* in a circle */
	size_t n;
};

static int on_record(void *arg, void *data, size_t size)
{
	struct bl_witnesses *w = arg;

	if (size < sizeof(struct bl_witness))
		return 0;
	memcpy(&w->last[w->n++ % KEPT], data, sizeof(struct bl_witness));
	return 0;
}

int bl_witness_open(struct bl_witnesses **ret, struct bl_error *err)
{
	struct bl_witnesses *w = calloc(1, sizeof(*w));
	int r = w ? 0 : -ENOMEM;

	if (r == 0) {
		w->skel = witness__open_and_load();
		r = w->skel ? witness__attach(w->skel) : -errno;
	}
	if (r == 0) {
		w->ring = ring_buffer__new(bpf_map__fd(w->skel->maps.witnessed), on_record, w, NULL);
		r = w->ring ? 0 : -errno;
	}
	if (r < 0) {
		bl_witness_close(w);
		return bl_error_set(err, BL_SYSTEM, "cannot watch who takes pins away: %s", strerror(-r));
	}
	*ret = w;
	return 0;
}

void bl_witness_close(struct bl_witnesses *w)
{
	if (!w)
		return;
	ring_buffer__free(w->ring);
	witness__destroy(w->skel);
	free(w);
}

void bl_witness_read(struct bl_witnesses *w)
{
	if (w)
		(void)ring_buffer__consume(w->ring);
}

static bool is(const uint8_t *seen, const char *name)
{
	return strncmp((const char *)seen, name, BL_WITNESS_NAME - 1) == 0;
}

void bl_witness_say(const struct bl_witnesses *w, const char *dir, const char *name, struct bl_buf *b)
{
	for (size_t i = 0; w && i < w->n && i < KEPT; i++) {
		const struct bl_witness *x = &w->last[(w->n - 1 - i) % KEPT];

		if (!x->unmounts && (!is(x->dir, dir) || !is(x->name, name)))
			continue;
		bl_buf_str(b, ": by (");
		bl_text_escape(b, x->comm, strnlen((const char *)x->comm, BL_COMM_LEN));
		bl_buf_printf(b, ")[%" PRIu32 "] uid=%" PRIu32, x->pid, x->uid);
		if (x->login != UINT32_MAX)
			bl_buf_printf(b, " auid=%" PRIu32, x->login);
		return;
	}
}
