// SPDX-License-Identifier: GPL-2.0-or-later
#include "arguments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "output/text.hpp"

namespace memhotctl {

using memhot::bad_input;
using memhot::Result;

namespace {

constexpr const char* kOperands = "operands";

void declare(CLI::App& app, std::span<const Option> options) {
    for (const auto& option : options) {
        std::string names = "--" + std::string(option.name);
        if (option.letter != 0) names.insert(0, {'-', option.letter, ','});
        if (option.value.empty()) {
            app.add_flag(names)->disable_flag_override();
            continue;
        }
        const bool may_be_left_out = option.value.starts_with('[');
        app.add_option(names)
            ->expected(may_be_left_out ? 0 : 1, 1)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
}

void collect(const CLI::App& app, std::span<const Option> options, Arguments& out) {
    for (const auto& option : options) {
        const CLI::Option* found = app.get_option("--" + std::string(option.name));
        if (found->count() == 0) continue;
        const auto values = found->results();
        out.options[std::string(option.name)] = option.value.empty() || values.empty() ? "" : values.back();
    }
}

std::string verbs() {
    std::string out;
    for (const Command* command : commands()) out += (out.empty() ? "" : ", ") + std::string(command->name);
    return out;
}

std::string help_hint(const Command* command) {
    return command == nullptr ? "see memhotctl --help" : fmt::format("see memhotctl {} --help", command->name);
}

// Behind its verb an option of the verb is taken; in front of it it is not.
bool is_option_of(const Command* verb, std::string_view word) {
    if (verb == nullptr || !word.starts_with("--")) return false;
    const auto name = word.substr(2, word.find('=') - 2);
    return std::ranges::find(verb->options, name, &Option::name) != verb->options.end();
}

// What CLI11 could make nothing of.
memhot::Error unexpected(const std::string& word, const Command* verb) {
    if (is_option_of(verb, word)) {
        return bad_input(fmt::format("{} is an option of {} and belongs behind it: memhotctl {} ... {}",
                                     printable(word.substr(0, 60)), verb->name, verb->name,
                                     printable(word.substr(0, 60))));
    }
    if (word.size() > 1 && word.front() == '-') {
        return bad_input(fmt::format("unknown option {}; {}", printable(word.substr(0, 60)), help_hint(verb)));
    }
    if (verb == nullptr) {
        return bad_input(fmt::format("unknown verb {}, expected one of {}", in_quotes(word), verbs()));
    }
    return bad_input(fmt::format("{} takes no {}; {}", verb->name, in_quotes(word), help_hint(verb)));
}

// An option of ndctl or daxctl behind an operation that takes none of those, often for it is mistyped.
memhot::Error unexpected_behind(const std::string& operation, const std::string& option, const Command& verb) {
    return bad_input(fmt::format("unknown option {} behind {}; options of ndctl and daxctl go behind {}; {}",
                                 printable(option.substr(0, 60)), in_quotes(operation), fmt::join(verb.foreign, ", "),
                                 help_hint(&verb)));
}

memhot::Error unexpected_of(const CLI::App& app, const std::string& word, const Command& verb) {
    if (verb.most == 0) return unexpected(word, &verb);
    // A word behind the verb is an operand: one that is left over stands in front of it, and is a mistyped verb.
    if (word.size() < 2 || word.front() != '-') return unexpected(word, nullptr);
    if (verb.foreign.empty()) return unexpected(word, &verb);
    const auto operands = app.get_option(kOperands)->results();
    return operands.empty() ? unexpected(word, &verb) : unexpected_behind(operands.front(), word, verb);
}

Result<Arguments> check_operands(Arguments arguments) {
    const Command& command = *arguments.command;
    const std::size_t given = arguments.operands.size();
    if (arguments.flag("help") || arguments.flag("version")) return arguments;
    if (given < command.least) {
        return bad_input(fmt::format("{}: expected {}; {}", command.name, command.operands, help_hint(&command)));
    }
    if (given > command.most) return unexpected(arguments.operands[command.most], &command);
    if (arguments.flag("root") && arguments.flag("snapshot")) {
        return bad_input("--root and --snapshot name two hosts, expected one of them");
    }
    // HOST/MACHINE and HOST:PORT are for ssh (bus_channel.cpp), which would be given an empty name
    const auto host = arguments.value("host");
    if (host && (host->empty() || host->front() == '/' || host->front() == ':')) {
        return bad_input("--host " + in_quotes(*host) +
                         ": expected local, a host that ssh reaches, or the address of a bus");
    }
    if (arguments.flag("host") && (arguments.flag("root") || arguments.flag("snapshot"))) {
        return bad_input("--host and --root or --snapshot name two hosts, expected one of them");
    }
    return arguments;
}

// Behind `check create-namespace` the words are ndctl's, but for the long options that every verb of ours has.
struct Split {
    std::vector<std::string> ours;
    std::vector<std::string> theirs;
};

class Splitter {
public:
    Splitter(int argc, const char* const* argv) : words_(argv + 1, argv + argc) {}

    Split run() {
        const auto verb = next_operand(0, global_options());
        if (!verb) return {words_, {}};
        const auto all = commands();
        const auto command = std::ranges::find(all, words_[*verb], &Command::name);
        if (command == all.end() || (*command)->foreign.empty()) return {words_, {}};
        options_ = (*command)->options;
        const auto operand = next_operand(*verb + 1, global_options());
        const auto foreign = (*command)->foreign;
        if (!operand || std::ranges::find(foreign, words_[*operand]) == foreign.end()) return {words_, {}};
        keeps_options_ = (*command)->foreign_keeps_options;
        return split_behind(*operand);
    }

private:
    Split split_behind(std::size_t operand) {
        const auto at = static_cast<std::ptrdiff_t>(operand) + 1;
        Split out{{words_.begin(), words_.begin() + at}, {}};
        for (std::size_t i = operand + 1; i < words_.size(); ++i) {
            const Option* ours = our_option(words_[i]);
            auto& side = ours != nullptr ? out.ours : out.theirs;
            side.push_back(words_[i]);
            const bool value_follows = ours != nullptr && takes_next(words_[i], *ours) && i + 1 < words_.size();
            if (value_follows) side.push_back(words_[++i]);
        }
        return out;
    }

    // The index of the next word that is neither an option nor the value of one.
    [[nodiscard]] std::optional<std::size_t> next_operand(std::size_t from, std::span<const Option> globals) const {
        for (std::size_t i = from; i < words_.size(); ++i) {
            if (!words_[i].starts_with('-') || words_[i].size() < 2) return i;
            const Option* option = find(words_[i], globals);
            if (option == nullptr) option = find(words_[i], options_);
            if (option != nullptr && takes_next(words_[i], *option)) ++i;
        }
        return std::nullopt;
    }

    [[nodiscard]] const Option* our_option(std::string_view word) const {
        // Neither ndctl nor daxctl has one of that letter.
        if (!word.starts_with("--") && word != "-y") return nullptr;
        const Option* ours = find(word, global_options());
        if (ours != nullptr) return ours;
        const Option* own = find(word, options_);
        return own != nullptr && (keeps_options_ || own->anywhere) ? own : nullptr;
    }

    static const Option* find(std::string_view word, std::span<const Option> options) {
        const bool is_long = word.starts_with("--");
        const auto name = is_long ? word.substr(2, word.find('=') - 2) : std::string_view();
        const auto found = std::ranges::find_if(options, [&](const Option& option) {
            return is_long ? option.name == name : option.letter != 0 && option.letter == word[1];
        });
        return found == options.end() ? nullptr : &*found;
    }

    static bool takes_next(std::string_view word, const Option& option) {
        const bool joined = word.starts_with("--") ? word.find('=') != std::string_view::npos : word.size() > 2;
        return !option.value.empty() && !option.value.starts_with('[') && !joined;
    }

    std::vector<std::string> words_;
    std::span<const Option> options_;
    bool keeps_options_ = false;
};

Result<Arguments> parse(CLI::App& app, Split given) {
    app.set_help_flag();   // --help is one of our options
    app.allow_extras();
    app.require_subcommand(0, 1);
    declare(app, global_options());
    std::vector<std::pair<const Command*, CLI::App*>> verbs;
    for (const Command* command : commands()) {
        CLI::App* verb = app.add_subcommand(std::string(command->name));
        verb->set_help_flag();
        verb->fallthrough();   // globals are accepted behind the verb as well
        verb->allow_extras();
        declare(*verb, command->options);
        if (command->most != 0) verb->add_option(kOperands)->expected(1, -1)->allow_extra_args();
        verbs.emplace_back(command, verb);
    }
    std::ranges::reverse(given.ours);   // as CLI11 wants a vector
    app.parse(std::move(given.ours));

    Arguments out;
    CLI::App* used = nullptr;
    for (const auto& [command, verb] : verbs) {
        if (!verb->parsed()) continue;
        out.command = command;
        used = verb;
    }
    if (const auto before = app.remaining(false); !before.empty()) {
        if (used == nullptr) return unexpected(before.front(), nullptr);
        return unexpected_of(*used, before.front(), *out.command);
    }
    out.verb_given = used != nullptr;
    if (used == nullptr) {
        out.command = commands().front();
    } else {
        if (const auto rest = used->remaining(false); !rest.empty())
            return unexpected_of(*used, rest.front(), *out.command);
        collect(*used, out.command->options, out);
        if (out.command->most != 0) out.operands = used->get_option(kOperands)->results();
    }
    collect(app, global_options(), out);
    out.operands.insert(out.operands.end(), given.theirs.begin(), given.theirs.end());
    return check_operands(std::move(out));
}

// "--root: 1 required TEXT missing", "json was given a disallowed flag override": as one line that says what is expected.
std::string reason(const CLI::ParseError& error) {
    std::string text = printable(error.what());
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return text;
    if (text.find("required") != std::string::npos) return text.substr(0, text.find(':')) + " needs a value";
    if (text.find("flag override") != std::string::npos)
        return "--" + text.substr(0, text.find(' ')) + " takes no value";
    return text;
}

}   // namespace

Result<Arguments> parse_arguments(int argc, const char* const* argv) {
    CLI::App app;
    try {
        return parse(app, Splitter(argc, argv).run());
    } catch (const CLI::ParseError& error) {
        return bad_input(reason(error) + "; see memhotctl --help");
    }
}

}   // namespace memhotctl
