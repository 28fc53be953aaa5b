/* Writing the trail: whatever becomes of the file between two acts, the chain goes on, or tells that it cannot. */
#include "audit/trail.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "audit/test_trail.h"

static struct {
    size_t room; /* bytes that the disk still takes */
    bool is_full;
} disk;

ssize_t write(int fd, const void *from, size_t len)
{
    size_t put = !disk.is_full || len < disk.room ? len : disk.room;

    if (disk.is_full && put == 0 && len > 0) {
        errno = ENOSPC;
        return -1;
    }
    if (disk.is_full)
        disk.room -= put;
    return (ssize_t)syscall(SYS_write, fd, from, put);
}

TEST(a_trail_begins_with_a_line_that_says_so)
{
    struct audit_trail trail = trail_here();
    struct error err = { 0 };
    AUTO(free) char *path = test_path("audit.log");
    AUTO(free) char *text = NULL;
    mode_t before = umask(022);

    CHECK_INT(append(&trail, 1, &err), 1, err.why);
    (void)umask(before);
    text = read_text(path);
    CHECK(text != NULL && strstr(text, "{\"seq\":1,") == text, "%s", text);
    CHECK(strstr(text, "\"act\":\"trail-begun\"") != NULL && strstr(text, "\n{\"seq\":2,") != NULL, "%s", text);
    CHECK_INT(mode_of(path), 0640, "mode");
    CHECK_INT(trail.last.seq, 2, "head");
    CHECK_INT(append(&trail, 3, &err), 3, err.why);
    append_anew(2);
    CHECK_INT(last_number(), 7, "of all");
    check_whole("several writers");
}

TEST(a_line_that_was_cut_short_is_closed)
{
    AUTO(free) char *whole = NULL;

    append_anew(2);
    whole = trail_text("audit.log");
    /* At each length: the last line is torn, or the line feed alone is missing, or nothing is. */
    for (size_t len = strlen(whole); len > strlen(whole) - 200; len--) {
        AUTO(free) char *cut = xstrndup(whole, len);
        AUTO(free) char *text = NULL;
        AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
        struct error err = { 0 };

        write_trail("audit.log", cut);
        REQUIRE(audit_verify(test_dir(), NULL, &verdict, &err), "%s", err.why);
        CHECK(verdict.problem_count == 0 && verdict.ends_torn == (len != strlen(whole)), "%zu", len);
        append_anew(1);
        text = trail_text("audit.log");
        CHECK((strstr(text, "line-torn") != NULL) == (len != strlen(whole)), "%zu: %s", len, text);
        CHECK(strncmp(text, cut, len) == 0, "what is there stays");
        check_whole("torn");
    }
}

/* Somebody's text behind our lines is no line of the trail; only what follows at once is closed. */
TEST(foreign_text_is_closed)
{
    AUTO(free) char *before = NULL, *text = NULL, *foreign = NULL, *after = NULL;

    append_anew(1);
    before = trail_text("audit.log");
    foreign = xprintf("%shello\n", before);
    write_trail("audit.log", foreign);
    append_anew(1);
    check_whole("one foreign line, closed at once");
    text = trail_text("audit.log");
    CHECK(strstr(text, "hello\n{\"seq\":3,") != NULL && strstr(text, "line-torn") != NULL, "%s", text);

    free(foreign);
    foreign = xprintf("%shello\nagain\n", before);
    write_trail("audit.log", foreign);
    append_anew(1);
    after = problems_with(NULL);
    CHECK_TEXT(after, "audit.log:3: cannot be read: it was changed, or damaged", "two of them");
}

TEST(a_last_line_without_end_is_not_read_without_bound)
{
    struct audit_trail trail = trail_here();
    AUTO(free) char *endless = xcalloc(1, (9 << 20) + 1);
    struct error err = { 0 };

    memset(endless, 'x', 9 << 20);
    AUTO(free) char *path = test_path("audit.log");
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL && fputs(endless, file) >= 0 && fclose(file) == 0);
    CHECK_INT(append(&trail, 1, &err), 0, "written");
    CHECK(strstr(err.why, "endless") != NULL, "%s", err.why);
    endless[100 * 1024] = '\0'; /* longer than any line of ours, and still read */
    write_trail("audit.log", endless);
    append_anew(1);
}

