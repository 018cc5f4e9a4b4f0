/*
 * native - what the files of the native API share
 *
 * Each collection has a file with its routes; what is the same for all records
 * is in native.c.
 */
#ifndef API_NATIVE_H
#define API_NATIVE_H

#include "api/route.h"
#include "core/dkim.h"
#include "core/key.h"
#include "core/manager.h"
#include "core/webhook.h"

/* Tables of routes, ended by one without a method. */
extern const struct route audit_routes[];
extern const struct route autoconfig_routes[];
extern const struct route changeset_routes[];
extern const struct route change_routes[];
extern const struct route history_routes[];
extern const struct route dkim_routes[];
extern const struct route dns_routes[];
extern const struct route export_routes[];
extern const struct route import_routes[];
extern const struct route key_routes[];
extern const struct route principal_routes[];
extern const struct route trash_routes[];
extern const struct route webhook_routes[];

/* Those without a login, which are beside the native API. */
extern const struct route client_routes[];

/* How the records of a kind are shown. */
const struct codec *native_codec(enum kind k);

extern const struct codec native_principal;
extern const struct codec native_password; /* struct new_password */

/* What another route than those of records is about. */
json_t *native_show(const struct route *r, const void *record);
json_t *native_show_key(const struct key *k);
json_t *native_show_dkim(const struct dkim_key *k);
json_t *native_show_webhook(const struct webhook *w);
json_t *native_show_manager(const struct manager *m);

/* Of records of the route's kind. */
route_fn native_create, native_create_login, native_read, native_change,
	native_replace, native_remove, native_list, native_password_set;

extern const struct amendable native_key_amendable;
route_fn native_key_change;
extern const struct amendable native_webhook_amendable;
route_fn native_webhook_change;

extern const struct amendable native_dkim_amendable;
route_fn native_dkim_change;

#endif
