/*
 * fuzz - what holds for any input whatsoever
 *
 * Each fuzz_*.c is a pure function of some bytes that ends the process where a
 * property does not hold.  `make check` puts the files of corpus/ to it, and
 * mutations of them: see main.c.  tools/fuzz builds the same with clang, whose
 * libFuzzer takes the place of main.c, and searches for more; words that it
 * would not hit upon are in dict/.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(property)                                               \
	do {                                                          \
		if (!(property)) {                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", \
				__FILE__, __LINE__, #property);       \
			abort();                                      \
		}                                                     \
	} while (0)

#endif
