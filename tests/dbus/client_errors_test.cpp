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
#include <mutex>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "dbus/harness.hpp"
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
    void say(const std::string& error) {
        const std::lock_guard hold(mutex_);
        error_ = "org.memhot1.Error." + error;
    }
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
        if (::sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Get") > 0)
            return ::sd_bus_reply_method_return(message, "v", "t", UINT64_C(0x8000000));   // BlockSize
        const std::lock_guard hold(self.mutex_);
        const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(self.error_.c_str(), "as the test wants it");
        return ::sd_bus_reply_method_error(message, &error);
    }

    std::string snapshot_;
    std::mutex mutex_;
    std::string error_;   // by mutex_
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

}   // namespace
