#pragma once
/*
 * Building the other form of a lineage beside the one that it has (convert.h). Private to converting.
 */
#include "disk/layout.h"
#include "store/history.h"

struct part { /* a version, and what it becomes */
    const struct version *version;
    char *id;
    bool copy; /* its certificate is another one's, too: left out */
};

struct plan {
    const struct lineage *lineage;
    const struct layout *to;
    struct history history;
    struct part *parts; /* as in history */
    size_t len;
};

/* Makes live/.NAME.convert and archive/.NAME.convert, which must not be there, synced. On failure some of it may be
 * left. */
MUST_USE bool convert_build(const struct plan *plan, struct error *err);
