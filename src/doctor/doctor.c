#include "doctor/doctor.h"

#include "doctor/analysis.h"
#include "doctor/keys.h"
#include "doctor/probe.h"
#include "doctor/server.h"
#include "doctor/trial.h"
#include "doctor/walk.h"
#include "util/clock.h"

/* All that one examination needs. */
struct doctor {
	const struct doctor_settings *set;
	struct sight sight;
	struct census *census;
	struct report report;
	struct analysis analysis;
	struct examined examined;
};

static bool examine_entries(struct doctor *d, struct err *e)
{
	struct walk w = {.sight = &d->sight,
			 .census = d->census,
			 .analysis = &d->analysis,
			 .report = &d->report,
			 .base = d->set->sight.base};

	if (!walk_domains(&w, e))
		return false;
	d->examined.domains = d->census->domain_count;
	d->examined.users = d->census->user_count;
	d->examined.aliases = d->census->alias_count;
	if (d->set->domain != NULL &&
	    census_domain(d->census, d->set->domain) == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no domain %s",
			       d->set->domain);
	analyse_domains(&d->analysis);
	analyse_addresses(&d->analysis);
	analyse_loops(&d->analysis);
	analyse_keys(&d->analysis);
	return walk_principals(&w, e) && walk_roles(&w, e) &&
	       walk_journal(&w, e);
}

static bool try_lookups(struct doctor *d, struct err *e)
{
	const struct trial t = {.sight = &d->sight,
				.census = d->census,
				.analysis = &d->analysis,
				.report = &d->report,
				.base = d->set->sight.base,
				.sample = d->set->sample,
				.examined = &d->examined};

	return trial_run(&t, e);
}

static bool try_access(struct doctor *d, struct err *e)
{
	const struct probe p = {.sight = &d->sight,
				.census = d->census,
				.analysis = &d->analysis,
				.report = &d->report,
				.base = d->set->sight.base,
				.forms = d->set->forms,
				.dovecot_reads_passwords =
					d->set->dovecot_reads_passwords};

	return probe_access(&p, e) && probe_passwords(&p, e);
}

static bool examine_server(struct doctor *d, struct err *e)
{
	const struct server s = {.sight = &d->sight,
				 .report = &d->report,
				 .base = d->set->sight.base,
				 .config = d->set->config,
				 .program = d->set->program,
				 .listens = d->set->listens};

	server_exposure(&s);
	return server_configuration(&s, e) && server_writers(&s, e);
}

/* Passwords of services open their keys. */
static void look_at_files(struct doctor *d)
{
	struct arena *a = d->census->arena;

	for (enum service s = 0; s < SERVICE_COUNT; s++) {
		const char *path =
			arena_printf(a, "%s/%s", d->set->sight.passwords,
				     service_name(s));

		if (d->sight.services[s] != NULL)
			keys_files(&d->report, a, path);
	}
	keys_files(&d->report, a, d->set->key_dir);
	keys_files(&d->report, a, d->set->seal_key_file);
}

static bool examine(struct doctor *d, struct err *e)
{
	if (!sight_open(&d->sight, d->census->arena, &d->set->sight, &d->report,
			e))
		return false;
	if (d->set->domain == NULL)
		look_at_files(d);
	return examine_entries(d, e) && try_lookups(d, e) &&
	       (d->set->domain != NULL ||
		(try_access(d, e) && examine_server(d, e)));
}

int doctor_run(const struct doctor_settings *set, FILE *to)
{
	struct doctor d = {.set = set, .census = census_new()};
	struct err e = {0};

	d.report = (struct report){.to = to,
				   .json = set->json,
				   .only = set->domain};
	d.analysis = (struct analysis){.census = d.census,
				       .report = &d.report,
				       .only = set->domain,
				       .now = clock_seconds(),
				       .days = set->days};
	d.census->delimiter = set->delimiter;
	report_begin(&d.report, set->sight.uri, set->sight.base);
	if (!examine(&d, &e)) {
		d.report.failed = true;
		report_unseen(&d.report, e.text);
	}
	int status = report_end(&d.report, &d.examined);
	sight_close(&d.sight);
	census_free(&d.census);
	return status;
}
