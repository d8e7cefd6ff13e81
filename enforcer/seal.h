/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seal: programs and maps of their own (bpf-lsm/seal.bpf.c), pinned in BL_PIN_DIR/seal, that keep everybody but trusted processes from what is in
 * force, from the daemon and from its files. It stays until the machine is booted again. What is in force when it is set is final: not
 * even a trusted process can put another policy in force, because the map `slot` is frozen.
 */
#ifndef BL_SEAL_H
#define BL_SEAL_H

#include "conf.h"
#include "generation.h"
#include "seal_abi.h"

enum bl_seal_state {
	BL_SEAL_OFF,
	BL_SEAL_ON,
	BL_SEAL_OUTSIDE, /* it is set, and this process is not trusted */
};
enum bl_seal_state bl_seal_state(void);

/* "map", "signal"...: NULL for numbers that are not used. */
const char *bl_seal_word(uint32_t what);

/* 0, or BL_REFUSED with a sentence: the seal is set, so that nothing can be put in force or taken out. */
int bl_seal_final(struct bl_error *err);
/* 0, or BL_SYSTEM: the seal is set, and keeps this process out. */
int bl_seal_inside(struct bl_error *err);

/*
 * Sets the seal, or if it is set makes this process the daemon that it protects. A policy is in force, none is on trial, and the process
 * has one thread. The caller holds the lock. On failure there is no seal, as before.
 */
int bl_seal_set(const struct bl_conf *conf, struct bl_error *err);

/* BL_REFUSED: it is set and does not keep this process from removing a pin. */
int bl_seal_check(struct bl_error *err);

/* How often something was refused, by BL_SEAL_*. */
int bl_seal_refused(uint64_t ret[BL_SEAL_WHAT_MAX], struct bl_error *err);

/* What it does not hold on this machine with this policy (NULL: none is known): fn gets each gap and its cure. */
void bl_seal_gaps(const struct bl_tables *t, void (*fn)(void *arg, const char *gap, const char *cure), void *arg);

/* Refusals as they come. Only one reader may exist: the caller holds the events lock. */
struct bl_seal_log;
typedef void bl_seal_log_fn(void *arg, const struct bl_seal_record *r);
int bl_seal_log_open(bl_seal_log_fn *fn, void *arg, struct bl_seal_log **ret, struct bl_error *err);
void bl_seal_log_read(struct bl_seal_log *l);
void bl_seal_log_close(struct bl_seal_log *l);

#endif
