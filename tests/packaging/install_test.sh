#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs the build tree below a DESTDIR, builds and runs the consumer through pkg-config and through find_package,
# runs the installed memhotctl, uninstalls, and looks for what is left.
# install_test.sh BUILD-TREE CMAKE CXX [FLAGS of CXX]
set -euo pipefail

build=$1 cmake=$2 cxx=$3 flags=${4:-}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
manifest=$build/install_manifest.txt
kept=$work/manifest.kept

# The developer's own install from this tree must stay removable.
[[ ! -e $manifest ]] || cp -p "$manifest" "$kept"
clean_up() {
    if [[ -e $kept ]]; then cp -p "$kept" "$manifest"; else rm -f "$manifest"; fi
    rm -rf "$work"
}
trap clean_up EXIT

fail() {
    printf 'install_test: %s\n' "$*" >&2
    exit 1
}

export DESTDIR=$work/root
"$cmake" --install "$build" >"$work/install.log" || { cat "$work/install.log"; fail "the install failed"; }
prefix=$DESTDIR$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$build/CMakeCache.txt")
pc=$(find "$DESTDIR" -name memhot.pc)
[[ -n $pc ]] || fail "no memhot.pc was installed"
libdir=$(dirname "$(dirname "$pc")")
export LD_LIBRARY_PATH=$libdir

# The soname is the promise to programs that were linked before.
soname=$(LC_ALL=C objdump -p "$libdir/libmemhot.so" | awk '$1 == "SONAME" { print $2 }')
[[ $soname == libmemhot.so.0 ]] || fail "soname '$soname', expected libmemhot.so.0"
[[ -e $libdir/$soname ]] || fail "$soname is not installed"

# Nothing but the project's own names may leave the library.
foreign=$(nm -DC --defined-only "$libdir/libmemhot.so" | grep -v ' memhot::\| \(vtable\|typeinfo\|typeinfo name\|VTT\) for memhot::\| MEMHOT_0$' || true)
[[ -z $foreign || -n $flags ]] || fail "exports names that are not its own: $foreign"

ran() {
    local output
    output=$("$2") || fail "$1: the consumer failed"
    [[ $output == "subsection_map yes" ]] || fail "$1: the consumer printed '$output', expected 'subsection_map yes'"
}

export PKG_CONFIG_PATH=$libdir/pkgconfig PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
[[ $(pkg-config --modversion memhot) == 0.* ]] || fail "pkg-config does not know the version"
# shellcheck disable=SC2046,SC2086   # lists of options
"$cxx" -std=c++2b $flags "$here/consumer/main.cpp" $(pkg-config --cflags --libs memhot) -o "$work/by-pkg-config"
ran pkg-config "$work/by-pkg-config"

"$cmake" -S "$here/consumer" -B "$work/consumer" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_CXX_FLAGS="$flags" \
    -Dmemhot_DIR="$libdir/cmake/memhot" >"$work/consumer.log" || { cat "$work/consumer.log"; fail "find_package"; }
"$cmake" --build "$work/consumer" >"$work/consumer.log" || { cat "$work/consumer.log"; fail "find_package: build"; }
ran find_package "$work/consumer/consumer"

if [[ -e $build/cli/memhotctl ]]; then
    # Without LD_LIBRARY_PATH: outside of /usr it must find its library by itself.
    program=$prefix/bin/memhotctl
    [[ $prefix == "$DESTDIR/usr" ]] || unset LD_LIBRARY_PATH
    "$program" --version >"$work/version" || fail "the installed memhotctl --version failed"
    grep -q '0\.' "$work/version" || fail "memhotctl --version printed '$(cat "$work/version")'"
    grep -qx ".*/bin/memhotctl" "$manifest" || fail "memhotctl is not in $manifest"
fi

"$cmake" --build "$build" --target uninstall >"$work/uninstall.log" ||
    { cat "$work/uninstall.log"; fail "the uninstall failed"; }
left=$(find "$DESTDIR" \( -not -type d -o -name '*memhot*' \))
[[ -z $left ]] || fail "left behind by uninstall: $left"
echo "installed, used, removed: $(wc -l <"$work/install.log") lines of install log"
