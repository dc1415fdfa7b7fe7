// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/policy_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/text.hpp"
#include "output/labelled.hpp"
#include "output/text.hpp"

namespace memhotctl {

namespace {

using Document = nlohmann::json;
using Texts = std::vector<std::string>;

Texts texts(const Document& object, const char* name) { return object.value(name, Texts()); }
std::uint64_t number(const Document& object, const char* name) { return object.value(name, std::uint64_t{0}); }

// "/etc/memhot/policy.d/10-cxl.policy:4"
std::string place_text(const Document& place) {
    const auto line = number(place, "line");
    const auto path = place.at("path").get<std::string>();
    return line == 0 ? path : fmt::format("{}:{}", path, line);
}

std::string origin_text(const Document& thing) {
    auto parts = texts(thing, "sources");
    const auto doubtful = texts(thing, "perhaps_sources");
    if (!doubtful.empty()) parts.push_back("perhaps " + memhot::config::joined(doubtful, " or "));
    std::string text = parts.empty() ? "no source that policies know" : memhot::config::joined(parts, ", ");
    if (thing.contains("node")) text += fmt::format("; node {}", thing.at("node").get<int>());
    for (const auto& name : texts(thing, "devices")) {
        if (name != thing.at("thing").get<std::string>()) text += "; " + name;
    }
    return text + (thing.at("present").get<bool>() ? "" : "; not there yet");
}

void add_thing(const Document& thing, bool verbose, Labelled& out) {
    const auto count = number(thing, "count");
    out.add("Thing", thing.at("thing").get<std::string>() + (count == 1 ? "" : fmt::format(" ({} blocks)", count)));
    out.add("From", origin_text(thing));
    if (verbose && thing.contains("source_note")) out.add("", thing.at("source_note").get<std::string>());
    out.add("Decision",
            fmt::format("{}: {}", thing.at("action").get<std::string>(), thing.at("text").get<std::string>()));
    if (thing.contains("policy")) out.add("Policy", place_text(thing.at("policy")));
    Texts others;
    for (const auto& other : thing.at("not_matched"))
        others.push_back(fmt::format("{}: {}", place_text(other.at("place")), other.at("why").get<std::string>()));
    out.add("Not", others, verbose ? 0 : 8);
    if (const auto more = number(thing, "not_asked"); more != 0)
        out.add("", counted(more, "policy file") + " behind it not asked");
    if (thing.contains("wish")) out.add("Would", "memhotctl " + thing.at("wish").get<std::string>());
    for (const auto& unit : texts(thing, "post_units")) out.add("Then", "start " + unit);
}

std::string writes_text(const Document& one) {
    const auto first = number(one, "first");
    const auto last = number(one, "last");
    const auto blocks = first == last ? fmt::format("memory{}", first) : fmt::format("memory{}-{}", first, last);
    return fmt::format("{}: write {} ({})", blocks, one.at("word").get<std::string>(), place_text(one.at("policy")));
}

void add_rest(const Document& document, bool verbose, Labelled& out) {
    Texts knobs;
    for (const auto& knob : document.at("knobs")) {
        const auto why = knob.contains("policy") ? place_text(knob.at("policy"))
                                                 : "memhotd set it, and no policy wants that any more";
        knobs.push_back(fmt::format("{}: {} instead of {} ({})", knob.at("path").get<std::string>(),
                                    knob.at("text").get<std::string>(), knob.at("was").get<std::string>(), why));
    }
    for (const auto& knob : document.at("left"))
        knobs.push_back(fmt::format("{} ({})", knob.at("text").get<std::string>(), place_text(knob.at("policy"))));
    out.add("Knobs", knobs);
    Texts writes;
    for (const auto& one : document.at("writes")) writes.push_back(writes_text(one));
    out.add("Blocks", writes, verbose ? 0 : 8);
    if (const auto blocks = number(document, "by_kernel"); blocks != 0)
        out.add("Kernel", counted(blocks, "block") + " online without a write");
    out.add("Cannot", texts(document, "cannot"));
    if (!document.at("act").get<bool>()) out.add("Act", "no: memhotd would only report this (Act= in memhotd.conf)");
}

PolicyTestText text_of(const Document& document, const Terminal& terminal, bool verbose) {
    PolicyTestText out;
    for (const auto& thing : document.at("things")) {
        Labelled lines(terminal);
        add_thing(thing, verbose, lines);
        out.text += (out.text.empty() ? "" : "\n") + lines.text();
        out.decided = out.decided || thing.contains("policy");
        out.uncertain = out.uncertain || thing.at("action") == "uncertain";
    }
    Labelled rest(terminal);
    add_rest(document, verbose, rest);
    out.text += "\n" + rest.text();
    for (const auto& problem : document.at("problems")) {
        out.problems.push_back(fmt::format("{}: {}: {}", problem.at("severity").get<std::string>(),
                                           place_text(problem.at("place")), problem.at("text").get<std::string>()));
    }
    return out;
}

}   // namespace

memhot::Result<PolicyTestText> policy_test_text(const std::string& document, const Terminal& terminal, bool verbose) {
    try {
        return text_of(Document::parse(document), terminal, verbose);
    } catch (const Document::exception& error) {
        return memhot::bad_input(std::string("expected a document memhot-policy-test/1: ") + error.what());
    }
}

}   // namespace memhotctl
