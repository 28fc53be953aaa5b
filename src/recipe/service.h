#pragma once
/*
 * A provider that was opened: its description, what the user gave for it, and the way to it. Shared by all threads of a
 * run.
 */
#include "base/mutex.h"
#include "base/named.h"
#include "recipe/request.h"

/* The way outside, and the clock; a test plays it. */
struct service_outside {
    bool (*http)(void *arg, const struct http_request *request, struct http_response *out, struct error *err);
    bool (*sleep_ms)(void *arg, int64_t ms); /* false: interrupted */
    int64_t (*now_ms)(void *arg);            /* since 1970 */
    int64_t (*monotonic_ms)(void *arg);      /* never jumps */
    void *arg;
};

struct service {
    const struct description *description;
    struct vars keys; /* what the user gave, and what was made of it; does not change once it is open */
    struct service_outside outside;
    char *lock_path;  /* of the file by which processes keep apart; NULL: only threads are */
    char *trust;      /* certificates that vouch for the server; NULL: as usual */
    char *where_from; /* of the credentials, for messages */

    struct mutex lock; /* guards what follows */
    bool logged_in;
    unsigned login_count;
    struct vars login; /* what logging in has got */
    int64_t last_ms;   /* when the last request was made */
    struct value own;  /* values of this run by name, where the service does not say what is there (recipe/edit.c) */

    struct mutex login_lock;  /* held while somebody logs in: others wait; guards what follows */
    struct error lacks;       /* nobody near the machine has credentials: not asked again; or all zero */
    struct named_table asked; /* zones by guess, and all of them (recipe/zone.c) */
};

/*
 * Takes the keys over (the caller's scope is empty then), and makes what "pick", "map" and "let" say of them.
 * ERROR_CONFIG. *out is the caller's.
 */
MUST_USE bool service_open(
    const struct description *description, struct vars *keys, struct service **out, struct error *err);
void service_close(struct service *service); /* without a logout */
DEFINE_AUTO(struct service, service_close)

/* The members that a key of the description has. */
const struct value *service_keys(const struct description *description);
