/*
 * status - what an error kind is called in HTTP
 */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include "util/err.h"

unsigned status_of(enum err_kind kind);

/* The reason phrase of RFC 9110, as a title for people. */
const char *status_title(unsigned status);

/* The word for programs, where a request is refused before it is understood. */
const char *status_code(unsigned status);

#endif
