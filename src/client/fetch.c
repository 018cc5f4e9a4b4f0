#include "client/fetch.h"

#include <curl/curl.h>
#include <string.h>

#include "client/authority.h"

enum { STATUS_OK = 200 };

static const char scheme[] = "https://";

struct document {
	char *text;
	size_t size, limit;
};

void fetch_prepare(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

bool fetch_is_url(const char *url)
{
	return strncmp(url, scheme, strlen(scheme)) == 0 &&
	       url[strlen(scheme)] != '\0' && url[strlen(scheme)] != '/' &&
	       url[strcspn(url, " @\\#")] == '\0';
}

static size_t take(char *data, size_t one, size_t count, void *ctx)
{
	struct document *d = ctx;
	size_t size = one * count;

	if (size > d->limit - d->size)
		return 0; /* libcurl gives up */
	memcpy(d->text + d->size, data, size);
	d->size += size;
	return size;
}

static bool set_up(CURL *h, const struct fetch *what, struct document *d,
		   char *error)
{
	return curl_easy_setopt(h, CURLOPT_ERRORBUFFER, error) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_URL, what->url) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "https") ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_SSLVERSION,
				(long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       authority_use(h, what->ca_file) &&
	       curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_TIMEOUT, what->seconds) ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_WRITEDATA, d) == CURLE_OK;
}

/* W3C Trace Context. */
static bool add_trace(CURL *h, const char *traceparent, struct arena *a,
		      struct curl_slist **headers)
{
	if (traceparent == NULL)
		return true;
	*headers = curl_slist_append(NULL, arena_join(a, "traceparent: ",
						      traceparent, NULL));
	return *headers != NULL &&
	       curl_easy_setopt(h, CURLOPT_HTTPHEADER, *headers) == CURLE_OK;
}

bool fetch_document(struct arena *a, const struct fetch *what, const char **ret,
		    size_t *size, struct err *e)
{
	struct document d = {.text = arena_alloc(a, what->limit + 1),
			     .limit = what->limit};
	char error[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURL *h = curl_easy_init();
	struct curl_slist *headers = NULL;
	bool good = h != NULL && set_up(h, what, &d, error) &&
		    add_trace(h, what->traceparent, a, &headers) &&
		    curl_easy_perform(h) == CURLE_OK &&
		    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status) ==
			    CURLE_OK;

	curl_easy_cleanup(h);
	curl_slist_free_all(headers);
	if (!good)
		return err_set(e, ERR_UNAVAILABLE, "%s: %.120s", what->url,
			       error[0] != '\0' ? error : "it is not there");
	if (status != STATUS_OK)
		return err_set(e, ERR_UNAVAILABLE, "%s: status %ld", what->url,
			       status);
	d.text[d.size] = '\0';
	*ret = d.text;
	*size = d.size;
	return true;
}
