// SPDX-License-Identifier: GPL-2.0-or-later
//
// What calls do: introspection is the XML, nothing ends the process, limits hold, jobs run and answers are memhotctl's.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>

#include "app/app.hpp"
#include "dbus/access.hpp"
#include "dbus/harness.hpp"
#include "support/command.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

const Client::Fill kNoOptions = [](sd_bus_message* message) { append_no_options(message); };

std::string start_job(Client& client, const std::vector<std::string>& words,
                      const std::vector<std::string>& accept = {}) {
    const auto name = plan(client, words);
    return text_of(client.manager("Apply", [&](sd_bus_message* message) {
        ASSERT_GE(::sd_bus_message_append(message, "s", name.c_str()), 0);
        append_options(message, {}, {}, accept);
    }));
}

std::string job_state(Client& client, const std::string& path) {
    const auto answer = client.property(path, "org.memhot1.Job", "State");
    const char* text = nullptr;
    if (!answer.ok() || ::sd_bus_message_read(answer.reply.get(), "v", "s", &text) < 0) return answer.error;
    return text;
}

TEST(Calls, IntrospectionIsTheXml) {
    PrivateBus bus;
    Daemon daemon(bus, {.snapshot = "nvdimm-host.json", .more = {}, .environment = {}});
    Client root(bus, As::root);
    start_job(root, {"namespace", "disable", "namespace0.0"});
    Interfaces seen;
    for (const auto& [path, interface] : sample_objects(root)) {
        const auto xml = text_of(root.call(path, "org.freedesktop.DBus.Introspectable", "Introspect"));
        for (auto& [name, members] : parse_interfaces(xml)) {
            if (name.starts_with("org.memhot1.")) seen[name] = members;
        }
    }
    const auto wanted = contract();
    ASSERT_EQ(wanted.size(), 5U);
    for (const auto& [name, members] : wanted) {
        ASSERT_TRUE(seen.contains(name)) << name;
        ASSERT_EQ(seen[name].size(), members.size()) << name;
        for (std::size_t i = 0; i < members.size(); ++i) {
            EXPECT_TRUE(seen[name][i] == members[i])
                << name << "." << members[i].name << " " << members[i].in << " " << members[i].out << ", on the bus "
                << seen[name][i].name << " " << seen[name][i].in << " " << seen[name][i].out;
        }
    }
    EXPECT_EQ(seen.size(), wanted.size());
}

TEST(Calls, EveryMemberOfTheXmlIsDocumented) {
    for (const auto& [name, members] : contract()) {
        for (const auto& member : members) EXPECT_FALSE(member.doc.empty()) << name << "." << member.name;
    }
}

