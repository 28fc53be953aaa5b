/* A request to the responder parses alike however it is split, and a token is a valid token. */
#include <stdlib.h>
#include <string.h>

#include "net/message.h"
#include "netd/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view head = { (const char *)data, size < QUESTION_MAX ? size : QUESTION_MAX };
    struct question question = { 0 }, shorter = { 0 };

    if (question_read(head, &question) != QUESTION_WHOLE)
        return 0;
    if (question.token.len > 0 && !message_is_token(question.token))
        abort();
    for (size_t len = 0; len < head.len; len++) {
        enum question_step step = question_read((struct view){ head.at, len }, &shorter);

        if (step == QUESTION_BROKEN) /* what begins a good question is never refused */
            abort();
        if (step == QUESTION_WHOLE && (!view_equal(shorter.path, question.path) || shorter.method != question.method))
            abort();
    }
    return 0;
}
