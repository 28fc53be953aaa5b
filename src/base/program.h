#pragma once
/*
 * Finding the programs that commands name.
 */
#include <stdbool.h>

#include "base/auto.h"

/* PATH with what it lacks of the directories of system programs, as many a cron has it; of the caller's. Our own PATH
 * stays: other threads read it. */
char *program_directories(void) __attribute__((returns_nonnull));

/* The path of a program that can be run: name itself when it has a slash, else the first one in directories (by colons;
 * an empty one is the working directory). NULL when there is none. Of the caller's. */
char *program_find(const char *name, const char *directories);

/* By what this program was called (argv[0]): said once, at its beginning. Borrowed for ever. */
void program_is_called(const char *name);
/* The path of this program, as the kernel tells it, or where it does not (there is no /proc), by what it was called.
 * NULL when it cannot be told. Of the caller's. */
char *program_self(void);
/* The real path of what a name that a program was called by stands for; NULL when there is none. Of the caller's. */
char *program_of_call(const char *name, const char *directories);
