/*
 * Owner, group and mode of keys and certificates: which wanted wins, what was given by hand, and what is told when it
 * may not be done.
 */
#include "access/access.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "access/scene.h"
#include "base/mem.h"
#include "base/text.h"

/* "key-mode=640 key-group=54321" */
static struct settings *settings_for(const char *words)
{
    struct settings *settings = settings_new(&voice_own);
    struct view rest = view_of(words), word;

    while (words[0] != '\0' && view_cut(&rest, ' ', &word)) {
        AUTO(free) char *name = view_dup(word);
        char *value = strchr(name, '=');
        struct error err = { 0 };

        *value++ = '\0';
        REQUIRE(option_apply(settings, option_find(name), value, ORIGIN_COMMAND_LINE, &err), "%s: %s", words, err.why);
    }
    return settings;
}

static const struct {
    const char *name, *words, *why;
} refused[] = {
    { "no such user", "key-owner=no-such-user-here", "no user no-such-user-here" },
    { "no such group", "key-group=no-such-group-here", "no group no-such-group-here" },
    { "no such owner of certificates", "cert-owner=no-such-user-here", "no user" },
    { "a number that means nobody", "key-owner=4294967295", "no user 4294967295" },
    { "a negative number", "cert-group=-1", "no group -1" },
};

TEST(ownership_that_cannot_be)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        AUTO(settings_free) struct settings *settings = settings_for(refused[i].words);
        struct ownerships wanted;
        struct error err = { 0 };

        CHECK(!access_ownerships(settings, &wanted, &err), "%s", refused[i].name);
        CHECK(err.kind == ERROR_CONFIG && strstr(err.why, refused[i].why) != NULL, "%s: %s", refused[i].name, err.why);
    }
}

/* A renewal file that somebody edited does not pass the option's check. */
TEST(a_mode_from_a_renewal_file)
{
    AUTO(settings_free) struct settings *settings = settings_for("");
    struct ownerships wanted;
    struct error err = { 0 };

    xreplace(&settings->key_mode, "666");
    CHECK(!access_ownerships(settings, &wanted, &err) &&
              strstr(err.why, "key-mode is 666: it must not let everybody write"),
        "%s", err.why);
    xreplace(&settings->key_mode, "");
    xreplace(&settings->key_group, "");
    CHECK(access_ownerships(settings, &wanted, &err), "nothing is asked for: %s", err.why);
}

TEST(names_before_numbers)
{
    AUTO(settings_free)
    struct settings *settings = settings_for("key-owner=root key-group=root cert-owner=0");
    struct ownerships wanted;
    struct error err = { 0 };

    REQUIRE(access_ownerships(settings, &wanted, &err), "%s", err.why);
    CHECK(wanted.key.uid == 0 && wanted.key.gid == 0 && wanted.cert.uid == 0 && wanted.cert.gid == (gid_t)-1, "ids");
}

