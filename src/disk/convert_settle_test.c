/*
 * What an interrupted conversion leaves, and what becomes of it: the layout that the renewal file names, whole.
 */
#include "disk/convert_settle.h"

#include <stdlib.h>

#include "disk/test_lineage.h"

#define OLD "20261122T024405Z-" SERIAL_A
#define NUMBERED "cert1.pem cert2.pem chain1.pem chain2.pem fullchain1.pem fullchain2.pem privkey1.pem privkey2.pem"
#define LINKS "README cert.pem chain.pem fullchain.pem privkey.pem"
#define PLAIN "cert.pem chain.pem fullchain.pem privkey.pem"
#define DESCRIBED "cert.pem chain.pem fullchain.pem meta.txt privkey.pem"

/* build_live and build_archive make the other form of each beside it; `swap PART` makes it change places. */
#define EACH "for k in cert chain fullchain privkey; do "
#define WORDS                                                                                                          \
    "swap() { mv $1/a $1/.x && mv $1/.a.convert $1/a && mv $1/.x $1/.a.convert; }; "                                   \
    "if [ -L live/a/cert.pem ]; then "                                                                                 \
    "build_live() { mkdir live/.a.convert; " EACH "ln archive/a/${k}2.pem live/.a.convert/$k.pem; done; }; "           \
    "build_archive() { mkdir -p archive/.a.convert/" OLD "; " EACH "ln archive/a/${k}1.pem archive/.a.convert/" OLD    \
    "/$k.pem; done; }; else "                                                                                          \
    "build_live() { mkdir live/.a.convert; " EACH "ln -s ../../archive/a/${k}2.pem live/.a.convert/$k.pem; done; }; "  \
    "build_archive() { mkdir archive/.a.convert; " EACH "ln archive/a/" OLD "/$k.pem archive/.a.convert/${k}1.pem; "   \
    "ln live/a/$k.pem archive/.a.convert/${k}2.pem; done; }; fi; "

