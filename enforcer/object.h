/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loaded object: programs and maps that outlive a policy and the enforcer, held by their pins. bl_object_load()
 * makes the pins once; everything after that works on pins, whoever made them.
 */
#ifndef BL_OBJECT_H
#define BL_OBJECT_H

#include "abi.h"
#include "enforcer.h"

/* libbpf's messages are kept, not printed; this gives the last lines of them, for a load that failed. */
void bl_object_log_init(void);
const char *bl_object_log_tail(int lines);

/* Loads the programs for tables of words (size_class.h) and pins maps and programs. Nothing is attached, nothing
 * enforced. */
int bl_object_load(uint32_t words, uint64_t ops, struct bl_error *err);

/* Loads and pins what ops needs besides the programs that are there; they share the maps. words: as at the first load. */
int bl_object_load_more(uint32_t words, uint64_t ops, struct bl_error *err);

/* Makes the maps of an opened object ready to be loaded: tables of words, and (pinned) the pinned maps in place of new ones. */
struct bpf_object;
int bl_object_fit(struct bpf_object *obj, uint32_t words, bool pinned, struct bl_error *err);

/* The maps that the enforcer talks to; -1: not open. Start with BL_OBJECT_CLOSED. */
struct bl_object {
	int slot;
	int control;
	int events;
	int stats;
};
#define BL_OBJECT_CLOSED                                                                                               \
	{                                                                                                              \
		-1, -1, -1, -1                                                                                         \
	}

/* Opens the pinned maps and checks that the programs are of this version (control.abi, where it is set). */
int bl_object_open(struct bl_object *ret, struct bl_error *err);
void bl_object_close(struct bl_object *o);

/* Whether the open map 'control' has the layout of this version; part of bl_object_open(). */
int bl_object_check_control(const struct bl_object *o, struct bl_error *err);

/* These leave errno as bpf(2) set it. */
int bl_object_control_get(const struct bl_object *o, struct bl_control *ret, struct bl_error *err);
int bl_object_control_set(const struct bl_object *o, const struct bl_control *c, struct bl_error *err);

/* Id of the map that the slot names, 0: none. */
int bl_object_slot_id(const struct bl_object *o, uint32_t *ret, struct bl_error *err);

/*
 * Attaches and pins a link for every loaded hook that ops needs and that has none. added (may be NULL) tells which were
 * made, so that a failure can take them back with bl_object_detach().
 */
int bl_object_attach(uint64_t ops, bool added[BL_NHOOKS], struct bl_error *err);
/* Removes the links of the hooks with which[i]. */
int bl_object_detach(const bool which[BL_NHOOKS], struct bl_error *err);
/* Removes the links of hooks that ops does not need. */
int bl_object_detach_unneeded(uint64_t ops, struct bl_error *err);
/* Whether ops needs the hook on this kernel: an optional one that it lacks has no program. */
bool bl_object_needs(size_t hook, uint64_t ops);
bool bl_object_attached(size_t hook);

#endif
