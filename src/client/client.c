#include "client/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "client/holder.h"
#include "util/alloc.h"
#include "util/field.h"

enum {
	CONNECT_SECONDS = 10,
	REQUEST_SECONDS = 60,
	REPLY_MAX = 16 << 20,
};

struct client {
	CURL *curl;
	const char *url;
	char error[CURL_ERROR_SIZE];
};

/* What has come of a reply. */
struct body {
	struct arena *arena;
	char *text;
	size_t size, room;
};

static size_t take(char *data, size_t one, size_t count, void *ctx)
{
	struct body *b = ctx;
	size_t size = one * count;

	if (size > REPLY_MAX - b->size)
		return 0; /* libcurl gives up */
	if (b->size + size > b->room) {
		char *before = b->text;

		b->room = 2 * (b->size + size);
		b->text = arena_alloc(b->arena, b->room);
		if (before != NULL)
			memcpy(b->text, before, b->size);
	}
	memcpy(b->text + b->size, data, size);
	b->size += size;
	return size;
}

static bool set_up(struct client *c, const char *login, const char *password)
{
	CURL *h = c->curl;

	return curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->error) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https") ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT,
				(long)CONNECT_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)REQUEST_SECONDS) ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_USERNAME, login) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PASSWORD, password) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take) == CURLE_OK;
}

struct client *client_open(const char *url, const char *login,
			   const char *password, struct err *e)
{
	struct client *c;

	if (!holder_is_private(url, e))
		return NULL;
	c = alloc_zeroed(sizeof(*c));
	json_text_prepare();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	c->url = url;
	c->curl = curl_easy_init();
	if (c->curl == NULL || !set_up(c, login, password)) {
		err_set(e, ERR_INTERNAL, "libcurl cannot be used: %s",
			c->error);
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

static bool perform(struct client *c, const char *method, const char *url,
		    const char *json, struct body *b, struct err *e)
{
	struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: application/json");
	bool good = headers != NULL &&
		    curl_easy_setopt(c->curl, CURLOPT_URL, url) == CURLE_OK &&
		    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method) ==
			    CURLE_OK &&
		    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, b) == CURLE_OK;

	if (good && json != NULL)
		good = curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers) ==
			       CURLE_OK &&
		       curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, json) ==
			       CURLE_OK;
	else if (good)
		good = curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL) ==
			       CURLE_OK &&
		       curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L) ==
			       CURLE_OK &&
		       curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST,
					method) == CURLE_OK;
	if (good)
		good = curl_easy_perform(c->curl) == CURLE_OK;
	curl_slist_free_all(headers);
	return good ||
	       err_set(e, ERR_UNAVAILABLE, "%s: %.120s", c->url,
		       c->error[0] != '\0' ? c->error : "it does not answer");
}

bool client_request(struct client *c, struct arena *a, const char *method,
		    const char *path, const char *json,
		    struct client_reply *ret, struct err *e)
{
	struct body b = {.arena = a};
	long status = 0;
	size_t size = strlen(c->url);

	*ret = (struct client_reply){.detail = ""};
	while (size > 0 && c->url[size - 1] == '/')
		size--;
	const char *url = arena_printf(a, "%.*s%s", (int)size, c->url, path);
	if (!perform(c, method, url, json, &b, e))
		return false;
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	ret->status = (unsigned)status;
	if (b.size > 0 && !json_text_parse(a, b.text, b.size, &ret->json, e))
		return err_set(e, ERR_MALFORMED,
			       "%s: status %u, and no JSON: is that a gateway?",
			       url, ret->status);
	const char *detail =
		json_string_value(json_object_get(ret->json, "detail"));
	if (detail != NULL)
		ret->detail = detail;
	return true;
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