static const struct {
    const char *name;
    const char *was;     /* the layout of what is there */
    const char *layout;  /* the one that the renewal file names */
    const char *shell;   /* in the configuration directory, with the words above */
    const char *refused; /* NULL: it is settled */
    const char *live, *archive;
} cases[] = {
    { "built, and not to be", "certbot", "certbot", "build_archive; build_live", NULL, LINKS, NUMBERED },
    { "built, and not to be", "versioned", "versioned", "build_archive; build_live", NULL, DESCRIBED, OLD },
    { "half of it built", "certbot", "certbot", "build_archive; rm archive/.a.convert/*/chain.pem", NULL, LINKS,
        NUMBERED },
    { "half of it built", "versioned", "versioned", "build_archive; rm archive/.a.convert/c*", NULL, DESCRIBED, OLD },
    { "an empty directory", "certbot", "certbot", "mkdir live/.a.convert archive/.a.convert", NULL, LINKS, NUMBERED },
    { "built, and to be", "certbot", "versioned", "build_archive; build_live", NULL, PLAIN, OLD },
    { "built, and to be", "versioned", "certbot", "build_archive; build_live", NULL, PLAIN, NUMBERED },
    { "live has changed places", "certbot", "versioned", "build_archive; build_live; swap live", NULL, PLAIN, OLD },
    { "the archive has changed places", "versioned", "certbot", "build_archive; build_live; swap archive", NULL, PLAIN,
        NUMBERED },
    { "both have changed places", "certbot", "versioned", "build_archive; build_live; swap live; swap archive", NULL,
        PLAIN, OLD },
    { "both have changed places", "versioned", "certbot", "build_archive; build_live; swap archive; swap live", NULL,
        PLAIN, NUMBERED },
    { "taken back when live had changed places", "certbot", "certbot", "build_archive; build_live; swap live", NULL,
        LINKS, NUMBERED },
    { "taken back when the archive had changed places", "versioned", "versioned",
        "build_archive; build_live; swap archive", NULL, DESCRIBED, OLD },
    { "live is aside", "certbot", "versioned", "build_archive; build_live; mv live/a live/.a.convert.was", NULL, PLAIN,
        OLD },
    { "live is aside, and to come back", "certbot", "certbot",
        "build_archive; build_live; mv live/a live/.a.convert.was", NULL, LINKS, NUMBERED },
    { "the archive is aside", "versioned", "certbot", "build_archive; build_live; mv archive/a archive/.a.convert.was",
        NULL, PLAIN, NUMBERED },
    { "live alone was built, of what is there already", "certbot", "certbot", "mkdir live/.a.convert.was", NULL, LINKS,
        NUMBERED },
    { "files of a user's in what goes", "certbot", "certbot",
        "build_archive; build_live; echo mine >live/.a.convert/haproxy.pem; echo mine >archive/.a.convert/notes", NULL,
        "README cert.pem chain.pem fullchain.pem haproxy.pem privkey.pem",
        "cert1.pem cert2.pem chain1.pem chain2.pem fullchain1.pem fullchain2.pem notes privkey1.pem privkey2.pem" },
    { "files of a user's in both", "certbot", "certbot",
        "build_archive; echo mine >archive/a/notes; echo newer >archive/.a.convert/notes", NULL, LINKS,
        "cert1.pem cert2.pem chain1.pem chain2.pem fullchain1.pem fullchain2.pem notes notes.was privkey1.pem "
        "privkey2.pem" },

    { "neither is of the layout", "certbot", "versioned", "mkdir live/.a.convert", "is of the layout versioned", LINKS,
        NUMBERED },
    { "neither is of the layout", "versioned", "certbot", "mkdir archive/.a.convert", "is of the layout certbot",
        DESCRIBED, OLD },
    { "what was built lacks a file", "certbot", "versioned", "build_archive; build_live; rm live/.a.convert/chain.pem",
        "is of the layout versioned", LINKS, NUMBERED },
};

static void run_case(size_t i)
{
    AUTO(world_clear) struct world world = world_new_of(cases[i].was, "ab");
    AUTO(free) char *name = xprintf("%s (%s, %s)", cases[i].name, cases[i].was, cases[i].layout);
    AUTO(free) char *command = xprintf("cd '%s' && { " WORDS "%s; }", at("%s", ""), cases[i].shell);
    AUTO(free) char *live = NULL, *archive = NULL, *beside = NULL, *beside_archive = NULL;
    struct error err = { 0 };
    bool done;

    REQUIRE(system(command) == 0, "%s", command); /* NOLINT(cert-env33-c): a test's own words */
    world.lineage->layout = layout_find(cases[i].layout);
    CHECK(convert_is_unsettled(world.lineage), "%s", name);
    done = convert_settle(world.lineage, &err);
    CHECK(done == (cases[i].refused == NULL), "%s: %s", name, err.why);
    CHECK(done || strstr(err.why, cases[i].refused) != NULL, "%s: %s", name, err.why);
    check_text(at("live/a/cert.pem"), pem_b, name);
    check_text(at("live/a/privkey.pem"), key_b, name);
    live = names_in(at("live/a"));
    archive = names_in(at("archive/a"));
    CHECK_TEXT(live, cases[i].live, name);
    CHECK_TEXT(archive, cases[i].archive, name);
    if (!done)
        return;
    beside = names_in(at("live"));
    beside_archive = names_in(at("archive"));
    CHECK_TEXT(beside, "README a", name);
    CHECK_TEXT(beside_archive, "a", name);
    CHECK(!convert_is_unsettled(world.lineage), "%s: again", name);
    CHECK(world_reload(&world, &err) && strcmp(world.lineage->cert->serial, SERIAL_B) == 0, "%s: %s", name, err.why);
}

TEST(what_becomes_of_it)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        run_case(i);
}

TEST_MAIN()
