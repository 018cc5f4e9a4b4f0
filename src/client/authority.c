#include "client/authority.h"

#include <stddef.h>

/* libcurl has a directory of the system's besides the file. */
bool authority_use(CURL *h, const char *file)
{
	return file == NULL ||
	       (curl_easy_setopt(h, CURLOPT_CAINFO, file) == CURLE_OK &&
		curl_easy_setopt(h, CURLOPT_CAPATH, NULL) == CURLE_OK);
}
