#pragma once
/*
 * Cleanup at the end of the scope, and the two words that go with it.
 *
 * A variable that owns something is declared with AUTO(release) and set to empty; ownership leaves through
 * TAKE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF(text, first) __attribute__((format(printf, text, first)))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Calls release on the variable when its scope ends; release##_at comes from DEFINE_AUTO or is written by
 * hand. */
#define AUTO(release) __attribute__((cleanup(release##_at)))

/* For a pointer that is released by a function taking it: NULL is not passed on. */
#define DEFINE_AUTO(type, release)                                                                                     \
    static inline void release##_at(type **at)                                                                         \
    {                                                                                                                  \
        if (*at != NULL)                                                                                               \
            release(*at);                                                                                              \
    }

/* Hands the pointer on and disarms the cleanup of the variable that held it. */
#define TAKE(var)                                                                                                      \
    __extension__({                                                                                                    \
        __typeof__(var) taken_ = (var);                                                                                \
        (var) = NULL;                                                                                                  \
        taken_;                                                                                                        \
    })

/* Leaves the function as soon as a step has failed; the step has filled *err. */
#define TRY(step)                                                                                                      \
    do {                                                                                                               \
        if (!(step))                                                                                                   \
            return false;                                                                                              \
    } while (0)

static inline void free_at(void *at)
{
    free(*(void **)at);
}

/* A descriptor of our own, -1 when there is none. For reading: what was written is closed by hand and
 * checked. */
static inline void close_at(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static inline void fclose_at(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}
