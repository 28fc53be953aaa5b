#pragma once
/*
 * When records have spread: decided by what each address of each name server of a zone last said. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum look_state {
    LOOK_NOT_YET,
    LOOK_HAS_ALL, /* it answers with authority, and has every value */
    LOOK_LACKS,   /* with authority that it has not */
    LOOK_USELESS, /* silent, not to be reached, refusing, or without authority: it says nothing of the records */
};

struct look {
    size_t server; /* whose address it is: addresses of one server stand side by side, and servers count from 0 */
    enum look_state state;
    bool is_public; /* the address can be reached from outside of the site */
    bool some;      /* at any time it has had one of the values */
};

struct patience {    /* milliseconds since the records were made */
    int64_t limit;   /* servers that answer are given this long */
    int64_t grace;   /* servers that say nothing of use are tried this long */
    int64_t private; /* private servers none of which ever had a value are believed this long */
};

enum verdict {
    VERDICT_WAIT,
    VERDICT_THERE,     /* every server that can be asked has all values */
    VERDICT_BEHIND,    /* the limit is over, and some server that answers has not */
    VERDICT_BLIND,     /* no server can be asked, nor could be within the grace */
    VERDICT_ELSEWHERE, /* who answers here is private and never had a value: outside, others answer (split horizon) */
};

enum verdict propagation_decide(
    const struct look *looks, size_t count, int64_t elapsed_ms, const struct patience *patience);

/* How long to pause before looking for the next time: at first a second, growing to ten. */
int64_t propagation_pause_ms(unsigned rounds);
