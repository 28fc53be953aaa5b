#include <pthread.h>

#include "base/log.h"
#include "ui/scene.h"
#include "ui/ui.h"

/* Standard output and standard error in one pipe, so that their order shows. */
static void join_streams(void)
{
    if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        _exit(98);
}

static void collect_one(void *ctx __attribute__((unused)))
{
    struct ui_options options = { 0 };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct ui *worker = ui_collect(ui);
    struct error err = { 0 };

    join_streams();
    ui_say(worker, "first");
    log_warning("second\nstill second");
    log_info("not for the terminal");
    ui_write(worker, view_of("third\n"));
    (void)error_set(&err, ERROR_CONFIG, "fourth");
    ui_error(worker, &err, NULL);
    ui_say(ui, "before all");
    ui_flush(worker);
    ui_flush(worker);
    ui_say(worker, "fifth");
    ui_free(worker);
    log_warning("straight to standard error");
}

TEST(collect)
{
    AUTO(scene_clear) struct scene scene = { 0 };

    scene_play(&scene, collect_one, NULL);
    CHECK_INT(scene.status, 0, "collect");
    CHECK_TEXT(buf_text(&scene.out),
        "before all\nfirst\nsecond\nstill second\nthird\nevercert: fourth\nfifth\nstraight to standard error\n",
        "collect");
}

static void collect_nested(void *ctx __attribute__((unused)))
{
    struct ui_options options = { 0 };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct ui *outer = ui_collect(ui), *inner = ui_collect(outer);

    join_streams();
    log_warning("inner");
    ui_free(inner);
    log_warning("outer");
    ui_say(ui, "first");
    ui_free(outer);
}

TEST(collect_in_a_worker)
{
    AUTO(scene_clear) struct scene scene = { 0 };

    scene_play(&scene, collect_nested, NULL);
    CHECK_TEXT(buf_text(&scene.out), "first\ninner\nouter\n", "nested");
}

static void collect_and_release(void *ctx)
{
    struct ui_options options = { 0 };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct ui *worker = ui_collect(ui);
    bool forgets = *(const bool *)ctx;

    join_streams();
    ui_say(worker, "collected");
    ui_say(ui, "another");
    if (forgets)
        ui_forget(worker);
    ui_release(worker);
    ui_say(ui, "released");
    log_warning("at once");
    ui_say(ui, "between");
    ui_say(worker, "and at once");
    ui_say(ui, "last");
    ui_free(worker);
}

TEST(a_released_worker_speaks_at_once)
{
    static const char rest[] = "released\nat once\nbetween\nand at once\nlast\n";

    for (int forgets = 0; forgets < 2; forgets++) {
        AUTO(scene_clear) struct scene scene = { 0 };
        AUTO(free) char *want = xprintf("another\n%s%s", forgets ? "" : "collected\n", rest);

        scene_play(&scene, collect_and_release, &(bool){ forgets });
        CHECK_TEXT(buf_text(&scene.out), want, forgets ? "forgotten" : "released");
    }
}

#define WORKERS 8
#define LINES 50

static void *work(void *parent)
{
    AUTO(ui_free) struct ui *worker = ui_collect(parent);

    for (int i = 0; i < LINES; i++) {
        ui_say(worker, "%d", i);
        log_warning("%d", i);
    }
    return NULL;
}

static void collect_many(void *ctx __attribute__((unused)))
{
    struct ui_options options = { 0 };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    pthread_t threads[WORKERS];

    join_streams();
    for (size_t i = 0; i < WORKERS; i++)
        if (pthread_create(&threads[i], NULL, work, ui) != 0)
            _exit(97);
    for (size_t i = 0; i < WORKERS; i++)
        (void)pthread_join(threads[i], NULL);
}

TEST(workers_do_not_mix)
{
    AUTO(scene_clear) struct scene scene = { 0 };
    AUTO(buf_clear) struct buf want = BUF(1 << 20);

    scene_play(&scene, collect_many, NULL);
    for (int i = 0; i < WORKERS * LINES; i++)
        buf_putf(&want, "%d\n%d\n", i % LINES, i % LINES);
    CHECK_TEXT(buf_text(&scene.out), buf_text(&want), "each worker's lines stay together");
}

static void collect_much(void *ctx)
{
    struct ui_options options = { 0 };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(ui_free) struct ui *worker = ui_collect(ui);
    AUTO(close) int file = open(ctx, O_RDWR | O_CREAT | O_TRUNC, 0600);
    static char text[1024 * 1024];
    struct stat st;

    if (file < 0 || dup2(file, STDOUT_FILENO) < 0)
        _exit(98);
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 70; i++)
        ui_write(worker, (struct view){ text, sizeof text });
    _exit(fstat(file, &st) == 0 && st.st_size > 0 ? 3 : 4); /* what is beyond the limit has been handed over by now */
}

TEST(a_worker_that_never_stops_talking)
{
    AUTO(scene_clear) struct scene scene = { 0 };
    AUTO(free) char *path = test_path("said");

    scene_play(&scene, collect_much, path);
    CHECK_INT(scene.status, 3, "what was collected is shown before the end");
}

TEST_MAIN()
