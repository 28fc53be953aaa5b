/* The trail of a process: what it says, who says it, and what becomes of acts that cannot be written. */
#include "audit/audit.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "audit/test_trail.h"
#include "json/doc.h"

static int log_socket = -1;

/* A log of the system's, and a run that tells it. */
static void begin(void)
{
    AUTO(free) char *path = test_path("log");
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    (void)unlink(path);
    log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    REQUIRE(bind(log_socket, (const struct sockaddr *)&at, sizeof at) == 0, "%s", strerror(errno));
    audit_begin(test_dir(), "renew", path);
}

static void end(void)
{
    audit_end();
    close_at(&log_socket);
    log_socket = -1;
}

/* The next message, "" when there is none; valid until the next call. */
static const char *told(void)
{
    static char text[4096];
    ssize_t len = recv(log_socket, text, sizeof text - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

TEST(nothing_is_written_before_it_begins)
{
    AUTO(free) char *path = test_path("audit.log");

    audit_done(ACT_KEY_MADE, "example.org", NULL);
    audit_end();
    begin();
    CHECK(!file_exists(path), "a run without acts leaves nothing");
    end();
    CHECK(!file_exists(path), "nor at its end");
    audit_done(ACT_KEY_MADE, "example.org", NULL);
    CHECK(!file_exists(path), "nor is anything written behind it");
}

TEST(an_act_says_what_was_done_and_by_whom)
{
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(free) char *text = NULL;
    const struct node *root, *who;
    struct error err = { 0 };
    int64_t uid = -1;

    (void)setenv("SUDO_USER", "al\nice", 1);
    begin();
    audit_done(ACT_LINEAGE_DELETED, "example.org", "versions", "3", "missing", NULL, "names", "a,b", NULL);
    end();
    (void)unsetenv("SUDO_USER");
    text = trail_text("audit.log");
    REQUIRE(text != NULL && strchr(text, '\n') != NULL);
    REQUIRE(doc_read(view_of(strchr(text, '\n') + 1), "line", &doc, &err), "%s: %s", text, err.why);
    root = doc_root(doc);
    who = node_member(root, "who");
    CHECK_TEXT(node_text(node_member(root, "act")), "lineage-deleted", "act");
    CHECK_TEXT(node_text(node_member(root, "lineage")), "example.org", "lineage");
    CHECK_TEXT(node_text(node_member(root, "result")), "done", "result");
    CHECK_TEXT(node_text(node_member(node_member(root, "what"), "versions")), "3", "versions");
    CHECK_TEXT(node_text(node_member(node_member(root, "what"), "names")), "a,b", "names");
    CHECK(node_member(node_member(root, "what"), "missing") == NULL, "%s", text);
    CHECK_TEXT(node_text(node_member(who, "sudo")), "al ice", "sudo");
    CHECK_TEXT(node_text(node_member(who, "command")), "renew", "command");
    CHECK(node_number(node_member(who, "uid"), &uid) && uid == (int64_t)getuid(), "%d", (int)uid);
}

TEST(a_failure_says_why)
{
    struct error err = { 0 };
    AUTO(free) char *text = NULL;

    begin();
    (void)error_set(&err, ERROR_ACME, "the CA is busy");
    (void)error_in(&err, "revoking example.org");
    audit_failed(ACT_CERTIFICATE_REVOKED, "example.org", &err, NULL);
    audit_command_failed(&err); /* which is no news */
    end();
    text = trail_text("audit.log");
    CHECK(strstr(text, "\"result\":\"failed\",\"why\":\"revoking example.org: the CA is busy\"") != NULL, "%s", text);
    CHECK(strstr(text, "command-failed") == NULL, "%s", text);
    free(TAKE(text));
    begin();
    audit_command_failed(&err);
    end();
    text = trail_text("audit.log");
    CHECK(strstr(text, "command-failed") != NULL, "%s", text);
}

/* Urgent acts tell the head at once, others at the end of the run; it is that of the file's last line. */
TEST(the_head_is_told_to_the_systems_log)
{
    AUTO(free) char *trail = NULL, *file = test_path("audit.log");
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    struct audit_head head = AUDIT_NO_HEAD;
    struct error err = { 0 };
    const char *text;

    begin();
    audit_done(ACT_KEY_MADE, "example.org", NULL);
    CHECK_TEXT(told(), "", "it can wait");
    audit_done(ACT_CERTIFICATE_REVOKED, "a\nb", NULL);
    text = told();
    CHECK(strstr(text, "<85>") == text && strstr(text, " evercert[") != NULL, "%s", text);
    CHECK(strstr(text, "act=certificate-revoked lineage=a b result=done uid=") != NULL, "%s", text);
    REQUIRE(audit_head_read(view_of(text), &head, &trail), "%s", text);
    CHECK_TEXT(trail, file, "which trail");
    REQUIRE(audit_verify(test_dir(), NULL, &verdict, &err), "%s", err.why);
    CHECK_INT(head.seq, 3, "number");
    CHECK_TEXT(head.hash, verdict.last.hash, "hash");
    CHECK_TEXT(told(), "", "once");
    audit_done(ACT_HOOK_FAILED, "example.org", NULL);
    audit_end();
    free(TAKE(trail));
    REQUIRE(audit_head_read(view_of(told()), &head, &trail));
    CHECK_INT(head.seq, 4, "at the end");
    end();
}

TEST(the_systems_log_is_not_flooded)
{
    size_t count = 0;

    begin();
    for (int i = 0; i < 150; i++) {
        audit_done(ACT_CERTIFICATE_REVOKED, "example.org", NULL);
        while (told()[0] != '\0')
            count++;
    }
    CHECK_INT(count, 100, "each by itself");
    audit_end();
    CHECK(told()[0] != '\0', "and the last one at the end");
    end();
}

/* A reader that does not read, and none at all: nobody waits for it, and the trail is written. */
TEST(a_log_that_takes_nothing_keeps_nobody_waiting)
{
    AUTO(free) char *path = test_path("log");

    begin();
    for (int i = 0; i < 90; i++) /* more than a socket takes */
        audit_done(ACT_CERTIFICATE_REVOKED, "example.org", NULL);
    close_at(&log_socket);
    (void)unlink(path);
    log_socket = -1;
    audit_done(ACT_CERTIFICATE_REVOKED, "example.org", NULL);
    audit_end();
    CHECK_INT(last_number(), 92, "lines");
    audit_begin(test_dir(), "renew",
        "/a/path/that/is/longer/than/an/address/of/a/socket/may/be/which/is/rather/"
        "short/in/fact/only/a/hundred/and/eight/bytes");
    audit_done(ACT_CERTIFICATE_REVOKED, "example.org", NULL);
    audit_end();
    CHECK_INT(last_number(), 93, "lines");
}

/* The file cannot be made; once it can, what waited is written in its order. */
TEST(acts_wait_until_they_can_be_written)
{
    AUTO(free) char *path = test_path("audit.log"), *text = NULL;

    begin();
    REQUIRE(mkdir(path, 0700) == 0);
    audit_done(ACT_KEY_MADE, "one.example", NULL);
    audit_done(ACT_KEY_MADE, "two.example", NULL);
    REQUIRE(rmdir(path) == 0);
    audit_done(ACT_KEY_MADE, "three.example", NULL);
    end();
    text = trail_text("audit.log");
    REQUIRE(text != NULL);
    CHECK(strstr(text, "one.example") != NULL && strstr(text, "one.example") < strstr(text, "two.example") &&
              strstr(text, "two.example") < strstr(text, "three.example"),
        "%s", text);
    CHECK_INT(last_number(), 4, "lines");
}

TEST(acts_that_are_lost_are_counted)
{
    AUTO(free) char *path = test_path("audit.log"), *text = NULL;
    const char *message;

    begin();
    REQUIRE(mkdir(path, 0700) == 0);
    for (int i = 0; i < 1007; i++)
        audit_done(ACT_KEY_MADE, "example.org", NULL);
    REQUIRE(rmdir(path) == 0);
    end();
    text = trail_text("audit.log");
    CHECK_INT(last_number(), 1002, "1000 acts and two lines of the trail itself");
    CHECK(strstr(text, "\"act\":\"acts-lost\"") != NULL && strstr(text, "\"count\":\"7\"") != NULL, "count");

    (void)unlink(path);
    REQUIRE(mkdir(path, 0700) == 0);
    begin();
    audit_done(ACT_KEY_MADE, "example.org", NULL);
    audit_end();
    message = told();
    CHECK(strstr(message, "audit trail not written: 1 acts: ") != NULL, "%s", message);
    end();
}

#define THREADS 8

static void *tell(void *arg)
{
    for (int i = 0; i < 25; i++)
        audit_done(ACT_KEY_MADE, arg, NULL);
    return NULL;
}

TEST(threads_write_one_chain)
{
    pthread_t threads[THREADS];
    char name[] = "example.org";

    begin();
    for (size_t i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, tell, name) == 0);
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    end();
    CHECK_INT(last_number(), 1 + THREADS * 25, "lines");
    check_whole("threads");
}

TEST_MAIN()
