// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdio>
#include <exception>

#include "app/app.hpp"
#include "log/log.hpp"

int main(int argc, char** argv) {
    try {
        const auto options = memhot::app::parse_options(argc, argv);
        if (!options) {
            memhot::log::error(options.error().message());
            return 2;
        }
        if (options->help) {
            std::fputs(memhot::app::help_text().c_str(), stdout);
            return 0;
        }
        if (options->version) {
            std::puts("memhotd " MEMHOT_VERSION);
            return 0;
        }
        return memhot::app::run(*options);
    } catch (const std::exception& error) {
        memhot::log::error(std::string("internal error: ") + error.what());
        return 1;
    }
}
