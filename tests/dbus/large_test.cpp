// SPDX-License-Identifier: GPL-2.0-or-later
//
// Hosts with many blocks: what takes long holds nobody else up.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "dbus/harness.hpp"
#include "memhot/snapshot.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

constexpr unsigned kBlocks = 32'768;   // 4 TiB

const Client::Fill kNoOptions = [](sd_bus_message* message) { append_no_options(message); };

struct Large {
    PrivateBus bus;
    HostTree dir;
    std::unique_ptr<Daemon> daemon;

    Large() {
        auto snapshot = memhot::load_snapshot(MEMHOT_TEST_DATA "/dimm-host.json");
        if (!snapshot) throw std::runtime_error(snapshot.error().message());
        snapshot->blocks.emplace();
        for (unsigned i = 0; i < kBlocks; ++i) snapshot->blocks->push_back({i, "online", "Normal", true, 0});
        snapshot->iomem = "00001000-3ffffffffff : System RAM\n";
        snapshot->zones.clear();
        const std::string file = dir.path("host.json");
        if (const auto saved = save_snapshot(*snapshot, file); !saved)
            throw std::runtime_error(saved.error().message());
        daemon = std::make_unique<Daemon>(
            bus, Daemon::Options{.snapshot = "", .more = {"--simulate=" + file}, .environment = {}});
    }
};

int note_answer(sd_bus_message* message, void* data, sd_bus_error*) {
    const auto* error = ::sd_bus_message_get_error(message);
    *static_cast<std::string*>(data) = error == nullptr ? "ok" : error->name;
    return 0;
}
// Without waiting for its answer, which is put into `into`.
void ask(Client& client, const char* member, std::string& into, const std::vector<std::string>& words) {
    sd_bus_message* message = nullptr;
    ASSERT_GE(::sd_bus_message_new_method_call(client.bus(), &message, "org.memhot1", "/org/memhot1",
                                               "org.memhot1.Manager", member),
              0);
    append_words(message, words);
    append_no_options(message);
    ASSERT_GE(::sd_bus_call_async(client.bus(), nullptr, message, note_answer, &into, 600'000'000), 0);
    ::sd_bus_message_unref(message);
    ::sd_bus_flush(client.bus());
}

// The plan takes most of a second; who asks meanwhile is answered meanwhile.
TEST(Large, APlanOfThousandsOfStepsHoldsNobodyUp) {
    Large host;
    Client planner(host.bus, As::root);
    Client other(host.bus, As::root);
    ASSERT_TRUE(other.manager("ListBlocks", {}).ok());
    std::string planned;
    ask(planner, "Plan", planned, {"offline", "block1000-9999"});
    int meanwhile = 0;
    const bool answered = eventually(
        [&] {
            EXPECT_TRUE(other.manager("ListBlocks", {}).ok());
            while (::sd_bus_process(planner.bus(), nullptr) > 0) continue;
            meanwhile += planned.empty() ? 1 : 0;
            return !planned.empty();
        },
        120'000);
    ASSERT_TRUE(answered);
    EXPECT_EQ(planned, "ok");
    std::printf("%d others were answered meanwhile\n", meanwhile);
    EXPECT_GE(meanwhile, 10);
}

// One whose questions wait does not make another user wait for all of them.
TEST(Large, QuestionsOfUsersTakeTurns) {
    Large host;
    FakePolkit polkit(host.bus);
    polkit.say(FakePolkit::Say::yes);
    Client nobody(host.bus, As::nobody);
    Client root(host.bus, As::root);
    std::vector<std::string> his(12);
    for (auto& one : his) ask(nobody, "Plan", one, {"offline", "1G"});   // a long search and a short answer
    std::size_t asked = 0;
    ASSERT_TRUE(eventually([&] { return (asked += polkit.take_questions().size()) == his.size(); })) << asked;
    EXPECT_EQ(plan(root, {"offline", "memory40"}).size(), 32U);
    while (::sd_bus_process(nobody.bus(), nullptr) > 0) continue;
    const auto done = std::ranges::count_if(his, [](const auto& one) { return !one.empty(); });
    std::printf("%d of 12 of his plans came first\n", static_cast<int>(done));
    EXPECT_LT(done, 6);
}

TEST(Large, WhatNoMessageHoldsIsNotEvenPlanned) {
    Large host;
    Client root(host.bus, As::root);
    const auto before = host.daemon->status("RssAnon");
    const auto all = plan(root, {"offline", "block100-32767"});
    EXPECT_NE(all.find("LimitExceeded"), std::string::npos) << all;
    // a plan of all of them would take 100 MB
    EXPECT_LT(host.daemon->status("VmHWM"), before + 80 * 1024 + 8 * kSanitizerMemory) << "kB";
}

std::string text_of_file(const Answer& answer) {
    int fd = -1;
    EXPECT_TRUE(answer.ok()) << answer.error << ": " << answer.text;
    if (!answer.ok() || ::sd_bus_message_read(answer.reply.get(), "h", &fd) < 0) return "";
    EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1) << "the file can be changed";
    return read_text("/proc/self/fd/" + std::to_string(fd));
}

