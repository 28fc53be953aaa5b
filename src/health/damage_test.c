/*
 * What becomes of the files of one certificate, and of two that got in each other's way.
 */
#include "health/damage.h"

#define NEXT "archive/a.example/29991122T024405Z-1a09"

/* ---- the files of one ---- */

static const struct damage files[] = {
    { "neither file has a certificate", BOTH, .shell = ": >$live/cert.pem; : >$live/fullchain.pem",
        .found = "certificate-damaged error", .after = "[ ! -s $live/cert.pem ]" },
    { "the certificate of another key", BOTH, .shell = "cat ../others/foreign/cert.pem >$live/cert.pem",
        .found = "certificate-mismatch! error", .after = "cmp -n 100 $live/cert.pem $live/fullchain.pem" },
    { "a full chain of another key", BOTH, .shell = "cat ../others/foreign/fullchain.pem >$live/fullchain.pem",
        .found = "certificate-mismatch! error",
        .after = "cat $live/cert.pem $live/chain.pem | cmp - $live/fullchain.pem" },
    { "the certificate of another key, and nobody's key", BOTH,
        .shell = "cat ../others/foreign/cert.pem >$live/cert.pem; echo x >$live/privkey.pem",
        .found = "certificate-mismatch error" },
    { "the certificates of two, both with that key", BOTH,
        .shell = "take later $live; cat ../others/expired/cert.pem >$live/cert.pem",
        .found = "certificate-mismatch error" },
    { "another issuer beside the right one", BOTH, .shell = "cat ../others/foreign/chain.pem >>$live/chain.pem",
        .found = "chain-mismatch error" },
    { "the issuer of another in both", BOTH,
        .shell = "cat ../others/foreign/chain.pem >$live/chain.pem; cat $live/cert.pem "
                 "../others/foreign/chain.pem >$live/fullchain.pem",
        .found = "chain-mismatch error" },
    { "an empty chain, and the issuer in the full one", BOTH, .shell = ": >$live/chain.pem",
        .found = "chain-mismatch! error", .after = "grep -q BEGIN $live/chain.pem" },
    { "a CA that sends no issuer", BOTH, .shell = ": >$live/chain.pem; cat $live/cert.pem >$live/fullchain.pem",
        .found = "" },

    { "its key in a superseded version", BOTH,
        .shell = "cp $live/privkey.pem $old/privkey$n.pem; echo x >$live/privkey.pem", .found = "key-mismatch! error",
        .fixed = "key-mismatch+ error, version-damaged warning" },
    { "its key in two places that are the same", BOTH,
        .shell = "mkdir keys; cp $live/privkey.pem keys/1; cp $live/privkey.pem keys/2; echo x >$live/privkey.pem",
        .found = "key-mismatch! error, old-keys note", .after = "cmp keys/1 $live/privkey.pem" },
    { "the key of another certificate among the old ones", BOTH,
        .shell = "mkdir keys; cp ../others/later/privkey.pem keys/1; echo x >$live/privkey.pem",
        .found = "key-mismatch error, old-keys note" },

    { "a superseded version has no chain", BOTH, .shell = "rm $old/chain$n.pem", .found = "version-file-missing! note",
        .after = "grep -q BEGIN $old/chain$n.pem" },
    { "a superseded version has no key", BOTH, .shell = "rm $old/privkey$n.pem", .found = "version-file-missing note" },
    { "a superseded version is of other names, and nobody's", BOTH, .shell = "take foreign $old $n", .found = "" },
    { "the whole history is gone", VERSIONED, .shell = "rm -r archive/a.example", .found = "" },
    { "the history is a file", VERSIONED, .shell = "rm -r archive/a.example; echo x >archive/a.example",
        .found = "not-writable error", .after = "[ -f archive/a.example ]" },
};

TEST(files_of_one)
{
    run_damages(files, COUNT(files));
}

/* ---- which version is live ---- */

static const struct damage versions[] = {
    { "the newest has expired", CERTBOT, .shell = "take expired archive/a.example 3",
        .found = "newer-not-usable warning", .after = "readlink $live/cert.pem | grep -q cert2" },
    { "one that waits has expired", VERSIONED,
        .shell = "mkdir archive/a.example/20240101T000000Z-1a03.next; take expired archive/a.example/*.next",
        .found = "newer-not-usable warning", .after = "[ -d archive/a.example/*.next ]" },
    { "the newest is of other names", CERTBOT, .shell = "take foreign archive/a.example 3",
        .found = "newer-not-usable warning" },
    { "one that waits is of other names", VERSIONED,
        .shell = "mkdir archive/a.example/20261122T000000Z-1a04.next; take foreign archive/a.example/*.next",
        .found = "newer-not-usable warning" },
    { "one that waits", VERSIONED, .shell = "mv $old $old.next", .found = "live-not-newest! error", .serial = SERIAL_A,
        .after = "[ -d archive/a.example/*-1a02 ]" },
    { "one that waits, a link of which leads ahead", CERTBOT,
        .shell = "link ../../archive/a.example 1; ln -sfn ../../archive/a.example/cert2.pem $live/cert.pem",
        .found = "live-not-newest! error", .after = "readlink $live/chain.pem | grep -q chain2" },
    { "an older one is live by choice", VERSIONED, .shell = "mv $old " NEXT, .found = "live-not-newest note" },
    { "an older one is live by choice, and has expired", VERSIONED, .shell = "take expired $live; rm $live/meta.txt",
        .found = "live-not-newest warning" },
    { "it has expired, and there is no other", VERSIONED, .shell = "take expired $live; rm -r $old", .found = "" },
    { "the clock is behind", BOTH, .shell = "take later $live", .found = "clock-behind warning" },

    { "a version was being written", VERSIONED, .shell = "mkdir archive/a.example/.29991122T024405Z-1a09.new",
        .found = "work-interrupted! warning", .after = "[ ! -e archive/a.example/.2* ]" },
    { "a version was being removed", VERSIONED, .shell = "mv $old archive/a.example/.$(basename $old).gone",
        .found = "work-interrupted! warning", .after = "[ -z \"$(ls -A archive/a.example)\" ]" },
    { "the links were being switched", CERTBOT,
        .shell = "for k in cert chain fullchain privkey; do ln -s ../../archive/a.example/${k}2.pem "
                 "$live/previous_$k.pem; done; ln -sfn ../../archive/a.example/cert1.pem $live/cert.pem",
        .found = "work-interrupted! warning", .after = "[ ! -e $live/previous_cert.pem ]" },
    { "another directory stands in for live", VERSIONED,
        .shell = "mkdir live/.a.example.next; touch live/.a.example.next/.evercert-stand-in",
        .found = "work-interrupted! warning", .after = "[ ! -e live/.a.example.next ]" },
    { "the other layout was being made", BOTH, .shell = "mkdir live/.a.example.convert",
        .found = "conversion-interrupted! warning", .after = "[ ! -e live/.a.example.convert ]" },
    { "the other layout was being made, with files of a user's", BOTH,
        .shell = "mkdir archive/.a.example.convert; echo mine >archive/.a.example.convert/notes",
        .found = "conversion-interrupted! warning",
        .after = "[ ! -e archive/.a.example.convert ] && grep -q mine archive/a.example/notes" },
};

