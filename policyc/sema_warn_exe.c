/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warnings about terms: programs that start everything as inherited subjects, globs by which anybody could get a milder verdict. */
#include "sema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "glob.h"
#include "overlap.h"
#include "banned.h"

/* Numbers in the overlap of terms: the atom's, or what comes with the compiler. */
#define NUMBER_SHIPPED BL_MAX_ATOMS

/* The word that brought a pattern into a term, if it is written there; otherwise the term's values. */
static struct src_loc pattern_place(const struct ir_pattern *p, struct src_loc term)
{
	bool inside = p->loc.file == term.file && p->loc.line >= term.line && p->loc.end_line <= term.end_line &&
		      (p->loc.line > term.line || p->loc.col >= term.col) &&
		      (p->loc.end_line < term.end_line || p->loc.end_col <= term.end_col);

	return inside ? p->loc : term;
}

/* ---- globs ---- */

/* Where only root writes on a machine that is set up as usual. */
static bool below_root_owned(const char *prefix)
{
	static const char *const trees[] = {"/usr/", "/bin/", "/sbin/", "/etc/", "/opt/",
					    "/lib/", "/lib32/", "/lib64/", "/libx32/"};

	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		if (strncmp(prefix, trees[i], strlen(trees[i])) == 0)
			return true;
	}
	return false;
}

/* A pattern that stands for more than one name, and whose part before the first wildcard does not keep it below such a tree. */
static bool glob_strays(struct sema *s, const char *glob)
{
	const struct glob_prefix *g = glob_prefixes(s->arena, glob);

	for (; g; g = g->next) {
		if (g->more && !below_root_owned(g->text))
			return true;
	}
	return false;
}

static void warn_weak_literal(struct sema *s, const struct ir_lit *l)
{
	const struct ir_atom *atom = &s->ir.atoms[l->atom];

	if (!l->weak || atom->kind != BL_KEY_EXE || l->atom == 0)
		return;
	for (size_t i = 0; i < atom->term.npatterns; i++) {
		const struct ir_pattern *p = &atom->term.patterns[i];
		struct diag *d;

		if (!glob_strays(s, p->glob))
			continue;
		d = diag_warning(s->diags, pattern_place(p, l->loc), "W-weak-glob",
				 "'%s' makes a verdict milder, also for programs where not only root may put them", p->text);
		diag_help(s->diags, d, "begin with a directory below /usr, /bin, /sbin, /lib, /etc or /opt");
	}
}

void warn_weak_globs(struct sema *s)
{
	for (size_t i = 0; i < s->ir.nconds; i++) {
		const struct ir_cond *c = &s->ir.conds[i];

		for (size_t k = 0; k < c->nclauses; k++) {
			for (size_t l = 0; l < c->clauses[k].nlits; l++)
				warn_weak_literal(s, &c->clauses[k].lits[l]);
		}
	}
}

/* ---- subjects ---- */

/* An inherited term that holds for a shell or an interpreter; group: of the overlap, one that has both. */
static void warn_shell(struct sema *s, const struct overlap *o, const struct ir_lit *l, size_t group)
{
	const char *example = overlap_example(s->arena, o, BL_KEY_EXE, group);
	struct diag *d;

	if (!example)
		arena_oom();
	d = diag_warning(s->diags, l->loc, "W-shell", "everything that is started from %s is in this profile too",
			 example);
	diag_help(s->diags, d, "write 'inherit no', or name the programs that are meant");
}

/* Of each atom a group that has programs of it among those that come with the compiler; SIZE_MAX: none. */
static void find_shells(const struct overlap *o, size_t groups[BL_MAX_ATOMS])
{
	for (size_t i = 0; i < BL_MAX_ATOMS; i++)
		groups[i] = SIZE_MAX;
	for (size_t i = 0; i < overlap_ngroups(o); i++) {
		struct overlap_group g = overlap_group(o, i);

		for (size_t k = 0; g.numbers[g.n - 1] == NUMBER_SHIPPED && k + 1 < g.n; k++) {
			if (groups[g.numbers[k]] == SIZE_MAX)
				groups[g.numbers[k]] = i;
		}
	}
}

static void warn_shells(struct sema *s, const struct overlap *o)
{
	size_t groups[BL_MAX_ATOMS];

	find_shells(o, groups);
	for (size_t i = 0; i < s->nprofiles; i++) {
		for (size_t k = 0; k < s->ir.conds[i].nclauses; k++) {
			for (size_t l = 0; l < s->ir.conds[i].clauses[k].nlits; l++) {
				const struct ir_lit *lit = &s->ir.conds[i].clauses[k].lits[l];

				if (s->ir.atoms[lit->atom].sticky != 0 && groups[lit->atom] != SIZE_MAX)
					warn_shell(s, o, lit, groups[lit->atom]);
			}
		}
	}
}

static struct overlap *overlap_of_terms(struct sema *s, int *ret)
{
	const struct pats *sets[] = {set_shipped(s, "shells"), set_shipped(s, "interpreters")};
	struct overlap *o = overlap_new();

	if (!o)
		arena_oom();
	for (uint32_t i = 1; i < s->ir.natoms; i++) {
		const struct ir_atom *atom = &s->ir.atoms[i];

		for (size_t k = 0; k < atom->term.npatterns; k++) {
			if (atom->kind == BL_KEY_EXE || atom->kind == BL_KEY_CGROUP)
				overlap_add(o, &atom->term.patterns[k], i);
		}
	}
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < sets[i]->n; k++) {
			struct ir_pattern p = sets[i]->v[k];

			p.kind = BL_KEY_EXE;
			overlap_add(o, &p, NUMBER_SHIPPED);
		}
	}
	*ret = overlap_build(o);
	return o;
}

void warn_subjects(struct sema *s)
{
	struct overlap *o;
	int r;

	o = overlap_of_terms(s, &r);
	if (r < 0) {
		warn_too_complex(s, r, "subjects that hold for shells");
	} else {
		warn_shells(s, o);
		warn_lockout(s, o);
	}
	overlap_free(o);
}
