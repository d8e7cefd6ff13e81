// SPDX-License-Identifier: GPL-2.0-or-later
/* Attaches the programs of a BPF object for as long as it runs. Usage: hold OBJECT; it says "held" when they are. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct bpf_object *obj = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct bpf_program *prog;

	if (!obj || bpf_object__load(obj) != 0)
		return 1;
	bpf_object__for_each_program(prog, obj)
	{
		if (!bpf_program__attach(prog))
			return 1;
	}
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}
