/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration says of outputs and metrics. */
#include "output_conf.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "banned.h"

#define FILE_SIZE (16u << 20)
#define FILE_KEEP 4

static const struct {
	const char *word;
	enum bl_output_kind kind;
	enum bl_format format;
	bool where, formats; /* takes them */
} kinds[] = {
	{"stdout", BL_OUTPUT_STDOUT, BL_FORMAT_TEXT, false, true},
	{"file", BL_OUTPUT_FILE, BL_FORMAT_JSON, true, true},
	{"journal", BL_OUTPUT_JOURNAL, BL_FORMAT_JOURNAL, false, false},
	{"syslog", BL_OUTPUT_SYSLOG, BL_FORMAT_SYSLOG, true, false},
};

/* The next word, ended; NULL: no more. */
static char *word(char **at)
{
	char *w = *at + strspn(*at, " \t");

	if (*w == '\0')
		return NULL;
	*at = w + strcspn(w, " \t");
	if (**at != '\0')
		*(*at)++ = '\0';
	return w;
}

bool bl_output_udp(const char *where, struct sockaddr_storage *ret, unsigned int *ret_len)
{
	struct sockaddr_in *in = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;
	const char *colon = strrchr(where, ':');
	char host[64], *end;
	unsigned long port;
	size_t n;

	if (strncmp(where, "udp:", 4) != 0 || colon < where + 4)
		return false;
	port = strtoul(colon + 1, &end, 10);
	n = (size_t)(colon - where - 4);
	if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port == 0 || port > 65535 || n == 0 || n >= sizeof(host))
		return false;
	memcpy(host, where + 4, n);
	host[n] = '\0';
	*ret = (struct sockaddr_storage){0};
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		*ret_len = sizeof(*in);
		return true;
	}
	if (host[0] != '[' || host[n - 1] != ']')
		return false;
	host[n - 1] = '\0';
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons((uint16_t)port);
	*ret_len = sizeof(*in6);
	return inet_pton(AF_INET6, host + 1, &in6->sin6_addr) == 1;
}

static const char *set_where(const char *w, struct bl_output_conf *ret)
{
	struct sockaddr_storage addr;
	unsigned int len;

	if (ret->kind == BL_OUTPUT_FILE && (w[0] != '/' || strlen(w) >= PATH_MAX - 8)) /* room for what is put aside */
		return "the absolute path of a file is wanted after 'file'";
	if (ret->kind == BL_OUTPUT_SYSLOG && !bl_output_udp(w, &addr, &len) &&
	    (w[0] != '/' || strlen(w) >= sizeof(((struct sockaddr_un *)0)->sun_path)))
		return "the absolute path of a socket or udp:ADDRESS:PORT is wanted after 'syslog'";
	(void)snprintf(ret->where, sizeof(ret->where), "%s", w);
	return NULL;
}

static const char *set_format(const char *w, bool takes, struct bl_output_conf *ret)
{
	if (!takes)
		return "this output has a format of its own";
	for (int f = BL_FORMAT_TEXT; f <= BL_FORMAT_OCSF; f++) {
		if (strcmp(w, bl_format_word((enum bl_format)f)) == 0) {
			ret->format = (enum bl_format)f;
			return NULL;
		}
	}
	return "format is one of text, json, ecs and ocsf";
}

static const char *set_size(const char *w, struct bl_output_conf *ret)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(w, &end, 10);
	if (w[0] < '0' || w[0] > '9' || errno != 0 || (strcmp(end, "K") != 0 && strcmp(end, "M") != 0) || n == 0 || n > 1048576)
		return "size is a number with K or M, from 1K to 1048576M";
	ret->size = (uint64_t)n << (*end == 'K' ? 10 : 20);
	return NULL;
}

static const char *set_keep(const char *w, struct bl_output_conf *ret)
{
	unsigned long n;
	char *end;

	n = strtoul(w, &end, 10);
	if (w[0] < '0' || w[0] > '9' || *end != '\0' || n > 99)
		return "keep is a number from 0 to 99";
	ret->keep = (uint32_t)n;
	return NULL;
}

const char *bl_output_parse(char *value, struct bl_output_conf *ret)
{
	const char *wrong = NULL, *w = word(&value);
	size_t i = 0;

	while (w && i < BL_ARRAY_SIZE(kinds) && strcmp(w, kinds[i].word) != 0)
		i++;
	if (!w || i == BL_ARRAY_SIZE(kinds))
		return "'stdout', 'file', 'journal' or 'syslog' is wanted";
	*ret = (struct bl_output_conf){.kind = kinds[i].kind, .format = kinds[i].format, .size = FILE_SIZE, .keep = FILE_KEEP};
	if (kinds[i].where) {
		w = word(&value);
		wrong = set_where(w ? w : "", ret);
	}
	while (!wrong && (w = word(&value)) != NULL) {
		if (strncmp(w, "format=", 7) == 0)
			wrong = set_format(w + 7, kinds[i].formats, ret);
		else if (strncmp(w, "size=", 5) == 0 && ret->kind == BL_OUTPUT_FILE)
			wrong = set_size(w + 5, ret);
		else if (strncmp(w, "keep=", 5) == 0 && ret->kind == BL_OUTPUT_FILE)
			wrong = set_keep(w + 5, ret);
		else
			wrong = "one word too many";
	}
	return wrong;
}

/* ---- metrics ---- */

static const char *set_mode(const char *w, struct bl_metrics_conf *ret)
{
	unsigned long n;
	char *end;

	n = strtoul(w, &end, 8);
	if (w[0] < '0' || w[0] > '7' || *end != '\0' || (n & ~0666UL) != 0 || (n & 0600) != 0600)
		return "mode is an octal number from 0600 to 0666 without execution, as 0640";
	ret->mode = (uint32_t)n;
	return NULL;
}

static const char *set_interval(const char *w, struct bl_metrics_conf *ret)
{
	unsigned long n;
	char *end;

	n = strtoul(w, &end, 10);
	if (w[0] < '0' || w[0] > '9' || *end != '\0' || n == 0 || n > 86400)
		return "interval is a number of seconds from 1 to 86400";
	ret->seconds = (uint32_t)n;
	return NULL;
}

const char *bl_metrics_parse(char *value, enum bl_metrics_kind kind, struct bl_metrics_conf *ret)
{
	bool file = kind == BL_METRICS_FILE;
	size_t max = file ? PATH_MAX - 8 : sizeof(((struct sockaddr_un *)0)->sun_path); /* room for what is written first */
	const char *wrong = NULL, *w = word(&value);

	*ret = (struct bl_metrics_conf){.mode = file ? 0644 : 0600, .seconds = 60};
	if (!w || w[0] != '/' || strlen(w) >= max)
		return file ? "the absolute path of a file is wanted" : "the absolute path of a socket is wanted, of at most 107 bytes";
	(void)snprintf(ret->where, sizeof(ret->where), "%s", w);
	while (!wrong && (w = word(&value)) != NULL) {
		if (strncmp(w, "mode=", 5) == 0)
			wrong = set_mode(w + 5, ret);
		else if (strncmp(w, "interval=", 9) == 0 && file)
			wrong = set_interval(w + 9, ret);
		else
			wrong = "one word too many";
	}
	return wrong;
}
