#include "disk/layouts.h"

#include <string.h>

#include "base/mem.h"

static const struct layout *const layouts[] = { &layout_certbot, &layout_versioned }; /* the first is Certbot's */

const struct layout *layout_find(const char *name)
{
    if (name == NULL)
        return layouts[0];
    for (size_t i = 0; i < COUNT(layouts); i++)
        if (strcmp(layouts[i]->name, name) == 0)
            return layouts[i];
    return NULL;
}

const struct layout *layout_at(size_t index)
{
    return index < COUNT(layouts) ? layouts[index] : NULL;
}

bool layouts_have_version(const struct lineage *lineage)
{
    for (size_t i = 0; i < COUNT(layouts); i++)
        if (layouts[i]->has_version(lineage))
            return true;
    return false;
}

bool layouts_remove(const struct lineage *lineage, struct error *err)
{
    for (size_t i = 0; i < COUNT(layouts); i++)
        TRY(layouts[i]->remove(lineage, true, err));
    return true;
}
