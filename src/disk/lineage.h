#pragma once
/*
 * A lineage: a certificate with all its versions. store/store.h loads and fills it in; layouts (disk/layout.h) work
 * with its files on disk.
 */
#include <stdbool.h>

#include "access/kind.h"
#include "base/bytes.h"
#include "conf/conf.h"
#include "crypto/cert.h"

struct layout;

struct lineage {
    char *name;
    const struct layout *layout; /* how its files lie on disk */
    char *conf_path;
    struct conf *conf;
    char *live_dir; /* directory of the four live paths */
    char *archive_dir;
    char *live[KIND_COUNT];    /* as the renewal file names them */
    char *version;             /* the newest: live once a pending deployment is fixed. "7", or its date and serial */
    char *current[KIND_COUNT]; /* the files of that version */
    bool pending_deployment;   /* live is an older version, as making the newest live failed or was interrupted */
    bool behind;               /* a newer version waits, but the live one was taken: lineage_take_live */
    struct cert *cert;         /* of that version */
    struct buf cert_pem;       /* the text it was read from */
    bool alone;                /* nothing of ours lay beside its directories when the run began; store_look_once */
    bool unsettled;            /* there are traces of interrupted work; lineage_load has tried to finish it */
};

/* The files of a version, as PEM texts. */
struct issued {
    struct view cert, chain, fullchain;
    struct view privkey;             /* secret */
    const char *order_url, *profile; /* for meta.txt; NULL when unknown */
};
