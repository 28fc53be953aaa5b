#pragma once
/*
 * Threads that work on many lineages: as many at a time as there are jobs, and further ones while some wait for long
 * and have given their jobs back (lanes_park).
 */
#include "run/lanes.h"

/* Calls work for each lineage of lanes, in this thread and others, until none is left or the user interrupts. With one
 * job no other thread is started, and one lineage comes after the other. */
void workers_run(struct lanes *lanes, size_t jobs, void (*work)(void *arg, size_t index, size_t position), void *arg);