// Documents come as text or as a file, and the long ones as a file only.
TEST(Large, DocumentsOfAnySizeComeAsFiles) {
    PrivateBus bus;
    Client root(bus, As::root);
    {
        Daemon daemon(bus);
        EXPECT_EQ(text_of_file(root.manager("DumpMap", kNoOptions)), text_of(root.manager("GetMap", kNoOptions)));
        EXPECT_EQ(text_of_file(root.manager("DumpSnapshot", kNoOptions)),
                  text_of(root.manager("GetSnapshot", kNoOptions)));
    }
    auto snapshot = memhot::load_snapshot(MEMHOT_TEST_DATA "/dimm-host.json");
    ASSERT_TRUE(snapshot.ok());
    snapshot->blocks.emplace();
    for (unsigned i = 0; i < 131'072; ++i)   // no two neighbours are alike
        snapshot->blocks->push_back({i, i % 2 == 0 ? "online" : "offline", "Normal Movable", true, 0});
    snapshot->iomem.reset();
    snapshot->iomem_hidden = "none of this size was recorded";
    snapshot->zones.clear();
    const HostTree dir;
    const std::string file = dir.path("host.json");
    ASSERT_TRUE(save_snapshot(*snapshot, file).ok());
    Daemon daemon(bus, {.snapshot = "", .more = {"--simulate=" + file}, .environment = {}});
    const auto text = root.manager("GetSnapshot", kNoOptions);
    EXPECT_EQ(text.memhot_error(), "LimitExceeded") << text.text;
    EXPECT_NE(text.text.find("DumpSnapshot"), std::string::npos) << text.text;
    const auto dumped = memhot::snapshot_from_json(text_of_file(root.manager("DumpSnapshot", kNoOptions)));
    ASSERT_TRUE(dumped.ok()) << dumped.error().message();
    EXPECT_EQ(dumped->blocks->size(), 131'072U);
}

// The end does not wait for the plans that wait, and their callers hear of it.
TEST(Large, PlansThatWaitHoldUpNoEnd) {
    Large host;
    Client root(host.bus, As::root);
    std::vector<std::string> answers(15);
    for (auto& one : answers) ask(root, "Plan", one, {"offline", "block1000-9999"});
    ASSERT_TRUE(root.manager("ListBlocks", {}).ok());   // behind them: all have come
    host.daemon->process().signal(SIGTERM);
    EXPECT_EQ(host.daemon->process().wait(10'000), 0) << host.daemon->log();
    while (::sd_bus_process(root.bus(), nullptr) > 0) continue;
    for (const auto& one : answers) EXPECT_TRUE(one == "org.memhot1.Error.Busy" || one == "ok") << one;
    EXPECT_EQ(answers.back(), "org.memhot1.Error.Busy");
}

}   // namespace
