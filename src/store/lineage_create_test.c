#include <errno.h>
#include <pthread.h>
#include <sys/mount.h>

#include "store/fixture.h"
#include "store/lineage_conf.h"
#include "store/lineage_create.h"
#include "store/lineage_verify.h"

/* ---- creating ---- */

TEST(create)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *conf = NULL, *want = NULL, *live = NULL, *archive = NULL, *readme = NULL;

    make_lineage(store, settings, "a.example");
    conf = read_text(at("renewal/a.example.conf"));
    want = xprintf("version = %s\narchive_dir = %s\ncert = %s\nprivkey = %s\nchain = %s\n"
                   "fullchain = %s\n[renewalparams]\n",
        EVERCERT_VERSION, at("archive/a.example"), at("live/a.example/cert.pem"), at("live/a.example/privkey.pem"),
        at("live/a.example/chain.pem"), at("live/a.example/fullchain.pem"));
    CHECK(strncmp(conf, want, strlen(want)) == 0, "%s", conf);
    CHECK(strstr(conf, "authenticator = standalone\n"), "%s", conf);
    live = names_in(at("live/a.example"));
    CHECK_TEXT(live, "README cert.pem chain.pem fullchain.pem privkey.pem", "live");
    archive = names_in(at("archive/a.example"));
    CHECK_TEXT(archive, "cert1.pem chain1.pem fullchain1.pem privkey1.pem", "archive");
    CHECK_TEXT(link_text(at("live/a.example/privkey.pem")), "../../archive/a.example/privkey1.pem", "link");
    readme = read_text(at("live/README"));
    CHECK(strstr(readme, "[cert name]/privkey.pem"), "%s", readme);
}

static const struct {
    mode_t umask;
    mode_t conf, above, dir, key, cert;
} modes[] = {
    { 0022, 0644, 0700, 0755, 0600, 0644 }, { 0077, 0600, 0700, 0700, 0600, 0600 },
    { 0000, 0644, 0700, 0755, 0600, 0644 },
    { 0277, 0400, 0500, 0500, 0600, 0400 }, /* of somebody careful: the key can be replaced all the same */
};

TEST(modes_and_umask)
{
    for (size_t i = 0; i < COUNT(modes); i++) {
        AUTO(free) char *name = xprintf("umask %03o", (unsigned)modes[i].umask);
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        mode_t before;

        if (modes[i].umask & 0200 && geteuid() != 0)
            continue; /* only root gets anywhere with that */
        before = umask(modes[i].umask);
        make_lineage(store, settings, "a");
        (void)umask(before);
        CHECK_INT(mode_of(at("renewal/a.conf")), modes[i].conf, name);
        CHECK_INT(mode_of(at("live")), modes[i].above, name);
        CHECK_INT(mode_of(at("archive")), modes[i].above, name);
        CHECK_INT(mode_of(at("archive/a")), modes[i].dir, name);
        CHECK_INT(mode_of(at("archive/a/privkey1.pem")), modes[i].key, name);
        CHECK_INT(mode_of(at("archive/a/cert1.pem")), modes[i].cert, name);
        test_drop_dir();
    }
}

static const struct {
    const char *name, *wanted;
    const char *there[3]; /* paths below the configuration directory; with a slash at the end: a directory */
    const char *got;
} suffixes[] = {
    { "free", "a", { NULL }, "a" },
    { "an IPv6 address", "::1", { NULL }, "::1" },
    { "renewal file taken", "a", { "renewal/a.conf" }, "a-0001" },
    { "and the next", "a", { "renewal/a.conf", "renewal/a-0001.conf" }, "a-0002" },
    { "empty directories will do", "a", { "live/a/", "archive/a/" }, "a" },
    { "live directory in use", "a", { "live/a/mine" }, "a-0001" },
    { "archive directory in use", "a", { "archive/a/cert3.pem" }, "a-0001" },
    { "file instead of a directory", "a", { "archive/a" }, "a-0001" },
    { "suffix taken by a directory", "a", { "renewal/a.conf", "live/a-0001/x" }, "a-0002" },
};

static void put_there(const char *path)
{
    AUTO(free) char *whole = xstrdup(at("%s", path));
    AUTO(free) char *dir = file_dirname(whole);
    struct error err = { 0 };

    if (!file_mkdirs(dir, 0700, &err))
        fail_msg("%s", err.why);
    if (path[strlen(path) - 1] != '/')
        write_text(whole, ""); /* an existing renewal file counts, also an empty one */
}

