#pragma once
/* Predicates over replies, and comparisons of their items with what is looked for. Pure. */
#include "tree/vars.h"

struct reply { /* of a service, as it is read */
    int status;
    struct value value;
    struct buf body; /* as it came */
    char *url;       /* where it came from; NULL: it was read from elsewhere */
    char *link;      /* its field Link; NULL: none */
};

/* Whether everything in the predicate is true; of a list, whether one of them is. NULL is false. */
bool predicate_is(const struct value *predicate, const struct reply *reply);

/* Whether an item fits: path by path the expanded text (or one of a list). ERROR_CONFIG for templates that do not
 * expand. where NULL: it fits. */
MUST_USE bool item_fits(
    const struct value *where, const struct value *item, const struct vars *vars, bool *fits, struct error *err);
