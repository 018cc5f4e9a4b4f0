#include "util/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"

enum {
	LINE_SIZE = 2000,
	HELD_SIZE = 4096, /* what a pipe takes as one: PIPE_BUF */
};

static atomic_int threshold = LOG_INFO;

/* Lines of a thread on their way: many requests are answered in one turn of a
 * loop, and each write costs as much as the line itself. */
static _Thread_local struct {
	bool hold;
	size_t used;
	char text[HELD_SIZE];
} held;

struct line {
	char text[LINE_SIZE];
	size_t used;
};

static void put(struct line *l, const char *s, size_t len)
{
	/* The last byte is kept for the newline. */
	if (len > sizeof(l->text) - 1 - l->used)
		len = sizeof(l->text) - 1 - l->used;
	memcpy(l->text + l->used, s, len);
	l->used += len;
}

static bool is_plain(const char *s)
{
	for (const char *p = s; *p != '\0'; p++) {
		if (*p <= ' ' || *p == '"' || *p == '\\' || *p == '=' ||
		    *p >= 0x7f)
			return false;
	}
	return *s != '\0';
}

static void put_quoted(struct line *l, const char *s)
{
	char hex[8];

	put(l, "\"", 1);
	for (const char *p = s; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			put(l, "\\", 1);
		if (*p >= ' ' && *p < 0x7f)
			put(l, p, 1);
		else if (snprintf(hex, sizeof(hex), "\\x%02x",
				  (unsigned char)*p) > 0)
			put(l, hex, strlen(hex));
	}
	put(l, "\"", 1);
}

static void put_pair(struct line *l, const char *key, const char *value)
{
	if (l->used > 0)
		put(l, " ", 1);
	put(l, key, strlen(key));
	put(l, "=", 1);
	if (is_plain(value))
		put(l, value, strlen(value));
	else
		put_quoted(l, value);
}

static const char *level_name(int level)
{
	static const char *const names[] = {"emerg", "alert",   "crit",
					    "error", "warning", "notice",
					    "info",  "debug"};

	return level >= 0 && level <= LOG_DEBUG ? names[level] : "?";
}

static void write_out(const char *text, size_t size)
{
	/* There is nowhere left to report that the log cannot be written. */
	if (write(STDERR_FILENO, text, size) < 0)
		return;
}

static void flush(void)
{
	if (held.used > 0)
		write_out(held.text, held.used);
	held.used = 0;
}

static void pass_on(const struct line *l, bool at_once)
{
	if (!held.hold) {
		write_out(l->text, l->used);
		return;
	}
	if (l->used > sizeof(held.text) - held.used)
		flush();
	memcpy(held.text + held.used, l->text, l->used);
	held.used += l->used;
	if (at_once)
		flush();
}

void log_hold(void)
{
	held.hold = true;
}

void log_release(void)
{
	held.hold = false;
	flush();
}

static void log_pairs(int level, bool at_once, const char *event, va_list ap)
{
	struct line l = {.used = 0};
	char now[CLOCK_TEXT];
	const char *key;

	clock_text(now);
	put_pair(&l, "time", now);
	put_pair(&l, "level", level_name(level));
	put_pair(&l, "event", event);
	while ((key = va_arg(ap, const char *)) != NULL) {
		const char *value = va_arg(ap, const char *);

		if (value != NULL)
			put_pair(&l, key, value);
	}
	l.text[l.used++] = '\n';
	pass_on(&l, at_once);
}

void log_event(int level, const char *event, ...)
{
	va_list ap;

	if (level > atomic_load(&threshold))
		return;
	va_start(ap, event);
	log_pairs(level, level <= LOG_NOTICE, event, ap);
	va_end(ap);
}

void log_always(const char *event, ...)
{
	va_list ap;

	va_start(ap, event);
	log_pairs(LOG_NOTICE, true, event, ap);
	va_end(ap);
}

void log_set_level(int level)
{
	atomic_store(&threshold, level);
}
