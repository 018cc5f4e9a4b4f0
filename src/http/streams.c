#include "http/streams.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

struct stream_place {
	struct stream_place *next, **link;
	char *source, *login;
};

struct streams {
	pthread_mutex_t mutex; /* guards what follows */
	struct stream_place *first;
	int64_t count;
};

struct streams *streams_new(void)
{
	struct streams *s = alloc_zeroed(sizeof(*s));

	pthread_mutex_init(&s->mutex, NULL);
	return s;
}

void streams_free(struct streams **streams)
{
	struct streams *s = *streams;

	*streams = NULL;
	if (s != NULL)
		pthread_mutex_destroy(&s->mutex);
	free(s);
}

static char *copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *ret = alloc_plain(size);

	memcpy(ret, text, size);
	return ret;
}

/* There are so few of them that nothing is gained by a table. */
static bool has_room(const struct streams *s, int64_t each, const char *source,
		     const char *login)
{
	int64_t of_source = 0, of_login = 0;

	for (const struct stream_place *p = s->first; p != NULL; p = p->next) {
		of_source += strcmp(p->source, source) == 0;
		of_login += strcmp(p->login, login) == 0;
	}
	return of_source < each && of_login < each;
}

static struct stream_place *add(struct streams *s, const char *source,
				const char *login)
{
	struct stream_place *p = alloc_zeroed(sizeof(*p));

	p->source = copy(source);
	p->login = copy(login);
	p->link = &s->first;
	p->next = s->first;
	if (p->next != NULL)
		p->next->link = &p->next;
	s->first = p;
	s->count++;
	return p;
}

bool streams_enter(struct streams *s, int64_t all, int64_t each,
		   const char *source, const char *login,
		   struct stream_place **ret, struct err *e)
{
	bool full, room;

	pthread_mutex_lock(&s->mutex);
	full = s->count >= all;
	room = has_room(s, each, source, login);
	if (!full && room)
		*ret = add(s, source, login);
	pthread_mutex_unlock(&s->mutex);
	if (!room)
		return err_code(e, ERR_RATE, "too_many_streams",
				"you have %lld streams open already",
				(long long)each);
	return !full ||
	       err_code(e, ERR_LIMIT, "too_many_streams",
			"%lld streams are open already", (long long)all);
}

void streams_leave(struct streams *s, struct stream_place **place)
{
	struct stream_place *p = *place;

	*place = NULL;
	pthread_mutex_lock(&s->mutex);
	*p->link = p->next;
	if (p->next != NULL)
		p->next->link = p->link;
	s->count--;
	pthread_mutex_unlock(&s->mutex);
	free(p->source);
	free(p->login);
	free(p);
}
