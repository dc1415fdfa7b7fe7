// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each error of memhotd has the exit status that the same failure has in process.
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "dbus/harness.hpp"
#include "journal/entry.hpp"
#include "memhot/snapshot.hpp"
#include "service/failure.hpp"
#include "support/command.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

// Has the name of memhotd, and answers everything but GetSnapshot with the error of the moment.
class FakeMemhotd {
public:
    explicit FakeMemhotd(const PrivateBus& bus)
        : snapshot_(to_json(*memhot::load_snapshot(MEMHOT_TEST_DATA "/dimm-host.json"))) {
        good(::sd_bus_new(&bus_));
        good(::sd_bus_set_address(bus_, bus.address().c_str()));
        good(::sd_bus_set_bus_client(bus_, 1));
        good(::sd_bus_start(bus_));
        good(::sd_bus_add_object(bus_, nullptr, "/org/memhot1", asked, this));
        good(::sd_bus_request_name(bus_, "org.memhot1", 0));
        thread_ = std::thread([this] {
            while (!stop_) {
                if (::sd_bus_process(bus_, nullptr) == 0) ::sd_bus_wait(bus_, 20'000);
            }
        });
    }
    FakeMemhotd(const FakeMemhotd&) = delete;
    FakeMemhotd& operator=(const FakeMemhotd&) = delete;
    ~FakeMemhotd() {
        stop_ = true;
        thread_.join();
        ::sd_bus_flush_close_unref(bus_);
        ::close(dump_);
    }
    // Before the call that meets it.
    void say(const std::string& error) { error_ = "org.memhot1.Error." + error; }
    // What ListBlocks and ReadJournal give, instead of an error: blocks as runs of the first to the last, entries as texts.
    void give_blocks(std::vector<std::pair<std::uint64_t, std::uint64_t>> runs) { runs_ = std::move(runs); }
    void give_journal(std::vector<std::string> entries) { entries_ = std::move(entries); }
    // What DumpBlocks gives, instead of an error.
    void give_dump() {
        const auto snapshot = memhot::load_snapshot(MEMHOT_TEST_DATA "/dimm-host.json");
        std::string text;
        for (const auto& block : *snapshot->blocks) {
            std::string zones = block.valid_zones.empty() ? "-" : block.valid_zones;
            std::ranges::replace(zones, ' ', ',');
            text += std::to_string(block.number) + " " + block.state + " " + std::to_string(block.node.value_or(-1)) +
                    " " + zones + "\n";
        }
        dump_ = ::memfd_create("dump", MFD_CLOEXEC);
        good(::write(dump_, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : -EIO);
    }

private:
    static void good(int answer) {
        if (answer < 0) throw std::runtime_error("sd-bus: " + std::to_string(answer));
    }
    static int asked(sd_bus_message* message, void* data, sd_bus_error*) {
        auto& self = *static_cast<FakeMemhotd*>(data);
        if (::sd_bus_message_is_method_call(message, nullptr, "GetSnapshot") > 0)
            return ::sd_bus_reply_method_return(message, "s", self.snapshot_.c_str());
        if (self.dump_ >= 0 && ::sd_bus_message_is_method_call(message, nullptr, "DumpBlocks") > 0)
            return ::sd_bus_reply_method_return(message, "h", self.dump_.load());
        if (!self.runs_.empty() && ::sd_bus_message_is_method_call(message, nullptr, "ListBlocks") > 0)
            return self.answer(message, &FakeMemhotd::append_runs);
        if (!self.entries_.empty() && ::sd_bus_message_is_method_call(message, nullptr, "ReadJournal") > 0)
            return self.answer(message, &FakeMemhotd::append_entries);
        if (::sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Get") > 0)
            return ::sd_bus_reply_method_return(message, "v", "t", UINT64_C(0x8000000));   // BlockSize
        const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(self.error_.c_str(), "as the test wants it");
        return ::sd_bus_reply_method_error(message, &error);
    }
    int answer(sd_bus_message* call, void (FakeMemhotd::*append)(sd_bus_message*) const) const {
        sd_bus_message* reply = nullptr;
        good(::sd_bus_message_new_method_return(call, &reply));
        (this->*append)(reply);
        const int sent = ::sd_bus_send(bus_, reply, nullptr);
        ::sd_bus_message_unref(reply);
        return sent;
    }
    void append_runs(sd_bus_message* reply) const {
        good(::sd_bus_message_append(reply, "t", UINT64_C(0x8000000)));
        good(::sd_bus_message_open_container(reply, 'a', "(ttssii)"));
        for (const auto& [first, last] : runs_)
            good(::sd_bus_message_append(reply, "(ttssii)", first, last, "online", "Normal", 0, 1));
        good(::sd_bus_message_close_container(reply));
    }
    void append_entries(sd_bus_message* reply) const {
        good(::sd_bus_message_open_container(reply, 'a', "s"));
        for (const auto& entry : entries_) good(::sd_bus_message_append(reply, "s", entry.c_str()));
        good(::sd_bus_message_close_container(reply));
        good(::sd_bus_message_append(reply, "tsas", UINT64_C(0), "", 0));
    }

    std::string snapshot_;
    std::string error_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> runs_;
    std::vector<std::string> entries_;
    std::atomic<int> dump_ = -1;
    sd_bus* bus_ = nullptr;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

// In process: a stale plan and one that a rule refuses are 1 (acting.cpp), data that nobody named are 1 (confirm.cpp), words
// that mean nothing are 2, what root alone may 4, somebody else's lock, a disk that fails and an exception 5.
const std::map<std::string, int> kStatuses{
    {"Refused", 1},     {"Stale", 1},         {"NotConfirmed", 1}, {"BadInput", 2}, {"NotFound", 2},
    {"Unsupported", 2}, {"Ambiguous", 2},     {"Hidden", 4},       {"Busy", 5},     {"NotAuthorized", 4},
    {"Io", 5},          {"LimitExceeded", 5}, {"Internal", 5},
};

TEST(ClientErrors, HaveTheStatusOfTheSameFailureInProcess) {
    PrivateBus bus;
    FakeMemhotd daemon(bus);
    ASSERT_EQ(kStatuses.size(), memhot::service::error_name::kAll.size());
    for (const auto name : memhot::service::error_name::kAll) {
        const std::string error(name);
        ASSERT_TRUE(kStatuses.contains(error)) << error;
        daemon.say(error);
        for (const char* words : {"online memory84 -y", "list", "jobs", "policy test"}) {
            const auto said = run(MEMHOTCTL " -H " + bus.address() + " " + words + " 2>&1");
            EXPECT_EQ(said.status, kStatuses.at(error)) << error << " of " << words << ": " << said.text;
            EXPECT_NE(said.text.find("as the test wants it"), std::string::npos) << said.text;
        }
    }
    daemon.say("FromTheFuture");
    EXPECT_EQ(run(MEMHOTCTL " -H " + bus.address() + " online memory84 -y 2>&1").status, 5);
}

// The manual's table: a status, and the errors that have it.
TEST(ClientErrors, AreInTheManual) {
    std::string page = read_text(MEMHOT_SOURCE_DIR "/man/memhotctl.1");
    const auto begin = page.find("its errors\n.RB ( org.memhot1 (5))");
    ASSERT_NE(begin, std::string::npos);
    page = page.substr(begin, page.find("\n.SH ", begin) - begin);
    std::map<std::string, int> told;
    static const std::regex kRow("\n\\.TP\n([0-9])\n([A-Za-z, ]+)");
    for (std::sregex_iterator it(page.begin(), page.end(), kRow), end; it != end; ++it) {
        std::istringstream names((*it)[2].str());
        for (std::string name; std::getline(names >> std::ws, name, ',');) told[name] = std::stoi((*it)[1].str());
    }
    EXPECT_EQ(told, kStatuses);
}

// The lock that somebody else holds is no mistake of the words.
TEST(ClientErrors, AHostThatSomebodyElseChangesIs5) {
    PrivateBus bus;
    HostTree dir;
    dir.directory("run");
    Daemon daemon(bus, {.snapshot = "dimm-host.json", .more = {"--run-dir=" + dir.path("run")}, .environment = {}});
    const std::string lock = dir.path("run/lock");
    const auto said = run("flock " + lock + " " MEMHOTCTL " -H " + bus.address() + " online memory84 -y 2>&1");
    EXPECT_EQ(said.status, 5) << said.text;
    EXPECT_NE(said.text.find("is changing this host"), std::string::npos) << said.text;
}

// More runs than a message holds come as a file; not over ssh, which passes none.
TEST(ClientErrors, BlocksThatNoMessageHoldsComeAsAFile) {
    if (std::system("command -v systemd-stdio-bridge >/dev/null") != 0) GTEST_SKIP() << "needs systemd-stdio-bridge";
    PrivateBus bus;
    FakeMemhotd daemon(bus);
    daemon.say("LimitExceeded");
    daemon.give_dump();
    const std::string words = "list -a -o RANGE,SIZE,STATE,BLOCK,NODE,ZONES 2>&1";
    const auto told = run(MEMHOTCTL " -H " + bus.address() + " " + words);
    EXPECT_EQ(told.status, 0);
    EXPECT_EQ(told.text, run(MEMHOTCTL " --snapshot " MEMHOT_TEST_DATA "/dimm-host.json " + words).text);
    HostTree dir;
    const std::string path = with_program(dir, "ssh", "exec systemd-stdio-bridge --bus-path=" + bus.address() + "\n");
    const auto over_ssh = run(path + MEMHOTCTL " -H admin@server " + words);
    EXPECT_EQ(over_ssh.status, 5) << over_ssh.text;
    EXPECT_NE(over_ssh.text.find("as the test wants it"), std::string::npos) << over_ssh.text;
}

// What the other side claims is not counted up to: neither in one run, nor in several.
TEST(ClientErrors, MoreBlocksThanAnyHostHasAreNoAnswer) {
    PrivateBus bus;
    FakeMemhotd daemon(bus);
    const std::string list = MEMHOTCTL " -H " + bus.address() + " list 2>&1";
    daemon.give_blocks({{0, 7}, {16, 31}});
    EXPECT_EQ(run(list).status, 0) << run(list).text;
    const std::uint64_t many = 3'000'000;
    for (const auto& runs : {std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, UINT32_MAX}},
                             {{0, many}, {many + 1, 2 * many}},
                             {{8, 7}}}) {
        daemon.give_blocks(runs);
        const auto said = run(list);
        EXPECT_EQ(said.status, 3) << said.text;
        EXPECT_NE(said.text.find("memhotd answers something else than memory blocks"), std::string::npos) << said.text;
    }
}

TEST(ClientErrors, AJobWithMoreStepsThanItsPlanIsSaidAndHidesNoOther) {
    namespace journal = memhot::journal;
    const std::string plan =
        run(MEMHOTCTL " --snapshot " MEMHOT_TEST_DATA "/dimm-host.json plan offline 128M --json").text;
    std::vector<std::string> entries;
    std::uint64_t sequence = 0;
    const auto add = [&](const std::string& job, journal::EntryKind kind, std::size_t step, const std::string& text) {
        journal::Entry entry;
        entry.sequence = ++sequence;
        entry.time = sequence;
        entry.job = job;
        entry.kind = kind;
        entry.step = step;
        entry.text = text;
        if (kind == journal::EntryKind::job_begun) entry.plan = plan;
        entries.push_back(journal::to_json(entry));
    };
    using enum journal::EntryKind;
    for (const std::size_t steps : {1U, 3U}) {   // the plan has one
        const std::string job = std::to_string(steps);
        add(job, job_begun, 0, "");
        for (std::size_t step = 0; step < steps; ++step) {
            add(job, step_intended, step, "would");
            add(job, step_done, step, "did");
        }
        add(job, job_ended, 0, "done");
    }
    PrivateBus bus;
    FakeMemhotd daemon(bus);
    daemon.give_journal(entries);
    const auto said = run(MEMHOTCTL " -H " + bus.address() + " jobs 2>&1");
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_NE(said.text.find("job 3 cannot be told: it tells of step 3 of a plan that has 1 step"), std::string::npos)
        << said.text;
    EXPECT_NE(said.text.find("1 of 1 offline 128M"), std::string::npos) << said.text;
    EXPECT_EQ(run(MEMHOTCTL " -H " + bus.address() + " history 3 2>&1").status, 2);
}

}   // namespace
