#include "client/client.h"

#include <curl/curl.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "client/authority.h"
#include "client/holder.h"
#include "util/alloc.h"
#include "util/field.h"

enum {
	CONNECT_SECONDS = 10,
	REQUEST_SECONDS = 60,
	SILENT_SECONDS = 120, /* while a file is sent or received */
	REPLY_MAX = 64 << 20,
	CLASS_GOOD = 2,
	CLASS_BROKEN = 5,
	OK_STATUS = 200,
};

struct client {
	CURL *curl;
	const struct client_settings *set;
	struct client_settings kept;
	char error[CURL_ERROR_SIZE];
};

/* A request that is under way. */
struct course {
	struct client *client;
	const struct client_ask *ask;
	struct arena *arena;
	struct curl_slist *headers;

	/* What has come of the reply. */
	char *text;
	size_t size, room;
};

static void wipe_and_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *allocate_anew(void *p, size_t size)
{
	size_t before = p != NULL ? malloc_usable_size(p) : 0;
	void *now = alloc_plain(size);

	if (p != NULL)
		memcpy(now, p, before < size ? before : size);
	wipe_and_free(p);
	return now;
}

static char *copy_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(alloc_plain(size), text, size);
}

static void *allocate_zeroed(size_t count, size_t size)
{
	return alloc_zeroed(count * size);
}

static bool keep(struct course *c, const char *data, size_t size)
{
	if (size > REPLY_MAX - c->size)
		return false;
	if (c->size + size + 1 > c->room) {
		char *before = c->text;

		c->room = 2 * (c->size + size + 1);
		c->text = arena_alloc(c->arena, c->room);
		if (before != NULL)
			memcpy(c->text, before, c->size);
	}
	memcpy(c->text + c->size, data, size);
	c->size += size;
	c->text[c->size] = '\0';
	return true;
}

/* What is less than the size makes libcurl give up. */
static size_t take(char *data, size_t one, size_t count, void *ctx)
{
	struct course *c = ctx;
	size_t size = one * count;
	long status = 0;

	curl_easy_getinfo(c->client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (c->ask->receive != NULL && status / 100 == CLASS_GOOD)
		return fwrite(data, 1, size, c->ask->receive);
	return keep(c, data, size) ? size : 0;
}

static size_t give(char *to, size_t one, size_t count, void *ctx)
{
	struct course *c = ctx;
	size_t size = fread(to, 1, one * count, c->ask->send);

	return size == 0 && ferror(c->ask->send) ? CURL_READFUNC_ABORT : size;
}

static int tell_progress(void *ctx, curl_off_t expected, curl_off_t got,
			 curl_off_t total, curl_off_t sent)
{
	struct course *c = ctx;

	(void)expected;
	(void)got;
	(void)total;
	if (c->ask->progress != NULL)
		c->ask->progress(c->ask->ctx, (int64_t)sent);
	return 0;
}

static bool set_up(struct client *c)
{
	CURL *h = c->curl;

	curl_easy_reset(h);
	return curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->error) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https") ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_HTTP_VERSION,
				(long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_SSLVERSION,
				(long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       authority_use(h, c->set->ca_file) &&
	       curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT,
				(long)CONNECT_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take) == CURLE_OK;
}

static bool set_login(struct client *c)
{
	CURL *h = c->curl;

	if (c->set->key != NULL)
		return curl_easy_setopt(h, CURLOPT_HTTPAUTH,
					(long)CURLAUTH_BEARER) == CURLE_OK &&
		       curl_easy_setopt(h, CURLOPT_XOAUTH2_BEARER,
					c->set->key) == CURLE_OK;
	return c->set->login == NULL ||
	       (curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) ==
			CURLE_OK &&
		curl_easy_setopt(h, CURLOPT_USERNAME, c->set->login) ==
			CURLE_OK &&
		curl_easy_setopt(h, CURLOPT_PASSWORD, c->set->password) ==
			CURLE_OK);
}

struct client *client_open(const struct client_settings *set, struct err *e)
{
	struct client *c;

	if (!holder_is_private(set->url, e))
		return NULL;
	c = alloc_zeroed(sizeof(*c));
	json_text_prepare();
	curl_global_init_mem(CURL_GLOBAL_DEFAULT, alloc_plain, wipe_and_free,
			     allocate_anew, copy_text, allocate_zeroed);
	c->kept = *set;
	c->set = &c->kept;
	c->curl = curl_easy_init();
	if (c->curl == NULL) {
		err_set(e, ERR_INTERNAL, "libcurl cannot be used");
		client_close(&c);
	}
	return c;
}

void client_close(struct client **client)
{
	struct client *c = *client;

	*client = NULL;
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	curl_global_cleanup();
	free(c);
}

/* No size is known of a pipe: then it is sent in chunks. */
static bool set_body(struct course *c)
{
	CURL *h = c->client->curl;

	if (c->ask->send != NULL)
		return curl_easy_setopt(h, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
		       curl_easy_setopt(h, CURLOPT_INFILESIZE_LARGE,
					(curl_off_t)c->ask->send_size) ==
			       CURLE_OK &&
		       curl_easy_setopt(h, CURLOPT_READFUNCTION, give) ==
			       CURLE_OK &&
		       curl_easy_setopt(h, CURLOPT_READDATA, c) == CURLE_OK &&
		       curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION,
					tell_progress) == CURLE_OK &&
		       curl_easy_setopt(h, CURLOPT_XFERINFODATA, c) ==
			       CURLE_OK &&
		       curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
	return c->ask->body == NULL ||
	       curl_easy_setopt(h, CURLOPT_POSTFIELDS, c->ask->body) ==
		       CURLE_OK;
}

