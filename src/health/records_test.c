/*
 * What lies beside the files of a certificate: renewal files, records of work, deletions; and who may read and write.
 */
#include "health/damage.h"

#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define USER "54329"
#define GROUP "54328"

/* ---- renewal files ---- */

#define UNTIL(plugin, until)                                                                                           \
    "sed -i -e '/^authenticator/d' -e 's/^.renewalparams.$/&\\nauthenticator = " plugin                                \
    "\\ndns_persist_until = " until "/' renewal/a.example.conf"

static const struct damage renewal_files[] = {
    { "a path is missing, and the files are gone", BOTH,
        .shell = "sed -i /^fullchain/d renewal/a.example.conf; rm -r live/a.example archive/a.example",
        .found = "renewal-file-incomplete error" },
    { "paths of an old place, which a copy names rightly", BOTH,
        .shell = "cp renewal/a.example.conf renewal/b.conf; sed -i \"s#$PWD#/old/place#\" renewal/a.example.conf",
        .found = "renewal-file-old-paths error, files-shared warning" },
    { "emptied, and its files are gone", BOTH,
        .shell = ": >renewal/a.example.conf; rm -r live/a.example archive/a.example",
        .found = "renewal-file-empty! warning", .after = "[ ! -e renewal/a.example.conf ]", .serial = "" },
    { "emptied, and one file is left", BOTH,
        .shell = ": >renewal/a.example.conf; rm -r live/a.example archive/a.example/*; echo x >archive/a.example/x",
        .found = "renewal-file-empty error" },
    { "a standing record that is over", BOTH, .shell = UNTIL("dns-persist", "2020-01-01T00:00:00Z"),
        .found = "persist-record-over error" },
    { "a standing record that ends before the certificate", BOTH,
        .shell = UNTIL("dns-persist", "'$(date -u -d +20days +%Y-%m-%dT%H:%M:%SZ)'"),
        .found = "persist-record-ends warning" },
    { "a standing record for a long time", BOTH, .shell = UNTIL("dns-persist", "9999-01-01T00:00:00Z"), .found = "" },
    { "a standing record for ever", BOTH, .shell = UNTIL("dns-persist", "never"), .found = "" },
    { "what is left of a standing record", BOTH, .shell = UNTIL("webroot", "2020-01-01T00:00:00Z"), .found = "" },
    { "a directory", BOTH, .shell = "rm renewal/a.example.conf; mkdir renewal/a.example.conf",
        .found = "renewal-file-unreadable error" },
};

TEST(renewal_files_that_say_too_little)
{
    run_damages(renewal_files, COUNT(renewal_files));
}

/* ---- deletions ---- */

#define GONE "renewal/.a.example.conf.gone"

static const struct damage deletions[] = {
    { "cut short at once", BOTH, .shell = "mv renewal/a.example.conf " GONE, .found = "deletion-interrupted! warning",
        .serial = "", .after = "[ ! -e " GONE " ] && [ ! -e live/a.example ] && [ ! -e archive/a.example ]" },
    { "cut short after the live files", BOTH, .shell = "mv renewal/a.example.conf " GONE "; rm -r live/a.example",
        .found = "deletion-interrupted! warning", .serial = "", .after = "[ ! -e archive/a.example ]" },
    { "there is one of that name again", BOTH, .shell = "cp renewal/a.example.conf " GONE,
        .found = "deletion-interrupted! warning", .after = "[ ! -e " GONE " ]" },
    { "another one uses its files", BOTH,
        .shell = "cp renewal/a.example.conf renewal/b.conf; mv renewal/a.example.conf " GONE,
        .found = "renewal-file-renamed note, deletion-interrupted warning", .after = "[ -e live/a.example/cert.pem ]" },
    { "nobody knows any more of what", BOTH, .shell = "printf '[x\\n' >renewal/.x.conf.gone",
        .found = "deletion-interrupted warning", .after = "[ -e renewal/.x.conf.gone ]" },
};

TEST(deletions_that_were_cut_short)
{
    run_damages(deletions, COUNT(deletions));
}

/* ---- records ---- */

#define SHA "$(grep -v -e - $live/cert.pem | base64 -d | sha256sum | cut -c1-64)"
#define NOT_BEFORE "not before: 2026-11-22T06:33:26Z\\n"
#define TRIED "last attempt: 2026-11-22T06:33:26Z\\nfailures: 2\\n" NOT_BEFORE

