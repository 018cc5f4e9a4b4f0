/*
 * dinomail - what the files of DinoMail's API share
 *
 * How its objects look is in dinomail_show.c, all else in dinomail.c.
 */
#ifndef API_DINOMAIL_H
#define API_DINOMAIL_H

#include "api/numbered.h"

extern const struct tastypie_field dinomail_domain_fields[],
	dinomail_user_fields[], dinomail_alias_fields[],
	dinomail_password_fields[], dinomail_key_fields[];

/* Rows as JSON, behind each other. */
bool dinomail_show_users(const struct call *call, const struct roster_row *rows,
			 size_t count, json_t *into, struct err *e);
bool dinomail_show_aliases(const struct call *call,
			   const struct roster_row *rows, size_t count,
			   json_t *into, struct err *e);
bool dinomail_show_domains(const struct call *call,
			   const struct roster_row *rows, size_t count,
			   json_t *into, struct err *e);

/* A moment as it is shown there: UTC, and not said to be. */
json_t *dinomail_time(struct arena *a, const char *time);

#endif
