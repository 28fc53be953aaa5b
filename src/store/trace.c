#include "store/trace.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/fields.h"
#include "store/pending.h"
#include "store/pending_dir.h"

static void trace_proof_clear(struct trace_proof *proof)
{
    free(proof->type);
    free(proof->kind);
    free(proof->identifier);
    free(proof->token);
    free(proof->key_authorization);
    free(proof->record_name);
    free(proof->record_value);
    free(proof->account_url);
    free(proof->output);
    free(proof->place);
}

void trace_clear(struct trace *trace)
{
    free(trace->authenticator);
    free(trace->options);
    list_clear(&trace->identifiers);
    for (size_t i = 0; i < trace->count; i++)
        trace_proof_clear(&trace->proofs[i]);
    free(trace->proofs);
    *trace = (struct trace){ 0 };
}

/* ---- proofs.txt ---- */

static const struct field fields[] = {
    { "authenticator", FIELD_TEXT, true, offsetof(struct trace, authenticator) },
    { "created", FIELD_TIME, true, offsetof(struct trace, created) },
    { "identifiers", FIELD_LIST, true, offsetof(struct trace, identifiers) },
    { "options", FIELD_EXACT, true, offsetof(struct trace, options) },
};

static const struct field proof_fields[] = {
    { "type", FIELD_TEXT, true, offsetof(struct trace_proof, type) },
    { "kind", FIELD_TEXT, true, offsetof(struct trace_proof, kind) },
    { "identifier", FIELD_EXACT, true, offsetof(struct trace_proof, identifier) },
    { "ip", FIELD_FLAG, false, offsetof(struct trace_proof, is_ip) },
    { "wildcard", FIELD_FLAG, false, offsetof(struct trace_proof, wildcard) },
    { "token", FIELD_EXACT, false, offsetof(struct trace_proof, token) },
    { "key authorization", FIELD_EXACT, false, offsetof(struct trace_proof, key_authorization) },
    { "record name", FIELD_EXACT, false, offsetof(struct trace_proof, record_name) },
    { "record value", FIELD_EXACT, false, offsetof(struct trace_proof, record_value) },
    { "account", FIELD_EXACT, false, offsetof(struct trace_proof, account_url) },
    { "remaining", FIELD_NUMBER, false, offsetof(struct trace_proof, remaining) },
    { "output", FIELD_EXACT, false, offsetof(struct trace_proof, output) },
    { "place", FIELD_EXACT, false, offsetof(struct trace_proof, place) },
};

/* Cuts the lines before an empty one off; false behind the last. */
static bool cut_block(struct view *rest, struct view *block)
{
    const char *end;

    while (rest->len > 0 && rest->at[0] == '\n')
        *rest = (struct view){ rest->at + 1, rest->len - 1 };
    if (rest->len == 0)
        return false;
    end = memmem(rest->at, rest->len, "\n\n", 2);
    *block = (struct view){ rest->at, end == NULL ? rest->len : (size_t)(end - rest->at) + 1 };
    *rest = (struct view){ rest->at + block->len, rest->len - block->len };
    return true;
}

static bool parse_all(struct view text, struct trace *out, struct error *err)
{
    struct view rest = text, block = { 0 };

    (void)cut_block(&rest, &block);
    TRY(fields_parse(fields, COUNT(fields), block, out, err));
    while (cut_block(&rest, &block)) {
        out->proofs = xrealloc(out->proofs, out->count + 1, sizeof *out->proofs);
        out->proofs[out->count] = (struct trace_proof){ 0 };
        TRY(fields_parse(proof_fields, COUNT(proof_fields), block, &out->proofs[out->count++], err));
    }
    return true;
}

bool trace_parse(struct view text, struct trace *out, struct error *err)
{
    AUTO(trace_clear) struct trace trace = { 0 };

    TRY(parse_all(text, &trace, err));
    *out = trace;
    trace = (struct trace){ 0 };
    return true;
}

void trace_format(const struct trace *trace, struct buf *out)
{
    fields_format(fields, COUNT(fields), trace, out);
    for (size_t i = 0; i < trace->count; i++) {
        buf_put_char(out, '\n');
        fields_format(proof_fields, COUNT(proof_fields), &trace->proofs[i], out);
    }
}

/* ---- on disk ---- */

char *trace_path(const struct store *store, const char *name)
{
    AUTO(free) char *dir = pending_dir(store, name);

    return file_join(dir, TRACE_NAME);
}

bool trace_save(struct store *store, const char *name, const struct trace *trace, struct error *err)
{
    AUTO(free) char *dir = pending_dir(store, name), *path = trace_path(store, name);
    AUTO(free) char *temporary = file_join(dir, TRACE_TEMPORARY);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error leaving = { 0 };

    trace_format(trace, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "the record of proofs is larger than %d bytes", FILE_MAX_TEXT);
    TRY(pending_dir_make(store, name, err));
    if (file_replace_by(path, temporary, buf_view(&text), FILE_PRIVATE, err) && pending_dir_sync(store, err))
        return true;
    (void)!pending_dir_leave(store, name, &leaving);
    return false;
}

bool trace_load(const struct store *store, const char *name, struct trace *out, bool *found, struct error *err)
{
    AUTO(free) char *path = trace_path(store, name);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    *found = false;
    if (!file_read(path, &text, err)) {
        if (err->sys != ENOENT && err->sys != ENOTDIR)
            return false;
        error_clear(err);
        return true;
    }
    if (!trace_parse(buf_view(&text), out, err))
        return error_in(err, "reading %s", path);
    *found = true;
    return true;
}

bool trace_drop(struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *dir = pending_dir(store, name), *path = trace_path(store, name);
    AUTO(free) char *temporary = file_join(dir, TRACE_TEMPORARY);

    TRY(file_remove(path, err));
    TRY(file_remove(temporary, err));
    return pending_dir_leave(store, name, err);
}

bool trace_is_there(const struct store *store, const char *name)
{
    AUTO(free) char *path = trace_path(store, name);

    return file_exists(path);
}

bool trace_names(struct store *store, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list all = { 0 };

    TRY(pending_names(store, &all, err));
    list_clear(out);
    for (size_t i = 0; i < all.len; i++)
        if (trace_is_there(store, all.at[i]))
            list_add(out, all.at[i]);
    return true;
}

/* A wrong clock may have dated it in the future: that is not waited for. */
bool trace_is_old(const struct trace *trace, int64_t now)
{
    return now - trace->created > TRACE_MAX_AGE_S || trace->created - now > TRACE_MAX_AGE_S;
}
