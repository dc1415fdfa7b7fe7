// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a client hears and is told of hazards.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dbus/harness.hpp"

namespace memhot::test {

struct Heard {
    struct Signal {
        std::string member;
        std::uint64_t id = 0;
        std::string rule;
    };
    std::vector<Signal> signals;

    explicit Heard(Client& client) : client_(client) {
        if (::sd_bus_match_signal(client.bus(), nullptr, "org.memhot1", "/org/memhot1", "org.memhot1.Manager", nullptr,
                                  take, this) < 0)
            throw std::runtime_error("sd_bus_match_signal");
    }
    // Until the signal has come, for any rule where none is given.
    std::optional<Signal> wait(const std::string& member, const std::string& rule = "") {
        std::optional<Signal> found;
        eventually([&] {
            while (::sd_bus_process(client_.bus(), nullptr) > 0) continue;
            for (const auto& one : signals) {
                if (one.member == member && (rule.empty() || one.rule == rule)) found = one;
            }
            return found.has_value();
        });
        return found;
    }

private:
    static int take(sd_bus_message* message, void* data, sd_bus_error*) {
        auto& self = *static_cast<Heard*>(data);
        Signal one{::sd_bus_message_get_member(message), 0, ""};
        const char* rule = "";
        if (one.member == "HazardRaised") ::sd_bus_message_read(message, "ts", &one.id, &rule);
        if (one.member == "HazardCleared") ::sd_bus_message_read(message, "t", &one.id);
        one.rule = rule;
        self.signals.push_back(one);
        return 0;
    }
    Client& client_;
};

struct Told {
    std::string rule;
    std::string where;
    std::string text;
    std::string remedy;
};
inline std::map<std::uint64_t, Told> hazards(Client& client) {
    std::map<std::uint64_t, Told> out;
    const auto answer = client.manager("Hazards", [](sd_bus_message* message) { append_no_options(message); });
    EXPECT_TRUE(answer.ok()) << answer.error << answer.text;
    if (!answer.ok()) return out;
    EXPECT_GE(::sd_bus_message_enter_container(answer.reply.get(), 'a', "(tssssst)"), 0);
    std::uint64_t id = 0;
    std::uint64_t since = 0;
    const char* text[5] = {};
    while (::sd_bus_message_read(answer.reply.get(), "(tssssst)", &id, &text[0], &text[1], &text[2], &text[3], &text[4],
                                 &since) > 0) {
        EXPECT_NE(since, 0U);
        out[id] = {text[0], text[2], text[3], text[4]};
    }
    return out;
}

}   // namespace memhot::test
