#pragma once
/*
 * For tests: one row is a damage done to a good store, what is found then, and what is there after `doctor --fix`.
 * Each row is run in both layouts, unless it names one. Of each run the following is checked, too:
 *
 *   - looking changes nothing;
 *   - what has not exactly one right answer is left as it is;
 *   - after the repair the lineage loads, and a second look finds no more than what was left alone.
 *
 * Included by test programs only, once each.
 */
#include <ftw.h>

#include "base/test_wait.h"
#include "config/option_apply.h"
#include "config/option_find.h"
#include "health/test_others.h"
#include "health/world.h"

enum { CERTBOT = 1, VERSIONED = 2, BOTH = CERTBOT | VERSIONED };

struct damage {
    const char *name;
    unsigned layouts;
    const char *options; /* "key-mode=0640", as on the command line; NULL: none */
    bool two;            /* there is the lineage other.test as well */
    const char *shell;   /* the damage: commands in the configuration directory, with the words below */
    const char *found;   /* "code severity, code! severity": with a "!" what can be repaired */
    const char *fixed;   /* the same after a repair; NULL: as found, each "!" a "+" for what is done */
    const char *after;   /* a command that succeeds afterwards; NULL: none */
    const char *serial;  /* what is live afterwards, "": nothing; NULL: SERIAL_B. Checked after repairs only */
};

/* Words for the shell: $live is where the files of the live version are, in either layout live/NAME; $old where those
 * of the superseded one are, with $n behind their names. `take WHICH TO [N]` copies the four files of one of the
 * certificates in test_others.h, `link DIR N` makes the live links lead there, `swap A B` exchanges two names. */
#define WORDS                                                                                                          \
    "live=live/a.example; old=$(echo archive/a.example/2*Z-*); n=; [ -d \"$old\" ] || { old=archive/a.example; n=1; "  \
    "}; "                                                                                                              \
    "take() { for k in cert chain fullchain privkey; do cp ../others/$1/$k.pem $2/$k$3.pem || exit 1; done; }; "       \
    "link() { for k in cert chain fullchain privkey; do ln -sfn $1/$k$2.pem live/a.example/$k.pem; done; }; "          \
    "swap() { mv $1 swap.tmp && mv $2 $1 && mv swap.tmp $2; }; "

static void write_other(const char *name, const char *cert, const char *issuer)
{
    struct error err = { 0 };
    AUTO(free) char *fullchain = xprintf("%s%s", cert, issuer);

    REQUIRE(file_mkdirs(at("../others/%s", name), 0700, &err), "%s", err.why);
    write_text(at("../others/%s/cert.pem", name), cert);
    write_text(at("../others/%s/chain.pem", name), issuer);
    write_text(at("../others/%s/fullchain.pem", name), fullchain);
    write_text(at("../others/%s/privkey.pem", name), key_c);
    REQUIRE(chmod(at("../others/%s/privkey.pem", name), 0600) == 0, "%s", name);
}

static void add_other_test(struct world *world)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *fullchain = xprintf("%s%s", pem_foreign, pem_third_ca);
    struct issued issued = { .cert = view_of(pem_foreign),
        .chain = view_of(pem_third_ca),
        .fullchain = view_of(fullchain),
        .privkey = view_of(key_c) };
    struct error err = { 0 };

    if (!lineage_create(world->store, "other.test", &issued, world->settings, &lineage, &err))
        fail_msg("%s: %s", err.what, err.why);
}

static void give_options(struct world *world, const char *asked)
{
    AUTO(free) char *words = xstrdup(asked == NULL ? "" : asked);
    char *rest = words;
    struct error err = { 0 };

    for (char *name; (name = strtok_r(rest, " ", &rest)) != NULL;) {
        char *value = strchr(name, '=');

        REQUIRE(value != NULL, "%s", name);
        *value++ = '\0';
        REQUIRE(option_apply(world->settings, option_find(name), value, ORIGIN_COMMAND_LINE, &err), "%s: %s", name,
            err.why);
    }
}

static struct list seen; /* by see */

static int see(const char *path, const struct stat *st, int type, struct FTW *place)
{
    AUTO(free) char *content = S_ISREG(st->st_mode) ? read_text(path) : NULL, *line = NULL;

    (void)type;
    (void)place;
    if (strstr(file_basename(path), "lock") != NULL)
        return 0;
    line = xprintf("%s %o %u %u %s%s", path, (unsigned)st->st_mode, (unsigned)st->st_uid, (unsigned)st->st_gid,
        content == NULL ? "" : content, S_ISLNK(st->st_mode) ? link_text(path) : "");
    list_add(&seen, line);
    return 0;
}