/* ---- rotation ---- */

TEST(a_large_file_is_rotated)
{
    struct audit_trail trail = trail_here();
    AUTO(free) char *names = NULL;
    struct error err = { 0 };

    trail.file_max = 2000;
    trail.files_kept = 3;
    for (size_t i = 0; i < 60; i++)
        REQUIRE(append(&trail, 1, &err) == 1, "%s", err.why);
    names = names_in(test_dir());
    CHECK(strstr(names, "audit.log audit.log.from-0000000000") == names, "%s", names);
    CHECK_INT(strlen(names), strlen("audit.log") + 3 * strlen(" audit.log.from-000000000001"), "three are kept");
    check_whole("what is left");
    CHECK_INT(last_number(), trail.last.seq, "head");
}

TEST(the_chain_goes_on_when_others_rotate)
{
    static const char *const names[] = { "audit.log.1", "audit.log-20261201", "audit.log-20261201-03", "audit.log.0",
        "audit.1.log", "audit-20261202.log" };

    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *text = NULL;
        uint64_t last;

        append_anew(2);
        last = last_number();
        rename_trail("audit.log", names[i]);
        if (i % 2 == 0) /* as logrotate's `create` has it; else there is none */
            write_trail("audit.log", "");
        append_anew(1);
        check_whole(names[i]);
        CHECK_INT(last_number(), last + 2, names[i]);
        text = trail_text("audit.log");
        CHECK(strstr(text, "trail-rotated") != NULL && strstr(text, names[i]) != NULL, "%s", text);
        CHECK(strstr(text, "unread") == NULL, "%s", text);
    }
}

TEST(the_chain_goes_on_behind_a_compressed_file)
{
    AUTO(free) char *path = test_path("audit.log.1");
    AUTO(free) char *command = xprintf("gzip -q %s", path);

    append_anew(2);
    rename_trail("audit.log", "audit.log.1");
    REQUIRE(system(command) == 0, "gzip");
    append_anew(1);
    check_whole("compressed");
    CHECK_INT(last_number(), 5, "number");
}

static void shell(const char *command)
{
    AUTO(free) char *there = xprintf("cd '%s' && %s", test_dir(), command);

    REQUIRE(system(there) == 0, "%s", command);
}

/* As logrotate leaves it that also rotates and compresses files without a line: the newest ones say nothing. */
TEST(the_highest_number_is_looked_for_in_all_files)
{
    AUTO(free) char *text = NULL;

    append_anew(2);
    rename_trail("audit.log", "audit.log.4");
    append_anew(2);
    rename_trail("audit.log", "audit.log.3");
    shell("gzip audit.log.4 audit.log.3 && gzip -c /dev/null >audit.log.2.gz && gzip -c /dev/null >audit.log.1.gz");
    shell("touch -d '1 hour ago' audit.log.3.gz && touch audit.log.4.gz"); /* nor do their times */
    write_trail("audit.log", "");
    append_anew(1);
    check_whole("behind audit.log.3.gz");
    CHECK_INT(last_number(), 8, "number");
    text = trail_text("audit.log");
    CHECK(strstr(text, "\"from\":\"audit.log.3.gz\"}") != NULL, "%s", text);
}

TEST(what_cannot_be_read_does_not_end_the_chain)
{
    static const char *const ways[] = { "mkdir audit.log.9", "gzip -c audit.log.1 | head -c 40 >audit.log.9.gz",
        "ln -s nowhere audit.log.9", "echo junk >audit.log.9.zst" };

    for (size_t i = 0; i < COUNT(ways); i++) {
        AUTO(free) char *text = NULL;

        shell("rm -rf audit.log*");
        append_anew(2);
        rename_trail("audit.log", "audit.log.1");
        shell(ways[i]);
        append_anew(1);
        text = trail_text("audit.log");
        CHECK(strstr(text, "{\"seq\":4,") == text && strstr(text, "\"from\":\"audit.log.1\"") != NULL, "%s", text);
        CHECK(strstr(text, "\"unread\":\"") != NULL && strstr(text, "audit.log.9") != NULL, "%s: %s", ways[i], text);
        shell("rm -rf audit.log.9*");
        check_whole(ways[i]);
    }
}