// sdbus-c++ 1.2 ends the process on an exception that is not its own.
TEST(Calls, EveryHandlerSurvivesForeignExceptions) {
    PrivateBus bus;
    HostTree dir;
    dir.directory("config/etc");
    std::size_t thrown = 0;   // of the child
    auto process = start(
        [&] {
            memhot::app::Options options;
            options.bus = bus.address();
            options.simulate = MEMHOT_TEST_DATA "/nvdimm-host.json";
            options.config_root = dir.path("config");
            memhot::app::AppHooks hooks;
            hooks.before_member = [&](std::string_view, std::string_view member) {
                // first a job is wanted, which has members, too
                if ((member == "Plan" || member == "Apply") && !std::filesystem::exists(dir.path("now"))) return;
                switch (thrown++ % 4) {
                    case 0: throw std::runtime_error("foreign");
                    case 1: throw 42;   // NOLINT(hicpp-exception-baseclass): the worst that can come
                    case 2: throw std::bad_alloc();
                    default: throw "text";   // NOLINT(hicpp-exception-baseclass)
                }
            };
            return memhot::app::run(options, hooks);
        },
        dir.path("log"));
    Client root(bus, As::root);
    ASSERT_TRUE(eventually([&] { return root.call("/org/memhot1", "org.freedesktop.DBus.Peer", "Ping").ok(); }, 60'000))
        << read_text(dir.path("log"));
    // objects cannot be listed (their properties throw), but are where they are
    const std::map<std::string, std::string> paths{{"org.memhot1.Manager", "/org/memhot1"},
                                                   {"org.memhot1.Region", "/org/memhot1/region/region0"},
                                                   {"org.memhot1.Namespace", "/org/memhot1/namespace/namespace0_2e0"},
                                                   {"org.memhot1.DaxDevice", "/org/memhot1/dax/dax0_2e1"},
                                                   {"org.memhot1.Job", "/org/memhot1/job/_31"}};
    start_job(root, {"namespace", "disable", "namespace0.0"});
    const auto kept = plan(root, {"namespace", "disable", "namespace0.1"});   // Apply of no plan is denied before
    dir.file("now", "");
    std::size_t called = 0;
    for (int round = 0; round < 4; ++round) {   // each kind of exception once
        for (const auto& [interface, members] : contract()) {
            for (const auto& member : members) {
                if (member.kind == Member::Kind::signal) continue;
                const auto answer =
                    member.kind == Member::Kind::property
                        ? root.property(paths.at(interface), interface, member.name)
                        : root.call(paths.at(interface), interface, member.name, [&](sd_bus_message* message) {
                              if (member.name != "Apply") return append_signature(message, member.in);
                              EXPECT_GE(::sd_bus_message_append(message, "s", kept.c_str()), 0);
                              append_no_options(message);
                          });
                ++called;
                EXPECT_EQ(answer.memhot_error(), "Internal") << interface << "." << member.name << ": " << answer.text;
                ASSERT_TRUE(process.alive()) << interface << "." << member.name << "\n" << read_text(dir.path("log"));
            }
        }
    }
    EXPECT_GT(called, 200U);
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(10'000), 0) << read_text(dir.path("log"));
}

TEST(Calls, CheckAnswersAsMemhotctlDoes) {
    PrivateBus bus;
    Daemon daemon(bus);
    Client root(bus, As::root);
    const auto check = [&](const std::vector<std::string>& words, const std::map<std::string, std::string>& options) {
        return text_of(root.manager("Check", [&](sd_bus_message* message) {
            append_words(message, words);
            append_options(message, options);
        }));
    };
    const std::string ctl = MEMHOTCTL " --snapshot " MEMHOT_TEST_DATA "/dimm-host.json --json ";
    EXPECT_EQ(check({"map", "240000000-24fffffff"}, {{"type", "fsdax"}}),
              run(ctl + "check map 240000000-24fffffff --type fsdax").text);
    EXPECT_EQ(check({"offline", "memory83", "add", "2c0000000-2c7ffffff"}, {}),
              run(ctl + "check offline memory83 add 2c0000000-2c7ffffff").text);
    EXPECT_EQ(check({"offline", "memory83"}, {{"kernel", "5.10"}}),
              run(ctl + "--kernel 5.10 check offline memory83").text);
    EXPECT_EQ(text_of(root.manager("GetMap", kNoOptions)), run(ctl + "map").text);
    EXPECT_EQ(check({"map", "1-2"}, {{"typ", "fsdax"}}).substr(0, 33), "error org.memhot1.Error.BadInput:");
    EXPECT_EQ(check({}, {}).substr(0, 33), "error org.memhot1.Error.BadInput:");
    EXPECT_EQ(check({"map", "nosuch"}, {}).substr(0, 24), "error org.memhot1.Error.");
}

TEST(Calls, ListAndDumpTellTheSameBlocks) {
    PrivateBus bus;
    Daemon daemon(bus);
    Client root(bus, As::root);
    const auto list = root.manager("ListBlocks", {});
    std::uint64_t size = 0;
    ASSERT_GE(::sd_bus_message_read(list.reply.get(), "t", &size), 0);
    EXPECT_EQ(size, 128U << 20U);
    std::string from_runs;
    ASSERT_GE(::sd_bus_message_enter_container(list.reply.get(), 'a', "(ttssii)"), 0);
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    const char* state = nullptr;
    const char* zones = nullptr;
    std::int32_t node = 0;
    std::int32_t removable = 0;
    while (::sd_bus_message_read(list.reply.get(), "(ttssii)", &first, &last, &state, &zones, &node, &removable) > 0) {
        std::string names = *zones == '\0' ? "-" : zones;
        std::ranges::replace(names, ' ', ',');
        for (auto block = first; block <= last; ++block)
            from_runs += std::to_string(block) + " " + state + " " + std::to_string(node) + " " + names + "\n";
    }
    const auto dump = root.manager("DumpBlocks", {});
    int fd = -1;
    ASSERT_TRUE(dump.ok()) << dump.error;
    ASSERT_GE(::sd_bus_message_read(dump.reply.get(), "h", &fd), 0);
    EXPECT_EQ(read_text("/proc/self/fd/" + std::to_string(fd)), from_runs);
    EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1) << "the file can be changed";
    EXPECT_EQ(std::ranges::count(from_runs, '\n'), 72);
    // Another one is the same memory, with an offset of its own.
    ::lseek(fd, 10, SEEK_SET);
    const auto again = root.manager("DumpBlocks", {});
    int other = -1;
    ASSERT_GE(::sd_bus_message_read(again.reply.get(), "h", &other), 0);
    struct stat first_file{};
    struct stat other_file{};
    ASSERT_EQ(::fstat(fd, &first_file), 0);
    ASSERT_EQ(::fstat(other, &other_file), 0);
    EXPECT_EQ(first_file.st_ino, other_file.st_ino);
    EXPECT_EQ(::lseek(other, 0, SEEK_CUR), 0);
}

TEST(Calls, AJobChangesTheHostAndTellsHowFarItIs) {
    PrivateBus bus;
    Daemon daemon(bus, {.snapshot = "dimm-host.json", .more = {"--fault=slow:memory85:300"}, .environment = {}});
    Client root(bus, As::root);
    const std::uint64_t before = root.number("BlocksOnline");
    const auto path = start_job(root, {"online", "block84-87"});
    ASSERT_EQ(path, "/org/memhot1/job/_31");
    EXPECT_EQ(job_state(root, path), "running");
    EXPECT_EQ(root.number("BlocksOnline"), before);
    ASSERT_TRUE(eventually([&] { return job_state(root, path) == "done"; })) << job_state(root, path);
    EXPECT_EQ(root.number("BlocksOnline"), before + 4);
    EXPECT_GT(root.number("Generation"), 1U);
    const auto steps = root.call(path, "org.memhot1.Job", "GetSteps", kNoOptions);
    ASSERT_GE(::sd_bus_message_enter_container(steps.reply.get(), 'a', "(sssi)"), 0);
    const char* state = nullptr;
    const char* what = nullptr;
    const char* said = nullptr;
    std::int32_t error = 0;
    int count = 0;
    while (::sd_bus_message_read(steps.reply.get(), "(sssi)", &state, &what, &said, &error) > 0) {
        EXPECT_STREQ(state, "done");
        EXPECT_EQ(std::string(what).substr(0, 14), "onlined memory");
        EXPECT_EQ(error, 0);
        ++count;
    }
    EXPECT_EQ(count, 4);
    // and back
    const auto undo = root.manager("Undo", [](sd_bus_message* message) {
        ASSERT_GE(::sd_bus_message_append(message, "s", "1"), 0);
        append_no_options(message);
    });
    ASSERT_TRUE(undo.ok()) << undo.text;
    ASSERT_TRUE(eventually([&] { return job_state(root, path) == "undone"; })) << job_state(root, path);
    EXPECT_EQ(root.number("BlocksOnline"), before);
}

TEST(Calls, AStalePlanIsRefusedAndAPlanIsUsedUp) {
    PrivateBus bus;
    Daemon daemon(bus);
    Client root(bus, As::root);
    const auto first = plan(root, {"online", "memory84"});
    const auto second = plan(root, {"online", "memory84"});
    const auto apply = [&](const std::string& name) {
        return root.manager("Apply", [&](sd_bus_message* message) {
            ASSERT_GE(::sd_bus_message_append(message, "s", name.c_str()), 0);
            append_no_options(message);
        });
    };
    const auto job = text_of(apply(first));
    ASSERT_TRUE(eventually([&] { return job_state(root, job) == "done"; }));
    const auto late = apply(second);
    EXPECT_EQ(late.memhot_error(), "Stale") << late.text;
    EXPECT_NE(late.text.find("memory84"), std::string::npos) << late.text;
    EXPECT_EQ(apply("0123").memhot_error(), "NotFound");
    // neither counts any more: a caller may have as many as he likes, one after the other
    EXPECT_EQ(apply(first).memhot_error(), "NotFound");
    EXPECT_EQ(apply(second).memhot_error(), "NotFound");
    for (int i = 0; i < 20; ++i) {
        const auto again = text_of(apply(plan(root, {i % 2 == 0 ? "offline" : "online", "memory84"})));
        ASSERT_TRUE(again.starts_with("/org/memhot1/job/")) << again;
        ASSERT_TRUE(eventually([&] { return job_state(root, again) == "done"; }));
    }
}

// What is shown to polkit is cut to some length, and never in the middle of a character; a question that cannot be asked is
// not counted for ever.
TEST(Calls, TextsThatAreCutDoNotStopTheQuestionsOfOthers) {
    PrivateBus bus;
    FakePolkit polkit(bus);
    polkit.say(FakePolkit::Say::yes);
    Daemon daemon(bus);
    const std::string word = std::string(255, 'a') + "\u00e9";
    for (int i = 0; i < 80; ++i) {   // more than may wait for polkit
        Client nobody(bus, As::nobody);
        const auto answer = nobody.manager("Plan", [&](sd_bus_message* message) {
            ASSERT_GE(::sd_bus_message_append(message, "as", 1, word.c_str()), 0);
            append_no_options(message);
        });
        EXPECT_EQ(answer.memhot_error(), "BadInput") << answer.text;
    }
    Client nobody(bus, As::nobody);
    EXPECT_EQ(plan(nobody, {"online", "memory84"}).size(), 32U);
}

TEST(Calls, DestroyedDataMustBeNamed) {
    PrivateBus bus;
    Daemon daemon(bus, {.snapshot = "nvdimm-host.json", .more = {}, .environment = {}});
    Client root(bus, As::root);
    const std::vector<std::string> words{"namespace", "destroy", "namespace0.0"};
    const auto unnamed = start_job(root, words);
    EXPECT_EQ(unnamed.substr(0, 38), "error org.memhot1.Error.NotConfirmed: ") << unnamed;
    EXPECT_NE(unnamed.find("namespace0.0"), std::string::npos) << unnamed;
    EXPECT_EQ(start_job(root, words, {"namespace1.0"}).substr(0, 5), "error");
    EXPECT_EQ(start_job(root, words, {"namespace0.0"}), "/org/memhot1/job/_31");
}

TEST(Calls, LimitsHoldForEachCaller) {
    PrivateBus bus;
    FakePolkit polkit(bus);
    polkit.say(FakePolkit::Say::nothing);
    Daemon daemon(bus);
    Client nobody(bus, As::nobody);
    Client other(bus, As::nobody);
    // CallsPerSender=16: those wait for polkit, the next one is refused at once
    struct Seen {
        int limited = 0;
        int other = 0;
    } seen;
    const auto callback = [](sd_bus_message* message, void* data, sd_bus_error*) {
        auto& count = *static_cast<Seen*>(data);
        const auto* error = ::sd_bus_message_get_error(message);
        const bool limited = error != nullptr && std::string_view(error->name) == "org.memhot1.Error.LimitExceeded";
        ++(limited ? count.limited : count.other);
        return 0;
    };
    for (int i = 0; i < 20; ++i) {
        ASSERT_GE(::sd_bus_call_method_async(nobody.bus(), nullptr, "org.memhot1", "/org/memhot1",
                                             "org.memhot1.Manager", "GetMap", callback, &seen, "a{sv}", 0),
                  0);
    }
    ASSERT_TRUE(eventually([&] {
        while (::sd_bus_process(nobody.bus(), nullptr) > 0) continue;
        return seen.limited == 4;
    }));
    EXPECT_EQ(seen.other, 0);
    EXPECT_TRUE(other.manager("ListBlocks", {}).ok()) << "another caller's limit is his own";

    Client root(bus, As::root);
    for (int i = 0; i < 16; ++i) EXPECT_EQ(plan(root, {"online", "memory84"}).size(), 32U);
    EXPECT_NE(plan(root, {"online", "memory84"}).find("LimitExceeded"), std::string::npos);
    Client again(bus, As::root);
    EXPECT_EQ(plan(again, {"online", "memory84"}).size(), 32U);
}

// CallsPerSender=16 for each connection, and four times that for all of a user's; of the 64 questions that polkit may have
// open one user has 16.
TEST(Calls, LimitsHoldForAUserWithManyConnections) {
    PrivateBus bus;
    FakePolkit polkit(bus);
    polkit.say(FakePolkit::Say::nothing);
    Daemon daemon(bus);
    std::vector<std::unique_ptr<Client>> many;
    int limited = 0;
    const auto callback = [](sd_bus_message* message, void* data, sd_bus_error*) {
        const auto* error = ::sd_bus_message_get_error(message);
        EXPECT_STREQ(error == nullptr ? "" : error->name, "org.memhot1.Error.LimitExceeded");
        ++*static_cast<int*>(data);
        return 0;
    };
    for (int i = 0; i < 8; ++i) {
        many.push_back(std::make_unique<Client>(bus, As::nobody));
        for (int call = 0; call < 8; ++call) {   // no connection has too many
            ASSERT_GE(::sd_bus_call_method_async(many.back()->bus(), nullptr, "org.memhot1", "/org/memhot1",
                                                 "org.memhot1.Manager", "GetMap", callback, &limited, "a{sv}", 0),
                      0);
        }
    }
    EXPECT_TRUE(eventually([&] {
        for (auto& one : many) {
            while (::sd_bus_process(one->bus(), nullptr) > 0) continue;
        }
        return limited == 64 - 16;
    })) << limited;
    EXPECT_EQ(polkit.take_questions().size(), 16U);
    // another user's questions are his own
    Client other(bus, As::another);
    ASSERT_GE(::sd_bus_call_method_async(other.bus(), nullptr, "org.memhot1", "/org/memhot1", "org.memhot1.Manager",
                                         "GetMap", callback, &limited, "a{sv}", 0),
              0);
    ::sd_bus_flush(other.bus());
    EXPECT_TRUE(eventually([&] { return !polkit.take_questions().empty(); }));
}

TEST(Calls, TheJournalTellsOfJobsAndCancelStopsOne) {
    PrivateBus bus;
    Daemon daemon(bus, {.snapshot = "dimm-host.json", .more = {"--fault=slow:memory84:400"}, .environment = {}});
    Client root(bus, As::root);
    const auto path = start_job(root, {"online", "block84-87"});
    EXPECT_TRUE(root.call(path, "org.memhot1.Job", "Cancel", kNoOptions).ok());
    ASSERT_TRUE(eventually([&] { return job_state(root, path) == "cancelled"; })) << job_state(root, path);
    const auto jobs = root.manager("ListJobs", kNoOptions);
    ASSERT_TRUE(jobs.ok()) << jobs.text;
    ASSERT_GE(::sd_bus_message_enter_container(jobs.reply.get(), 'a', "(sssstt)"), 0);
    const char* id = nullptr;
    const char* end = nullptr;
    const char* wish = nullptr;
    const char* why = nullptr;
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
    ASSERT_GT(::sd_bus_message_read(jobs.reply.get(), "(sssstt)", &id, &end, &wish, &why, &begun, &ended), 0);
    EXPECT_STREQ(id, "1");
    EXPECT_STREQ(end, "cancelled");
    EXPECT_STREQ(wish, "online block84-87");
    EXPECT_GE(ended, begun);
    EXPECT_EQ(root.call(path, "org.memhot1.Job", "Cancel", kNoOptions).memhot_error(), "NotFound");
}

// Random calls of all members of all objects. A hundred thousand where AddressSanitizer looks on, which is what they are
// for; MEMHOT_RANDOM_CALLS for another number.
struct RandomCalls {
    int count = number("MEMHOT_RANDOM_CALLS", kAddressSanitizer ? 100'000 : 10'000);
    const char* given = std::getenv("MEMHOT_SEED");
    std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::mt19937_64 engine{seed};
    PrivateBus bus;
    FakePolkit polkit{bus};
    Daemon daemon{bus, {.snapshot = "nvdimm-host.json", .more = {}, .environment = {}}};
    Client root{bus, As::root};
    std::vector<std::pair<std::string, std::string>> objects;
    Interfaces interfaces = contract();
    std::unique_ptr<Client> client;
    std::map<std::string, int> answers;

    RandomCalls() {
        const auto job = start_job(root, {"namespace", "disable", "namespace0.0"});
        EXPECT_TRUE(eventually([&] { return job_state(root, job) == "done"; })) << job;
        objects = sample_objects(root);
    }
    static int number(const char* name, int otherwise) {
        const char* wanted = std::getenv(name);
        return wanted != nullptr ? std::atoi(wanted) : otherwise;
    }
    // seen: what is expected of an answer to (interface, member).
    void run(As as, const std::function<void()>& before,
             const std::function<void(const std::string&, const Member&, const Answer&)>& seen) {
        const std::function<std::uint64_t()> random = [&] { return engine(); };
        for (int i = 0; i < count;) {
            const auto& [path, interface] = objects[engine() % objects.size()];
            const auto& members = interfaces.at(interface);
            const auto& member = members[engine() % members.size()];
            if (member.kind == Member::Kind::signal) continue;
            ++i;
            if (!client || engine() % 200 == 0) client = std::make_unique<Client>(bus, as);   // forgets its plans
            before();
            const auto answer = member.kind == Member::Kind::property
                                    ? client->property(path, interface, member.name)
                                    : client->call(path, interface, member.name, [&](sd_bus_message* message) {
                                          append_signature(message, member.in, random);
                                      });
            ++answers[answer.memhot_error()];
            ASSERT_TRUE(daemon.process().alive()) << interface << "." << member.name << "\n" << daemon.log();
            EXPECT_NE(answer.memhot_error(), "Internal") << interface << "." << member.name << ": " << answer.text;
            seen(interface, member, answer);
        }
        EXPECT_LT(daemon.descriptors(), 32U);
        for (const auto& [name, times] : answers) std::printf("%d %s, ", times, name.empty() ? "good" : name.c_str());
        std::printf("%d in all\n", count);
    }
};

TEST(Calls, RandomCallsEndNothing) {
    RandomCalls calls;
    SCOPED_TRACE("MEMHOT_SEED=" + std::to_string(calls.seed));
    calls.run(As::root, [] {}, [](const std::string&, const Member&, const Answer&) {});
    EXPECT_GT(calls.answers[""], calls.count / 20) << "hardly anything was a good call";
    EXPECT_GT(calls.answers["BadInput"], calls.count / 20) << "hardly anything was a bad call";
}

// Of the unprivileged: what polkit refuses stays refused, with whatever arguments, and changes nothing.
TEST(Calls, RandomCallsOfTheUnprivilegedAreDeniedAndEndNothing) {
    RandomCalls calls;
    SCOPED_TRACE("MEMHOT_SEED=" + std::to_string(calls.seed));
    const auto generation = calls.root.number("Generation");
    bool may = false;
    bool owns = false;   // jobs, which whoever began one may look at and stop
    const auto before = [&] {
        calls.polkit.take_questions();
        calls.polkit.say(may ? FakePolkit::Say::yes : FakePolkit::Say::no);
    };
    const auto seen = [&](const std::string& interface, const Member& member, const Answer& answer) {
        if (member.kind == Member::Kind::property) {
            EXPECT_TRUE(answer.ok()) << interface << "." << member.name << ": " << answer.error;
            return;
        }
        const auto access = memhot::bus::access_of(interface.substr(12), member.name);
        if (may || access.need == memhot::bus::Need::open || (owns && access.owner_may)) return;
        // options of a type that none has are refused before anybody is asked
        EXPECT_TRUE(answer.memhot_error() == "NotAuthorized" || answer.memhot_error() == "BadInput")
            << interface << "." << member.name << ": " << answer.error;
    };
    calls.count /= 2;
    calls.run(As::nobody, before, seen);
    EXPECT_EQ(calls.root.number("Generation"), generation) << "something was changed";
    EXPECT_GT(calls.answers["NotAuthorized"], calls.count / 20);
    // and where polkit changes its mind between two calls
    owns = true;
    calls.run(
        As::nobody,
        [&] {
            may = calls.engine() % 2 == 0;
            before();
        },
        seen);
    EXPECT_GT(calls.answers["BadInput"], calls.count / 20);
}

}   // namespace
