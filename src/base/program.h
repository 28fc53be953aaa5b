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
