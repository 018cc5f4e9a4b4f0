#include "util/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

enum {
	BLOCK_SIZE = 16 * 1024 - 64,
	ALIGN = _Alignof(max_align_t),
	PRINTED_MOST = 256,
};

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char data[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *ptr;
};

struct arena {
	size_t given;
	struct block *blocks;
	struct deferred *deferred;
};

struct arena *arena_new(void)
{
	struct arena *a = alloc_plain(sizeof(*a));

	*a = (struct arena){0};
	return a;
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct deferred *d = a->deferred; d != NULL; d = d->next)
		d->fn(d->ptr);
	for (struct block *b = a->blocks, *next; b != NULL; b = next) {
		next = b->next;
		explicit_bzero(b->data, b->used);
		free(b);
	}
	free(a);
}

void arena_release(struct arena **a)
{
	arena_free(*a);
	*a = NULL;
}

size_t arena_used(const struct arena *a)
{
	return a->given;
}

/* Blocks are not zeroed as a whole: most of one is never used. */
void *arena_take(struct arena *a, size_t size)
{
	size_t need = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct block *b = a->blocks;

	if (b == NULL || b->size - b->used < need) {
		size_t room = need > BLOCK_SIZE ? need : BLOCK_SIZE;

		b = alloc_plain(sizeof(*b) + room);
		*b = (struct block){.next = a->blocks, .size = room};
		a->blocks = b;
	}
	void *p = b->data + b->used;
	b->used += need;
	a->given += need;
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = arena_take(a, size);

	memset(p, 0, size);
	return p;
}

void *arena_copy(struct arena *a, const void *from, size_t size)
{
	return memcpy(arena_take(a, size), from, size);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_take(a, len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char most[PRINTED_MOST]; /* formatted once, nearly always */
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(most, sizeof(most), fmt, ap);
	va_end(ap);
	if (len < 0)
		abort();
	char *text = arena_take(a, (size_t)len + 1);
	if ((size_t)len < sizeof(most)) {
		memcpy(text, most, (size_t)len + 1);
	} else {
		va_start(ap, fmt);
		vsnprintf(text, (size_t)len + 1, fmt, ap);
		va_end(ap);
	}
	explicit_bzero(most,
		       (size_t)len < sizeof(most) ? (size_t)len : sizeof(most));
	return text;
}

char *arena_join(struct arena *a, const char *first, ...)
{
	size_t size = 1;
	va_list ap;

	va_start(ap, first);
	for (const char *s = first; s != NULL; s = va_arg(ap, const char *))
		size += strlen(s);
	va_end(ap);
	char *text = arena_take(a, size), *to = text;
	va_start(ap, first);
	for (const char *s = first; s != NULL; s = va_arg(ap, const char *))
		to = stpcpy(to, s);
	va_end(ap);
	*to = '\0';
	return text;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *ptr)
{
	struct deferred *d = arena_alloc(a, sizeof(*d));

	d->fn = fn;
	d->ptr = ptr;
	d->next = a->deferred;
	a->deferred = d;
}