/* Every file with its mode, owner and content, and every link, of the caller's; but for locks. */
static char *everything(void)
{
    char *all;

    REQUIRE(nftw(at("%s", ""), see, 16, FTW_PHYS) == 0, "the store cannot be read");
    list_sort(&seen);
    all = list_join(&seen, "\n");
    list_clear(&seen);
    return all;
}

/* "code severity" of each, with a mark behind the code: "!" it can be repaired, "+" it was. Of the caller's. */
static char *words_of(const struct findings *findings)
{
    AUTO(buf_clear) struct buf text = BUF(64 * 1024);

    for (size_t i = 0; i < findings->len; i++)
        buf_putf(&text, "%s%s%s %s", i == 0 ? "" : ", ", findings->at[i].code,
            findings->at[i].repaired                  ? "+"
            : finding_is_repairable(&findings->at[i]) ? "!"
                                                      : "",
            health_severity_name(findings->at[i].severity));
    return buf_take(&text);
}

static void check_look(struct world *world, enum health_mode mode, const char *want, const char *name)
{
    AUTO(findings_clear) struct findings findings = examine(world, mode);
    AUTO(free) char *words = words_of(&findings);

    CHECK_TEXT(words, want, name);
    for (size_t i = 0; i < findings.len; i++) {
        const struct finding *finding = &findings.at[i];
        bool one = finding->repaired || finding_is_repairable(finding);

        CHECK(finding->what[0] != '\0' && finding->why[0] != '\0' && finding->answers.len > 0, "%s: %s", name,
            finding->code);
        CHECK(!one || finding->answers.len == 1, "%s: %s has %zu answers", name, finding->code, finding->answers.len);
        CHECK(finding->failed == NULL, "%s: %s: %s", name, finding->code, finding->failed);
    }
}

/* What is found, with each "!" a "+", or without what has a mark: what a repair leaves. Of the caller's. */
static char *found_then(const char *found, bool left)
{
    AUTO(buf_clear) struct buf text = BUF(64 * 1024);
    AUTO(free) char *all = xstrdup(found);
    char *rest = all;

    for (char *one; (one = strtok_r(rest, ",", &rest)) != NULL;) {
        char *mark = strpbrk(one, "!+");

        if (left && mark != NULL)
            continue;
        if (mark != NULL)
            *mark = '+';
        buf_putf(&text, "%s%s", text.len == 0 ? "" : ", ", one + strspn(one, " "));
    }
    return buf_take(&text);
}

static void run_damage(const struct damage *row, bool versioned)
{
    AUTO(world_clear) struct world world = world_new(versioned);
    AUTO(free) char *name = xprintf("%s (%s)", row->name, versioned ? "versioned" : "certbot");
    AUTO(free) char *fixed = found_then(row->fixed != NULL ? row->fixed : row->found, false);
    AUTO(free) char *left = found_then(fixed, true);
    AUTO(free) char *before = NULL, *looked = NULL, *then = NULL;
    bool repairs = strchr(row->found, '!') != NULL;

    if (row->two)
        add_other_test(&world);
    write_other("expired", pem_expired, pem_third_ca);
    write_other("foreign", pem_foreign, pem_third_ca);
    write_other("later", pem_later, pem_fourth_ca);
    shell(WORDS "%s", row->shell);
    give_options(&world, row->options);

    before = everything();
    check_look(&world, HEALTH_LOOK, row->found, name);
    looked = everything();
    CHECK_TEXT(looked, before, name);
    check_look(&world, HEALTH_FIX, fixed, name);
    if (!repairs) {
        then = everything();
        CHECK_TEXT(then, before, name);
    } else if (row->serial == NULL || row->serial[0] != '\0') {
        check_whole(&world, NAME, row->serial != NULL ? row->serial : SERIAL_B, name);
    }
    if (row->after != NULL) {
        AUTO(free) char *command = xprintf("cd '%s' && { " WORDS "%s; }", at("%s", ""), row->after);

        CHECK(system(command) == 0, "%s: %s", name, row->after); /* NOLINT(cert-env33-c): a test's own words */
    }
    if (repairs)
        check_look(&world, HEALTH_LOOK, left, name);
}

static void run_damages(const struct damage *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].layouts & CERTBOT)
            run_damage(&rows[i], false);
        if (rows[i].layouts & VERSIONED)
            run_damage(&rows[i], true);
    }
}
