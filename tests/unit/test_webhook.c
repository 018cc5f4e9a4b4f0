#include "core/webhook.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/messenger.h"
#include "core/webhook_box.h"
#include "core/webhooks.h"
#include "loop/fiber.h"
#include "tests/lib/tap.h"
#include "util/base64.h"
#include "util/network.h"
#include "webhook/messenger.h"
#include "webhook/round.h"

static void urls(void)
{
	static const struct {
		const char *url;
		bool good, plain;
	} rows[] = {
		{"https://a.example/x?y=z", true, true},
		{"https://a.example:8443", true, true},
		{"https://[2001:db8::1]/", true, true},
		{"http://a.example/", false, true},
		{"HTTPS://a.example/", false, false},
		{"https://", false, false},
		{"https:///x", false, false},
		{"https://:443/", false, false},
		{"https://user@a.example/", false, false},
		{"https://user:word@a.example/", false, false},
		{"https://a.example/x@y", true, true},
		{"https://a.example/#x", false, false},
		{"https://a.example\\@b.example/", false, false},
		{"https://a.example/ x", false, false},
		{"https://a.example/\n", false, false},
		{"https://a.example/\xc3\xa4", false, false},
		{"file:///etc/passwd", false, false},
		{"gopher://a.example/", false, false},
		{"", false, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OK(webhook_is_url(rows[i].url, false) == rows[i].good,
		   rows[i].url);
		OK(webhook_is_url(rows[i].url, true) == rows[i].plain,
		   rows[i].url);
	}
}

static void addresses(void)
{
	static const struct {
		const char *address;
		bool public;
	} rows[] = {
		{"192.0.0.8", false},
		{"0.0.0.0", false},
		{"10.255.255.255", false},
		{"11.0.0.1", true},
		{"100.63.255.255", true},
		{"100.64.0.1", false},
		{"100.127.255.255", false},
		{"100.128.0.1", true},
		{"127.0.0.1", false},
		{"127.255.255.254", false},
		{"128.0.0.1", true},
		{"169.254.169.254", false},
		{"172.15.255.255", true},
		{"172.16.0.1", false},
		{"172.31.255.255", false},
		{"172.32.0.1", true},
		{"192.168.1.1", false},
		{"198.18.0.1", false},
		{"198.19.255.255", false},
		{"198.20.0.1", true},
		{"203.0.113.7", false},
		{"224.0.0.1", false},
		{"239.255.255.255", false},
		{"240.0.0.1", false},
		{"255.255.255.255", false},
		{"9.9.9.9", true},
		{"::", false},
		{"::1", false},
		{"::7f00:1", false},
		{"::ffff:127.0.0.1", false},
		{"::ffff:9.9.9.9", true},
		{"64:ff9b::a00:1", false},
		{"64:ff9b::909:909", true},
		{"64:ff9b:1::909:909", false},
		{"100::1", false},
		{"2001::1", false},
		{"2001:1ff::1", false},
		{"2001:200::1", true},
		{"2001:db8::1", false},
		{"2002:a00:1::1", false},
		{"2002:909:909::1", true},
		{"2620:fe::fe", true},
		{"3fff::1", false},
		{"5f00::1", false},
		{"fc00::1", false},
		{"fdff::1", false},
		{"fe80::1", false},
		{"fec0::1", false},
		{"ff02::1", false},
		{"4000::1", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct network n;

		OK(network_address(rows[i].address, &n) &&
			   network_is_public(&n) == rows[i].public,
		   rows[i].address);
	}
}

static void exceptions(struct arena *a)
{
	struct webhook_settings set = {.ca_file = NULL};
	struct sockaddr_in near = {.sin_family = AF_INET};
	struct sockaddr strange = {.sa_family = AF_UNIX};
	struct err e = {0};

	inet_pton(AF_INET, "127.0.0.2", &near.sin_addr);
	OK(!webhook_allows(&set, (struct sockaddr *)&near), "not by default");
	OK(network_list_parse(a, "127.0.0.2, 10.0.0.0/8", &set.allowed, &e) &&
		   webhook_allows(&set, (struct sockaddr *)&near),
	   "but where it is named");
	OK(!webhook_allows(&set, &strange), "and no sockets of other sorts");
}

/* The example of Standard Webhooks, and what there is besides. */
static void signatures(struct arena *a)
{
	static const char body[] = "{\"test\": 2432232314}";
	struct webhook_state st = {
		.secrets = {{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL}}};
	const char *want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

	IS(webhook_signature(a, &st, "msg_p5jXN8AQM9LWM0D4loKWxJek",
			     "1614265330", body, strlen(body)),
	   want, "a message is signed as others sign it");
	webhook_rotate(&st, a, 1);
	const char *both =
		webhook_signature(a, &st, "msg_p5jXN8AQM9LWM0D4loKWxJek",
				  "1614265330", body, strlen(body));
	OK(strlen(both) == 2 * strlen(want) + 1 &&
		   strcmp(both + strlen(want) + 1, want) == 0,
	   "by both secrets for a while");
	webhook_rotate(&st, a, -1);
	OK(strlen(webhook_signature(a, &st, "x", "1", body, strlen(body))) ==
		   strlen(want),
	   "and not longer");
	char *key;
	size_t size;
	OK(strncmp(st.secrets[0].text, "whsec_", 6) == 0 &&
		   base64_decode(a, st.secrets[0].text + 6, &key, &size) &&
		   size == WEBHOOK_KEY,
	   "a secret has 32 bytes");
	st = (struct webhook_state){.guard = NULL};
	IS(webhook_signature(a, &st, "x", "1", "", 0), "", "no secret");
}

static bool is_within(int64_t first, int64_t failures, int64_t asked,
		      int64_t least, int64_t most)
{
	for (int i = 0; i < 100; i++) {
		int64_t pause = round_pause(first, failures, asked);

		if (pause < least || pause > most)
			return false;
	}
	return true;
}

static void pauses(void)
{
	OK(is_within(5, 1, 0, 4000, 6000), "5 s, give or take a fifth");
	OK(is_within(5, 2, 0, 12000, 18000), "then 15 s");
	OK(is_within(5, 9, 0, 17280000, 25920000), "at last 6 h");
	OK(is_within(3600, 1000000, 0, 17280000, 25920000), "and no more");
	OK(is_within(5, 1, 60, 60000, 60000), "as long as is asked for");
	OK(is_within(5, 1, 1 << 30, 21600000, 21600000), "but 6 h at most");
}

static void rounds(struct arena *a)
{
	const struct webhook_settings set = {.retry_seconds = 5,
					     .give_up_days = 5};
	struct webhook_state st = {.place = "x"};
	struct webhook_attempt x = {.at = "2026-01-01T00:00:00Z",
				    .message = "m",
				    .event = "user.created",
				    .error = "status 500"};
	struct webhook w = {.enabled = true};

	for (int i = 0; i < WEBHOOK_ATTEMPTS + 5; i++) {
		x.number = i;
		round_note(&st, a, &x);
	}
	OK(st.attempt_count == WEBHOOK_ATTEMPTS &&
		   st.attempts[0].number == WEBHOOK_ATTEMPTS + 4 &&
		   st.attempts[WEBHOOK_ATTEMPTS - 1].number == 5,
	   "the last attempts are remembered, the newest first");
	round_failed(&st, a, &set, 0);
	webhook_describe(&w, &st);
	OK(round_is_to_wait(&st) && !st.given_up && st.failures == 1,
	   "who fails has to wait");
	IS(w.status, "failing", "it is seen");
	IS(w.failure, "status 500", "and why");
	st.failing_since = "2020-01-01T00:00:00Z";
	round_failed(&st, a, &set, 0);
	webhook_describe(&w, &st);
	OK(st.given_up, "who fails for days is given up");
	IS(w.status, "given_up", "that is seen, too");
	round_taken(&st, a);
	OK(!round_is_to_wait(&st) && st.failures == 0 &&
		   st.failing_since == NULL,
	   "a success ends it");
}

static void wishes(void)
{
	const char *events[] = {"alias", "user.created"};
	const char *domains[] = {"a.example"};
	struct webhook w = {.events = {events, 2}, .domains = {domains, 1}};
	struct change c = {.subject = SUBJECT_USER,
			   .what = CHANGE_CREATED,
			   .at = {"x@a.example", "a.example"}};

	OK(webhook_wants(&w, &c), "what is named");
	c.what = CHANGE_DELETED;
	OK(!webhook_wants(&w, &c), "not what is not");
	c.subject = SUBJECT_ADDRESS;
	OK(webhook_wants(&w, &c), "what may be an alias");
	c.subject = SUBJECT_ALIAS;
	c.at.domain = "b.example";
	OK(!webhook_wants(&w, &c), "in another domain");
	c.what = CHANGE_RENAMED;
	c.to.domain = "a.example";
	OK(webhook_wants(&w, &c), "but if it comes from there");
}

/* More test messages than are on their way at once, to who never answers; and
 * then a change, to who does. */
enum { TESTS = POSTS_MOST + 4, PORT_URL = 64 };

static struct crowd {
	struct loop *loop;
	struct gateway gateway;
	char silent[PORT_URL], prompt[PORT_URL];
	int ended;
	int ended_before; /* the change was taken */
	long status;
} crowd;

static const struct webhook_state signing = {
	.secrets = {{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL}}};

static bool get_silent(struct webhook_box *b, const struct task *t,
		       const char *id, struct webhook *ret,
		       struct revision *rev, struct err *e)
{
	(void)b, (void)t, (void)e;
	*ret = (struct webhook){.id = id, .url = crowd.silent};
	*rev = (struct revision){.guard = ""};
	return true;
}

static bool get_state(struct webhook_box *b, const struct task *t,
		      const char *id, struct webhook_state *ret, struct err *e)
{
	(void)b, (void)t, (void)id, (void)e;
	*ret = signing;
	return true;
}

static void try_silent(void *ctx)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	static const struct caller somebody = {.login = "somebody"};
	const struct task t = {.arena = a, .caller = &somebody};
	struct webhook_attempt x;
	struct err e = {0};

	(void)ctx;
	webhooks_test(&crowd.gateway, &t, "aaaaaaaaaaaaaaaa", &x, &e);
	crowd.ended++;
}

static void tell_change(void *ctx)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct webhook w = {.url = crowd.prompt};
	const struct message m = {.id = "msg_x",
				  .body = "{}",
				  .size = 2,
				  .number = 1};
	struct webhook_attempt x = {.status = 0};
	struct messenger *by = ctx;
	struct err e = {0};
	int64_t wait;

	fiber_sleep(200);
	by->ops->send(by, a, &w, &signing, &m, &x, &wait, &e);
	crowd.status = (long)x.status;
	crowd.ended_before = crowd.ended;
	while (fiber_count(crowd.loop) > 1)
		fiber_sleep(10);
	loop_stop(crowd.loop);
}

