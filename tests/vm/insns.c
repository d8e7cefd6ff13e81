// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many instructions the kernel went through to verify each loaded BPF LSM program and part of one: "name count" a line, sorted by whoever
 * wants it. verified_insns in struct bpf_prog_info is there since 5.16 (include/uapi/linux/bpf.h).
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	__u32 id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0) {
		struct bpf_prog_info info;
		__u32 len = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0) {
			perror("bpf_obj_get_info_by_fd");
			return 3;
		}
		close(fd);
		if (info.type == BPF_PROG_TYPE_LSM || info.type == BPF_PROG_TYPE_EXT)
			printf("%s %u\n", info.name, info.verified_insns);
	}
	return 0;
}
