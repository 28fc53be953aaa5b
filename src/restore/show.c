#include "restore/show.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define TEXT_MAX ((size_t)4 << 20)
#define LISTED_MAX 20 /* of a kind; the others are counted */

bool plan_changes(const struct txn *txn)
{
    return txn->steps.len > 0;
}

static void put_life(struct buf *text, int64_t not_before, int64_t not_after, int64_t now)
{
    char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];

    clock_format_date(not_before, from);
    clock_format_date(not_after, to);
    buf_putf(text, "valid %s to %s%s", from, to, not_after <= now ? ", EXPIRED" : "");
}

/* How the certificate of the backup stands to the one that it replaces. */
static const char *relation(const struct candidate *backup, const struct planned *here)
{
    if (strcmp(backup->serial, here->serial) == 0)
        return "the same certificate";
    if (backup->not_before < here->not_before)
        return "OLDER than the one here";
    return backup->not_before > here->not_before ? "newer than the one here" : "another one than here";
}

static void put_replaced(struct buf *text, const struct candidate *backup, const struct planned *planned, int64_t now)
{
    if (!planned->here) {
        buf_putf(text, "      here: cannot be used: %s\n", planned->broken);
        return;
    }
    buf_putf(text, "      here: ");
    put_life(text, planned->not_before, planned->not_after, now);
    buf_putf(text, "\n      the backup's is %s", relation(backup, planned));
    if (planned->removed > 0)
        buf_putf(text, "; %zu file(s) of versions that the backup does not have go", planned->removed);
    buf_put_char(text, '\n');
}

static void put_lineage(struct buf *text, const struct candidate *backup, const struct planned *planned, int64_t now)
{
    static const char *const words[] = { "added", "replaced", "the same already", "NOT RESTORED" };

    buf_putf(text, "  %s: %s\n", backup->name, words[planned->fate]);
    if (planned->fate == FATE_REFUSED) {
        buf_putf(text, "      it is broken in the backup: %s\n", planned->why);
        return;
    }
    buf_put_text(text, "      backup: ");
    put_life(text, backup->not_before, backup->not_after, now);
    buf_put_char(text, '\n');
    if (planned->fate == FATE_REPLACED)
        put_replaced(text, backup, planned, now);
}

static void put_list(struct buf *text, const char *what, const struct list *list)
{
    if (list->len == 0)
        return;
    buf_putf(text, "%s\n", what);
    for (size_t i = 0; i < list->len && i < LISTED_MAX; i++)
        buf_putf(text, "  %s\n", list->at[i]);
    if (list->len > LISTED_MAX)
        buf_putf(text, "  and %zu more\n", list->len - LISTED_MAX);
}

void show_plan(struct ui *ui, const char *from, const struct stage *stage, const struct plan *plan, int64_t now)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);

    buf_putf(&text, "Certificates in %s:\n", from);
    for (size_t i = 0; i < plan->len; i++)
        put_lineage(&text, &stage->at[i], &plan->at[i], now);
    if (plan->len == 0)
        buf_put_text(&text, "  none\n");
    put_list(&text, "Other files of the store that are added or replaced:", &plan->others);
    put_list(&text, "Files outside the store that are put back:", &plan->outside);
    put_list(&text, "Files outside the store that are named, and neither here nor in the backup:", &plan->missing);
    put_list(&text, "Certificates here that the backup does not have, which stay as they are:", &plan->kept);
    put_list(&text, "Of the backup:", &stage->told);
    ui_say(ui, "%.*s", (int)text.len - 1, buf_text(&text));
}
