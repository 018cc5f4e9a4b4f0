/*
 * inventory - what all commands ask of the API: `provost --requests`
 *
 * A line for each request, with tabs between: the command, method, path with a
 * % for each word, parameters and members, with commas between these.
 */
#ifndef CLI_INVENTORY_H
#define CLI_INVENTORY_H

void inventory_print(void);

#endif