static int listen_at(char url[PORT_URL])
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) != 0 ||
	    listen(fd, TESTS) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		abort();
	snprintf(url, PORT_URL, "http://127.0.0.1:%d/", ntohs(at.sin_port));
	return fd;
}

static void *answer(void *ctx)
{
	static const char reply[] =
		"HTTP/1.1 204 x\r\nConnection: close\r\n\r\n";
	char request[4096];
	int fd = accept(*(const int *)ctx, NULL, NULL);

	if (fd >= 0 && read(fd, request, sizeof(request)) > 0 &&
	    write(fd, reply, sizeof(reply) - 1) > 0)
		close(fd);
	return NULL;
}

static void run_crowd(struct messenger *m)
{
	static const struct webhook_box_ops ops = {.get = get_silent,
						   .state = get_state};
	struct webhook_box box = {.ops = &ops};
	struct err e = {0};

	crowd.gateway = (struct gateway){.webhooks = &box, .messenger = m};
	crowd.loop = loop_open(&e);
	if (crowd.loop == NULL)
		abort();
	fiber_prepare(crowd.loop, TESTS + 2);
	for (int i = 0; i < TESTS; i++)
		fiber_start(crowd.loop, try_silent, NULL);
	fiber_start(crowd.loop, tell_change, m);
	loop_run(crowd.loop);
	loop_close(&crowd.loop);
}

