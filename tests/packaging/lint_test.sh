#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tools/lint accepts a clean tree and finds each of the faults that it is for: lint_test.sh LINT
set -euo pipefail
lint=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fresh() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/lib/include/memhot" "$work/tree/lib/model" "$work/tree/cli"
    printf '// SPDX-License-Identifier: LGPL-2.1-or-later\n#pragma once\n' |
        tee "$work/tree/lib/include/memhot/a.hpp" >"$work/tree/lib/model/a.cpp"
    printf '// SPDX-License-Identifier: GPL-2.0-or-later\n' >"$work/tree/cli/main.cpp"
}

# finds WORDS FILE LINE: with that line in that file lint fails and says these words.
finds() {
    fresh
    printf '%s\n' "$3" >>"$work/tree/$2"
    if "$lint" "$work/tree" >"$work/log" || ! grep -q "$1" "$work/log"; then
        printf 'lint_test: not found: %s (%s in %s)\n' "$1" "$3" "$2"
        failed=1
    fi
}

fresh
"$lint" "$work/tree" || { echo "lint_test: a clean tree is refused"; failed=1; }
finds "absolute path" cli/main.cpp "open(\"/ho""me/someone/x\");"
finds "white space" cli/main.cpp "int a; "
finds "public header" lib/include/memhot/a.hpp '#include <fmt/core.h>'
finds "prints and logs nothing" lib/model/a.cpp 'std::printf("x");'
finds "prints and logs nothing" lib/model/a.cpp 'std::cerr << 1;'

# reports WORDS COMMAND...: the same for a fault that is no added line.
reports() {
    fresh
    (cd "$work/tree" && "${@:2}")
    if "$lint" "$work/tree" >"$work/log" || ! grep -q "$1" "$work/log"; then
        printf 'lint_test: not found: %s (%s)\n' "$1" "${*:2}"
        failed=1
    fi
}
reports "cli/main.cpp: the first three lines lack" sed -i 1d cli/main.cpp
reports "lib/model/a.cpp: the first three lines lack" sed -i s/LGPL-2.1/GPL-2.0/ lib/model/a.cpp
reports "no #pragma once" sed -i 2d lib/include/memhot/a.hpp
exit "$failed"
