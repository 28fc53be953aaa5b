#include "web/changes.h"

#include "base/mem.h"

struct changes {
    size_t count;
};

struct changes *changes_new(void)
{
    return xcalloc(1, sizeof(struct changes));
}

void changes_free(struct changes *changes)
{
    free(changes);
}