/* Withdrawing a mode on the command line closes the files; a renewal file without one does not. */
TEST(a_mode_that_is_taken_back)
{
    static const struct {
        const char *name, *words;
        bool by_user;
        mode_t key, cert;
    } cases[] = {
        { "silent", "", false, 0, 0 },
        { "a renewal file", "", false, 0, 0 },
        { "the user", "", true, 0600, 0644 },
        { "the user, and a group stays", "key-group=54321", true, 0640, 0644 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_for(cases[i].words);
        enum origin origin = cases[i].by_user ? ORIGIN_COMMAND_LINE : ORIGIN_RENEWAL;
        struct ownerships wanted;
        struct error err = { 0 };

        if (i > 0) {
            xreplace(&settings->key_mode, "");
            xreplace(&settings->cert_mode, "");
            SETTING_MARK(settings, key_mode, origin);
            SETTING_MARK(settings, cert_mode, origin);
        }
        REQUIRE(access_ownerships(settings, &wanted, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(wanted.key.mode, cases[i].key, cases[i].name);
        CHECK_INT(wanted.cert.mode, cases[i].cert, cases[i].name);
    }
}

/* ---- what the next version gets ---- */

#define ROOT 0
#define USER 54331
#define GROUP 54321
#define KEEP (-1) /* nothing is said of it */

static const struct {
    const char *name, *words;
    bool as_certbot;
    int mode; /* of the key before; 0: there is none */
    int uid, gid;
    int key, key_uid, key_gid, cert, cert_uid, cert_gid;
} next[] = {
    { "the first", "", false, 0, KEEP, KEEP, 0600, KEEP, KEEP, 0644, KEEP, KEEP },
    { "a group reads keys", "key-group=54321", false, 0, KEEP, KEEP, 0640, KEEP, GROUP, 0644, KEEP, KEEP },
    { "and nobody else, whatever was open", "key-group=54321", false, 0644, KEEP, KEEP, 0640, KEEP, GROUP, 0644, KEEP,
        KEEP },
    { "a mode beside the group", "key-group=54321 key-mode=600", false, 0, KEEP, KEEP, 0600, KEEP, GROUP, 0644, KEEP,
        KEEP },
    { "an owner", "key-owner=54331", false, 0, KEEP, KEEP, 0600, USER, KEEP, 0644, KEEP, KEEP },
    { "certificates alone", "cert-group=54321 cert-mode=640", false, 0, KEEP, KEEP, 0600, KEEP, KEEP, 0640, KEEP,
        GROUP },
    { "by hand: a group may read", "", false, 0640, KEEP, GROUP, 0640, KEEP, GROUP, 0644, KEEP, KEEP },
    { "by hand: everybody", "", false, 0644, KEEP, GROUP, 0644, KEEP, GROUP, 0644, KEEP, KEEP },
    { "by hand: others may not write", "", false, 0666, KEEP, GROUP, 0664, KEEP, GROUP, 0644, KEEP, KEEP },
    { "by hand: its owner", "", false, 0600, USER, GROUP, 0600, USER, GROUP, 0644, KEEP, KEEP },
    { "certbot hands on the group, not the owner", "", true, 0640, USER, GROUP, 0640, KEEP, GROUP, 0644, KEEP, KEEP },
    { "what is asked for wins", "key-mode=600 key-group=54322", false, 0644, USER, GROUP, 0600, USER, 54322, 0644, KEEP,
        KEEP },
};

static void put_file(const char *path, mode_t mode, int uid, int gid)
{
    struct error err = { 0 };

    REQUIRE(file_create(path, view_of("x"), (struct file_access){ .mode = 0600 }, &err), "%s", err.why);
    REQUIRE(chown(path, (uid_t)uid, (gid_t)gid) == 0 && chmod(path, mode) == 0, "%s", path);
}

static void check_access(
    const char *name, const struct file_access *access, int mode, int uid, int gid, bool told_when_silent)
{
    CHECK_INT(access->mode, mode, name);
    if (uid == KEEP && gid == KEEP && !told_when_silent)
        CHECK(!access->set_owner || (access->uid == (uid_t)-1), "%s: an owner", name);
    else
        CHECK(access->set_owner && access->uid == (uid_t)uid && (gid == KEEP || access->gid == (gid_t)gid),
            "%s: %d and %d", name, (int)access->uid, (int)access->gid);
}

TEST(what_the_next_version_gets)
{
    for (size_t i = 0; i < COUNT(next); i++) {
        AUTO(settings_free) struct settings *settings = settings_for(next[i].words);
        AUTO(free) char *key = test_path("key");
        struct access access;
        struct error err = { 0 };

        if (next[i].uid != KEEP && !is_root(next[i].name))
            continue;
        if (next[i].gid != KEEP && !is_root(next[i].name))
            continue;
        settings->voice = next[i].as_certbot ? &voice_certbot : &voice_own;
        if (next[i].mode != 0)
            put_file(key, (mode_t)next[i].mode, next[i].uid, next[i].gid);
        REQUIRE(
            access_of_next(next[i].mode == 0 ? NULL : key, settings, &access, &err), "%s: %s", next[i].name, err.why);
        check_access(next[i].name, &access.key, next[i].key, next[i].key_uid, next[i].key_gid, next[i].uid != KEEP);
        check_access(next[i].name, &access.cert, next[i].cert, next[i].cert_uid, next[i].cert_gid, false);
        CHECK(access_of_kind(&access, KIND_PRIVKEY).mode == access.key.mode &&
                  access_of_kind(&access, KIND_CHAIN).mode == access.cert.mode,
            "%s", next[i].name);
        test_drop_dir();
    }
}

/* ---- files that are there ---- */

static const struct {
    const char *name, *words;
    enum kind kind;
    int mode, uid, gid;                /* before */
    int then_mode, then_uid, then_gid; /* and then */
} applied[] = {
    { "silence changes nothing", "", KIND_PRIVKEY, 0604, KEEP, KEEP, 0604, ROOT, ROOT },
    { "a mode", "key-mode=640", KIND_PRIVKEY, 0600, KEEP, KEEP, 0640, ROOT, ROOT },
    { "a mode that closes", "key-mode=600", KIND_PRIVKEY, 0644, KEEP, KEEP, 0600, ROOT, ROOT },
    { "a group, which may read", "key-group=54321", KIND_PRIVKEY, 0600, KEEP, KEEP, 0640, ROOT, GROUP },
    { "and others may no more", "key-group=54321", KIND_PRIVKEY, 0644, KEEP, KEEP, 0640, ROOT, GROUP },
    { "an owner", "key-owner=54331", KIND_PRIVKEY, 0600, KEEP, KEEP, 0600, USER, ROOT },
    { "all of it", "key-owner=54331 key-group=54321 key-mode=440", KIND_PRIVKEY, 0644, 54332, 54322, 0440, USER,
        GROUP },
    { "what is asked of certificates is not asked of keys", "cert-mode=644 cert-group=54321", KIND_PRIVKEY, 0600, KEEP,
        KEEP, 0600, ROOT, ROOT },
    { "nor the other way round", "key-mode=600", KIND_CERT, 0644, KEEP, KEEP, 0644, ROOT, ROOT },
    { "who reads the key needs the certificate", "key-group=54321", KIND_FULLCHAIN, 0600, KEEP, KEEP, 0644, ROOT,
        ROOT },
    { "certificates of a group", "cert-group=54321 cert-mode=640", KIND_CHAIN, 0644, KEEP, KEEP, 0640, ROOT, GROUP },
};

static void check_file(const char *name, const char *path, int mode, int uid, int gid)
{
    struct stat st;

    REQUIRE(stat(path, &st) == 0, "%s", path);
    CHECK_INT(st.st_mode & 07777, mode, name);
    CHECK_INT(st.st_uid, uid, name);
    CHECK_INT(st.st_gid, gid, name);
}

TEST(what_files_that_are_there_get)
{
    if (!is_root("what_files_that_are_there_get"))
        return;
    for (size_t i = 0; i < COUNT(applied); i++) {
        AUTO(settings_free) struct settings *settings = settings_for(applied[i].words);
        AUTO(free) char *path = test_path("file");
        struct ownerships wanted;
        struct error err = { 0 };

        put_file(path, (mode_t)applied[i].mode, applied[i].uid, applied[i].gid);
        REQUIRE(access_ownerships(settings, &wanted, &err), "%s", err.why);
        CHECK(access_apply(path, applied[i].kind, &wanted, &err), "%s: %s", applied[i].name, err.why);
        check_file(applied[i].name, path, applied[i].then_mode, applied[i].then_uid, applied[i].then_gid);
        CHECK(access_apply(path, applied[i].kind, &wanted, &err), "%s: %s", applied[i].name, err.why);
        check_file("the second time", path, applied[i].then_mode, applied[i].then_uid, applied[i].then_gid);
        test_drop_dir();
    }
}

/* Only files are changed: what a link leads to, or a device, is somebody else's. */
TEST(what_is_no_file)
{
    AUTO(settings_free) struct settings *settings = settings_for("key-mode=640");
    AUTO(free) char *file = test_path("file"), *link = test_path("link"), *dir = test_path("dir");
    AUTO(free) char *fifo = test_path("fifo"), *missing = test_path("missing");
    const char *const paths[] = { link, dir, fifo, missing };
    struct ownerships wanted;
    struct error err = { 0 };

    put_file(file, 0600, KEEP, KEEP);
    REQUIRE(symlink(file, link) == 0 && mkdir(dir, 0700) == 0 && mkfifo(fifo, 0600) == 0);
    REQUIRE(access_ownerships(settings, &wanted, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(paths); i++)
        CHECK(access_apply(paths[i], KIND_PRIVKEY, &wanted, &err), "%s: %s", paths[i], err.why);
    CHECK_INT(mode_of(file), 0600, "behind the link");
    CHECK_INT(mode_of(dir), 0700, "a directory");
    CHECK_INT(mode_of(fifo), 0600, "a pipe");
}

/* ---- new files, and old ones that become live ---- */

TEST(a_key_has_its_access_from_its_first_byte)
{
    static const struct {
        const char *name, *words;
        int mode;
    } cases[] = { { "private", "", 0600 }, { "for a group", "key-group=54321", 0640 },
        { "a mode", "key-mode=440", 0440 } };
    mode_t before = umask(0);

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_for(cases[i].words);
        AUTO(free) char *path = test_path("key");
        struct access access;
        struct error err = { 0 };

        if (strstr(cases[i].words, "group") != NULL && !is_root(cases[i].name))
            continue;
        REQUIRE(access_of_next(NULL, settings, &access, &err), "%s", err.why);
        CHECK(
            access_create_part(path, KIND_PRIVKEY, view_of("secret"), &access, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(mode_of(path), cases[i].mode, cases[i].name);
        CHECK(!access_create_part(path, KIND_PRIVKEY, view_of("other"), &access, &err) && err.sys == EEXIST, "%s: %s",
            cases[i].name, err.why);
        test_drop_dir();
    }
    (void)umask(before);
}

TEST(the_umask_counts_for_certificates_that_nobody_asked_about)
{
    static const struct {
        const char *words;
        int mode;
    } cases[] = { { "", 0600 }, { "cert-mode=644", 0644 }, { "key-mode=640", 0600 } };
    mode_t before = umask(0077);

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_for(cases[i].words);
        AUTO(free) char *path = test_path("cert");
        struct access access;
        struct error err = { 0 };

        REQUIRE(access_of_next(NULL, settings, &access, &err), "%s", err.why);
        CHECK(access_create_part(path, KIND_CERT, view_of("public"), &access, &err), "%s", err.why);
        CHECK_INT(mode_of(path), cases[i].mode, cases[i].words);
        test_drop_dir();
    }
    (void)umask(before);
}

TEST(an_old_key_gets_what_the_newest_has)
{
    static const struct {
        const char *name;
        int live_mode, live_uid, live_gid, old_mode, old_uid, old_gid, then_mode, then_uid, then_gid;
    } cases[] = {
        { "opened meanwhile", 0640, KEEP, GROUP, 0600, KEEP, KEEP, 0640, ROOT, GROUP },
        { "closed meanwhile", 0600, KEEP, KEEP, 0644, KEEP, GROUP, 0600, ROOT, ROOT },
        { "given away", 0600, USER, GROUP, 0600, KEEP, KEEP, 0600, USER, GROUP },
    };

    if (!is_root("an_old_key_gets_what_the_newest_has"))
        return;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *live = test_path("live"), *old = test_path("old");
        struct error err = { 0 };

        put_file(live, (mode_t)cases[i].live_mode, cases[i].live_uid, cases[i].live_gid);
        put_file(old, (mode_t)cases[i].old_mode, cases[i].old_uid, cases[i].old_gid);
        CHECK(access_hand_on(live, old, &err), "%s: %s", cases[i].name, err.why);
        check_file(cases[i].name, old, cases[i].then_mode, cases[i].then_uid, cases[i].then_gid);
        test_drop_dir();
    }
}

/* ---- telling ---- */

static const struct {
    const char *name, *words;
    int mode, gid;    /* of the key that is live */
    const char *said; /* NULL: nothing */
} told[] = {
    { "as it was to be", "key-mode=640", 0640, KEEP, NULL },
    { "the owner's own rights do not matter", "key-mode=600", 0400, KEEP, NULL },
    { "a mode that could not be set", "key-mode=640", 0600, KEEP, "chmod 640" },
    { "it is open, and was not to be", "key-mode=600", 0644, KEEP, "chmod 600" },
    { "a group that it was not given to", "key-group=54321", 0640, KEEP, "chown :54321" },
    { "a group that it was given to", "key-group=54321", 0640, GROUP, NULL },
};

TEST(what_could_not_be_done_is_told_with_the_command_for_it)
{
    for (size_t i = 0; i < COUNT(told); i++) {
        AUTO(world_clear) struct world world __attribute__((unused)) = world_new("versioned");
        AUTO(settings_free) struct settings *settings = settings_for(told[i].words);
        char *live[KIND_COUNT];
        struct access access;
        struct error err = { 0 };

        if (told[i].gid != KEEP && !is_root(told[i].name))
            continue;
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            live[kind] = version_file(at("live"), (enum kind)kind);
            put_file(live[kind], kind == KIND_PRIVKEY ? (mode_t)told[i].mode : 0644, KEEP,
                kind == KIND_PRIVKEY ? told[i].gid : KEEP);
        }
        REQUIRE(access_of_next(NULL, settings, &access, &err), "%s", err.why);
        access_tell(live, &access);
        if (told[i].said == NULL)
            CHECK_TEXT(buf_text(&world_heard), "", told[i].name);
        else
            CHECK(strstr(buf_text(&world_heard), told[i].said) != NULL &&
                      strstr(buf_text(&world_heard), live[KIND_PRIVKEY]),
                "%s: %s", told[i].name, buf_text(&world_heard));
        for (int kind = 0; kind < KIND_COUNT; kind++)
            free(live[kind]);
    }
}

TEST_MAIN()
