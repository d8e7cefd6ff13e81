// SPDX-License-Identifier: GPL-2.0-or-later
/* Attaches the programs of empty.bpf.c for the hooks named, for as long as it runs. Usage: empty OBJECT HOOK...; it says "attached" when they are. */
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool named(const char *name, char **list)
{
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = argc > 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct bpf_program *prog;
	int left = argc - 2;

	if (!obj)
		return 2;
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, named(bpf_program__name(prog), argv + 2));
	if (bpf_object__load(obj) != 0)
		return 1;
	bpf_object__for_each_program(prog, obj)
	{
		if (!bpf_program__autoload(prog))
			continue;
		if (!bpf_program__attach(prog))
			return 1;
		left--;
	}
	if (left != 0) {
		fprintf(stderr, "empty: %d hooks without a program\n", left);
		return 1;
	}
	puts("attached");
	fflush(stdout);
	for (;;)
		pause();
}
