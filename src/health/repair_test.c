/*
 * Stores as people break them, repaired.
 */
#include "store/fixture.h"
#include "health/world.h"

enum { CERTBOT = 1, VERSIONED = 2, BOTH = 3 };

static const struct {
    const char *name;
    unsigned layouts;
    const char *damage;           /* commands in the configuration directory */
    const char *found, *repaired; /* codes; repaired is NULL when nothing can be */
    const char *lineage, *serial; /* then; NULL: "a.example", SERIAL_B */
} cases[] = {
    { "nothing", BOTH, "true", "", NULL, NULL, NULL },

    /* links */
    { "rsync without links", CERTBOT, "rm live/a.example/*.pem", "live-link-missing!", "live-link-missing+", NULL,
        NULL },
    { "rsync without links and empty directories", CERTBOT, "rm -r live/a.example", "live-link-missing!",
        "live-link-missing+", NULL, NULL },
    { "restored from tar -h", CERTBOT, "cp -rL live/a.example x && rm -r live/a.example && mv x live/a.example",
        "live-link-flattened!", "live-link-flattened+", NULL, NULL },
    { "an old live from tar -h", CERTBOT,
        "rm live/a.example/*.pem && for k in cert chain fullchain privkey; do cp archive/a.example/${k}1.pem "
        "live/a.example/$k.pem; done",
        "live-link-flattened!", "live-link-flattened+ live-not-newest+", NULL, NULL },
    { "tar -h, and only the oldest of the archive", CERTBOT,
        "cp -rL live/a.example x && rm -r live/a.example archive/a.example/*2.pem && mv x live/a.example && "
        "touch -d 2001-01-01 live/a.example/cert.pem",
        "live-link-flattened", NULL, NULL, NULL },
    { "tar -h without the archive", CERTBOT,
        "cp -rL live/a.example x && rm -r live/a.example archive/a.example && mv x live/a.example",
        "live-link-flattened!", "live-link-flattened+", NULL, NULL },
    { "one link replaced by its file", CERTBOT,
        "cp --remove-destination archive/a.example/privkey2.pem "
        "live/a.example/privkey.pem",
        "live-link-flattened!", "live-link-flattened+", NULL, NULL },
    { "a key of somebody else", CERTBOT, "rm live/a.example/privkey.pem && echo x >live/a.example/privkey.pem",
        "live-link-flattened", NULL, NULL, NULL },
    { "links into the old place", CERTBOT,
        "for k in cert chain fullchain privkey; do ln -sf /nowhere/archive/a.example/${k}2.pem live/a.example/$k.pem; "
        "done",
        "live-link-dangling!", "live-link-dangling+", NULL, NULL },
    { "someone copied archive elsewhere", CERTBOT,
        "cp -r archive/a.example ../copy && for k in cert chain fullchain privkey; do ln -sf $PWD/../copy/${k}2.pem "
        "live/a.example/$k.pem; done",
        "live-link-elsewhere!", "live-link-elsewhere+", NULL, NULL },
    { "live deleted by hand", VERSIONED, "rm -r live/a.example", "live-missing!", "live-missing+", NULL, SERIAL_A },
    { "live files deleted by hand", VERSIONED, "rm live/a.example/*.pem", "live-missing!", "live-missing+", NULL,
        SERIAL_A },
    { "live files deleted by hand, but not a user's own", VERSIONED,
        "rm live/a.example/* && touch live/a.example/dh.pem", "live-missing!", "live-missing+", NULL, SERIAL_A },
    { "live is links", VERSIONED, "mv live/a.example/privkey.pem ../k && ln -s $PWD/../k live/a.example/privkey.pem",
        "live-file-is-link!", "live-file-is-link+", NULL, NULL },

    { "live itself gone", CERTBOT, "rm -r live", "live-link-missing!", "live-link-missing+", NULL, NULL },
    { "live itself gone", VERSIONED, "rm -r live", "live-missing!", "live-missing+", NULL, SERIAL_A },

    /* directories */
    { "archive renamed", CERTBOT, "mv archive/a.example archive/old", "archive-renamed!", "archive-renamed+", NULL,
        NULL },
    { "archive renamed", VERSIONED, "mv archive/a.example archive/old", "archive-renamed!", "archive-renamed+", NULL,
        NULL },
    { "live renamed", CERTBOT, "mv live/a.example live/old", "live-renamed!", "live-renamed+", NULL, NULL },
    { "live renamed", VERSIONED, "mv live/a.example live/old", "live-renamed!", "live-renamed+", NULL, NULL },
    { "live copied twice and removed", VERSIONED, "cp -r live/a.example live/x && mv live/a.example live/y",
        "live-renamed", NULL, NULL, NULL },
    { "live renamed, or that of one whose renewal file is garbled", BOTH,
        "mv live/a.example live/old; printf '[x\\n' >renewal/b.conf", "live-renamed renewal-file-unreadable", NULL,
        NULL, NULL },
    { "archive renamed, or that of one whose renewal file is away", CERTBOT,
        "mv archive/a.example archive/old; ln -s /nowhere renewal/b.conf", "archive-renamed renewal-file-unreadable",
        NULL, NULL, NULL },
    { "live renamed, and a name reserved", BOTH, "mv live/a.example live/old; : >renewal/b.conf",
        "live-renamed! renewal-file-empty!", "live-renamed+ renewal-file-empty+", NULL, NULL },
    { "everything gone", CERTBOT, "rm -r live/a.example archive/a.example", "files-missing", NULL, NULL, NULL },
    { "everything gone", VERSIONED, "rm -r live/a.example archive/a.example", "live-missing", NULL, NULL, NULL },

    /* renewal files */
    { "all three renamed", BOTH,
        "for d in live archive; do mv $d/a.example $d/b.example; done; mv renewal/a.example.conf "
        "renewal/b.example.conf",
        NULL, NULL, "b.example", SERIAL_B },
    { "renewal file renamed", BOTH, "mv renewal/a.example.conf renewal/b.example.conf", "renewal-file-renamed", NULL,
        NULL, NULL },
    { "renewal file copied", BOTH, "cp renewal/a.example.conf renewal/b.conf", "files-shared", NULL, NULL, NULL },
    { "store moved", BOTH, "sed -i \"s#$PWD#/old/place#\" renewal/a.example.conf", "renewal-file-old-paths!",
        "renewal-file-old-paths+", NULL, NULL },
    { "store copied", BOTH, "cp -r . ../other && sed -i \"s#$PWD#$(cd ../other && pwd)#\" renewal/a.example.conf",
        "renewal-file-other-store", NULL, NULL, NULL },
    { "renewal file without paths", BOTH, "sed -i '/^fullchain/d' renewal/a.example.conf", "renewal-file-old-paths!",
        "renewal-file-old-paths+", NULL, NULL },
    { "renewal file emptied", BOTH, ": >renewal/a.example.conf", "renewal-file-empty", NULL, NULL, NULL },
    { "name reserved and no more", BOTH, ": >renewal/b.conf", "renewal-file-empty!", "renewal-file-empty+", NULL,
        NULL },
    { "renewal file that is a link to nothing", BOTH, "ln -s /nowhere renewal/b.conf", "renewal-file-unreadable", NULL,
        NULL, NULL },
    { "a first issue of which nothing is left but its name", BOTH,
        "sed 's#a.example#b#g; 1i evercert_new = True' renewal/a.example.conf >renewal/b.conf",
        "first-issue-interrupted!", "first-issue-interrupted+", NULL, NULL },
    { "a first issue that was saved but for a word", BOTH, "sed -i '1i evercert_new = True' renewal/a.example.conf",
        "first-issue-interrupted!", "first-issue-interrupted+", NULL, NULL },
    { "renewal file garbled", BOTH, "printf '[x\\n' >renewal/a.example.conf", "renewal-file-unreadable", NULL, NULL,
        NULL },

    /* files of versions */
    { "no fullchain", CERTBOT, "rm archive/a.example/fullchain2.pem", "version-file-missing!", "version-file-missing+",
        NULL, NULL },
    { "no fullchain", VERSIONED, "rm live/a.example/fullchain.pem", "version-file-missing!", "version-file-missing+",
        NULL, NULL },
    { "fullchain and key only", CERTBOT, "rm archive/a.example/c*2.pem", "version-file-missing!",
        "version-file-missing+ version-file-missing+", NULL, NULL },
    { "fullchain and key only", VERSIONED, "rm live/a.example/c*.pem", "version-file-missing!",
        "version-file-missing+ version-file-missing+", NULL, NULL },
    { "no key, and none elsewhere", CERTBOT, "rm archive/a.example/privkey2.pem", "version-file-missing", NULL, NULL,
        NULL },
    { "no key, and none elsewhere", VERSIONED, "rm live/a.example/privkey.pem", "version-file-missing", NULL, NULL,
        NULL },
    { "no key, but a copy of it", CERTBOT, "mkdir keys && mv archive/a.example/privkey2.pem keys/0001_key-certbot.pem",
        "version-file-missing! old-keys", "version-file-missing+ old-keys", NULL, NULL },
    { "no key, but a copy of it", VERSIONED, "mkdir keys && mv live/a.example/privkey.pem keys/0001_key-certbot.pem",
        "version-file-missing! old-keys", "version-file-missing+ old-keys", NULL, NULL },
    { "keys exchanged", CERTBOT,
        "cd archive/a.example && mv privkey1.pem x && mv privkey2.pem privkey1.pem && mv x privkey2.pem",
        "key-mismatch!", "key-mismatch+", NULL, NULL },
    { "keys exchanged", VERSIONED,
        "v=$(echo archive/a.example/2*) && mv $v/privkey.pem x && mv live/a.example/privkey.pem $v && "
        "mv x live/a.example/privkey.pem",
        "key-mismatch!", "key-mismatch+", NULL, NULL },
    { "key overwritten", BOTH, "for f in live/a.example/privkey.pem; do mkdir keys && cp $f keys/x && echo x >$f; done",
        "key-mismatch! old-keys", "key-mismatch+ old-keys", NULL, NULL },
    { "key overwritten, and none elsewhere", BOTH, "echo x >live/a.example/privkey.pem", "key-mismatch", NULL, NULL,
        NULL },
    { "chain of somebody else", BOTH, "cat live/a.example/cert.pem >live/a.example/chain.pem", "chain-mismatch!",
        "chain-mismatch+", NULL, NULL },
    { "fullchain without issuers", BOTH, "cat live/a.example/cert.pem >live/a.example/fullchain.pem", "chain-mismatch!",
        "chain-mismatch+", NULL, NULL },
    { "certificate damaged", BOTH, "echo x >live/a.example/cert.pem", "certificate-mismatch!", "certificate-mismatch+",
        NULL, NULL },
    { "fullchain cut to nothing", BOTH, ": >live/a.example/fullchain.pem", "certificate-mismatch!",
        "certificate-mismatch+", NULL, NULL },

    { "an empty certificate among the superseded", CERTBOT, ": >archive/a.example/cert1.pem", "version-damaged", NULL,
        NULL, NULL },
    { "an empty certificate among the superseded", VERSIONED, ": >$(echo archive/a.example/2*)/cert.pem",
        "version-damaged", NULL, NULL, NULL },
    { "a removal that was interrupted when the key was overwritten", CERTBOT,
        "truncate -s 0 archive/a.example/privkey1.pem && truncate -s 241 archive/a.example/privkey1.pem",
        "version-half-removed!", "version-half-removed+", NULL, NULL },
    { "another key among the superseded", CERTBOT, "echo x >archive/a.example/privkey1.pem", "version-damaged", NULL,
        NULL, NULL },

    /* modes */
    { "an account's key readable by a group", BOTH,
        "mkdir -p accounts/ca/directory/0a && echo x >accounts/ca/directory/0a/private_key.json && "
        "chmod 640 accounts/ca/directory/0a/private_key.json",
        "account-key-open-to-others! account-broken", "account-key-open-to-others+ account-broken", NULL, NULL },
    { "key readable by all", BOTH, "chmod 644 live/a.example/privkey.pem", "key-open-to-others!", "key-open-to-others+",
        NULL, NULL },
    { "key readable by a group", BOTH, "chmod 640 live/a.example/privkey.pem", "", NULL, NULL, NULL },
    { "directories writable by all", BOTH, "chmod 777 renewal live/a.example",
        "writable-by-others! writable-by-others!", "writable-by-others+ writable-by-others+", NULL, NULL },

    { "a hook writable by all", BOTH,
        "mkdir -p renewal-hooks/deploy && touch renewal-hooks/deploy/x && "
        "chmod 666 renewal-hooks/deploy/x",
        "writable-by-others!", "writable-by-others+", NULL, NULL },

    /* leftovers */
    { "temporaries", BOTH,
        "touch renewal/.a.example.conf.evercert-abcdef live/.evercert-probe.1.2 archive/a.example/cert3.pem.new",
        "leftover! leftover! leftover!", "leftover+ leftover+ leftover+", NULL, NULL },
    { "no temporaries", BOTH,
        "touch renewal/.abcdef renewal/.hidden.conf live/README.new renewal/.a.example.conf.backup "
        "live/a.example/privkey-mine.pem.new",
        "", NULL, NULL, NULL },
    { "orphans", BOTH,
        "mkdir -p live/x archive/x csr accounts/ca/directory/0a && touch live/x/cert.pem archive/x/y csr/1 "
        "accounts/ca/directory/0a/regr.json",
        "live-without-renewal-file archive-without-renewal-file account-broken old-requests", NULL, NULL, NULL },
};

