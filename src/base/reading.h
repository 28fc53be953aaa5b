#pragma once
/*
 * Certificate and key are two files, and a server that reads its configuration opens one after the other: with another
 * pair made live in between it finds two that do not belong together, and refuses its configuration, or ends. While a
 * thread of ours has a server read, no other thread of ours makes a pair live; each waits for the others. Pairs may be
 * made live side by side. Neither may be begun by a thread that has begun one already.
 */
void reading_begin(void);
void reading_end(void);
void switching_begin(void);
void switching_end(void);
