#pragma once
/*
 * Decides which lineage a request for names is about. The comparison is pure; the questions are asked in obtain.c.
 */
#include "base/identifier.h"

enum choice_kind {
    CHOICE_NEW,       /* no lineage fits: make one */
    CHOICE_SAME,      /* it has exactly these names (or no names were given) */
    CHOICE_EXPAND,    /* it has some of these names and no other */
    CHOICE_NEW_NAMES, /* it was named by --cert-name and has other names */
};

struct candidate { /* a lineage as far as the choice is concerned; of the caller */
    const char *name;
    struct identifiers names;
};

struct choice {
    enum choice_kind kind;
    size_t index; /* of the candidate, unless CHOICE_NEW */
};

/* cert_name: NULL when not given. Candidates come in the order of their renewal files. */
struct choice choose_lineage(const struct candidate *candidates, size_t count, const struct identifiers *wanted,
    const char *cert_name, bool duplicate);
