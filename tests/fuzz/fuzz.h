/*
 * fuzz - what holds for any input whatsoever
 *
 * Each fuzz_*.c is a pure function of some bytes that ends the process where a
 * property does not hold.  `make check` puts the files of corpus/ to it, and
 * mutations of them: see main.c.  For a search that learns where it has been
 * leave main.c out and let clang bring its own, for example
 *
 *	clang -g -O1 -std=gnu11 -fsanitize=fuzzer,address,undefined \
 *		-include config.h -Isrc -I. tests/fuzz/fuzz_address.c \
 *		src/core/[a-z]*.c src/util/[a-z]*.c -o fuzz_address
 *	./fuzz_address tests/fuzz/corpus/address
 *
 * with the layers that tests/Makefile.inc names for it, and their libraries.
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
