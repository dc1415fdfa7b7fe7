// SPDX-License-Identifier: GPL-2.0-or-later
//
// Who may do what: the table against the XML, and every member against a bus of type system with the policy file that is
// installed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "dbus/access.hpp"
#include "dbus/harness.hpp"
#include "memhot/snapshot.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary
using memhot::bus::Need;

constexpr std::string_view kPrefix = "org.memhot1.";

// A daemon that has an object of every kind: a job is one, so one is done.
struct Everything {
    PrivateBus bus;
    FakePolkit polkit{bus};
    Daemon daemon{bus, {.snapshot = "nvdimm-host.json", .more = {}, .environment = {}}};
    Client root{bus, As::root};
    Client nobody{bus, As::nobody};
    std::vector<std::pair<std::string, std::string>> objects;

    Everything() {
        const auto name = plan(root, {"namespace", "disable", "namespace0.0"});
        const auto job = root.manager("Apply", [&](sd_bus_message* message) {
            EXPECT_GE(::sd_bus_message_append(message, "s", name.c_str()), 0);
            append_no_options(message);
        });
        EXPECT_TRUE(job.ok()) << job.error << ": " << job.text << " " << name;
        objects = sample_objects(root);
    }
    [[nodiscard]] std::string path_of(const std::string& interface) const {
        for (const auto& [path, name] : objects) {
            if (name == interface) return path;
        }
        ADD_FAILURE() << "no object has " << interface;
        return "/";
    }
};

TEST(Access, TheTableNamesEveryMethodAndNothingElse) {
    std::set<std::pair<std::string, std::string>> in_table;
    for (const auto& row : memhot::bus::access_table()) {
        EXPECT_NE(row.need, Need::denied) << row.member;
        EXPECT_TRUE(in_table.emplace(row.interface, row.member).second) << row.member << " stands there twice";
    }
    std::set<std::pair<std::string, std::string>> in_xml;
    for (const auto& [interface, members] : contract()) {
        for (const auto& member : members) {
            if (member.kind == Member::Kind::method) in_xml.emplace(interface.substr(kPrefix.size()), member.name);
        }
    }
    EXPECT_EQ(in_table, in_xml);
    EXPECT_EQ(memhot::bus::access_of("Manager", "Unheard").need, Need::denied);
    EXPECT_EQ(memhot::bus::access_of("Unheard", "Check").need, Need::denied);
}

TEST(Access, EveryVerbOfPlansNeedsAnActionOfItsKind) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(memhot::PlanVerb::count_); ++i) {
        const auto verb = static_cast<memhot::PlanVerb>(i);
        const auto need = memhot::bus::need_of(verb);
        EXPECT_TRUE(need == Need::online || need == Need::offline || need == Need::reconfigure) << to_string(verb);
    }
    EXPECT_EQ(memhot::bus::need_of(memhot::PlanVerb::namespace_destroy), Need::reconfigure);
    EXPECT_EQ(memhot::bus::need_of(memhot::PlanVerb::remove), Need::offline);
}

TEST(Access, EachActionIsDeclaredForPolkitAndIsUsed) {
    const std::string policy = read_text(MEMHOT_SOURCE_DIR "/systemd/org.memhot1.policy");
    for (const auto need :
         {Need::inspect, Need::predict, Need::online, Need::offline, Need::reconfigure, Need::manage}) {
        const std::string action(memhot::bus::action_of(need));
        EXPECT_NE(policy.find("<action id=\"" + action + "\">"), std::string::npos) << action;
    }
}

