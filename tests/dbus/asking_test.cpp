// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a person is shown who is to allow something, and what memhotd holds while that person thinks.
#include <gtest/gtest.h>

#include "dbus/harness.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

Answer apply(Client& client, const std::string& plan) {
    return client.manager("Apply", [&](sd_bus_message* message) {
        ASSERT_GE(::sd_bus_message_append(message, "s", plan.c_str()), 0);
        append_no_options(message);
    });
}

struct Asking {
    explicit Asking(const std::string& snapshot)
        : polkit(bus), daemon(bus, {.snapshot = snapshot, .more = {}, .environment = {}}), nobody(bus, As::nobody) {}
    // What is shown of the wish.
    std::string shown(const std::vector<std::string>& words) {
        polkit.say(FakePolkit::Say::yes);
        const auto name = plan(nobody, words);
        polkit.take_questions();
        polkit.say(FakePolkit::Say::no);
        EXPECT_EQ(apply(nobody, name).memhot_error(), "NotAuthorized");
        const auto questions = polkit.take_questions();
        return questions.size() == 1 ? questions[0].details.at("plan") : "no question";
    }
    PrivateBus bus;
    FakePolkit polkit;
    Daemon daemon;
    Client nobody;
};

// What is repeated until the line is full hides nothing.
TEST(Asking, APlanOfManyWordsIsShownByWhatItDoes) {
    Asking asking("dimm-host.json");
    std::vector<std::string> words{"offline"};
    for (int i = 0; i < 40; ++i) words.emplace_back("memory80");
    for (const auto* block : {"memory81", "memory82", "memory83"}) words.emplace_back(block);
    EXPECT_EQ(asking.shown(words), "offline, 4 steps: would offline memory80-83 from zone Movable, downward");
}

TEST(Asking, DataThatGoesIsShown) {
    Asking asking("nvdimm-host.json");
    const auto text = asking.shown({"namespace", "destroy", "namespace0.4", "--force"});
    EXPECT_TRUE(text.starts_with("namespace destroy namespace0.4 --force; destroys ")) << text;
}

TEST(Asking, TheJobThatIsTakenUpIsShown) {
    Asking asking("dimm-host.json");
    asking.polkit.say(FakePolkit::Say::no);
    for (const std::string member : {"Undo", "Finish"}) {
        std::ignore = asking.nobody.manager(member, [](sd_bus_message* message) {
            ASSERT_GE(::sd_bus_message_append(message, "s", "17"), 0);
            append_no_options(message);
        });
        const auto questions = asking.polkit.take_questions();
        ASSERT_EQ(questions.size(), 1U);
        EXPECT_EQ(questions[0].details.at("member"), "Manager." + member + " of job 17");
    }
}

// A question may stay open for minutes, and what waits for it is the daemon's memory.
TEST(Asking, WhatWaitsIsBounded) {
    Asking asking("dimm-host.json");
    asking.polkit.say(FakePolkit::Say::nothing);
    const std::string text(std::size_t{20} << 20, 'x');
    const auto explain = [&](sd_bus_message* message) {
        ASSERT_GE(::sd_bus_message_append(message, "s", text.c_str()), 0);
        append_options(message, {}, {"interactive"});
    };
    Client other(asking.bus, As::nobody);
    sd_bus_message* first = nullptr;
    ASSERT_GE(::sd_bus_message_new_method_call(other.bus(), &first, "org.memhot1", "/org/memhot1",
                                               "org.memhot1.Manager", "Explain"),
              0);
    explain(first);
    ASSERT_GE(::sd_bus_call_async(other.bus(), nullptr, first, nullptr, nullptr, 0), 0);
    ASSERT_GE(::sd_bus_flush(other.bus()), 0);
    ::sd_bus_message_unref(first);
    ASSERT_TRUE(eventually([&] { return asking.polkit.take_questions().size() == 1; }));
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(asking.nobody.manager("Explain", explain).memhot_error(), "LimitExceeded") << i;
    EXPECT_TRUE(asking.polkit.take_questions().empty());
}

}   // namespace
