/* Tests the environment and descriptors that the network process inherits, and where its program is looked for. */
#include "net/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/sanitizer.h"
#include "base/test.h"

static const struct {
    const char *name;
    const char *ours[4];
    const char *theirs; /* joined by blanks */
} environments[] = {
    { "nothing of ours", { "LD_PRELOAD=/tmp/x.so", "SSLKEYLOGFILE=/tmp/keys", "PATH=/bin" }, "" },
    { "more of ours", { "OPENSSL_CONF=/tmp/x", "HOSTALIASES=/etc/shadow", "HOME=/root" }, "" },
    { "the proxies", { "https_proxy=http://p:1", "no_proxy=a,b" }, "https_proxy=http://p:1 no_proxy=a,b" },
    { "upper case", { "HTTP_PROXY=http://p:1" }, "http_proxy=http://p:1" },
    { "lower case wins", { "http_proxy=http://a", "HTTP_PROXY=http://b" }, "http_proxy=http://a" },
    { "lower case wins in either order", { "HTTP_PROXY=http://b", "http_proxy=http://a" }, "http_proxy=http://a" },
    { "empty is none", { "all_proxy=" }, "" },
    { "only whole names", { "xhttp_proxy=a", "http_proxyx=b", "http_prox=c" }, "" },
    { "the sanitizer's", { "UBSAN_OPTIONS=b=1", "ASAN_OPTIONS=a=1", "LSAN_OPTIONS=c=1" },
        SANITIZED ? "ASAN_OPTIONS=a=1:detect_leaks=0 UBSAN_OPTIONS=b=1" : "" },
    { "the resolver's", { "RES_OPTIONS=timeout:1", "LOCALDOMAIN=x" }, "RES_OPTIONS=timeout:1 LOCALDOMAIN=x" },
};

TEST(process_environment)
{
    for (size_t i = 0; i < COUNT(environments); i++) {
        char *ours[5] = { 0 };
        AUTO(list_clear) struct list env = { 0 };
        AUTO(free) char *joined = NULL;

        for (size_t v = 0; environments[i].ours[v] != NULL; v++)
            ours[v] = xstrdup(environments[i].ours[v]);
        env = process_environment(ours);
        joined = list_join(&env, " ");
        CHECK_TEXT(joined, environments[i].theirs, environments[i].name);
        for (size_t v = 0; ours[v] != NULL; v++)
            free(ours[v]);
    }
}

TEST(process_find_says_what_is_missing)
{
    AUTO(free) char *path = NULL;
    struct error err = { 0 };

    CHECK(!process_find("/no/such/program", &path, &err), "a missing program");
    CHECK(strstr(err.why, "/no/such/program") != NULL && err.kind == ERROR_NETWORK, "%s", err.why);
    CHECK(!process_find("/etc", &path, &err), "a directory");
    CHECK(path == NULL, "*path was touched");
}

/* Standard error of a program that stands in for the network process. */
TEST(process_start_keeps_reports_of_a_sanitizer)
{
    static const char script[] = "#!/bin/sh\necho report >&2\n";
    AUTO(free) char *path = test_path("script");
    AUTO(free) char *seen = test_path("seen");
    AUTO(buf_clear) struct buf text = BUF(1000);
    struct error err = { 0 };
    int ours = dup(STDERR_FILENO), to, fd = -1;
    bool started;
    pid_t pid = 0;

    REQUIRE(file_create(path, view_of(script), (struct file_access){ .mode = 0755 }, &err), "%s", err.why);
    to = open(seen, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(ours >= 0 && dup2(to, STDERR_FILENO) >= 0);
    started = process_start(path, &pid, &fd, &err);
    (void)dup2(ours, STDERR_FILENO);
    REQUIRE(started, "%s", err.why);
    CHECK(waitpid(pid, NULL, 0) == pid, "ended");
    REQUIRE(file_read(seen, &text, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&text), SANITIZED ? "report\n" : "", "standard error");
    (void)close(fd);
    (void)close(ours);
    (void)close(to);
}

/* A shell script in the network process's place says what it sees. */
TEST(process_start_hands_over_one_socket)
{
    static const char script[] = "#!/bin/sh\nexec >&3\nreadlink /proc/$$/fd/*\ntr '\\0' '\\n' </proc/$$/environ\n";
    AUTO(free) char *path = test_path("script");
    AUTO(free) char *secret = test_path("secret");
    struct error err = { 0 };
    char text[2048] = { 0 };
    size_t len = 0;
    ssize_t got;
    pid_t pid = 0;
    int fd = -1, open_file;

    REQUIRE(file_create(path, view_of(script), (struct file_access){ .mode = 0755 }, &err), "%s", err.why);
    open_file = open(secret, O_RDWR | O_CREAT, 0600); /* without O_CLOEXEC, as a careless library would */
    (void)setenv("EVERCERT_TEST", "1", 1);
    REQUIRE(process_start(path, &pid, &fd, &err), "%s", err.why);
    while (len < sizeof text - 1 && (got = read(fd, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)got;
    CHECK(waitpid(pid, NULL, 0) == pid, "ended");
    CHECK(strstr(text, "/dev/null") != NULL && strstr(text, "socket:") != NULL, "%s", text);
    CHECK(strstr(text, secret) == NULL, "a file of ours was inherited: %s", text);
    CHECK(strstr(text, "EVERCERT_TEST") == NULL && strstr(text, "PATH=") == NULL, "our environment: %s", text);
    (void)close(fd);
    (void)close(open_file);
}

/* As on Linux before 5.9, or in a container whose profile is older than the call. */
static bool forbid_close_range(void)
{
    struct sock_filter lines[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { COUNT(lines), lines };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* With more descriptors than one read of /proc/self/fd shows. */
static int start_without_close_range(const char *path, const char *open_file)
{
    struct error err = { 0 };
    char text[16384];
    size_t len = 0;
    ssize_t got;
    pid_t pid = 0;
    int fd = -1;

    for (int i = 0; i < 300; i++)
        if (open(open_file, O_RDWR | O_CREAT, 0600) < 0)
            return 2;
    if (!forbid_close_range())
        return 3;
    if (!process_start(path, &pid, &fd, &err))
        return 4;
    while (len < sizeof text - 1 && (got = read(fd, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    (void)waitpid(pid, NULL, 0);
    return strstr(text, "socket:") == NULL ? 5 : strstr(text, open_file) != NULL ? 6 : 0;
}

TEST(process_start_closes_without_close_range)
{
    static const char script[] = "#!/bin/sh\nexec >&3\nreadlink /proc/$$/fd/*\n";
    AUTO(free) char *path = test_path("script");
    AUTO(free) char *secret = test_path("secret");
    struct error err = { 0 };
    int status = 0;
    pid_t pid;

    REQUIRE(file_create(path, view_of(script), (struct file_access){ .mode = 0755 }, &err), "%s", err.why);
    pid = fork(); /* the filter stays for ever */
    if (pid == 0)
        _exit(start_without_close_range(path, secret));
    REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
    CHECK(status == 0, "wait status %#x", (unsigned)status);
}

TEST_MAIN()
