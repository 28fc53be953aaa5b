# What the scripts that build packages share; they source this in the root of the tree.

version=${PACKAGE_VERSION:-$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)}
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)
fi
export SOURCE_DATE_EPOCH

# tracked: the files of this tree, each ended by a NUL; without Git those that a release has.
tracked() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -z --cached --others --exclude-standard
    else
        find . -path './build*' -prune -o ! -type d -printf '%P\0'
    fi
}

# export_tree FOLDER: a copy of this tree there, in place of what is there.
export_tree() {
    rm -rf "$1"
    mkdir -p "$1"
    tracked | tar --create --null --files-from=- | tar --extract --directory="$1"
    sed -i "s/^  version: '.*',/  version: '$version',/" "$1/meson.build"
}

# pack_tree FOLDER FILE: as a compressed archive that is the same each time.
pack_tree() {
    tar --create --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s \
        --directory="$(dirname "$1")" "$(basename "$1")" | gzip -9n >"$2"
}
