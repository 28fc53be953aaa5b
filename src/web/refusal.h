#pragma once
/*
 * Which line of a configuration a server's test has refused: nginx's words and Apache's.
 */
#include "base/auto.h"

/* "FILE:LINE: what is wrong with it" from what the test has said; NULL when it names no line. Of the caller's. */
char *web_refused_line(const char *said);
