// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Wishes as words of a command line.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "memhot/plan.hpp"
#include "plan/options.hpp"
#include "units/quote.hpp"

namespace memhot {

namespace {

constexpr std::array<std::string_view, 3> kZoneNames{"auto", "kernel", "movable"};

// Verbs that online memory.
constexpr std::array kChooseZone{PlanVerb::online, PlanVerb::probe, PlanVerb::dax_online, PlanVerb::dax_reconfigure};

std::string verbs_text() {
    std::string out;
    for (std::size_t i = 0; i < static_cast<std::size_t>(PlanVerb::count_); ++i) {
        out += fmt::format("{}{}", out.empty() ? "" : ", ", to_string(static_cast<PlanVerb>(i)));
    }
    return out;
}

// How many words the verb has; 0: it is none.
std::size_t take_verb(const std::vector<std::string>& words, Wish& wish) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(PlanVerb::count_); ++i) {
        const auto verb = static_cast<PlanVerb>(i);
        const std::string_view name = to_string(verb);
        const bool two = name.find(' ') != std::string_view::npos;
        if (words.size() < (two ? 2U : 1U)) continue;
        if ((two ? words[0] + " " + words[1] : words[0]) != name) continue;
        wish.verb = verb;
        return two ? 2 : 1;
    }
    return 0;
}

Status take_zone(std::string_view text, Wish& wish) {
    for (std::size_t i = 0; i < kZoneNames.size(); ++i) {
        if (text != kZoneNames[i]) continue;
        wish.zone = static_cast<WantedZone>(i);
        return Done{};
    }
    return bad_input(fmt::format("--zone={}: expected auto, kernel or movable", text));
}

Status take_ratio(std::string_view text, Wish& wish) {
    const auto number = parse_number(text);
    if (!number || *number > 1'000'000) {
        return bad_input(fmt::format("--ratio={}: expected percent of movable to kernel memory, 0 for no guard", text));
    }
    wish.ratio = static_cast<unsigned>(*number);
    return Done{};
}

// --zone and --ratio, as --zone=ZONE or --zone ZONE; the words that are left.
Result<std::vector<std::string>> take_own_options(std::span<const std::string> words, Wish& wish) {
    std::vector<std::string> rest;
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string word = words[i];
        const bool ours = word == "--zone" || word == "--ratio";
        if (ours && i + 1 == words.size()) return bad_input(fmt::format("{}: expected a value", word));
        if (ours) word += "=" + words[++i];
        Status taken = Done{};
        if (word.starts_with("--zone=")) {
            const bool chooses = std::ranges::find(kChooseZone, wish.verb) != kChooseZone.end();
            taken = chooses ? take_zone(std::string_view(word).substr(7), wish)
                            : bad_input(fmt::format("{}: expected only where memory is onlined (online, probe, "
                                                    "dax online, dax reconfigure)",
                                                    word));
        } else if (word.starts_with("--ratio=")) {
            taken = take_ratio(std::string_view(word).substr(8), wish);
        } else {
            rest.push_back(std::move(word));
        }
        if (!taken) return taken.error();
    }
    return rest;
}

// The tool's options in their long form, each one word.
std::vector<std::string> long_forms(const ParsedOptions& parsed) {
    std::vector<std::string> out;
    for (const auto& [word, value] : parsed.values) out.push_back(fmt::format("--{}={}", word, value));
    for (const auto& [word, set] : parsed.flags) out.push_back(fmt::format("--{}{}", set ? "" : "no-", word));
    return out;
}

}   // namespace

std::string_view to_string(WantedZone zone) { return kZoneNames.at(static_cast<std::size_t>(zone)); }

Result<Wish> parse_wish(const std::vector<std::string>& words) {
    Wish wish;
    const std::size_t verb = take_verb(words, wish);
    if (verb == 0) {
        return bad_input(fmt::format("{}: expected one of {}",
                                     words.empty() ? std::string("no verb") : units::quoted(words.front()),
                                     verbs_text()));
    }
    auto rest = take_own_options(std::span(words).subspan(verb), wish);
    if (!rest) return std::move(rest).error();
    ParsedOptions parsed = parse_options(plan::options_of(wish.verb), *rest);
    if (!parsed.error.empty()) {
        const bool of_memory = wish.verb <= PlanVerb::probe;
        constexpr std::string_view kPrefix = "Error: ";   // as ndctl has it
        const std::string_view why = parsed.error;
        return bad_input(fmt::format("{}: {}{}", to_string(wish.verb),
                                     why.starts_with(kPrefix) ? why.substr(kPrefix.size()) : why,
                                     of_memory ? "; expected --zone=ZONE or --ratio=PERCENT" : ""));
    }
    wish.options = long_forms(parsed);
    wish.things = std::move(parsed.words);
    return wish;
}

std::string to_string(const Wish& wish) {
    std::string out(to_string(wish.verb));
    for (const auto& thing : wish.things) out += " " + thing;
    for (const auto& option : wish.options) out += " " + option;
    if (wish.zone != WantedZone::automatic) out += fmt::format(" --zone={}", to_string(wish.zone));
    if (wish.ratio != kDefaultRatio) out += fmt::format(" --ratio={}", wish.ratio);
    return out;
}

}   // namespace memhot