TEST(names_with_suffixes)
{
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct issued issued = issued_of('a');
        struct error err = { 0 };

        for (size_t j = 0; j < COUNT(suffixes[i].there) && suffixes[i].there[j] != NULL; j++)
            put_there(suffixes[i].there[j]);
        REQUIRE(lineage_create(store, suffixes[i].wanted, &issued, settings, &lineage, &err), "%s: %s",
            suffixes[i].name, err.why);
        CHECK_TEXT(lineage->name, suffixes[i].got, suffixes[i].name);
        CHECK_TEXT(lineage->live_dir, at("live/%s", suffixes[i].got), suffixes[i].name);
        CHECK(lineage_verify(lineage, &err), "%s: %s", suffixes[i].name, err.why);
        test_drop_dir();
    }
}

static const struct {
    const char *name, *there, *why;
} refused[] = {
    { "a/b", NULL, "illegal character (i.e. filepath separator)" },
    { "../a", NULL, "illegal character (i.e. filepath separator)" },
    { "", NULL, "may not be empty or start with a dot" },
    { "..", NULL, "may not be empty or start with a dot" },
    { ".a", NULL, "may not be empty or start with a dot" },
    { "a", "live/a/mine", "live directory exists for a" },
    { "a", "archive/a/mine", "archive directory exists for a" },
    { "a", "live/a/", NULL },
    { "a", "renewal/a.conf", NULL },
};

TEST(check_name)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        struct error err = { 0 };
        bool ok;

        if (refused[i].there != NULL)
            put_there(refused[i].there);
        ok = lineage_check_name(store, refused[i].name, &err);
        CHECK(ok == (refused[i].why == NULL), "%s: %s", refused[i].name, err.why);
        CHECK(ok || strstr(err.why, refused[i].why), "%s: %s", refused[i].name, err.why);
        test_drop_dir();
    }
}

TEST(check_name_of_a_deletion_cut_short)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    struct error err = { 0 };

    put_there("live/a/mine");
    put_there("renewal/.a.conf.gone");
    CHECK(!lineage_check_name(store, "a", &err));
    CHECK(strstr(err.next, "`delete --cert-name a` finishes it"), "%s", err.next);
}

TEST(create_refuses_names)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *left = NULL;
    struct issued issued = issued_of('a');
    struct error err = { 0 };

    CHECK(!lineage_create(store, "../x", &issued, settings, &lineage, &err));
    CHECK_INT(err.kind, ERROR_CONFIG, err.why);
    left = names_in(settings->config_dir);
    CHECK_TEXT(left, "renewal-hooks", "nothing was made");
}

/* The last step fails as the new lineage cannot be loaded: everything made before is removed. */
TEST(nothing_is_left_behind)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *live = NULL, *archive = NULL, *renewal = NULL;
    struct issued issued = issued_of('a');
    struct error err = { 0 };

    issued.cert = view_of("not a certificate");
    put_there("archive/a/");
    CHECK(!lineage_create(store, "a", &issued, settings, &lineage, &err));
    CHECK(lineage == NULL);
    live = names_in(at("live"));
    archive = names_in(at("archive"));
    renewal = names_in(at("renewal"));
    CHECK_TEXT(live, "README", "live");
    CHECK_TEXT(archive, "a", "archive: what was there before stays");
    CHECK_TEXT(renewal, "", "renewal");
    CHECK(file_is_dir(at("archive/a")));
}

/* Fills the file system of the store until free bytes are left. */
static void fill_disk(const char *path, size_t size)
{
    AUTO(fclose) FILE *file = fopen(path, "w");

    for (size_t i = 0; file != NULL && i < size; i++)
        if (fputc('x', file) == EOF)
            break;
    if (file != NULL)
        (void)fflush(file);
}

TEST(full_disk)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(lineage_free) struct lineage *second = NULL;
    AUTO(free) char *archive = NULL, *live = NULL, *renewal = NULL;
    struct issued issued = issued_of('b');
    struct error err = { 0 };

    if (mount("tmpfs", settings->config_dir, "tmpfs", 0, "size=256k") != 0)
        skip();
    make_lineage(store, settings, "a");
    CHECK(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    fill_disk(at("ballast"), 1024 * 1024);
    CHECK(!lineage_add_version(store, lineage, &issued, settings, &err));
    CHECK_INT(err.sys, ENOSPC, err.why);
    CHECK(strstr(err.next, "make room"), "%s", err.next);
    CHECK_TEXT(lineage->version, "1", "unchanged in memory");
    CHECK(!lineage_create(store, "b", &issued, settings, &second, &err));
    CHECK_INT(err.sys, ENOSPC, err.why);
    archive = names_in(at("archive/a"));
    CHECK_TEXT(archive, "cert1.pem chain1.pem fullchain1.pem privkey1.pem", "archive");
    live = names_in(at("live"));
    CHECK_TEXT(live, "README a", "live");
    renewal = names_in(at("renewal"));
    CHECK_TEXT(renewal, "a.conf", "renewal");
    CHECK(unlink(at("ballast")) == 0);
    CHECK(lineage_add_version(store, lineage, &issued, settings, &err), "%s", err.why);
    CHECK_TEXT(lineage->version, "2", "once there is room");
    CHECK(umount(settings->config_dir) == 0);
}