static const struct damage records[] = {
    { "deploy hooks that did not run", BOTH,
        .shell = "mkdir deliveries; printf \"certificate sha256: " SHA "\\n" NOT_BEFORE "\" >deliveries/a.example.txt",
        .found = "not-delivered warning" },
    { "deploy hooks that failed", BOTH,
        .shell = "mkdir deliveries; printf \"certificate sha256: " SHA "\\nfailures: 3\\n" NOT_BEFORE
                 "last failure: it exited with 1\\n\" >deliveries/a.example.txt",
        .found = "not-delivered warning" },
    { "deploy hooks of a version that is not live", BOTH,
        .shell = "mkdir deliveries; printf 'certificate sha256: ab\\n" NOT_BEFORE "' >deliveries/a.example.txt",
        .found = "" },
    { "a record of hooks that makes no sense", BOTH, .shell = "mkdir deliveries; echo x >deliveries/a.example.txt",
        .found = "delivery-unreadable warning" },
    { "a record of hooks for nothing", BOTH, .shell = "mkdir deliveries; echo x >deliveries/gone.test.txt",
        .found = "delivery-stray! note", .after = "[ ! -e deliveries/gone.test.txt ]" },
    { "renewals that failed, long before the end", BOTH,
        .shell = "mkdir failures; printf '" TRIED "' >failures/a.example.txt", .found = "renewal-failing note" },
    { "renewals that failed, and it has expired", VERSIONED,
        .shell = "mkdir failures; printf '" TRIED "' >failures/a.example.txt; take expired $live; rm -r $old",
        .found = "renewal-failing warning" },
    { "a record of failures that makes no sense", BOTH, .shell = "mkdir failures; echo x >failures/a.example.txt",
        .found = "failures-unreadable note" },
    { "a record of failures of nothing", BOTH, .shell = "mkdir failures; printf '" TRIED "' >failures/gone.test.txt",
        .found = "failures-stray! note", .after = "[ ! -e failures/gone.test.txt ]" },
    { "two records, of which one is of use", BOTH,
        .shell = "mkdir failures; printf '" TRIED "' >failures/a.example.txt; cp failures/a.example.txt failures/x.txt",
        .found = "renewal-failing note, failures-stray! note", .fixed = "renewal-failing note, failures-stray+ note",
        .after = "[ -e failures/a.example.txt ] && [ ! -e failures/x.txt ]" },
    { "certificates of a known key are not revoked", BOTH,
        .shell =
            "mkdir -p .compromised/a.example .compromised/x && cp $live/cert.pem .compromised/a.example/1a02.pem && "
            "cp $live/cert.pem .compromised/x/1a02.pem",
        .found = "compromise-unfinished error, compromise-unfinished error" },
    { "such a record is damaged", BOTH,
        .shell = "mkdir -p .compromised/a.example && echo >.compromised/a.example/1a02.pem",
        .found = "compromise-unfinished error" },
    { "all of them are", BOTH, .shell = "mkdir -p .compromised/a.example && echo >.compromised/a.example/new-key",
        .found = "" },
};

TEST(records_of_work)
{
    run_damages(records, COUNT(records));
}

/* ---- who may read and write ---- */

static const struct damage modes[] = {
    { "a key's mode is not the one asked for", BOTH, "key-mode=0640", .shell = "true",
        .found = "access-not-as-asked! warning", .after = "[ $(stat -Lc %a $live/privkey.pem) = 640 ]" },
    { "a certificate's mode is not the one asked for", BOTH, "cert-mode=0600", .shell = "true",
        .found = "access-not-as-asked! warning", .after = "[ $(stat -Lc %a $live/fullchain.pem) = 600 ]" },
    { "as asked for", BOTH, "key-mode=0640", .shell = "chmod 640 $live/privkey.pem", .found = "" },
    { "a key that others may read, as was asked for", BOTH, "key-mode=0644", .shell = "chmod 644 $live/privkey.pem",
        .found = "" },
    { "an old key that all may read", BOTH, .shell = "chmod 644 $old/privkey$n.pem",
        .found = "key-open-to-others! error", .after = "[ $(stat -c %a $old/privkey$n.pem) = 600 ]" },
    { "a renewal file that all may write to", BOTH, .shell = "chmod 646 renewal/a.example.conf",
        .found = "writable-by-others! error", .after = "[ $(stat -c %a renewal/a.example.conf) = 644 ]" },
    { "a live file's link, which has no mode", CERTBOT, .shell = "true", .found = "" },
};

TEST(modes_of_files)
{
    run_damages(modes, COUNT(modes));
}

static const struct damage of_root[] = {
    { "a renewal file of another user", BOTH, .shell = "chown " USER " renewal/a.example.conf",
        .found = "foreign-owner warning" },
    { "the archive is another user's", BOTH, .shell = "chown " USER " archive/a.example",
        .found = "foreign-owner warning" },
    { "a key's group is not the one asked for", BOTH, "key-group=" GROUP, .shell = "true",
        .found = "access-not-as-asked! warning", .fixed = "access-not-as-asked+ warning, way-closed warning",
        .after = "[ $(stat -Lc %g $live/privkey.pem) = " GROUP " ]" },
    { "the way to a key is closed in the store", BOTH, "key-group=" GROUP,
        .shell = "chgrp " GROUP " $live/privkey.pem; chmod 640 $live/privkey.pem; chmod 755 ..; chmod 700 live archive",
        .found = "way-closed! warning", .after = "[ $(stat -c %G%a live) != root700 ]" },
    { "the way to a key is closed above the store", BOTH, "key-group=" GROUP,
        .shell = "chgrp " GROUP " $live/privkey.pem; chmod 640 $live/privkey.pem", .found = "way-closed warning" },
    { "the way to a key is closed to its owner", BOTH, "key-owner=" USER, .shell = "chown " USER " $live/privkey.pem",
        .found = "way-closed warning" },
    { "a directory above the store that all may write to", BOTH, .shell = "chmod 777 ..",
        .found = "code-open-to-others warning", .after = "[ $(stat -c %a ..) = 777 ]" },
    { "a hook that a group may write to", BOTH,
        .shell = "mkdir -p renewal-hooks/deploy; touch renewal-hooks/deploy/x; chmod 775 renewal-hooks/deploy/x; "
                 "chgrp " GROUP " renewal-hooks/deploy/x",
        .found = "code-open-to-others warning" },
    { "a hook that a group may write to, and that is not run", BOTH,
        .shell = "mkdir -p renewal-hooks/deploy; touch renewal-hooks/deploy/x; chmod 664 renewal-hooks/deploy/x; "
                 "chgrp " GROUP " renewal-hooks/deploy/x",
        .found = "" },
};

