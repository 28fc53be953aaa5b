#pragma once
/*
 * What the rules about one name share. Private to preflight/.
 */
#include "preflight/rules.h"

struct judge {
    const struct surroundings *around;
    const struct facts *facts;
    struct preflight *out;
};

/* A failure, where what was found is what the CA finds, too; else a warning. */
enum preflight_severity judge_certain(const struct judge *judge, bool confirmed);
const char *judge_name(const struct judge *judge);

/* Whether the name has addresses, and all of them are for this machine or site alone. */
bool judge_all_inside(const struct facts *facts);
/* The rules about addresses that there are, and the ports at them. */
void judge_doors(const struct judge *judge);
