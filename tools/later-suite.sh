# Packages of a later Debian suite, for the programs that tests want newer than this system's. Sourced by tools/*-new.
# Nothing is installed: apt works with a state of its own, on the archive that this machine already uses.
#
# The sourcing script sets `cache` (where such programs are kept), `suites` (those to try, best first) and defines
# die(). wait_in_turn lets one script at a time have the cache; open_work makes the folder $work, which goes when the script
# ends; each_suite tries a command in each suite.

# Tests that run side by side ask for the same program at the same time: the second waits, and finds what the first fetched.
wait_in_turn() {
    mkdir -p "$cache"
    exec 9>"$cache/${0##*/}.lock"
    ! command -v flock >/dev/null || flock 9
}

open_work() {
    command -v apt-get >/dev/null || die "needs apt; $1"
    keyring=$(ls /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp \
        2>/dev/null | head -n 1)
    [ -n "$keyring" ] || die "no Debian archive keyring here: install debian-archive-keyring; $1"
    work=$(mktemp -d "$cache/${0##*/}.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
    mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/root" "$work/empty"
    : >"$work/status"
    : >"$work/log"
}

# apt with nothing of the machine's but its proxies, mirrors' credentials and keys.
private() {
    program=$1
    shift
    "$program" -o Dir::State="$work/state" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
        -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Etc::preferences=/dev/null \
        -o Dir::Etc::preferencesparts="$work/empty" -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none \
        -o APT::Sandbox::User="$(id -un)" -o APT::Default-Release= "$@"
}

# The addresses from which this machine takes the main part of its own release, those that look like Debian's first.
archives() {
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
    apt-get indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 2>/dev/null |
        awk -v release="$release" '($1 == release || $1 == "stable") && $2 == "main" && !seen[$3]++ {
            print ($3 ~ /debian\/?$/ ? 0 : 1), $3 }' | sort -s -k1,1 | cut -d' ' -f2-
}

# each_suite COMMAND: true as soon as COMMAND is, tried with apt on one suite after the other. An archive keyring older
# than a suite's key makes apt refuse; an older suite may do.
each_suite() {
    for archive in $(archives); do
        for suite in $suites; do
            echo "deb [signed-by=$keyring] $archive $suite main" >"$work/sources.list"
            private apt-get update -q >"$work/update" 2>&1 || continue
            cat "$work/update" >>"$work/log"
            grep -q NO_PUBKEY "$work/update" && continue
            "$1" && return 0
        done
    done
    return 1
}

# The version of a package that the suite has, or 0.
candidate() {
    version=$(private apt-cache policy "$1" | sed -n 's/ *Candidate: //p')
    [ "$version" != "(none)" ] || version=
    echo "${version:-0}"
}

# Says why nothing came of each_suite.
die_of_suites() {
    cat "$work/log" >&2
    if grep -q NO_PUBKEY "$work/log"; then
        die "the keys in $keyring are older than the suites $suites: upgrade the package debian-archive-keyring"
    fi
    die "found no $1 or newer in $suites of the archive that this machine uses"
}