TEST(owners_and_groups)
{
    if (geteuid() != 0)
        (void)fprintf(stderr, "skipped: only root may give files away\n");
    else
        run_damages(of_root, COUNT(of_root));
}

/* ---- what could not be kept, or looked at ---- */

/* Nothing may be written beyond the first byte, as on a disk that takes no more. */
TEST(no_new_certificate_could_be_kept)
{
    for (int versioned = 0; versioned < 2; versioned++) {
        AUTO(world_clear) struct world world = world_new(versioned);
        AUTO(free) char *found = NULL;
        struct rlimit before, none;

        REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0 && signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        none = before;
        none.rlim_cur = 0;
        REQUIRE(setrlimit(RLIMIT_FSIZE, &none) == 0);
        {
            AUTO(findings_clear) struct findings findings = examine(&world, HEALTH_LOOK);

            found = words_of(&findings);
        }
        REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
        CHECK_TEXT(found, "not-writable error", "written is nothing");
    }
}

#define SEEN_BY_ANOTHER "not-writable note, not-readable error"

/* In a child, which has become a user who owns nothing here. Its exit status. */
static int look_as_another(struct world *world)
{
    AUTO(findings_clear) struct findings findings = { 0 };
    AUTO(free) char *words = NULL;
    struct error err = { 0 };
    bool ok = setgroups(0, NULL) == 0 && setresgid(54328, 54328, 54328) == 0 && setresuid(54329, 54329, 54329) == 0 &&
              health_examine(world->store, world->settings, NULL, HEALTH_LOOK, &findings, &err);

    words = words_of(&findings);
    if (ok && strcmp(words, SEEN_BY_ANOTHER) == 0)
        return 0;
    (void)fprintf(stderr, "found: %s %s\n", words, err.why);
    return 1;
}

/* What cannot be read is said, and nothing is concluded from it. */
TEST(a_store_of_another_user)
{
    for (int versioned = 0; versioned < 2 && geteuid() == 0; versioned++) {
        AUTO(world_clear) struct world world = world_new(versioned);
        int status = -1;
        pid_t child;

        shell("chmod 755 .. . live archive renewal archive/a.example");
        child = fork();
        if (child == 0)
            _exit(look_as_another(&world));
        REQUIRE(child > 0 && waitpid(child, &status, 0) == child, "no child");
        CHECK(status == 0, "versioned %d: status %d", versioned, status);
    }
}

/* ---- a renewal that would fail ---- */

static bool cannot_renew(void *ctx, const char *lineage, struct error *err)
{
    (*(int *)ctx)++;
    return error_set(err, ERROR_CONFIG, "%s: no such plugin", lineage);
}

static const struct {
    const char *name, *shell, *found;
    int asked; /* so many were rehearsed */
} rehearsals[] = {
    { "nothing else is wrong", "true", "renewal-would-fail error", 1 },
    { "beside a note", "mkdir csr; touch csr/1", "renewal-would-fail error, old-requests note", 1 },
    { "an error says so already", ": >live/a.example/cert.pem; : >live/a.example/fullchain.pem",
        "certificate-damaged error", 0 },
};

TEST(renewals_that_would_fail)
{
    for (size_t i = 0; i < COUNT(rehearsals); i++) {
        AUTO(world_clear) struct world world = world_new(i % 2 == 0);
        AUTO(findings_clear) struct findings findings = { 0 };
        AUTO(free) char *words = NULL;
        int asked = 0;
        struct rehearsal rehearsal = { .run = cannot_renew, .ctx = &asked };
        struct error err = { 0 };

        shell("%s", rehearsals[i].shell);
        REQUIRE(health_examine_all(world.store, world.settings, NULL, HEALTH_FIX, &rehearsal, &findings, &err), "%s",
            err.why);
        words = words_of(&findings);
        CHECK_TEXT(words, rehearsals[i].found, rehearsals[i].name);
        CHECK_INT(asked, rehearsals[i].asked, rehearsals[i].name);
    }
}

TEST_MAIN()
