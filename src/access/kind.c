#include "access/kind.h"

#include "base/mem.h"
#include "base/text.h"

const char *kind_name(enum kind kind)
{
    static const char *const names[KIND_COUNT] = { "cert", "privkey", "chain", "fullchain" };

    return names[kind];
}

char *version_file(const char *dir, enum kind kind)
{
    return xprintf("%s/%s.pem", dir, kind_name(kind));
}
