/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last change of policy that failed, and an alarm: the text of a file, and its time. */
#include "failure.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "banned.h"

static void note(const char *file, const char *what, const char *why)
{
	char temp[64];
	int fd, n;

	(void)snprintf(temp, sizeof(temp), "%s.%ld", file, (long)getpid());
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	n = dprintf(fd, "%s%s", what, why);
	if (close(fd) < 0 || n < 0 || rename(temp, file) < 0)
		(void)unlink(temp);
}


static bool read_note(const char *file, struct bl_failure *ret)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return false;
	n = fstat(fd, &st) < 0 ? -1 : read(fd, ret->text, sizeof(ret->text) - 1);
	(void)close(fd);
	if (n < 0)
		return false;
	ret->text[n] = '\0';
	ret->at_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
	return true;
}

void bl_failure_note(const char *what, const char *why)
{
	note(BL_FAILURE_FILE, what, why);
}

void bl_failure_forget(void)
{
	(void)unlink(BL_FAILURE_FILE);
}

bool bl_failure_read(struct bl_failure *ret)
{
	return read_note(BL_FAILURE_FILE, ret);
}

void bl_alarm_note(const char *why)
{
	note(BL_ALARM_FILE, "", why);
}

void bl_alarm_forget(void)
{
	(void)unlink(BL_ALARM_FILE);
}

bool bl_alarm_read(struct bl_failure *ret)
{
	return read_note(BL_ALARM_FILE, ret);
}
