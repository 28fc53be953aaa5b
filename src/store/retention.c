#include "store/retention.h"

void retention_decide(struct version_age *versions, size_t len, size_t max)
{
    int64_t now = INT64_MIN;
    size_t kept = 0;

    for (size_t i = 0; i < len; i++)
        if (versions[i].not_before > now)
            now = versions[i].not_before;
    for (size_t i = len; i-- > 0;) {
        struct version_age *version = &versions[i];

        version->keep = version->in_use || (!version->copy && (kept == 0 || (kept < max && version->not_after > now)));
        if (version->keep && !version->in_use)
            kept++;
    }
}
