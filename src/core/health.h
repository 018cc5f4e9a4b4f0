/*
 * health - what is wrong with the directory or between the gateways, found by
 * those who look after it and told to those who ask whether all is well
 *
 * Safe from any thread.
 */
#ifndef CORE_HEALTH_H
#define CORE_HEALTH_H

enum health {
	HEALTH_SCHEMA,
	HEALTH_WRITER,
	HEALTH_LEASE,
	HEALTH_JOURNAL,
	HEALTH_LOG,
	HEALTH_COUNT,
};

/* What is wrong, in words that live as long as the process and name nobody;
 * NULL: nothing is, as far as is known. */
void health_tell(enum health h, const char *wrong);
const char *health_of(enum health h);

#endif
