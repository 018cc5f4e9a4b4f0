#include "import/sql_dialect.h"

#include <stdbool.h>
#include <string.h>

#include "util/text.h"

static const struct {
	const char *head, *tail; /* NULL: it does not say where it ends */
	enum sql_dialect dialect;
} programs[] = {
	{"-- PostgreSQL database dump", "-- PostgreSQL database dump complete",
	 SQL_POSTGRESQL},
	{"-- PostgreSQL database cluster dump",
	 "-- PostgreSQL database cluster dump complete", SQL_POSTGRESQL},
	{"-- MySQL dump", "-- Dump completed", SQL_MYSQL},
	{"-- MariaDB dump", "-- Dump completed", SQL_MYSQL},
	{"-- phpMyAdmin SQL Dump", NULL, SQL_MYSQL},
};

/* With these words, whole. */
static bool begins(const char *line, size_t size, const char *words)
{
	size_t length = strlen(words);

	return size >= length && memcmp(line, words, length) == 0 &&
	       (size == length || strchr(" \t\r\n", line[length]) != NULL);
}

void sql_dialect_note(const char *line, size_t size, unsigned *open)
{
	bool ends = false;

	for (size_t i = 0; i < COUNT(programs); i++) {
		if (programs[i].tail == NULL ||
		    !begins(line, size, programs[i].tail))
			continue;
		*open &= ~(1U << i);
		ends = true;
	}
	/* What ends a dump may begin as its head does. */
	for (size_t i = 0; i < COUNT(programs) && !ends; i++) {
		if (programs[i].tail != NULL &&
		    begins(line, size, programs[i].head))
			*open |= 1U << i;
	}
}

/* SQL_UNSAID: it is no such line. */
static enum sql_dialect of_line(const char *line, size_t size)
{
	for (size_t i = 0; i < COUNT(programs); i++) {
		if (begins(line, size, programs[i].head))
			return programs[i].dialect;
	}
	return SQL_UNSAID;
}

/* Statements in comments, for servers of some version. */
static bool is_conditional(const char *at, size_t size)
{
	return (size > 2 && at[2] == '!') ||
	       (size > 3 && memcmp(at + 2, "M!", 2) == 0);
}

static size_t comment_size(const char *at, size_t size)
{
	bool line = at[0] == '#' || memcmp(at, "--", 2) == 0;
	const char *end = line ? memchr(at, '\n', size)
			       : memmem(at + 2, size - 2, "*/", 2);

	return end != NULL ? (size_t)(end - at) + (line ? 1 : 2) : size;
}

static bool is_comment(const char *at, size_t size)
{
	return (size > 0 && at[0] == '#') ||
	       (size > 1 &&
		(memcmp(at, "--", 2) == 0 || memcmp(at, "/*", 2) == 0));
}

static size_t blanks(const char *at, size_t size)
{
	size_t n = 0;

	while (n < size && memchr(" \t\r\n", at[n], 4) != NULL)
		n++;
	return n;
}

enum sql_dialect sql_dialect(const char *text, size_t size)
{
	enum sql_dialect ret = SQL_UNSAID;
	size_t at = text_mark_size(text, size);

	for (at += blanks(text + at, size - at);
	     is_comment(text + at, size - at);
	     at += blanks(text + at, size - at)) {
		enum sql_dialect said = of_line(text + at, size - at);

		if (said != SQL_UNSAID)
			return said;
		if (text[at] == '/' && is_conditional(text + at, size - at))
			ret = SQL_MYSQL;
		at += comment_size(text + at, size - at);
	}
	return ret;
}
