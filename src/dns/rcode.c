#include "dns/rcode.h"

#include <stdio.h>

#include "base/auto.h"

static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN",
    "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE", [RCODE_BADSIG] = "BADSIG", [RCODE_BADKEY] = "BADKEY",
    [RCODE_BADTIME] = "BADTIME", [RCODE_BADTRUNC] = "BADTRUNC" };

const char *rcode_name(int rcode, char room[static RCODE_NAME_SIZE])
{
    if (rcode >= 0 && (size_t)rcode < COUNT(names) && names[rcode] != NULL)
        return names[rcode];
    (void)snprintf(room, RCODE_NAME_SIZE, "RCODE %d", rcode & 0xffff);
    return room;
}