static bool set_patience(struct course *c)
{
	CURL *h = c->client->curl;

	if (c->ask->send == NULL && c->ask->receive == NULL)
		return curl_easy_setopt(h, CURLOPT_TIMEOUT,
					(long)REQUEST_SECONDS) == CURLE_OK;
	return curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME,
				(long)SILENT_SECONDS) == CURLE_OK;
}

static bool add_header(struct course *c, const char *line)
{
	struct curl_slist *longer = curl_slist_append(c->headers, line);

	if (longer != NULL)
		c->headers = longer;
	return longer != NULL;
}

static bool set_headers(struct course *c)
{
	const struct client_ask *ask = c->ask;
	bool has_body = ask->body != NULL || ask->send != NULL;
	const char *type = ask->type != NULL ? ask->type : "application/json";

	if (has_body &&
	    !add_header(c, arena_join(c->arena, "Content-Type: ", type, NULL)))
		return false;
	if (ask->receives != NULL &&
	    !add_header(c,
			arena_join(c->arena, "Accept: ", ask->receives, NULL)))
		return false;
	for (size_t i = 0; ask->headers != NULL && ask->headers[i] != NULL;
	     i++) {
		if (!add_header(c, ask->headers[i]))
			return false;
	}
	return add_header(c, "Expect:") &&
	       curl_easy_setopt(c->client->curl, CURLOPT_HTTPHEADER,
				c->headers) == CURLE_OK;
}

/* Of a request that was sent nobody knows what became of it. */
static bool give_up(struct client *c, CURLcode rc, struct err *e)
{
	curl_off_t connected = 0;

	curl_easy_getinfo(c->curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
	return err_set(e, connected > 0 ? ERR_UNKNOWN : ERR_UNAVAILABLE,
		       "%s: %.120s", c->set->url,
		       c->error[0] != '\0' ? c->error : curl_easy_strerror(rc));
}

static bool perform(struct course *c, const char *url, struct err *e)
{
	CURL *h = c->client->curl;
	bool good = set_up(c->client) && set_login(c->client) &&
		    curl_easy_setopt(h, CURLOPT_URL, url) == CURLE_OK &&
		    curl_easy_setopt(h, CURLOPT_WRITEDATA, c) == CURLE_OK &&
		    set_body(c) &&
		    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST,
				     c->ask->method) == CURLE_OK &&
		    set_patience(c) && set_headers(c);

	c->client->error[0] = '\0';
	if (!good)
		return err_set(e, ERR_INTERNAL, "libcurl cannot be used");
	CURLcode rc = curl_easy_perform(h);
	return rc == CURLE_OK || give_up(c->client, rc, e);
}

static const char *read_header(struct course *c, const char *name)
{
	struct curl_header *found;

	if (curl_easy_header(c->client->curl, name, 0, CURLH_HEADER, -1,
			     &found) != CURLHE_OK)
		return NULL;
	return arena_strdup(c->arena, found->value);
}

static bool read_reply(struct course *c, struct client_reply *ret,
		       struct err *e)
{
	const char *type = read_header(c, "Content-Type");
	bool is_json = type != NULL && strstr(type, "json") != NULL;
	long status = 0;

	curl_easy_getinfo(c->client->curl, CURLINFO_RESPONSE_CODE, &status);
	*ret = (struct client_reply){.status = (unsigned)status,
				     .text = c->size > 0 ? c->text : "",
				     .detail = "",
				     .location = read_header(c, "Location"),
				     .etag = read_header(c, "ETag"),
				     .request = read_header(c, "X-Request-Id"),
				     .retry_after =
					     read_header(c, "Retry-After")};
	if (c->size > 0 && is_json &&
	    !json_text_parse_within(c->arena, c->text, c->size, UINT_MAX,
				    &ret->json, e))
		return false;
	const char *detail =
		json_string_value(json_object_get(ret->json, "detail"));
	if (detail != NULL)
		ret->detail = detail;
	return true;
}

bool client_request(struct client *c, struct arena *a,
		    const struct client_ask *ask, struct client_reply *ret,
		    struct err *e)
{
	struct course course = {.client = c, .ask = ask, .arena = a};
	size_t size = strlen(c->set->url);

	while (size > 0 && c->set->url[size - 1] == '/')
		size--;
	const char *url =
		arena_printf(a, "%.*s%s", (int)size, c->set->url, ask->path);
	bool good = perform(&course, url, e);
	curl_slist_free_all(course.headers);
	if (!good)
		return false;
	if (read_reply(&course, ret, e) &&
	    (json_is_object(ret->json) || ask->receives != NULL ||
	     (course.size == 0 && ret->status != OK_STATUS)))
		return true;
	/* Something between here and the gateway may say so. */
	return err_set(e,
		       ret->status / 100 == CLASS_BROKEN ? ERR_UNKNOWN
							 : ERR_MALFORMED,
		       "%.150s: status %u, and no JSON: is that a gateway?",
		       url, ret->status);
}

const char *client_escape(struct client *c, struct arena *a, const char *text)
{
	char *escaped = curl_easy_escape(c->curl, text, 0);

	if (escaped == NULL)
		alloc_die();
	const char *copy = arena_strdup(a, escaped);
	curl_free(escaped);
	return copy;
}
