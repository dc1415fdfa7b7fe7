// SPDX-License-Identifier: GPL-2.0-or-later
//
// A program of somebody else, built against the installed library: prints whether Linux 6.12 shares sections in units
// of 2 MiB.
#include <cstdio>

#include <memhot/profile.hpp>

int main() {
    const auto profile = memhot::make_profile({.release = {}, .version = memhot::Version{6, 12, 0}});
    if (!profile) {
        std::fprintf(stderr, "%s\n", profile.error().message().c_str());
        return 1;
    }
    std::printf("subsection_map %s\n", profile->has(memhot::Feature::subsection_map) ? "yes" : "no");
    return 0;
}
