/* Whose directories are replaced: those of the certificate of the same name, and no other's. */
#include "restore/world.h"

static const struct {
    const char *name;
    const char *attack;  /* on the copy, which has "a" and "b"; the store has both, too */
    const char *only;    /* what is restored */
    const char *refused; /* by these words; NULL: it is restored */
} cases[] = {
    { "its own", "true", "a", NULL },
    { "another one's live and archive",
        "mv backup/renewal/a.conf backup/renewal/harmless.conf && rm -r backup/live/b backup/archive/b", "harmless",
        "of another certificate, a" },
    { "another one's archive",
        "sed -i 's,archive/a$,archive/b,' backup/renewal/a.conf && rm -r backup/archive/b && "
        "mv backup/archive/a backup/archive/b && for k in cert chain fullchain privkey; do "
        "ln -sf ../../archive/b/${k}1.pem backup/live/a/$k.pem; done && rm backup/renewal/b.conf",
        "a", "of another certificate, b" },
    { "nobody's, which is here",
        "mv backup/renewal/a.conf backup/renewal/harmless.conf && rm conf/renewal/a.conf backup/renewal/b.conf",
        "harmless", "has never been its directory" },
    { "two of one directory",
        "cp backup/renewal/a.conf backup/renewal/c.conf && rm -r conf/live/a conf/renewal/a.conf "
        "conf/archive/a",
        "a c", "of another certificate, a" },
};

TEST(whose_directories)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world = world_new("certbot");
        AUTO(restoration_clear) struct restoration it = { 0 };
        const char *name = cases[i].name;
        const struct planned *last;
        struct error err = { 0 };

        make_lineage(world.store, world.settings, "b");
        shell("cp -a conf backup && rm conf/live/a/chain.pem && %s", cases[i].attack);
        REQUIRE(prepare(&world, "backup", cases[i].only, &it, &err), "%s: %s", name, err.why);
        REQUIRE(it.plan.len > 0, "%s", name);
        last = &it.plan.at[it.plan.len - 1];
        CHECK_INT(last->fate == FATE_REFUSED, cases[i].refused != NULL, name);
        CHECK_INT(plan_refused(&it.plan), cases[i].refused != NULL, name);
        CHECK(cases[i].refused == NULL || (last->why != NULL && strstr(last->why, cases[i].refused) != NULL), "%s: %s",
            name, last->why);
    }
}

TEST_MAIN()