/* ---- new versions ---- */

TEST(add_versions_and_prune)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *archive = NULL, *live = NULL;
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    REQUIRE(lineage_save_renewal_info(lineage, &(struct renewal_memory){ 1795314549, 1795400000, 1795300000 }, &err),
        "%s", err.why);
    for (unsigned version = 2; version <= 8; version++) {
        struct issued issued = issued_of(version % 2 == 0 ? 'b' : 'a');

        REQUIRE(lineage_add_version(store, lineage, &issued, settings, &err), "%u: %s", version, err.why);
        CHECK_INT((int64_t)strtoul(lineage->version, NULL, 10), version, "reloaded");
        CHECK_TEXT(lineage->cert->serial, version % 2 == 0 ? SERIAL_B : SERIAL_A, "certificate");
        CHECK(lineage_verify(lineage, &err), "%u: %s", version, err.why);
    }
    archive = names_in(at("archive/a"));
    CHECK_TEXT(archive,
        "cert3.pem cert4.pem cert5.pem cert6.pem cert7.pem cert8.pem "
        "chain3.pem chain4.pem chain5.pem chain6.pem chain7.pem chain8.pem "
        "fullchain3.pem fullchain4.pem fullchain5.pem fullchain6.pem fullchain7.pem fullchain8.pem "
        "privkey3.pem privkey4.pem privkey5.pem privkey6.pem privkey7.pem privkey8.pem",
        "five before the current one");
    live = names_in(at("live/a"));
    CHECK_TEXT(live, "README cert.pem chain.pem fullchain.pem privkey.pem", "live");
    CHECK_TEXT(link_text(at("live/a/chain.pem")), "../../archive/a/chain8.pem", "link");
    CHECK(!conf_has_section(lineage->conf, "acme_renewal_info") ||
          conf_get(lineage->conf, "acme_renewal_info", "ari_retry_after") == NULL);
}

/* Files of a version that was begun are not written over. */
TEST(next_free_number)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued issued = issued_of('b');
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    write_text(at("archive/a/privkey7.pem"), "x");
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    REQUIRE(lineage_add_version(store, lineage, &issued, settings, &err), "%s", err.why);
    CHECK_TEXT(lineage->version, "8", "after the highest of any kind");
}

TEST(no_number_behind_the_last)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL, *again = NULL;
    struct issued issued = issued_of('b');
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    write_text(at("archive/a/privkey2147483647.pem"), "x");
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    CHECK(!lineage_add_version(store, lineage, &issued, settings, &err), "there is none");
    CHECK(strstr(err.why, "version 2147483647") != NULL, "%s", err.why);
    CHECK(lineage_load(store, "a", &again, &err), "it is as it was: %s", err.why);
}

static const struct {
    mode_t key, want;
} successors[] = {
    { 0600, 0600 },
    { 0640, 0640 },
    { 0644, 0644 },
    { 0444, 0644 },
    { 0400, 0600 },
    { 0674, 0674 },
    { 0660, 0660 },
    { 0777, 0674 },
    { 0606, 0604 },
    { 04750, 0650 },
};

TEST(access_of_a_successor)
{
    for (size_t i = 0; i < COUNT(successors); i++) {
        AUTO(free) char *name = xprintf("%04o", (unsigned)successors[i].key);
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct issued issued = issued_of('b');
        struct error err = { 0 };
        struct stat st;
        mode_t before;

        make_lineage(store, settings, "a");
        if (geteuid() == 0)
            REQUIRE(chown(at("archive/a/privkey1.pem"), 1, 33) == 0);
        REQUIRE(chmod(at("archive/a/privkey1.pem"), successors[i].key) == 0);
        REQUIRE(lineage_load(store, "a", &lineage, &err), "%s: %s", name, err.why);
        before = umask(0077);
        REQUIRE(lineage_add_version(store, lineage, &issued, settings, &err), "%s: %s", name, err.why);
        (void)umask(before);
        REQUIRE(stat(at("archive/a/privkey2.pem"), &st) == 0);
        CHECK_INT(st.st_mode & 07777, successors[i].want, name);
        CHECK_INT(st.st_uid, geteuid(), "the owner is not handed on");
        if (geteuid() == 0)
            CHECK_INT(st.st_gid, 33, name);
        test_drop_dir();
    }
}

