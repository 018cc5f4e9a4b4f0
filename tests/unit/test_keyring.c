#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/fetch.h"
#include "loop/fiber.h"
#include "oidc/keyring.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/file.h"

enum { PAUSE = 200, MANY = 20 };

#define KEY(kid)                                                    \
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" kid "\"," \
	"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

static const char one[] = "{\"keys\":[" KEY("one") "]}";
static const char two[] = "{\"keys\":[" KEY("one") "," KEY("two") "]}";

static const struct oidc_settings over_https = {
	.keys = "https://id.example.org/keys",
	.refresh_seconds = 600,
};

static struct loop *loop;
static const char *published;
static atomic_uint fetched;
static unsigned good;

static bool fetch(struct arena *a, const struct oidc_settings *set,
		  const char **ret, size_t *size, struct err *e)
{
	(void)set;
	atomic_fetch_add(&fetched, 1);
	usleep(20000);
	if (published == NULL)
		return err_set(e, ERR_UNAVAILABLE, "away");
	*ret = arena_strdup(a, published);
	*size = strlen(published);
	return true;
}

static size_t count(struct keyring *k, int64_t now)
{
	struct keys *keys = keyring_keys(k, now);
	size_t n = keys != NULL ? keys_count(keys) : 0;

	keys_release(&keys);
	return n;
}

static bool refresh(struct keyring *k)
{
	struct err e = {0};

	return keyring_refresh(k, INT64_MAX, &e);
}

static void refresh_too(void *ctx)
{
	good += refresh(ctx);
}

static void at_the_same_time(struct keyring *k)
{
	good = 0;
	for (int i = 0; i < MANY; i++) {
		if (!fiber_start(loop, refresh_too, k))
			abort();
	}
	while (fiber_count(loop) > 1)
		fiber_sleep(1);
	NUMBER(good, MANY, "all who wait get what one of them fetched");
}

/* What to do at those ages, in milliseconds, of the keys. */
static void ages(struct keyring *k)
{
	int64_t now = clock_now() + PAUSE;

	NUMBER(keyring_need(k, now), KEYRING_FINE, "new keys need nothing");
	NUMBER(keyring_need(k, now + 600000), KEYRING_SOON, "older ones do");
	NUMBER(keyring_need(k, now + 1200000), KEYRING_NOW,
	       "much older ones first");
	NUMBER(count(k, now + KEYRING_AGE_MAX - 2 * PAUSE), 2,
	       "for a day they count");
	NUMBER(count(k, now + KEYRING_AGE_MAX), 0, "and then no more");
}

static void fails(struct keyring *k)
{
	int64_t now;

	published = NULL;
	fiber_sleep(PAUSE + 10);
	OK(!refresh(k), "it fails");
	now = clock_now() + PAUSE;
	NUMBER(count(k, now), 2, "then the old ones count");
	NUMBER(keyring_need(k, now + 1200000), KEYRING_SOON,
	       "and nobody waits for a try that may fail again");
	NUMBER(keyring_need(k, now + KEYRING_AGE_MAX), KEYRING_NOW,
	       "until there are none that count");
	published = "{\"keys\":[]}";
	fiber_sleep(PAUSE + 10);
	OK(!refresh(k), "no keys at all is a failure, too");
	NUMBER(count(k, now), 2, "and takes none away");
	published = one;
	fiber_sleep(PAUSE + 10);
	OK(refresh(k) && count(k, now) == 1, "one that was withdrawn is gone");
}

static void fetching(void)
{
	struct err e = {0};
	struct keyring *k = keyring_open(&over_https, fetch, PAUSE, &e);

	OK(k != NULL && fetched == 0, "at first nothing is fetched");
	NUMBER(count(k, clock_now()), 0, "there are none");
	NUMBER(keyring_need(k, clock_now()), KEYRING_NOW, "but needed");
	published = one;
	at_the_same_time(k);
	NUMBER(fetched, 1, "which is fetched once");
	NUMBER(count(k, clock_now()), 1, "it is there");
	published = two;
	OK(!refresh(k) && fetched == 1, "not again so soon");
	fiber_sleep(PAUSE + 10);
	OK(refresh(k) && fetched == 2, "but after the pause");
	NUMBER(count(k, clock_now()), 2, "now there are two");
	ages(k);
	OK(keyring_reload(k, &e), "reloading");
	NUMBER(keyring_need(k, clock_now() + PAUSE), KEYRING_SOON,
	       "has them fetched when they are needed");
	fails(k);
	keyring_close(&k);
	OK(k == NULL, "closed");
	keyring_close(&k);
}

static void write_file(const char *path, const char *text)
{
	struct err e = {0};

	if (!file_write(path, 0600, text, &e))
		abort();
}

static void in_a_file(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *path = arena_printf(a, "/tmp/test_keyring-%d", getpid());
	const struct oidc_settings set = {.keys = path};
	struct err e = {0};

	OK(keyring_open(&set, fetch, PAUSE, &e) == NULL && e.kind != ERR_NONE,
	   "a file that is not there");
	write_file(path, one);
	struct keyring *k = keyring_open(&set, fetch, PAUSE, &e);
	NUMBER(count(k, clock_now() + 2 * (int64_t)KEYRING_AGE_MAX), 1,
	       "those in a file do not age");
	NUMBER(keyring_need(k, clock_now()), KEYRING_FINE, "and need nothing");
	OK(!refresh(k), "nothing is fetched");
	write_file(path, two);
	NUMBER(count(k, clock_now()), 1, "it is not looked at by itself");
	OK(keyring_reload(k, &e) && count(k, clock_now()) == 2,
	   "but when told so");
	write_file(path, "{}");
	OK(!keyring_reload(k, &e) && count(k, clock_now()) == 2,
	   "a bad one changes nothing");
	keyring_close(&k);
	unlink(path);
}

static void urls(void)
{
	static const char *const bad[] = {"http://a/",    "https://",
					  "https:///a",   "/etc/keys",
					  "https://a@b/", "https://a/#b",
					  "https://a b/", "HTTPS://a/",
					  "file:///a",    ""};

	OK(fetch_is_url("https://id.example.org:8443/realms/a/certs?x=y"),
	   "an address");
	for (size_t i = 0; i < COUNT(bad); i++)
		OK(!fetch_is_url(bad[i]), bad[i]);
}

static void all(void *ctx)
{
	(void)ctx;
	fetching();
	in_a_file();
	urls();
	loop_stop(loop);
}

int main(void)
{
	struct err e = {0};

	json_text_prepare();
	keys_prepare();
	loop = loop_open(&e);
	if (loop == NULL)
		return 1;
	fiber_prepare(loop, MANY + 8);
	if (!fiber_start(loop, all, NULL))
		return 1;
	loop_run(loop);
	fiber_cleanup(loop);
	loop_close(&loop);
	return tap_done();
}
