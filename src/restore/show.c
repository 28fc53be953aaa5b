#include "restore/show.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

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
        buf_putf(text, "      %s\n", planned->why);
        return;
    }
    buf_put_text(text, "      backup: ");
    put_life(text, backup->not_before, backup->not_after, now);
    buf_put_char(text, '\n');
    if (planned->fate == FATE_REPLACED)
        put_replaced(text, backup, planned, now);
}

static void put_some(struct buf *text, const char *what, const struct list *list, size_t most)
{
    if (list->len == 0)
        return;
    buf_putf(text, "%s\n", what);
    for (size_t i = 0; i < list->len && i < most; i++)
        buf_putf(text, "  %s\n", list->at[i]);
    if (list->len > most)
        buf_putf(text, "  and %zu more\n", list->len - most);
}

static void put_list(struct buf *text, const char *what, const struct list *list)
{
    put_some(text, what, list, LISTED_MAX);
}

/* What root will run by it is shown, however much that is. */
static void put_all(struct buf *text, const char *what, const struct list *list)
{
    put_some(text, what, list, list->len);
}

void show_plan(const char *from, const struct stage *stage, const struct plan *plan, int64_t now, struct buf *out)
{
    buf_putf(out, "Certificates in %s:\n", from);
    for (size_t i = 0; i < plan->len; i++)
        put_lineage(out, &stage->at[i], &plan->at[i], now);
    if (plan->len == 0)
        buf_put_text(out, "  none\n");
    put_list(out, "Other files of the store that are added or replaced:", &plan->others);
    put_all(
        out, "Programs that will be run, and settings that name them, which are added or replaced:", &plan->programs);
    put_all(out, "Files outside the store that are put back:", &plan->outside);
    put_list(out, "Files outside the store that are named, and neither here nor in the backup:", &plan->missing);
    put_list(out, "Certificates here that the backup does not have, which stay as they are:", &plan->kept);
    put_list(out, "Of the backup, and left out:", &plan->left);
    put_list(out, "Of the backup:", &stage->told);
}
