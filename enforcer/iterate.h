/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an iterator over open files (iter/task_file) says of the descriptors of the calling thread. */
#ifndef BL_ITERATE_H
#define BL_ITERATE_H

#include <stddef.h>

struct bpf_program;

/*
 * Runs a loaded iterator that writes one record of `size` bytes for each descriptor. *ret: the records, *ret_n of them, for the caller to free, on failure
 * too. 0 or a negative errno; -E2BIG: more than max, -EIO: not whole records.
 */
int bl_iterate_files(const struct bpf_program *prog, size_t size, size_t max, void **ret, size_t *ret_n);

#endif
