#include "http/secure.h"

#include <microhttpd.h>
#include <sys/socket.h>

#include "util/log.h"

static void look_at(struct channel *c)
{
	struct secure *s = c->all;

	c->link = &s->awake;
	c->next = s->awake;
	if (c->next != NULL)
		c->next->link = &c->next;
	s->awake = c;
}

static void look_away(struct channel *c)
{
	if (c->link == NULL)
		return;
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	c->link = NULL;
}

void secure_enter(struct secure *s, struct channel *c,
		  struct MHD_Connection *connection)
{
	if (s->tls == NULL)
		return;
	c->all = s;
	c->connection = connection;
	c->fd = MHD_get_connection_info(connection,
					MHD_CONNECTION_INFO_CONNECTION_FD)
			->connect_fd;
	c->end = tls_begin(s->tls, MHD_get_connection_info(
					   connection,
					   MHD_CONNECTION_INFO_GNUTLS_SESSION)
					   ->tls_session);
	look_at(c);
}

void secure_leave(struct channel *c)
{
	if (c->end == NULL)
		return;
	look_away(c);
	loop_unwatch(c->all->loop, &c->watch);
	tls_finish(&c->end);
}

void secure_wake(struct channel *c)
{
	if (c->watch == NULL)
		return;
	loop_unwatch(c->all->loop, &c->watch);
	MHD_resume_connection(c->connection);
	*c->all->due = true;
	look_at(c);
}

static void on_readable(void *ctx, unsigned ready)
{
	(void)ready;
	secure_wake(ctx);
}

void secure_rest(struct secure *s)
{
	struct err ignored = {0};

	while (s->awake != NULL) {
		struct channel *c = s->awake;

		look_away(c);
		if (tls_is_open(c->end))
			continue;
		c->watch = loop_watch(s->loop, c->fd, LOOP_READ, on_readable, c,
				      &ignored);
		if (c->watch != NULL)
			MHD_suspend_connection(c->connection);
		else
			shutdown(c->fd, SHUT_RDWR);
	}
}

void secure_show(struct channel *c, struct request *req)
{
	const struct tls_client *shown =
		c->end != NULL ? tls_client(c->end) : NULL;

	if (shown == NULL)
		return;
	if (shown->refused == NULL) {
		req->certificate = arena_strdup(req->arena, shown->digest);
		req->subject =
			shown->subject != NULL
				? arena_strdup(req->arena, shown->subject)
				: NULL;
	} else if (!c->doubted) {
		log_event(LOG_INFO, "certificate-refused", "source",
			  req->source, "sha256", shown->digest, "subject",
			  shown->subject, "reason", shown->refused, NULL);
		c->doubted = true;
	}
}