/* Another trail has had the name that the file is to get. */
TEST(a_name_that_is_there_already_does_not_keep_a_file_from_being_rotated)
{
    struct audit_trail trail = trail_here();
    AUTO(free) char *names = NULL, *left = NULL;
    struct error err = { 0 };

    trail.file_max = 1000;
    write_trail("audit.log.from-000000000001", "of another one\n");
    for (size_t i = 0; i < 6; i++)
        REQUIRE(append(&trail, 1, &err) == 1, "%s", err.why);
    names = names_in(test_dir());
    CHECK(strstr(names, "audit.log.from-000000000001 audit.log.from-000000000001-2") != NULL, "%s", names);
    left = trail_text("audit.log.from-000000000001");
    CHECK_TEXT(left, "of another one\n", "it stays");
    CHECK(audit_is_ours("audit.log.from-000000000001-2") && !audit_is_ours("audit.log.from-1.gz"), "both are ours");
}

TEST(names_of_rotated_files)
{
    static const struct {
        const char *name;
        bool is;
    } rows[] = {
        { "audit.log", true },
        { "audit.log.1", true },
        { "audit.log.12.xz", true },
        { "audit.log-20261201-03.gz", true },
        { "audit.log.from-000000000001", true },
        { "audit.log.from-000000000001-2.zst", true },
        { "audit.1.log", true },
        { "audit-20261201.log", true },
        { "audit-20261201.log.gz", true },
        { "audit.log.old", false },
        { "audit.log.gz.1", false },
        { "auditor.log", false },
        { "audit", false },
        { "audit.", false },
        { "audit-1", false },
        { "audit-1.log.1", false },
        { "audit-1.log.gz.gz", false },
        { "gz", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK(audit_is_file_name(rows[i].name) == rows[i].is, "%s", rows[i].name);
}

/* What lay before the line that was cut off by rotation is closed in the new file. */
TEST(a_torn_line_may_be_the_last_of_a_rotated_file)
{
    AUTO(free) char *text = NULL, *cut = NULL;

    append_anew(2);
    text = trail_text("audit.log");
    cut = xstrndup(text, strlen(text) - 20);
    write_trail("audit.log.1", cut);
    write_trail("audit.log", "");
    append_anew(1);
    check_whole("torn and rotated");
}

TEST(a_compressed_file_that_is_damaged_begins_a_new_trail)
{
    AUTO(free) char *problems = NULL, *text = NULL;

    write_trail("audit.log.1.gz", "no such thing");
    append_anew(1);
    text = trail_text("audit.log");
    CHECK(strstr(text, "trail-begun") != NULL && strstr(text, "audit.log.1.gz") != NULL, "%s", text);
    problems = problems_with(NULL);
    CHECK(strstr(problems, "audit.log.1.gz:0: ") != NULL && strstr(problems, "damaged") != NULL, "%s", problems);
}

/* ---- somebody is at the file while we are at work ---- */

TEST(what_this_process_wrote_is_missed)
{
    struct audit_trail trail = trail_here();
    AUTO(free) char *problems = NULL, *first = NULL;
    struct error err = { 0 };

    CHECK_INT(append(&trail, 1, &err), 1, err.why);
    first = trail_text("audit.log");
    CHECK_INT(append(&trail, 3, &err), 3, err.why);
    write_trail("audit.log", first); /* an older state is put back */
    CHECK_INT(append(&trail, 1, &err), 1, err.why);
    problems = problems_with(NULL);
    CHECK_TEXT(problems, "audit.log:3: lines 3 to 5 are missing in front of it", "taken away");
    write_trail("audit.log", "");
    CHECK_INT(append(&trail, 1, &err), 1, err.why);
    CHECK_INT(last_number(), 8, "the numbers go on");
}

TEST(a_last_line_that_was_edited_is_found_by_the_next_one)
{
    struct audit_trail trail = trail_here();
    AUTO(free) char *problems = NULL, *text = NULL;
    struct error err = { 0 };
    char *at;

    CHECK_INT(append(&trail, 1, &err), 1, err.why);
    text = trail_text("audit.log");
    at = strstr(text, "example.org");
    REQUIRE(at != NULL);
    memcpy(at, "example.net", strlen("example.net"));
    write_trail("audit.log", text);
    CHECK_INT(append(&trail, 1, &err), 1, err.why);
    problems = problems_with(NULL);
    CHECK_TEXT(problems, "audit.log:2: it was changed, or its hash in line 3 behind it", "edited");
}

/* ---- failures ---- */

TEST(a_full_disk_leaves_a_line_that_the_next_writer_closes)
{
    for (size_t room = 0; room < 1500; room += 97) {
        struct audit_trail trail = trail_here();
        AUTO(free) char *path = test_path("audit.log");
        struct error err = { 0 };
        size_t written;

        (void)unlink(path);
        append_anew(1);
        disk.is_full = true;
        disk.room = room;
        written = append(&trail, 4, &err);
        disk.is_full = false;
        CHECK(written < 4 || room > 800, "%zu", room);
        CHECK(written == 4 || err.sys == ENOSPC, "%zu: %s", room, err.why);
        CHECK_INT(append(&trail, 4 - written, &err), 4 - written, "those that are left");
        check_whole("full");
    }
}

TEST(what_is_no_file_is_refused)
{
    struct audit_trail trail = trail_here();
    AUTO(free) char *path = test_path("audit.log"), *elsewhere = test_path("elsewhere");
    struct error err = { 0 };

    REQUIRE(symlink("elsewhere", path) == 0);
    CHECK_INT(append(&trail, 1, &err), 0, "link");
    CHECK(!file_exists(elsewhere), "it is not followed");
    (void)unlink(path);
    REQUIRE(mkfifo(path, 0600) == 0);
    CHECK_INT(append(&trail, 1, &err), 0, "FIFO");
    CHECK(strstr(err.why, "regular") != NULL, "%s", err.why);
    (void)unlink(path);
    trail.dir = "/nonexistent";
    CHECK_INT(append(&trail, 1, &err), 0, "no directory");
    CHECK_INT(err.sys, ENOENT, "errno");
}

TEST(a_lock_is_not_waited_for_without_end)
{
    struct audit_trail trail = trail_here();
    AUTO(free) char *path = test_path("audit.log");
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct error err = { 0 };
    int fd;

    append_anew(1);
    fd = open(path, O_RDWR | O_CLOEXEC);
    REQUIRE(fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0);
    CHECK_INT(append(&trail, 1, &err), 0, "written");
    CHECK(strstr(err.why, "locked") != NULL, "%s", err.why);
    (void)close(fd);
    CHECK_INT(append(&trail, 1, &err), 1, err.why);
}

#define PROCESSES 4
#define ACTS_EACH 50

/* With a size at which they rotate each other's file all the time. */
TEST(processes_write_one_chain)
{
    pid_t pids[PROCESSES];
    uint64_t acts;
    struct error err = { 0 };
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };

    append_anew(1);
    for (size_t i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct audit_trail trail = trail_here();
            size_t done = 0;

            trail.file_max = 10000;
            trail.wait_ms = 60000;
            for (size_t n = 0; n < ACTS_EACH; n++)
                done += append(&trail, 1, &err);
            _exit(done == ACTS_EACH ? 0 : 1);
        }
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = 1;

        CHECK(waitpid(pids[i], &status, 0) == pids[i] && status == 0, "%d", status);
    }
    check_whole("all together");
    REQUIRE(audit_verify(test_dir(), NULL, &verdict, &err), "%s", err.why);
    acts = verdict.lines - verdict.files; /* each file has a line of its own */
    CHECK_INT(acts, 1 + PROCESSES * ACTS_EACH, "acts");
    CHECK(verdict.files > 3, "%d", (int)verdict.files);
}

TEST_MAIN()
