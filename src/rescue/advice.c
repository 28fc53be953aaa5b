/*
 * The commands that lead back, for one certificate.
 */
#include <string.h>

#include <stdarg.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "rescue/emergency.h"

/* Where the store or a server is not where all expect it, commands have to say so. */
static void put_places(struct buf *text, const struct emergency *emergency)
{
    const struct settings *settings = emergency->context->settings;

    if (SETTING_IS_SET(settings, config_dir))
        buf_putf(text, " --config-dir %s", settings->config_dir);
    if (SETTING_IS_SET(settings, work_dir))
        buf_putf(text, " --work-dir %s", settings->work_dir);
    if (SETTING_IS_SET(settings, logs_dir))
        buf_putf(text, " --logs-dir %s", settings->logs_dir);
}

PRINTF(3, 4) static void add(const struct emergency *emergency, struct list *commands, const char *format, ...)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    char command[2048];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    buf_putf(&text, "evercert %s", command);
    put_places(&text, emergency);
    list_add(commands, buf_text(&text));
}

void emergency_advice(const struct emergency *emergency, const struct trouble *trouble, struct list *commands)
{
    const char *name = trouble->name;

    switch (trouble->kind) {
    case TROUBLE_NONE:
        return;
    case TROUBLE_BROKEN:
    case TROUBLE_LOST:
    case TROUBLE_NO_RENEWAL:
        add(emergency, commands, "emergency --yes --cert-name %s", name);
        return;
    case TROUBLE_STOP_GAP:
    case TROUBLE_EXPIRED:
        add(emergency, commands, "renew --cert-name %s", name);
        return;
    }
}