TEST(which_is_live)
{
    run_damages(versions, COUNT(versions));
}

/* ---- directories ---- */

static const struct damage places[] = {
    { "the archive was moved, and the links with it", CERTBOT,
        .shell = "mv archive/a.example ../moved; link $PWD/../moved 2", .found = "archive-elsewhere warning",
        .after = "[ -e $live/privkey.pem ]" },
    { "two that may be the archive", CERTBOT,
        .shell = "cp -r archive/a.example archive/x; mv archive/a.example archive/y",
        .found = "archive-renamed error" },
    { "two that may be live", CERTBOT, .shell = "cp -a $live live/x; mv $live live/y", .found = "live-renamed error" },
    { "links to two versions of the same content", CERTBOT,
        .shell = "ln -sfn ../../archive/a.example/chain1.pem $live/chain.pem", .found = "live-not-newest! error",
        .after = "readlink $live/chain.pem | grep -q chain2" },
    { "a link to a file of another kind", CERTBOT,
        .shell = "ln -sfn ../../archive/a.example/fullchain2.pem $live/cert.pem",
        .found = "live-link-elsewhere error" },
    { "a directory where a file should be", VERSIONED, .shell = "rm $live/chain.pem; mkdir $live/chain.pem",
        .found = "live-file-is-link error" },
    { "a link to nothing where a file should be", VERSIONED, .shell = "ln -sfn nowhere $live/privkey.pem",
        .found = "version-file-missing error" },
    { "what was live waits to be so", VERSIONED, .shell = "mv $live archive/a.example/20261122T024405Z-1a02.next",
        .found = "live-missing! error", .after = "[ -d $live ]" },
};

TEST(where_they_are)
{
    run_damages(places, COUNT(places));
}

/* ---- two certificates ---- */

static const struct damage two[] = {
    { "side by side", BOTH, .two = true, .shell = "true", .found = "" },
    { "a version of the other among the superseded", BOTH, .two = true, .shell = "take foreign $old $n",
        .found = "version-foreign warning" },
    { "the links of one lead to the other", CERTBOT, .two = true, .shell = "link ../../archive/other.test 1",
        .found = "live-of-another! error", .after = "readlink $live/cert.pem | grep -q a.example/cert2" },
    { "the links of one lead to the other, and it has no versions", CERTBOT, .two = true,
        .shell = "link ../../archive/other.test 1; rm archive/a.example/*", .found = "live-of-another error" },
    { "the archives were exchanged", CERTBOT, .two = true,
        .shell =
            "rm archive/a.example/*2.pem; link ../../archive/a.example 1; swap archive/a.example archive/other.test",
        .serial = SERIAL_A, .found = "exchanged! error, exchanged! error", .fixed = "exchanged+ error" },
    { "the live directories were exchanged", VERSIONED, .two = true, .shell = "swap live/a.example live/other.test",
        .found = "exchanged! error, exchanged! error", .fixed = "exchanged+ error" },
    { "all directories were exchanged", CERTBOT, .two = true,
        .shell = "swap archive/a.example archive/other.test; swap live/a.example live/other.test; link "
                 "../../archive/other.test 2; for k in cert chain fullchain privkey; do ln -sfn "
                 "../../archive/a.example/${k}1.pem live/other.test/$k.pem; done",
        .found = "archive-exchanged! error, archive-exchanged! error", .fixed = "archive-exchanged+ error",
        .after = "grep -q 'archive_dir = .*/archive/other.test' renewal/a.example.conf" },
    { "one names the archive of the other, and has its own", CERTBOT, .two = true,
        .shell = "sed -i 's#/archive/a.example#/archive/other.test#' renewal/a.example.conf",
        .found = "archive-shared! warning, archive-shared warning", .fixed = "archive-shared+ warning",
        .after = "grep -q 'archive_dir = .*/archive/a.example' renewal/a.example.conf" },
};

TEST(two_of_them)
{
    run_damages(two, COUNT(two));
}

TEST_MAIN()