static void tests_step_aside(struct arena *a)
{
	struct webhook_settings set = {.allow_http = "yes",
				       .timeout_seconds = 1};
	const struct post_settings how = {.plain = true,
					  .agent = "test",
					  .allows = webhook_allows,
					  .ctx = &set};
	int silent = listen_at(crowd.silent), prompt = listen_at(crowd.prompt);
	struct err e = {0};
	pthread_t thread;

	network_list_parse(a, "127.0.0.1", &set.allowed, &e);
	pthread_create(&thread, NULL, answer, &prompt);
	struct poster *p = poster_open(&how, &e);
	struct messenger *m = webhook_messenger_open(p, &set);
	run_crowd(m);
	NUMBER(crowd.status, 204, "a change is taken while tests hang");
	NUMBER(crowd.ended_before, 0, "before any of these ends");
	NUMBER(crowd.ended, TESTS, "as all of these do");
	webhook_messenger_close(&m);
	poster_close(&p);
	shutdown(prompt, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(silent);
	close(prompt);
}

/* A box that is full so far, of others' in other domains, and who asks. */
static struct filling {
	size_t count, near;
	bool super;
} filling;

static bool add_one(struct webhook_box *b, const struct task *t,
		    struct webhook *w, struct revision *ret, struct err *e)
{
	(void)b, (void)t, (void)ret, (void)e;
	w->owner_id = "me";
	return true;
}

static bool all_ones(struct webhook_box *b, const struct task *t,
		     struct webhook **ret, size_t *count, struct err *e)
{
	(void)b, (void)e;
	*ret = arena_alloc(t->arena, filling.count * sizeof(**ret));
	*count = filling.count;
	return true;
}

static bool near_ones(struct webhook_box *b, const struct task *t,
		      const struct webhook *all, size_t count, size_t *ret,
		      struct err *e)
{
	(void)b, (void)t, (void)all, (void)count, (void)e;
	*ret = filling.near;
	return true;
}

static bool remove_one(struct webhook_box *b, const struct task *t,
		       const char *id, const struct revision *seen,
		       struct err *e)
{
	(void)b, (void)t, (void)id, (void)seen, (void)e;
	return true;
}

static bool is_super(struct store *s, const struct task *t, bool *ret,
		     struct err *e)
{
	(void)s, (void)t, (void)e;
	*ret = filling.super;
	return true;
}

/* Without a feed nothing is made in the end, but that comes behind the limits.
 */
static bool has_room(struct arena *a)
{
	static const struct webhook_box_ops ops = {.add = add_one,
						   .all = all_ones,
						   .near = near_ones,
						   .remove = remove_one};
	static const struct store_ops store_ops = {.is_super_administrator =
							   is_super};
	struct webhook_box box = {.ops = &ops};
	struct store store = {.ops = &store_ops};
	const struct gateway g = {.webhooks = &box, .store = &store};
	static const struct caller me = {.login = "me"};
	const struct task t = {.arena = a, .caller = &me};
	struct webhook w = {.url = "https://a.example/"};
	struct revision rev;
	struct err e = {0};

	webhooks_create(&g, &t, &w, &rev, &e);
	return e.kind == ERR_UNAVAILABLE;
}

static void limits(struct arena *a)
{
	static const struct {
		struct filling how;
		bool room;
		const char *what;
	} rows[] = {
		{{200, 200, false}, true, "a domain has 200"},
		{{201, 201, false}, false, "and no more"},
		{{900, 201, true}, true, "but for super administrators"},
		{{1000, 1, false}, true, "all have 1,000"},
		{{1001, 1, false}, false, "and no more"},
		{{1001, 0, true}, true, "but for super administrators"},
		{{1200, 0, true}, true, "who have 200 more"},
		{{1201, 0, true}, false, "and no more"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		filling = rows[i].how;
		OK(has_room(a) == rows[i].room, rows[i].what);
	}
}

int main(void)
{
	struct arena *a = arena_new();

	urls();
	addresses();
	exceptions(a);
	signatures(a);
	pauses();
	rounds(a);
	wishes();
	tests_step_aside(a);
	limits(a);
	arena_free(a);
	return tap_done();
}
