/* Files as evidence: what is said of them, which may be shown; and what is seen of this very process. */
#include "rescue/evidence.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"
#include "rescue/machine_seen.h"

static const struct {
    const char *name, *text;
    mode_t mode;
    bool shown;
} cases[] = {
    { "cert.pem", "-----BEGIN CERTIFICATE-----\n", 0600, true },
    { "privkey.pem", "-----BEGIN PRIVATE KEY-----\n", 0644, false },
    { "key.pem", "-----BEGIN EC PRIVATE KEY-----\n", 0600, false },
    { "both.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\n", 0644, false },
    { "private_key.json", "{}", 0644, false },
    { "jwk", "{\"kty\":\"EC\",\"x\":\"\",\"d\":\"\"}", 0644, false },
    { "public-jwk", "{\"kty\":\"EC\",\"x\":\"\"}", 0644, true },
    { "regr.json", "{}", 0644, true },
    { "token", "hush", 0600, false },
    { "token-for-a-group", "hush", 0640, false },
    { "hook", "#!/bin/sh\n", 0700, true },
    { "hook-with-key", "#!/bin/sh\n# -----BEGIN PRIVATE KEY-----\n", 0700, false },
    { "cli.ini", "email = a@b.test\n", 0600, true },
    { "a.conf", "secret", 0600, false },
    { "renewal/a.conf", "cert = x\n", 0600, true },
    { "empty", "", 0644, true },
};

static void put(const char *path, const char *text)
{
    struct error err = { 0 };

    REQUIRE(file_replace(path, view_of(text), FILE_PRIVATE, &err), "%s: %s", path, err.why);
}

static void write_case(const char *dir, size_t i, char **path)
{
    AUTO(free) char *parent = NULL;
    struct error err = { 0 };

    *path = file_join(dir, cases[i].name);
    parent = file_dirname(*path);
    REQUIRE(file_mkdirs(parent, 0700, &err), "%s", err.why);
    put(*path, cases[i].text);
    REQUIRE(chmod(*path, cases[i].mode) == 0);
}

TEST(secrets)
{
    AUTO(free) char *dir = file_join(test_dir(), "secrets");

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *path = NULL;
        struct stat st;

        write_case(dir, i, &path);
        REQUIRE(lstat(path, &st) == 0);
        CHECK((evidence_secret(path, &st) == NULL) == cases[i].shown, "%s", cases[i].name);
    }
    test_drop_dir();
}

/* A key that lies behind all that is looked at is not shown either. */
TEST(what_is_too_large_to_be_looked_through)
{
    AUTO(free) char *path = file_join(test_dir(), "large");
    struct stat st;

    put(path, "x");
    REQUIRE(truncate(path, 2 * 1024 * 1024) == 0 && lstat(path, &st) == 0);
    CHECK(evidence_secret(path, &st) != NULL);
    test_drop_dir();
}

static bool says(const struct buf *text, const char *what)
{
    return memmem(text->at, text->len, what, strlen(what)) != NULL;
}

TEST(lists)
{
    AUTO(free)
    char *dir = file_join(test_dir(), "tree"), *file = file_join(dir, "file"), *link = file_join(dir, "link");
    AUTO(free) char *odd = file_join(dir, "odd\nname"), *apart = file_join(dir, "apart"), *in = file_join(apart, "in");
    AUTO(free) char *lock = file_join(dir, ".certbot.lock");
    AUTO(evidence_clear) struct evidence evidence;
    struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 123456789 } };
    struct error err = { 0 };

    REQUIRE(file_mkdirs(apart, 0700, &err), "%s", err.why);
    put(file, "abc");
    put(odd, "");
    put(in, "not listed");
    put(lock, "locked");
    REQUIRE(symlink("/nowhere\n", link) == 0 && chmod(file, 0640) == 0 && utimensat(AT_FDCWD, file, old, 0) == 0);
    evidence_open(&evidence, clock_now());
    REQUIRE(evidence_list(&evidence, dir, true, apart, &err), "%s", err.why);
    CHECK(says(&evidence.files, "f\t0640\t") && says(&evidence.files, "\t2001-09-09T01:46:40.123456789Z\t"), "%s",
        buf_text(&evidence.files));
    CHECK(says(&evidence.files, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "of \"abc\"");
    CHECK(says(&evidence.files, "/link\t-> /nowhere") && !says(&evidence.files, "not listed"));
    CHECK(!says(&evidence.files, "odd\nname") && !says(&evidence.files, "/in\n") && says(&evidence.files, "\t-\t"));
    CHECK(evidence.changed.len == 4, "by its state, though its time is old: %zu", evidence.changed.len);
    evidence_clear(&evidence);
    evidence_open(&evidence, clock_now() + (int64_t)30 * 86400);
    REQUIRE(evidence_list(&evidence, dir, false, NULL, &err), "%s", err.why);
    CHECK(evidence.changed.len == 0 && !says(&evidence.files, "/file"), "only what changed, and nothing did");
    test_drop_dir();
}

TEST(this_process_is_seen)
{
    AUTO(buf_clear) struct buf processes = BUF(16 << 20), sockets = BUF(16 << 20);
    AUTO(free) char *pid = xprintf("\n%d\t%d\t", (int)getpid(), (int)getppid()), *line = NULL;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    AUTO(close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof address;

    REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 1) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    seen_processes(&processes);
    seen_sockets(&sockets);
    line = xprintf("\ntcp\t127.0.0.1\t%u\t%u\t", ntohs(address.sin_port), (unsigned)geteuid());
    CHECK(says(&processes, pid) && says(&processes, "evidence_test"));
    CHECK(says(&sockets, line), "%s", buf_text(&sockets));
}

TEST_MAIN()
