/*
 * authority - whom to trust about certificates
 */
#ifndef CLIENT_AUTHORITY_H
#define CLIENT_AUTHORITY_H

#include <curl/curl.h>
#include <stdbool.h>

/* Those in the file, in PEM, and nobody else; NULL: the system's. */
bool authority_use(CURL *h, const char *file);

#endif
