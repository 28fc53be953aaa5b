/*
 * A lineage before anything is known of it: its name, and the paths that go with it.
 */
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/lineage_new.h"
#include "store/store_private.h"

struct lineage *lineage_bare(const struct store *store, const char *name, const struct layout *layout)
{
    struct lineage *lineage = xcalloc(1, sizeof *lineage);

    lineage->name = xstrdup(name);
    lineage->layout = layout;
    lineage->conf_path = store_conf_path(store, name);
    lineage->archive_dir = store_path_in(store, "archive", name);
    return lineage;
}

struct lineage *lineage_new(const struct store *store, const char *name, const struct layout *layout)
{
    struct lineage *lineage = lineage_bare(store, name, layout);

    lineage->live_dir = store_path_in(store, "live", name);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        lineage->live[kind] = xprintf("%s/%s.pem", lineage->live_dir, kind_name((enum kind)kind));
    return lineage;
}

void lineage_free(struct lineage *lineage)
{
    if (lineage == NULL)
        return;
    if (lineage->conf != NULL)
        conf_free(lineage->conf);
    if (lineage->cert != NULL)
        cert_free(lineage->cert);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(lineage->live[kind]);
        free(lineage->current[kind]);
    }
    buf_clear(&lineage->cert_pem);
    free(lineage->version);
    free(lineage->name);
    free(lineage->conf_path);
    free(lineage->live_dir);
    free(lineage->archive_dir);
    free(lineage);
}
