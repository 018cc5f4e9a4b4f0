/*
 * import_report - what a client is told of an import
 *
 * A report has one JSON object a line: one for each record, in their order, and
 * at last how far the import has come.
 */
#ifndef API_IMPORT_REPORT_H
#define API_IMPORT_REPORT_H

#include "core/imports.h"
#include "import/run.h"
#include "json/codec.h"

/* What became of one record, without a line end. */
json_t *import_report_record(const struct outcome *o);

/* The same, as it is kept: of bounded size. */
const char *import_report_kept(struct arena *a, json_t *problem);

/* The whole; `last`: the last record of this part, 0 if that is not asked; e:
 * why it could not be gone on with, or none. */
json_t *import_report_job(struct arena *a, const struct import_job *job,
			  size_t last, const struct err *e);

/* Whether that record is a problem: it failed, or somebody has no password. */
bool import_report_is_problem(const struct outcome *o);

#endif
