#include "base/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/test.h"

/* A process has one first signal for all its life, so each test plays in a child; checks report by exit
 * status. */
#define CHILD_OK 77
#define EXPECT(cond)                                                                                                   \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                                                 \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static int play(void (*scene)(void))
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        scene();
        _exit(CHILD_OK);
    }
    REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static bool is_readable(void)
{
    struct pollfd fd = { .fd = interrupt_fd(), .events = POLLIN };

    return poll(&fd, 1, 0) == 1;
}

static void quiet_scene(void)
{
    struct error err = { 0 };

    EXPECT(interrupt_fd() == -1);
    interrupt_init();
    interrupt_init();
    EXPECT(interrupt_fd() >= 0 && interrupt_signal() == 0 && !interrupt_pending() && !is_readable());
    EXPECT(interrupt_check(&err) && err.kind == ERROR_NONE);
    (void)raise(SIGPIPE); /* ignored */
}

static void child_scene(void)
{
    int status = 0;
    pid_t pid;

    (void)signal(SIGCHLD, SIG_IGN); /* as some supervisors leave it */
    interrupt_init();
    pid = fork();
    if (pid == 0)
        _exit(9);
    EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

static void signal_scene(void)
{
    struct error err = { 0 };

    interrupt_init();
    (void)raise(SIGTERM);
    (void)raise(SIGINT); /* does not replace the first */
    EXPECT(interrupt_signal() == SIGTERM && interrupt_pending() && is_readable() && is_readable());
    EXPECT(!interrupt_check(&err) && err.kind == ERROR_CANCELED && strstr(err.why, "SIGTERM") != NULL);
    EXPECT(!clock_sleep_ms(60000));
}

static void *other_thread(void *arg)
{
    EXPECT(interrupt_pending()); /* the shield of one thread does not cover another */
    return arg;
}

static void shield_scene(void)
{
    struct error err = { 0 };
    pthread_t thread;

    interrupt_init();
    interrupt_shield();
    interrupt_shield();
    (void)raise(SIGINT);
    EXPECT(interrupt_check(&err) && clock_sleep_ms(20));
    EXPECT(pthread_create(&thread, NULL, other_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
    interrupt_unshield();
    EXPECT(!interrupt_pending());
    interrupt_unshield();
    EXPECT(interrupt_pending());
    interrupt_unshield(); /* one too many does no harm */
    EXPECT(interrupt_pending());
}

static void third_scene(void)
{
    interrupt_init();
    (void)raise(SIGINT);
    (void)raise(SIGINT);
    EXPECT(interrupt_signal() == SIGINT);
    (void)raise(SIGINT);
}

static void nohup_scene(void)
{
    (void)signal(SIGHUP, SIG_IGN);
    interrupt_init();
    (void)raise(SIGHUP);
    EXPECT(interrupt_signal() == 0);
}

static void fork_scene(void)
{
    pid_t pid;

    interrupt_init();
    pid = fork();
    if (pid == 0) {
        (void)raise(SIGINT); /* its own matter, although it shares the descriptor */
        _exit(interrupt_signal() == SIGINT ? 0 : 1);
    }
    (void)waitpid(pid, NULL, 0);
    EXPECT(!is_readable() && interrupt_signal() == 0);
}

static void wake_scene(void)
{
    pid_t parent = getpid(), pid;
    int64_t before = clock_monotonic_ms();

    interrupt_init();
    pid = fork();
    if (pid == 0) {
        (void)poll(NULL, 0, 50);
        (void)kill(parent, SIGHUP);
        _exit(0);
    }
    EXPECT(!clock_sleep_ms(600000));
    EXPECT(clock_monotonic_ms() - before >= 40 && interrupt_signal() == SIGHUP);
    (void)waitpid(pid, NULL, 0);
}

TEST(interrupt)
{
    CHECK_INT(play(quiet_scene), CHILD_OK, "nothing came");
    CHECK_INT(play(child_scene), CHILD_OK, "children can be waited for");
    CHECK_INT(play(signal_scene), CHILD_OK, "a signal, and another");
    CHECK_INT(play(shield_scene), CHILD_OK, "shields");
    CHECK_INT(play(third_scene), -SIGINT, "the third kills");
    CHECK_INT(play(nohup_scene), CHILD_OK, "nohup stays in force");
    CHECK_INT(play(fork_scene), CHILD_OK, "a signal of a forked child");
    CHECK_INT(play(wake_scene), CHILD_OK, "a sleeper wakes");
}

TEST_MAIN()
