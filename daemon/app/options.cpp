// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/options.hpp"

#include <array>
#include <string_view>

#include "execute/target.hpp"

namespace memhot::app {

namespace {

struct Row {
    std::string_view name;
    std::string_view value;   // empty: a flag
    std::string_view meaning;
    void (*set)(Options& into, const std::string& value);
};
constexpr auto kRows = std::to_array<Row>({
    {"bus", "BUS", "system (the default), session, or an address such as unix:path=/run/x",
     [](Options& into, const std::string& value) { into.bus = value; }},
    {"root", "DIR", "the host is the one below DIR; its configuration, too",
     [](Options& into, const std::string& value) { into.root = value; }},
    {"simulate", "FILE", "the host is a simulated one, made of a snapshot; a new file there is new hardware",
     [](Options& into, const std::string& value) { into.simulate = value; }},
    {"fault", "FAULT", "what goes wrong on a simulated host, such as slow:memory40:500; may be given several times",
     [](Options& into, const std::string& value) { into.faults.push_back(value); }},
    {"config-root", "DIR", "read configuration and policies below DIR",
     [](Options& into, const std::string& value) { into.config_root = value; }},
    {"state-dir", "DIR", "keep the journal in DIR",
     [](Options& into, const std::string& value) { into.state_directory = value; }},
    {"run-dir", "DIR", "keep the lock in DIR",
     [](Options& into, const std::string& value) { into.run_directory = value; }},
    {"events", "", "follow the events of udev also with --root",
     [](Options& into, const std::string&) { into.events = true; }},
    {"check-config", "", "read configuration and policies, say what is wrong, and end",
     [](Options& into, const std::string&) { into.check_config = true; }},
    {"debug", "", "say more", [](Options& into, const std::string&) { into.debug = true; }},
    {"help", "", "this", [](Options& into, const std::string&) { into.help = true; }},
    {"version", "", "the version", [](Options& into, const std::string&) { into.version = true; }},
});

const Row* find_row(std::string_view name) {
    for (const auto& row : kRows) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

}   // namespace

Result<Options> parse_options(int argc, char** argv) {
    Options out;
    for (int i = 1; i < argc; ++i) {
        std::string_view word = argv[i];
        const std::string given(word.substr(0, 64));
        if (!word.starts_with("--")) return bad_input("'" + given + "': expected an option; memhotd --help lists them");
        word.remove_prefix(2);
        const auto equals = word.find('=');
        const Row* row = find_row(word.substr(0, equals));
        if (row == nullptr) return bad_input("'" + given + "': there is no such option; memhotd --help lists them");
        const bool has_value = equals != std::string_view::npos;
        if (row->value.empty()) {
            if (has_value) return bad_input("'" + given + "': the option takes no value");
            row->set(out, {});
            continue;
        }
        std::string value;
        if (has_value) {
            value = word.substr(equals + 1);
        } else if (++i < argc) {
            value = argv[i];
        }
        if (value.empty()) return bad_input("'" + given + "': expected " + std::string(row->value) + " behind it");
        row->set(out, value);
    }
    if (!out.simulate.empty() && out.root != "/")
        return bad_input("--simulate and --root: the host is one or the other");
    if (out.simulate.empty() && !out.faults.empty())
        return bad_input("--fault is for a simulated host, see --simulate");
    for (const auto& text : out.faults) {
        if (const auto fault = execute::parse_fault(text); !fault) return fault.error();
    }
    return out;
}

std::string help_text() {
    std::string out = "usage: memhotd [OPTION...]\n"
                      "Watches, predicts and plans memory hotplug; serves org.memhot1 on D-Bus. See memhotd(8).\n\n";
    for (const auto& row : kRows) {
        std::string name = "  --" + std::string(row.name) + (row.value.empty() ? "" : "=" + std::string(row.value));
        name.resize(std::max<std::size_t>(name.size() + 2, 22), ' ');
        out += name + std::string(row.meaning) + "\n";
    }
    return out;
}

}   // namespace memhot::app
