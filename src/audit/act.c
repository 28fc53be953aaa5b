#include "audit/act.h"

#include "base/mem.h"

enum urgency { LATER, NOW };

#define ACT(member, name, what, urgency) { name, what, urgency },
static const struct {
    const char *name, *what;
    enum urgency urgency;
} acts[] = {
#include "audit/acts.h"
};
#undef ACT

const char *audit_act_name(enum audit_act act)
{
    return acts[act].name;
}

const char *audit_act_what(enum audit_act act)
{
    return acts[act].what;
}

bool audit_act_is_urgent(enum audit_act act)
{
    return acts[act].urgency == NOW;
}

bool audit_act_of(struct view name, enum audit_act *out)
{
    for (size_t i = 0; i < COUNT(acts); i++) {
        if (!view_is(name, acts[i].name))
            continue;
        *out = (enum audit_act)i;
        return true;
    }
    return false;
}
