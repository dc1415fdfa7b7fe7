// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotctl policy: the files as they are read, and what they decide, on recorded hosts and below a root directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/memhotctl.hpp"
#include "support/host_tree.hpp"

namespace memhot::test {
namespace {

using testing::HasSubstr;

constexpr const char* kMovableCxl = "[Match]\nSource=cxl\n\n[Online]\nZone=movable\n";

class PolicyVerb : public testing::Test {
protected:
    HostTree tree;

    void policy(const std::string& name, const std::string& text) { tree.file("p/" + name, text); }
    Said show(Words words = {}) {
        words.insert(words.begin(), {"policy", "show", "--policy-dir", tree.path("p")});
        return memhotctl(words);
    }
    Said test_on(const std::string& host, Words words) {
        words.insert(words.begin(), {"--snapshot", data(host + "-host.json"), "policy", "test"});
        words.insert(words.end(), {"--policy-dir", tree.path("p")});
        return memhotctl(words);
    }
    [[nodiscard]] std::string path(const std::string& name) const { return tree.path("p/" + name); }
};

TEST_F(PolicyVerb, WithoutFilesNothingIsTouched) {
    tree.directory("p");
    const auto shown = show();
    EXPECT_EQ(shown.status, 0);
    EXPECT_THAT(shown.err, HasSubstr("no policies: memhotd touches nothing"));
    const auto tested = test_on("dimm", {"block84"});
    EXPECT_EQ(tested.status, 1);
    EXPECT_TRUE(tested.has("left alone: there are no policies")) << tested.out;
    EXPECT_FALSE(tested.has("Knobs")) << tested.out;
    EXPECT_FALSE(tested.has("Would")) << tested.out;
}

TEST_F(PolicyVerb, ADirectoryIsNamedFromWhereMemhotctlRuns) {
    policy("1.policy", kMovableCxl);
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(tree.root());
    const auto said = memhotctl({"policy", "show", "--policy-dir", "p", "--root", tree.root()});
    std::filesystem::current_path(before);
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_TRUE(said.has("1.policy")) << said.out << said.err;
}

TEST_F(PolicyVerb, ADirectoryThatIsMissingIsNoEmptyOne) {
    tree.file("file", "");
    for (const auto* name : {"p", "file"}) {
        const std::string missing = tree.path(name);
        for (const auto* verb : {"show", "test"}) {
            const auto said =
                memhotctl({"--snapshot", data("dimm-host.json"), "policy", verb, "--policy-dir", missing});
            EXPECT_EQ(said.status, 2) << said.out << said.err;
            EXPECT_EQ(said.out, "");
            EXPECT_THAT(said.err, HasSubstr(missing + "\": no such directory"));
        }
    }
}

TEST_F(PolicyVerb, ShowSaysPrecedenceAndMasking) {
    tree.file("usr/lib/memhot/policy.d/10-cxl.policy", kMovableCxl);
    tree.file("usr/lib/memhot/policy.d/20-all.policy", "[Match]\nDevice=*\n[Online]\nLeaveAlone=yes\n");
    tree.file("etc/memhot/policy.d/20-all.policy",
              "[Match]\nNode=1\n[Online]\nRatio=300\nPostOnlineUnit=kdump.service\n");
    tree.file("usr/lib/memhot/policy.d/30-off.policy", kMovableCxl);
    tree.link("run/memhot/policy.d/30-off.policy", "/dev/null");
    tree.file("etc/memhot/policy.d/40-empty.policy", "[Online]\nZone=movable\n");
    const auto said = memhotctl({"--root", tree.root(), "policy", "show"}, {"COLUMNS=200"});
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_EQ(said.out, "1         /usr/lib/memhot/policy.d/10-cxl.policy\n"
                        "            Source=cxl\n"
                        "            -> Zone=movable\n"
                        "2         /etc/memhot/policy.d/20-all.policy\n"
                        "            Node=1\n"
                        "            -> Zone=auto  Ratio=300  PostOnlineUnit=kdump.service\n"
                        "-         /usr/lib/memhot/policy.d/20-all.policy\n"
                        "            hidden by /etc/memhot/policy.d/20-all.policy\n"
                        "-         /run/memhot/policy.d/30-off.policy\n"
                        "            empty or a link to /dev/null: masks what has its name\n"
                        "-         /usr/lib/memhot/policy.d/30-off.policy\n"
                        "            hidden by /run/memhot/policy.d/30-off.policy\n"
                        "-         /etc/memhot/policy.d/40-empty.policy\n"
                        "            ignored: nothing in [Match]\n");
    EXPECT_THAT(said.err, HasSubstr("warning: /etc/memhot/policy.d/40-empty.policy: nothing in [Match]"));
}

TEST_F(PolicyVerb, ErrorsAreSaidAndNothingIsDecided) {
    policy("1.policy", "[Match]\nDevice=*\n[Online]\nZone=nowhere\n");
    EXPECT_EQ(show().status, 2);
    EXPECT_THAT(show().err, HasSubstr("error: " + path("1.policy") + ":4: Zone=nowhere: expected one of auto, kernel"));
    const auto tested = test_on("dimm", {"block84"});
    EXPECT_EQ(tested.status, 2);
    EXPECT_EQ(tested.out, "");
    EXPECT_THAT(tested.err, HasSubstr("nothing is decided"));
}

// Blocks 80-83 of that host are online and 84-87 offline, of one DIMM on node 1.
TEST_F(PolicyVerb, TestSaysWhichRuleAndWhyNotTheOthers) {
    policy("10-cxl.policy", kMovableCxl);
    policy("20-dimm.policy",
           "[Match]\nSource=acpi probe\n[Online]\nZone=movable\nRatio=300\nPostOnlineUnit=kdump.service\n");
    const auto said = test_on("dimm", {"280000000+1G"});
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_TRUE(said.has("memory80-83 (4 blocks)")) << said.out;
    EXPECT_TRUE(said.has("online already")) << said.out;
    EXPECT_TRUE(said.has("memory84-87 (4 blocks)")) << said.out;
    EXPECT_TRUE(said.has("Policy    " + path("20-dimm.policy") + ":4")) << said.out;
    EXPECT_TRUE(said.has("10-cxl.policy:2: Source=cxl, and memory84")) << said.out;
    EXPECT_TRUE(said.has("memhotctl online block84-87 --zone=movable --ratio=300")) << said.out;
    EXPECT_TRUE(said.has("Then      start kdump.service")) << said.out;
    EXPECT_TRUE(said.has("memory84-87: write online_movable")) << said.out;
    EXPECT_TRUE(said.has("memhotd would only report this")) << said.out;
}

// What is printed behind Would can be typed.
TEST_F(PolicyVerb, WhatItWouldDoCanBePlanned) {
    policy("1.policy", "[Match]\nNode=1\n[Online]\nZone=movable\n");
    const auto json = test_on("dimm", {"block84", "--json"}).json();
    Words words{"--snapshot", data("dimm-host.json"), "plan"};
    for (const auto& word : split(json["things"][0]["wish"].get<std::string>())) words.push_back(word);
    EXPECT_EQ(memhotctl(words).status, 0);
}

TEST_F(PolicyVerb, DoubtIsUncertain) {
    policy("1.policy", "[Match]\nSource=acpi\n[Online]\nZone=movable\n");
    const auto said = test_on("dimm", {"block84"});
    EXPECT_EQ(said.status, 8);
    EXPECT_TRUE(said.has("uncertain: left alone: it cannot be told whether 1.policy matches")) << said.out;
}

TEST_F(PolicyVerb, DevicesAndNamespaces) {
    policy("1.policy", "[Match]\nDevice=dax0.0\n[Namespace]\nReconfigure=system-ram\nDestroyData=yes\n");
    const auto dax = test_on("nvdimm", {"dax0.0"});
    EXPECT_EQ(dax.status, 0) << dax.err;
    EXPECT_TRUE(dax.has("memhotctl dax reconfigure dax0.0 --mode=system-ram --no-online")) << dax.out;
    EXPECT_TRUE(dax.has("not there yet")) << dax.out;   // its block
    EXPECT_EQ(test_on("nvdimm", {"namespace0.3"}).status, 1);
    EXPECT_EQ(test_on("nvdimm", {"block4000"}).status, 2);
    EXPECT_EQ(test_on("nvdimm", {"dax9.9"}).status, 2);
    EXPECT_TRUE(test_on("nvdimm", {}).has("namespace0.3"));
}

TEST_F(PolicyVerb, Documents) {
    policy("1.policy", kMovableCxl);
    policy("2.policy", "[Match]\nDevice=*\n[Online]\nZone=movable\nOther=1\n");
    const auto shown = show({"--json"}).json();
    EXPECT_EQ(shown["format"], "memhot-policies/1");
    EXPECT_EQ(shown["files"][0]["state"], "used");
    EXPECT_EQ(shown["files"][0]["match"][0], "Source=cxl");
    EXPECT_EQ(shown["problems"][0]["severity"], "warning");
    EXPECT_EQ(shown["problems"][0]["place"]["line"], 5);
    const auto tested = test_on("dimm", {"block84", "--json"}).json();
    EXPECT_EQ(tested["format"], "memhot-policy-test/1");
    const auto& thing = tested["things"][0];
    EXPECT_EQ(thing["thing"], "memory84");
    EXPECT_EQ(thing["action"], "online");
    EXPECT_EQ(thing["policy"]["path"], path("2.policy"));
    EXPECT_EQ(thing["policy"]["line"], 4);
    EXPECT_EQ(thing["perhaps_sources"], (nlohmann::json{"acpi", "probe"}));
    EXPECT_EQ(thing["not_matched"][0]["place"]["line"], 2);
    EXPECT_EQ(tested["knobs"][0]["path"], "/sys/devices/system/memory/auto_online_blocks");
    EXPECT_EQ(tested["knobs"][0]["text"], "online_movable");
    EXPECT_EQ(tested["writes"][0]["word"], "online_movable");
    EXPECT_EQ(tested["act"], false);
}

// memhotd.conf below the root counts with the policies there.
TEST_F(PolicyVerb, WorksBelowARoot) {
    tree.block_size("8000000");
    for (std::uint64_t number = 0; number < 8; ++number)
        tree.block(number, number < 6 ? "online" : "offline", "Movable", 1);
    tree.file("usr/lib/udev/rules.d/40-vm.rules", "SUBSYSTEM==\"memory\", ACTION==\"add\", ATTR{state}=\"online\"\n");
    tree.file("etc/memhot/policy.d/1.policy", "[Match]\nNode=1\n[Online]\nZone=movable\n");
    const Words words{"--root", tree.root(), "policy", "test", "block6"};
    const auto stands = memhotctl(words);
    EXPECT_EQ(stands.status, 0) << stands.err;
    EXPECT_TRUE(stands.has("stand-down: stands down: /usr/lib/udev/rules.d/40-vm.rules:1")) << stands.out;
    tree.file("etc/memhot/memhotd.conf", "[Daemon]\nOverrideOtherOwners=yes\nAct=yes\n");
    const auto told = memhotctl(words);
    EXPECT_TRUE(told.has("online: online in zone movable")) << told.out << told.err;
    EXPECT_FALSE(told.has("would only report")) << told.out;
    tree.file("etc/memhot/memhotd.conf", "[Daemon]\nAct=perhaps\n");
    EXPECT_EQ(memhotctl(words).status, 2);
}

TEST_F(PolicyVerb, WrongWordsAreRefused) {
    EXPECT_EQ(memhotctl({"policy"}).status, 2);
    EXPECT_THAT(memhotctl({"policy", "list"}).err, HasSubstr("expected show or test"));
    EXPECT_THAT(memhotctl({"policy", "show", "block1"}).err, HasSubstr("show takes no"));
}

}   // namespace
}   // namespace memhot::test
