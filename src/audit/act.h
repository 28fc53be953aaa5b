#pragma once
/*
 * What the audit trail tells of: one row of acts.h each.
 */
#include <stdbool.h>

#include "base/bytes.h"

#define ACT(member, name, what, urgency) ACT_##member,
enum audit_act {
#include "audit/acts.h"
    ACT_COUNT
};
#undef ACT

const char *audit_act_name(enum audit_act act); /* "certificate-issued" */
const char *audit_act_what(enum audit_act act); /* "the CA issued a certificate, and it was accepted" */
bool audit_act_is_urgent(enum audit_act act);   /* told to the system's log by itself, not only at the end of the run */

/* The act of that name. */
MUST_USE bool audit_act_of(struct view name, enum audit_act *out);