TEST(Access, EveryMethodIsDeniedToTheUnprivilegedUnlessTheTableSaysOtherwise) {
    Everything all;
    all.polkit.take_questions();
    for (const auto& [interface, members] : contract()) {
        const std::string path = all.path_of(interface);
        for (const auto& member : members) {
            if (member.kind != Member::Kind::method) continue;
            const auto answer = all.nobody.call(path, interface, member.name,
                                                [&](sd_bus_message* message) { append_signature(message, member.in); });
            const auto questions = all.polkit.take_questions();
            const auto need = memhot::bus::access_of(interface.substr(kPrefix.size()), member.name).need;
            SCOPED_TRACE(interface + "." + member.name);
            if (need == Need::open) {
                EXPECT_TRUE(answer.ok()) << answer.error;
                EXPECT_TRUE(questions.empty());
                continue;
            }
            EXPECT_EQ(answer.memhot_error(), "NotAuthorized") << answer.text;
            if (need == Need::by_plan) {   // of a plan that the caller does not have nobody is asked
                EXPECT_TRUE(questions.empty());
                continue;
            }
            ASSERT_EQ(questions.size(), 1U);
            EXPECT_EQ(questions[0].action, memhot::bus::action_of(need));
            EXPECT_EQ(questions[0].subject_kind, "system-bus-name");
            EXPECT_EQ(questions[0].subject, all.nobody.name());
            EXPECT_EQ(questions[0].flags, 0U) << "nobody allowed a person to be asked";
            EXPECT_TRUE(
                questions[0].details.at("member").starts_with(interface.substr(kPrefix.size()) + "." + member.name));
        }
    }
}

TEST(Access, WhomPolkitLetsMayAndRootIsNotAskedAbout) {
    Everything all;
    all.polkit.say(FakePolkit::Say::yes);
    all.polkit.take_questions();
    for (const auto& [interface, members] : contract()) {
        const std::string path = all.path_of(interface);
        for (const auto& member : members) {
            if (member.kind != Member::Kind::method || member.name == "Apply") continue;
            const auto fill = [&](sd_bus_message* message) { append_signature(message, member.in); };
            EXPECT_NE(all.nobody.call(path, interface, member.name, fill).memhot_error(), "NotAuthorized")
                << member.name;
            all.polkit.take_questions();
            EXPECT_NE(all.root.call(path, interface, member.name, fill).memhot_error(), "NotAuthorized") << member.name;
            EXPECT_TRUE(all.polkit.take_questions().empty()) << member.name;
        }
    }
}

TEST(Access, ApplyAsksForWhatThePlanDoes) {
    PrivateBus bus;
    FakePolkit polkit(bus);
    Daemon daemon(bus);
    Client nobody(bus, As::nobody);
    polkit.say(FakePolkit::Say::yes);
    const auto apply = [&](const std::string& name, bool interactive) {
        return nobody.manager("Apply", [&](sd_bus_message* message) {
            ASSERT_GE(::sd_bus_message_append(message, "s", name.c_str()), 0);
            append_options(message, {},
                           interactive ? std::vector<std::string>{"interactive"} : std::vector<std::string>{});
        });
    };
    const auto online = plan(nobody, {"online", "memory84"});
    const auto offline = plan(nobody, {"offline", "memory83"});
    auto questions = polkit.take_questions();
    ASSERT_EQ(questions.size(), 2U);
    EXPECT_EQ(questions[0].action, "org.memhot1.predict");
    EXPECT_EQ(questions[0].details.at("words"), "online memory84");

    polkit.say(FakePolkit::Say::no);
    EXPECT_EQ(apply(online, true).memhot_error(), "NotAuthorized");
    EXPECT_EQ(apply(offline, false).memhot_error(), "NotAuthorized");
    questions = polkit.take_questions();
    ASSERT_EQ(questions.size(), 2U);
    EXPECT_EQ(questions[0].action, "org.memhot1.online");
    EXPECT_EQ(questions[0].flags, 1U);
    EXPECT_EQ(questions[0].details.at("plan"), "online memory84");
    EXPECT_EQ(questions[1].action, "org.memhot1.offline");
    EXPECT_EQ(questions[1].flags, 0U);

    // another caller's name for a plan is none
    Client other(bus, As::nobody);
    polkit.say(FakePolkit::Say::yes);
    const auto stolen = other.manager("Apply", [&](sd_bus_message* message) {
        ASSERT_GE(::sd_bus_message_append(message, "s", online.c_str()), 0);
        append_no_options(message);
    });
    EXPECT_EQ(stolen.memhot_error(), "NotAuthorized");
}

