// SPDX-License-Identifier: GPL-2.0-or-later
//
// What callers were told and have not read, without a bus.
#include <gtest/gtest.h>

#include "dbus/outbox.hpp"

namespace memhot::bus {
namespace {

struct Outboxes : testing::Test {
    std::uint64_t now = 0;
    bool sends = true;
    std::map<std::string, std::function<void(Outbox::Heard)>> pings;
    Outbox outbox{{.of_caller = 1000, .of_all = 3000, .beyond = 100, .asked_from = 200, .forgiven = 10},
                  [this](const std::string& name, std::function<void(Outbox::Heard)> heard) {
                      EXPECT_FALSE(pings.contains(name)) << "two pings of one caller";
                      if (sends) pings[name] = std::move(heard);
                      return sends;
                  },
                  [this] { return now; }};

    void answer(const std::string& name, Outbox::Heard what) {
        const auto ping = pings.extract(name);
        ASSERT_FALSE(ping.empty()) << name;
        ping.mapped()(what);
    }
};
const Outbox::Caller kOne{":1.1", 1000, false};
const Outbox::Caller kTwo{":1.2", 1000, false};
const Outbox::Caller kRoot{":1.3", 0, true};
using Room = Outbox::Room;

TEST_F(Outboxes, APingAcknowledgesWhatWasSaidBeforeIt) {
    outbox.said(kOne, 200);
    EXPECT_TRUE(pings.empty());
    outbox.said(kOne, 1);
    ASSERT_EQ(pings.size(), 1U);
    outbox.said(kOne, 700);
    EXPECT_EQ(outbox.room(kOne, 99), Room::enough);
    EXPECT_EQ(outbox.room(kOne, 100), Room::none);
    answer(":1.1", Outbox::Heard::read);
    EXPECT_EQ(outbox.unread(), 700U);
    answer(":1.1", Outbox::Heard::read);   // it was asked again about those
    EXPECT_EQ(outbox.unread(), 0U);
    EXPECT_EQ(outbox.callers(), 0U);
}

TEST_F(Outboxes, ConnectionsOfAUserAreOne) {
    outbox.said(kOne, 600);
    outbox.said(kTwo, 400);
    EXPECT_EQ(outbox.room(kTwo, 1), Room::none);
    EXPECT_EQ(outbox.room({":1.9", 1000, false}, 1), Room::none);
    EXPECT_EQ(outbox.room({":1.8", 1001, false}, 1000), Room::enough);
    answer(":1.1", Outbox::Heard::gone);
    EXPECT_EQ(outbox.room(kTwo, 600), Room::enough);
}

TEST_F(Outboxes, WhoseSmallAnswersAddUpIsAskedWhetherHeIsStillThere) {
    for (int i = 0; i < 6; ++i) outbox.said({":1.1" + std::to_string(i), 1000, false}, 90);
    EXPECT_EQ(pings.size(), 6U) << "half of what the user may have";
    for (int i = 0; i < 6; ++i) answer(":1.1" + std::to_string(i), Outbox::Heard::gone);
    EXPECT_EQ(outbox.unread(), 0U);
}

TEST_F(Outboxes, RefusalsEndInSilence) {
    outbox.said(kOne, 1000);
    EXPECT_EQ(outbox.room(kOne), Room::enough);
    outbox.said(kOne, 1);
    EXPECT_EQ(outbox.room(kOne), Room::none);
    outbox.said(kOne, 100);
    EXPECT_EQ(outbox.room(kOne), Room::silent);
    answer(":1.1", Outbox::Heard::read);
    EXPECT_EQ(outbox.room(kOne), Room::enough);
}

TEST_F(Outboxes, AllTogetherHaveALimitToo) {
    for (std::uint32_t i = 0; i < 3; ++i) outbox.said({":1.2" + std::to_string(i), i + 1, false}, 1000);
    EXPECT_EQ(outbox.room(kRoot, 100), Room::enough) << "a little is always left";
    EXPECT_EQ(outbox.room(kRoot, 150), Room::none);
    EXPECT_EQ(pings.size(), 3U);
}

// Root's tools do not share one account: a stuck one stops no other.
TEST_F(Outboxes, WhoIsTrustedIsCountedByConnection) {
    outbox.said(kRoot, 1000);
    EXPECT_EQ(outbox.room(kRoot, 1), Room::none);
    EXPECT_EQ(outbox.room({":1.4", 0, true}, 1000), Room::enough);
}

TEST_F(Outboxes, ALittleIsForgivenWithTime) {
    outbox.said(kOne, 1001);
    answer(":1.1", Outbox::Heard::nothing);   // the bus did not let it through
    EXPECT_EQ(outbox.room(kOne), Room::none);
    now += 1'000'000;
    EXPECT_EQ(outbox.room(kOne), Room::enough);
    EXPECT_EQ(outbox.unread(), 991U);
    now += 200'000'000;
    EXPECT_EQ(outbox.room(kOne, 1000), Room::enough);
    EXPECT_EQ(outbox.unread(), 0U);
}

// A second later, so that the bus is not pressed; his next call is enough for that, for he may be told nothing by then.
TEST_F(Outboxes, WhoCouldNotBeAskedIsAskedAgain) {
    for (const bool sent : {true, false}) {
        SCOPED_TRACE(sent ? "the bus said no" : "it could not be sent");
        sends = sent;
        outbox.said(kOne, 1200);
        if (sent) answer(":1.1", Outbox::Heard::nothing);
        sends = true;
        EXPECT_EQ(outbox.room(kOne), Room::silent);
        EXPECT_TRUE(pings.empty());
        now += 1'000'000;
        EXPECT_EQ(outbox.room(kOne), Room::silent);
        answer(":1.1", Outbox::Heard::read);
        EXPECT_EQ(outbox.unread(), 0U);
        EXPECT_EQ(outbox.room(kOne, 1000), Room::enough);
    }
}

TEST_F(Outboxes, OnlySomePingsAreOpenAtATime) {
    for (int i = 0; i < 40; ++i) outbox.said({":1.1" + std::to_string(i), 1000, false}, 300);
    EXPECT_EQ(pings.size(), 8U) << "of a user";
    for (std::uint32_t user = 1; user <= 40; ++user) outbox.said({":1.2" + std::to_string(user), user, false}, 300);
    EXPECT_EQ(pings.size(), 32U) << "of all";
    // the next is the first that waits and whose user has room
    answer(":1.21", Outbox::Heard::read);
    EXPECT_EQ(pings.size(), 32U);
    EXPECT_TRUE(pings.contains(":1.225"));
    answer(":1.10", Outbox::Heard::nothing);
    EXPECT_TRUE(pings.contains(":1.18"));
    EXPECT_FALSE(pings.contains(":1.10"));
    while (!pings.empty()) answer(pings.begin()->first, Outbox::Heard::gone);
    EXPECT_EQ(outbox.unread(), 300U) << "of the one that could not be asked";
    EXPECT_EQ(outbox.callers(), 1U);
}

// Of those who were forgiven everything meanwhile, too, and are asked anew.
TEST_F(Outboxes, WhoIsAskedIsRememberedWhenOthersAreForgotten) {
    outbox.said(kOne, 300);
    now += 100'000'000;
    for (int i = 0; i < 1025; ++i) outbox.said({":1.3" + std::to_string(i), 2, false}, 1);
    outbox.said(kOne, 300);
    EXPECT_EQ(outbox.room(kOne), Room::enough);
    answer(":1.1", Outbox::Heard::read);
    EXPECT_TRUE(pings.contains(":1.1"));
}

}   // namespace
}   // namespace memhot::bus
