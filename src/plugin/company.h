#pragma once
/*
 * Other orders of the same run that may come to the same step, so that waiting for them is worth it.
 */
#include <stdbool.h>

struct company {                          /* all NULL: there are no others */
    bool (*others_come)(const void *arg); /* whether some may come soon; thread-safe */
    void (*arrive)(const void *arg);      /* this one has come: nobody waits for it any more; thread-safe */
    const void *arg;                      /* borrowed */
};