TEST(Access, WithoutPolkitOnlyRootMay) {
    PrivateBus bus;
    Daemon daemon(bus);
    Client root(bus, As::root);
    Client nobody(bus, As::nobody);
    const auto fill = [](sd_bus_message* message) { append_no_options(message); };
    EXPECT_TRUE(root.manager("GetMap", fill).ok());
    const auto denied = nobody.manager("GetMap", fill);
    EXPECT_EQ(denied.memhot_error(), "NotAuthorized");
    EXPECT_NE(denied.text.find("polkit does not answer"), std::string::npos) << denied.text;
}

TEST(Access, TheBusItselfDeniesWhatThePolicyFileDoesNotName) {
    PrivateBus bus;
    Daemon daemon(bus);
    Client nobody(bus, As::nobody);
    EXPECT_EQ(nobody.call("/org/memhot1", "org.memhot1.Unheard", "X").error, "org.freedesktop.DBus.Error.AccessDenied");
    const auto set = nobody.call("/org/memhot1", "org.freedesktop.DBus.Properties", "Set", [](sd_bus_message* message) {
        ASSERT_GE(::sd_bus_message_append(message, "ssv", "org.memhot1.Manager", "Acting", "b", 1), 0);
    });
    EXPECT_EQ(set.error, "org.freedesktop.DBus.Error.AccessDenied");
}

// What the kernel hides from the unprivileged (resource is 0400, /proc/iomem has zeros) is in no property and no signal.
TEST(Access, NoPropertyOrSignalTellsAnAddress) {
    PrivateBus bus;
    Daemon daemon(bus, {.snapshot = "nvdimm-host.json", .more = {}, .environment = {}});
    Client nobody(bus, As::nobody);
    const auto snapshot = memhot::load_snapshot(MEMHOT_TEST_DATA "/nvdimm-host.json");
    ASSERT_TRUE(snapshot.ok());
    std::set<std::uint64_t> hidden;
    for (const auto& region : snapshot->nvdimm->regions) hidden.insert(region.resource.value_or(0));
    for (const auto& ns : snapshot->nvdimm->namespaces) hidden.insert(ns.resource.value_or(0));
    for (const auto& device : snapshot->nvdimm->dax_devices) hidden.insert(device.resource.value_or(0));
    hidden.erase(0);
    ASSERT_FALSE(hidden.empty());

    const auto answer = nobody.call("/org/memhot1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    ASSERT_TRUE(answer.ok());
    std::size_t numbers = 0;
    std::size_t texts = 0;
    const auto tells = [&](const std::string& text) {
        return std::ranges::any_of(hidden, [&](std::uint64_t address) {
            return text.find(fmt::format("{:x}", address)) != std::string::npos ||
                   text.find(fmt::to_string(address)) != std::string::npos;
        });
    };
    std::function<void(sd_bus_message*)> walk = [&](sd_bus_message* message) {
        char type = 0;
        const char* contents = nullptr;
        while (::sd_bus_message_peek_type(message, &type, &contents) > 0) {
            if (contents != nullptr) {
                ASSERT_GE(::sd_bus_message_enter_container(message, type, contents), 0);
                walk(message);
                ASSERT_GE(::sd_bus_message_exit_container(message), 0);
            } else if (type == 't') {
                std::uint64_t value = 0;
                ASSERT_GE(::sd_bus_message_read_basic(message, type, &value), 0);
                EXPECT_FALSE(hidden.contains(value)) << value;
                ++numbers;
            } else if (type == 's' || type == 'o') {
                const char* text = nullptr;
                ASSERT_GE(::sd_bus_message_read_basic(message, type, static_cast<void*>(&text)), 0);
                EXPECT_FALSE(tells(text)) << text;
                ++texts;
            } else {
                char any[8];
                ASSERT_GE(::sd_bus_message_read_basic(message, type, static_cast<void*>(any)), 0);
            }
        }
    };
    walk(answer.reply.get());
    EXPECT_GT(numbers, 0U);
    EXPECT_GT(texts, 0U);

    for (const auto& [interface, members] : contract()) {
        for (const auto& member : members) {
            if (member.kind != Member::Kind::signal) continue;
            for (const auto& name : member.arguments) {
                static const std::set<std::string> kHarmless{"generation", "id",     "rule",
                                                             "job",        "result", "exit_status"};
                EXPECT_TRUE(kHarmless.contains(name)) << member.name << "(" << name << ")";
            }
        }
    }
}

}   // namespace
