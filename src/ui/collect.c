#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "ui/state.h"

#define COLLECT_MAX ((size_t)64 * 1024 * 1024) /* bytes; a lineage that says more is shown in parts */

static void append(struct ui *worker, int fd, struct view text)
{
    struct piece *last = worker->piece_count > 0 ? &worker->pieces[worker->piece_count - 1] : NULL;

    if (last == NULL || last->fd != fd) {
        worker->pieces = xrealloc(worker->pieces, worker->piece_count + 1, sizeof *worker->pieces);
        last = &worker->pieces[worker->piece_count++];
        *last = (struct piece){ .fd = fd, .text = BUF(SIZE_MAX) };
    }
    buf_put(&last->text, text);
    worker->collected += text.len;
}

static void drop_pieces(struct ui *worker)
{
    for (size_t i = 0; i < worker->piece_count; i++)
        buf_clear(&worker->pieces[i].text);
    free(worker->pieces);
    worker->pieces = NULL;
    worker->piece_count = worker->collected = 0;
}

/* Under the worker's lock: what it says later comes later. */
static void hand_over(struct ui *worker)
{
    if (worker->piece_count > 0)
        ui_put_pieces(worker->parent, worker->pieces, worker->piece_count);
    drop_pieces(worker);
}

static void collect(struct ui *worker, int fd, struct view text)
{
    MUTEX_HOLD(&worker->lock);

    if (worker->collected + text.len > COLLECT_MAX)
        hand_over(worker);
    append(worker, fd, text);
    if (worker->released)
        hand_over(worker);
}

void ui_put(struct ui *ui, int fd, struct view text)
{
    struct piece piece = { .fd = fd };

    if (ui->parent != NULL) {
        collect(ui, fd, text);
        return;
    }
    piece.text.at = (char *)text.at; /* lent: only read */
    piece.text.len = text.len;
    ui_put_pieces(ui, &piece, 1);
}

/* A log message for the terminal looks as it would have without us. */
static void take_message(void *ctx, enum log_level level, const char *message)
{
    bool red = level >= LOG_LEVEL_WARNING && log_has_colours(STDERR_FILENO);
    AUTO(buf_clear) struct buf line = BUF(SIZE_MAX);

    buf_putf(&line, "%s%s%s\n", red ? "\033[31m" : "", message, red ? "\033[0m" : "");
    ui_put(ctx, STDERR_FILENO, buf_view(&line));
}

struct ui *ui_collect(struct ui *parent)
{
    struct ui *worker = ui_new(&parent->options);

    worker->parent = parent;
    log_thread_sink(take_message, worker);
    return worker;
}

void ui_flush(struct ui *worker)
{
    if (worker->parent == NULL)
        return;
    MUTEX_HOLD(&worker->lock);
    hand_over(worker);
}

void ui_release(struct ui *worker)
{
    MUTEX_HOLD(&worker->lock);

    worker->released = true;
    hand_over(worker);
}

void ui_forget(struct ui *worker)
{
    MUTEX_HOLD(&worker->lock);

    drop_pieces(worker);
}

void ui_done(struct ui *worker)
{
    if (worker->parent == NULL || worker->done)
        return;
    worker->done = true;
    if (worker->parent->parent != NULL)
        log_thread_sink(take_message, worker->parent); /* a worker within a worker, in the same thread */
    else
        log_thread_sink(NULL, NULL);
}

void ui_free(struct ui *ui)
{
    if (ui == NULL)
        return;
    ui_done(ui);
    ui_flush(ui);
    mutex_destroy(&ui->lock);
    free(ui);
}
