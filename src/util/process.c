#include "util/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/meter.h"

enum { MICROS = 1000000, NANOS_A_MICRO = 1000 };

/* The second number of its only line, in pages. */
static void measure_memory(void)
{
	FILE *from = fopen("/proc/self/statm", "re");
	long long whole, resident;

	if (from == NULL)
		return;
	if (fscanf(from, "%lld %lld", &whole, &resident) == 2)
		meter_set(METER_PROCESS_MEMORY, 0,
			  resident * sysconf(_SC_PAGESIZE));
	fclose(from);
}

static void count_files(enum meter m, const char *path, int besides)
{
	DIR *dir = opendir(path);
	int64_t count = 0;

	if (dir == NULL)
		return;
	for (const struct dirent *d; (d = readdir(dir)) != NULL;)
		count += d->d_name[0] != '.';
	closedir(dir);
	meter_set(m, 0, count - besides);
}

static void measure_time(void)
{
	struct timespec used;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
		meter_set(METER_PROCESS_CPU, 0,
			  (int64_t)used.tv_sec * MICROS +
				  used.tv_nsec / NANOS_A_MICRO);
}

void process_measure(void)
{
	struct rlimit files;

	measure_memory();
	measure_time();
	/* One of the descriptors is that of the directory itself. */
	count_files(METER_PROCESS_DESCRIPTORS, "/proc/self/fd", 1);
	count_files(METER_PROCESS_THREADS, "/proc/self/task", 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		meter_set(METER_PROCESS_DESCRIPTORS_MOST, 0,
			  (int64_t)files.rlim_cur);
}
