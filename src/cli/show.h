/*
 * show - what a gateway answered, for people or programs
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/request.h"
#include "cli/table.h"
#include "client/client.h"

/* One record: a member a line, or with --json as it came. */
void show_record(const struct request_options *o, const struct client_reply *r);

/* The same of JSON that was taken out of a reply. */
void show_object(const struct request_options *o, json_t *object);

/* What a dry run tells. */
void show_rehearsal(const struct request_options *o,
		    const struct client_reply *r);

/* Whether --columns has nothing between two commas. */
bool show_is_blank(const struct request_options *o);

/* A name of --columns that none of the records has as a member, though there
 * are some: there those begin; or NULL. */
const char *show_unknown(const struct request_options *o,
			 const json_t *records);

/* A list, page by page: begin, its pages, end. */
struct show_list {
	const struct request_options *o;
	struct table *table;
	const char **columns; /* paths of members */
	size_t count;
	bool any;
};

void show_list_begin(struct show_list *l, struct arena *a,
		     const struct request_options *o, const char *columns);
void show_list_page(struct show_list *l, const json_t *items);
void show_list_end(struct show_list *l, bool whole);

#endif
