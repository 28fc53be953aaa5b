#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "ui/state.h"

struct ui *ui_new(const struct ui_options *options)
{
    struct ui *ui = xcalloc(1, sizeof *ui);

    ui->options = *options;
    if (ui->options.voice == NULL)
        ui->options.voice = &voice_own;
    mutex_init(&ui->lock);
    return ui;
}

static bool has_terminal(int fd)
{
    return isatty(fd) == 1;
}

const struct voice *ui_voice(const struct ui *ui)
{
    return ui->options.voice;
}

bool ui_is_terminal(const struct ui *ui __attribute__((unused)))
{
    return has_terminal(STDOUT_FILENO);
}

bool ui_may_ask(const struct ui *ui)
{
    return !ui->options.quiet && !ui->options.non_interactive && ui->parent == NULL;
}

bool ui_is_interactive(const struct ui *ui)
{
    if (!ui_may_ask(ui))
        return false;
    return ui->options.force_interactive || (has_terminal(STDIN_FILENO) && has_terminal(STDOUT_FILENO));
}

unsigned ui_columns(const struct ui *ui __attribute__((unused)))
{
    static const int streams[] = { STDOUT_FILENO, STDERR_FILENO };
    static atomic_bool is_none; /* a stream does not become a terminal */
    bool found = false;

    for (size_t i = 0; i < COUNT(streams) && !is_none; i++) {
        struct winsize size = { 0 };
        bool is_terminal = ioctl(streams[i], TIOCGWINSZ, &size) == 0;

        if (is_terminal && size.ws_col > 0)
            return size.ws_col;
        found = found || is_terminal;
    }
    is_none = !found;
    return UI_COLUMNS;
}

void ui_put_pieces(struct ui *ui, const struct piece *pieces, size_t count)
{
    if (ui->parent != NULL) {
        for (size_t i = 0; i < count; i++)
            ui_put(ui, pieces[i].fd, buf_view(&pieces[i].text));
        return;
    }
    MUTEX_HOLD(&ui->lock);
    if (ui->options.put != NULL) {
        for (size_t i = 0; i < count; i++)
            ui->options.put(ui->options.put_ctx, pieces[i].fd, buf_view(&pieces[i].text));
        return;
    }
    (void)fflush(stdout); /* text written through stdio comes first */
    for (size_t i = 0; i < count; i++) {
        int none = 0;

        if (!file_write_all(pieces[i].fd, buf_view(&pieces[i].text)) && pieces[i].fd == STDOUT_FILENO)
            (void)atomic_compare_exchange_strong(&ui->write_error, &none, errno);
    }
}

bool ui_check_output(const struct ui *ui, struct error *err)
{
    while (ui->parent != NULL)
        ui = ui->parent;
    errno = ui->write_error;
    if (errno != 0)
        return error_errno(err, ERROR_STORE, "cannot write on standard output");
    return true;
}