/* A user who may not give files to the group goes on, and then no group can read them. */
TEST(group_that_cannot_be_given)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued issued = issued_of('b');
    struct error err = { 0 };
    struct stat st;
    bool ok;

    if (geteuid() != 0)
        skip();
    make_lineage(store, settings, "a");
    REQUIRE(chown(test_dir(), 65534, (gid_t)-1) == 0);
    for (size_t i = 0; i < 9; i++) {
        static const char *const paths[] = {
            "",
            "renewal",
            "renewal/a.conf",
            "live",
            "live/a",
            "archive",
            "archive/a",
            "archive/a/privkey1.pem",
            "archive/a/cert1.pem",
        };

        REQUIRE(chown(at("%s", paths[i]), 65534, (gid_t)-1) == 0);
    }
    REQUIRE(chown(at("archive/a/privkey1.pem"), (uid_t)-1, 33) == 0 && chmod(at("archive/a/privkey1.pem"), 0640) == 0);
    REQUIRE(setegid(65534) == 0 && seteuid(65534) == 0);
    ok = lineage_load(store, "a", &lineage, &err) && lineage_add_version(store, lineage, &issued, settings, &err);
    REQUIRE(seteuid(0) == 0 && setegid(0) == 0);
    REQUIRE(ok, "%s", err.why);
    REQUIRE(stat(at("archive/a/privkey2.pem"), &st) == 0);
    CHECK_INT(st.st_mode & 07777, 0600, "mode");
    CHECK_INT(st.st_uid, 65534, "owner");
}

/* The links cannot be changed: the old version stays live, and the new one is kept for the next time. */
TEST(links_that_cannot_be_switched)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(lineage_free) struct lineage *again = NULL;
    AUTO(free) char *live = NULL;
    struct issued issued = issued_of('b');
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    /* in the way of the directory that is to take the place of live/a */
    REQUIRE(symlink("nowhere", at("live/.a.next")) == 0);
    CHECK(!lineage_add_version(store, lineage, &issued, settings, &err));
    CHECK(strstr(err.what, "making version 2 of a live"), "%s", err.what);
    CHECK(strstr(err.next, "kept as version 2"), "%s", err.next);
    CHECK_TEXT(lineage->version, "1", "in memory");
    for (size_t i = 0; i < 4; i++)
        CHECK(strstr(link_text(at("live/a/%s.pem", kind_name((enum kind)i))), "1.pem"), "%zu", i);
    live = names_in(at("live/a"));
    CHECK_TEXT(live, "README cert.pem chain.pem fullchain.pem privkey.pem", "live");
    REQUIRE(unlink(at("live/.a.next")) == 0);
    REQUIRE(lineage_load(store, "a", &again, &err), "%s", err.why);
    CHECK(again->pending_deployment && strcmp(again->version, "2") == 0);
    CHECK(lineage_fix_deployment(again, &err), "%s", err.why);
    CHECK_TEXT(link_text(at("live/a/cert.pem")), "../../archive/a/cert2.pem", "afterwards");
}

/* ---- many at once ---- */

#define THREADS 8

struct worker {
    struct store *store;
    const struct settings *settings;
    char name[8];
    struct error err;
    bool ok;
};

static void *work(void *ctx)
{
    struct worker *worker = ctx;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued a = {
        .cert = view_of(pem_a), .chain = view_of(pem_ca), .fullchain = view_of(""), .privkey = view_of(key_a)
    };

    worker->ok = lineage_create(worker->store, worker->name, &a, worker->settings, &lineage, &worker->err);
    for (int i = 0; i < 5 && worker->ok; i++)
        worker->ok = lineage_add_version(worker->store, lineage, &a, worker->settings, &worker->err);
    return NULL;
}

TEST(many_lineages_at_once)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(list_clear) struct list names = { 0 };
    struct worker workers[THREADS] = { 0 };
    pthread_t threads[THREADS];
    struct error err = { 0 };

    for (int i = 0; i < THREADS; i++) {
        workers[i].store = store;
        workers[i].settings = settings;
        (void)snprintf(
            workers[i].name, sizeof workers[i].name, "%s", i < 2 ? "same" : (const char[]){ (char)('a' + i), 0 });
        REQUIRE(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        CHECK(workers[i].ok, "%s: %s", workers[i].name, workers[i].err.why);
    }
    REQUIRE(store_lineage_names(store, &names, &err), "%s", err.why);
    CHECK_INT(names.len, THREADS, "each has its own, also those with the same name");
    CHECK(list_has(&names, "same-0001"));
}

TEST_MAIN()
