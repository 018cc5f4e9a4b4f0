/*
 * news - what the loops tell each other about the directory's servers
 *
 * That a server fell silent, so that not every loop has to find out by waiting;
 * and how new a replica must be to be read after what we wrote.  Server 0 is
 * the one that is written to.  All functions are for any thread.
 */
#ifndef LDAP_NEWS_H
#define LDAP_NEWS_H

#include <lber.h>
#include <stdbool.h>
#include <stdint.h>

enum { NEWS_SERVERS_MAX = 4 };

struct news;

struct news *news_new(void);

/* Accepts NULL. */
void news_free(struct news **n);

/* The server was found silent just now; when it was last, by clock_now(), or 0.
 * A connection that heard nothing since is to be doubted. */
void news_silence(struct news *n, unsigned server);
int64_t news_silent_at(const struct news *n, unsigned server);

/* A write of ours was acknowledged and has this change sequence number.  NULL:
 * that is not known; then no replica is new enough until server 0 has shown
 * what it has. */
void news_wrote(struct news *n, const char *csn);
bool news_is_known(struct news *n);

/* What the server shows as contextCSN, ended by a NULL bv_val; NULL: nothing.
 * The ticket was drawn before it was asked. */
uint64_t news_ticket(const struct news *n);
void news_shows(struct news *n, unsigned server, uint64_t ticket,
		const struct berval *values);

/* Whether that server has everything that we wrote. */
bool news_is_fresh(struct news *n, unsigned server);

#endif
