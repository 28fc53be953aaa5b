#pragma once
/*
 * The inside of struct ui, for the files of this folder: where text goes.
 */
#include <stdatomic.h>

#include "base/mutex.h"
#include "ui/ui.h"

#define UI_COLUMNS 80       /* at which Certbot wraps, whatever the terminal; also our widest */
#define UI_LEAST_COLUMNS 30 /* below that, the terminal breaks the lines */
#define UI_MAX_TEXT                                                                                                    \
    (32 * 1024 * 1024) /* of one piece of text: a list of a hundred thousand certificates fits, and all                \
                          that a hook may say */

struct piece { /* output on one stream without a break */
    int fd;
    struct buf text;
};

struct ui {
    struct ui_options options;
    struct ui *parent;      /* the ui that a worker hands its pieces to; NULL: this one writes to the terminal */
    struct mutex lock;      /* without a parent: one hand-over at a time; with one: guards the last four members */
    bool warned;            /* the user was told that questions are skipped */
    atomic_int write_error; /* errno of the first failed write on standard output */
    bool done;              /* ui_done: the log no longer comes here */
    struct piece *pieces;   /* with a parent */
    size_t piece_count, collected;
    bool released; /* ui_release: nothing is collected any more */
};

/* Whether people are to hear of a text that will be put on standard output. The log has it in any case: with --quiet
 * that is the one place where it can be read. */
bool ui_hears(const struct ui *ui, const char *text);

/* Text on STDOUT_FILENO or STDERR_FILENO, as it is; collected by a worker. */
void ui_put(struct ui *ui, int fd, struct view text);
/* Lines for people on standard output. The one place where what stands in them (names of files, texts of a CA) is made
 * printable. */
void ui_put_lines(struct ui *ui, struct view text);
/* The same at once for a whole series of pieces, nothing of another thread between them. */
void ui_put_pieces(struct ui *ui, const struct piece *pieces, size_t count);

unsigned ui_text_columns(const struct ui *ui); /* where text is wrapped */
/* Text ended by one line feed, wrapped at columns; 0: not at all. */
void ui_put_paragraph(struct buf *to, unsigned columns, const char *text);
void ui_put_frame(const struct ui *ui, struct buf *to); /* the frame line and its line feed */