static void run_case(size_t i, bool versioned)
{
    AUTO(world_clear) struct world world = world_new(versioned);
    AUTO(free) char *name = xprintf("%s (%s)", cases[i].name, versioned ? "versioned" : "certbot");

    shell("%s", cases[i].damage);
    if (cases[i].found != NULL)
        check_codes(&world, HEALTH_LOOK, cases[i].found, name);
    if (cases[i].repaired != NULL || cases[i].found == NULL) {
        AUTO(findings_clear) struct findings repaired = examine(&world, HEALTH_FIX);
        AUTO(free) char *codes = codes_of(&repaired);

        if (cases[i].repaired != NULL)
            CHECK_TEXT(codes, cases[i].repaired, name);
        CHECK_INT(findings_open(&repaired), 0, name);
        CHECK(strstr(cases[i].damage, "dh.pem") == NULL || file_exists(at("live/a.example/dh.pem")), "%s", name);
        check_whole(&world, cases[i].lineage != NULL ? cases[i].lineage : NAME,
            cases[i].serial != NULL ? cases[i].serial : SERIAL_B, name);
        {
            AUTO(findings_clear) struct findings again = examine(&world, HEALTH_LOOK);

            CHECK_INT(findings_open(&again), 0, name);
        }
    } else {
        check_codes(&world, HEALTH_FIX, cases[i].found, name); /* as it was */
    }
}

TEST(as_people_break_them)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (cases[i].layouts & CERTBOT)
            run_case(i, false);
        if (cases[i].layouts & VERSIONED)
            run_case(i, true);
    }
}

TEST_MAIN()
