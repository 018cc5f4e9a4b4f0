/*
 * imports - how far what brings many records in has come
 *
 * An import is told of in the journal, by whose gateway it is kept how far it
 * has come, so that it can be gone on with wherever it stopped: by who began
 * it, who has its input.  It is forgotten a while after it was last gone on
 * with.
 */
#ifndef CORE_IMPORTS_H
#define CORE_IMPORTS_H

#include "core/bulk.h"

enum {
	IMPORT_KEPT_SECONDS = 7 * 86400,
	IMPORTS_MAX = 1000,    /* of one caller, that are known */
	IMPORT_PROBLEMS = 100, /* that are kept */
	IMPORT_ID_MAX = 32,
};

extern const char IMPORT_RUNNING[], IMPORT_INTERRUPTED[], IMPORT_PART[],
	IMPORT_DONE[];

struct import_job {
	const char *id;
	const char *caller; /* the identity of who began it */
	const char *key;    /* the id of his API key then, or NULL */
	const char *state;  /* one of those above */
	const char *on_conflict, *secret;
	int64_t done;  /* the last record up to which all are */
	int64_t reach; /* the last that may have been begun */
	int64_t created, updated, unchanged, skipped, ignored, failed;
	int64_t passwords_left_out;
	struct text_list problems;           /* the first, each a JSON object */
	const char *expires;                 /* RFC 3339 */
	const char *created_at, *updated_at; /* the journal's; read only */
	const char *holder; /* who goes on with it: no other may write it */
	bool known;         /* it has an entry */
};

/* The one of that id, made by the caller now or before: ERR_CONFLICT,
 * "id_taken", if it is somebody else's, "other_settings" if it was begun with
 * another way about conflicts.  NULL: a new one. */
bool import_open(const struct gateway *g, const struct task *t, const char *id,
		 enum bulk_conflict how, struct import_job *ret, struct err *e);

/* Keep what it says.  ERR_CHANGED: somebody else goes on with it. */
bool import_keep(const struct gateway *g, const struct task *t,
		 struct import_job *job, struct err *e);

/* ERR_NOT_FOUND also if the caller must not know of it. */
bool import_read(const struct gateway *g, const struct task *t, const char *id,
		 struct import_job *ret, struct err *e);

/* One more record, of that result. */
void import_count(struct import_job *job, enum bulk_result result);

#endif
