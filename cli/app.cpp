// SPDX-License-Identifier: GPL-2.0-or-later
#include "app.hpp"

#include <cstdio>
#include <cstring>
#include <exception>

#include "arguments.hpp"
#include "client/acting.hpp"
#include "context.hpp"
#include "output/help.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::ErrorKind;

namespace {

void say(std::string_view text) { std::fprintf(stderr, "memhotctl: %s\n", printable(text).c_str()); }

int write_result(const Context& context) {
    const bool pager = !context.arguments().flag("no-pager") && !context.json();
    const int error = write_out(context.terminal(), context.out(), pager);
    if (error == 0) return exit_code::yes;
    say(std::string("cannot write to standard output: ") + std::strerror(error));   // NOLINT(concurrency-mt-unsafe)
    if (!context.where_it_stands()) return exit_code::failed;
    say(*context.where_it_stands());
    return exit_code::part_way;
}

int fail(const memhot::Error& error, int status) {
    say(error.message());
    return status;
}

int run_command(Context& context) {
    const Arguments& arguments = context.arguments();
    if (arguments.flag("help")) {
        context.print(arguments.verb_given ? help_of(*arguments.command) : help());
        return write_result(context);
    }
    if (arguments.flag("version")) {
        context.print("memhotctl " MEMHOT_VERSION "\n");
        return write_result(context);
    }
    if (const auto timeout = timeout_of(context); !timeout) return fail(timeout.error(), exit_code::usage);
    auto status = arguments.command->run(context);
    for (const auto& note : context.notes()) say(note);
    if (!status) {
        auto error = std::move(status).error();
        if (arguments.verb_given) error.add_context(std::string(arguments.command->name));
        return fail(error, context.failure_status().value_or(exit_status_of(error, context.unreachable())));
    }
    const int written = write_result(context);
    return written != exit_code::yes ? written : *status;
}

int run_or_throw(int argc, const char* const* argv) {
    auto arguments = parse_arguments(argc, argv);
    if (!arguments) return fail(arguments.error(), exit_status_of(arguments.error(), false));
    const auto colour = parse_when(arguments->value("color").value_or("auto"));
    if (!colour) {
        return fail(
            memhot::bad_input("--color " + in_quotes(*arguments->value("color")) + ": expected auto, always or never"),
            exit_code::usage);
    }
    Context context(*std::move(arguments), look_at_stdout(*colour));
    return run_command(context);
}

}   // namespace

int exit_status_of(const memhot::Error& error, bool unreachable) {
    if (error.kind() == ErrorKind::not_permitted) return exit_code::not_authorised;
    return unreachable ? exit_code::unreachable : exit_code::usage;
}

int run(int argc, const char* const* argv) noexcept {
    try {
        return run_or_throw(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "memhotctl: internal error: %s\n", error.what());
    } catch (...) {
        std::fputs("memhotctl: internal error\n", stderr);
    }
    return exit_code::failed;
}

}   // namespace memhotctl
