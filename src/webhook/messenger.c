#include "webhook/messenger.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/meter.h"
#include "util/text.h"

enum { OK_FIRST = 200, OK_LAST = 299, MILLIS = 1000, MICROS = 1000 };

static const char prefix[] = "whsec_";

struct webhook_messenger {
	struct messenger port;
	struct poster *poster;
	const struct webhook_settings *set;
};

bool webhook_allows(void *settings, const struct sockaddr *to)
{
	const struct webhook_settings *set = settings;
	const struct network n = network_of(to);

	return (to->sa_family == AF_INET || to->sa_family == AF_INET6) &&
	       (network_is_public(&n) || network_list_holds(&set->allowed, &n));
}

static const char *sign(struct arena *a, const char *secret, const char *id,
			const char *timestamp, const char *body, size_t size)
{
	unsigned char digest[DIGEST_SIZE];
	char *key;
	size_t key_size;

	if (strncmp(secret, prefix, strlen(prefix)) != 0 ||
	    !base64_decode(a, secret + strlen(prefix), &key, &key_size) ||
	    key_size == 0 || key_size > 64)
		return NULL;
	struct digest *d = digest_begin(key, key_size);
	digest_add_bare(d, id, strlen(id));
	digest_add_bare(d, ".", 1);
	digest_add_bare(d, timestamp, strlen(timestamp));
	digest_add_bare(d, ".", 1);
	digest_add_bare(d, body, size);
	digest_end(&d, digest);
	explicit_bzero(key, key_size);
	return arena_join(a, "v1,", base64_encode(a, digest, sizeof(digest)),
			  NULL);
}

const char *webhook_signature(struct arena *a, const struct webhook_state *st,
			      const char *id, const char *timestamp,
			      const char *body, size_t size)
{
	const char *all = "";

	for (size_t i = 0; i < WEBHOOK_SECRETS; i++) {
		const struct webhook_secret *s = &st->secrets[i];

		if (s->text == NULL ||
		    (s->until != NULL && instant_is_past(s->until)))
			continue;
		const char *one = sign(a, s->text, id, timestamp, body, size);
		if (one != NULL)
			all = arena_join(a, all, all[0] != '\0' ? " " : "", one,
					 NULL);
	}
	return all;
}

/* One on its way, seen from its fiber. */
struct sending {
	struct post post;
	struct fiber *fiber;
	struct loop *loop;
	bool done;
};

static void finish(void *ctx)
{
	struct sending *s = ctx;

	s->done = true;
	fiber_wake(s->fiber);
}

/* On the poster's thread. */
static void tell(void *ctx)
{
	struct sending *s = ctx;

	loop_post(s->loop, finish, s);
}

static bool post(struct webhook_messenger *m, struct sending *s,
		 const struct message *what, struct err *e)
{
	bool cancelled = false;

	s->fiber = fiber_self();
	s->loop = fiber_loop();
	s->post.done = tell;
	s->post.ctx = s;
	if (!poster_send(m->poster, &s->post))
		return err_code(e, ERR_LIMIT, "busy",
				"too many messages wait to be posted");
	while (!s->done) {
		fiber_park(INT64_MAX);
		if (!s->done && !cancelled && what->stop != NULL &&
		    *what->stop) {
			poster_cancel(m->poster, &s->post);
			cancelled = true;
		}
	}
	return true;
}

static const char *outcome(struct arena *a, const struct post *p)
{
	if (p->status >= OK_FIRST && p->status <= OK_LAST)
		return NULL;
	return p->status > 0 ? arena_printf(a, "status %ld", p->status)
			     : arena_strdup(a, p->error);
}

static bool may_be_sent(const struct webhook_messenger *m,
			const struct webhook *w, const char *signature,
			struct err *e)
{
	/* Whoever writes to the directory writes what he likes. */
	if (w->url == NULL ||
	    !webhook_is_url(w->url, strcmp(m->set->allow_http, "yes") == 0))
		return err_code(e, ERR_CONFLICT, "url_refused",
				"nothing is posted to such an address");
	return signature[0] != '\0' ||
	       err_code(e, ERR_CONFLICT, "no_secret",
			"the webhook has no secret: have one made");
}

static bool send_it(struct messenger *port, struct arena *a,
		    const struct webhook *w, const struct webhook_state *st,
		    const struct message *what, struct webhook_attempt *ret,
		    int64_t *wait, struct err *e)
{
	struct webhook_messenger *m = (struct webhook_messenger *)port;
	const char *now = arena_printf(a, "%lld", (long long)clock_seconds());
	const char *signature =
		webhook_signature(a, st, what->id, now, what->body, what->size);
	const char *const headers[] =
		{"Content-Type: application/json",
		 arena_join(a, "webhook-id: ", what->id, NULL),
		 arena_join(a, "webhook-timestamp: ", now, NULL),
		 arena_join(a, "webhook-signature: ", signature, NULL), NULL};
	struct sending s = {
		.post = {.url = w->url,
			 .headers = headers,
			 .body = what->body,
			 .size = what->size,
			 .again = what->number > 1 || what->millis > 0}};
	char at[INSTANT_SIZE];
	int64_t usual = m->set->timeout_seconds * MILLIS, began = clock_now();

	if (!may_be_sent(m, w, signature, e))
		return false;
	s.post.millis =
		what->millis > 0 && what->millis < usual ? what->millis : usual;
	instant_text(at, clock_seconds());
	if (!post(m, &s, what, e))
		return false;
	*wait = s.post.retry_after;
	*ret = (struct webhook_attempt){.at = arena_strdup(a, at),
					.message = what->id,
					.event = what->event,
					.number = what->number,
					.status = s.post.status,
					.millis = clock_now() - began,
					.error = outcome(a, &s.post)};
	meter_add(METER_WEBHOOK_POSTS,
		  ret->error == NULL ? METER_END_SUCCESS : METER_END_FAILURE, 0,
		  1);
	meter_time(METER_WEBHOOK_TIME, 0, ret->millis * MICROS);
	return true;
}

static const struct messenger_ops ops = {.send = send_it};

struct messenger *webhook_messenger_open(struct poster *p,
					 const struct webhook_settings *set)
{
	struct webhook_messenger *m = alloc_zeroed(sizeof(*m));

	m->port.ops = &ops;
	m->poster = p;
	m->set = set;
	return &m->port;
}

void webhook_messenger_close(struct messenger **m)
{
	free(*m);
	*m = NULL;
}
